"""Intensities of a session's lights measured with balls, or told in words why not."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import RigCalibration
from olat.model.condition import Target, Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Camera, Frame
from olat.stages.measure_lights import MeasureLights
from tests.light.matte_sphere import ALBEDO, Lamp, matte_ball
from tests.light.mirror_sphere import BALL, MirrorSphere, ball_at, camera

SIZE, VIEW_DEG, DISTANCE = 320, 5.0, 1.7
BEHIND = np.radians(164.0)
"""Angle of a light that lights none of what the camera sees of the ball well, but is mirrored."""
LIGHTS = fibonacci_sphere(24)
LIGHTS = np.concatenate([LIGHTS[LIGHTS[:, 2] > -0.93], [[np.sin(BEHIND), 0.0, np.cos(BEHIND)]]])
COUNT = len(LIGHTS)
VIEW = ball_at((0.0, 0.0, -1.6), camera(SIZE, VIEW_DEG))


class Session:
    """Frames that are made when asked for first."""

    def __init__(self):
        self.shots, self.makers = {}, {}

    def add(self, condition, maker):
        """Add a frame that a function of its number makes."""
        index = len(self.shots)
        self.shots[index] = Frame("A", index, condition, Path(f"{index}.exr"))
        self.makers[index] = maker
        return self

    @property
    def frames(self):
        """All of them, in order."""
        made = functools.cache(lambda index: self.makers[index](index))
        return Frames(self.shots, lambda frame: made(frame.index))


def brightness(rng):
    """Return intensities of lights that differ in level and tint."""
    return rng.uniform(0.6, 1.4, (COUNT, 1)) * rng.uniform(0.9, 1.1, (COUNT, 3))


def gray_sweep(session, intensities, level=lambda _frame: 1.0, rng=None):
    """Add a gray ball under each light, as distant as the solve takes them to be."""
    for light, direction in enumerate(LIGHTS):
        lamp = Lamp(direction, color=intensities[light])

        def maker(frame, lamp=lamp):
            photo = matte_ball(VIEW, (SIZE, SIZE), lamp, rng=rng, noise=0.002)
            return RadianceImage(np.float32(level(frame)) * photo.radiance, photo.flags)

        session.add(Target("gray_ball", light), maker)
    return session


def mirror_sweep(session, intensities, white=np.inf):
    """Add a mirror ball under each light, 400 m away, whose reflectance grows at grazing angles."""
    sphere = MirrorSphere(
        VIEW, np.zeros(3), shape=(SIZE, SIZE), lamp=8.0, noise=0.002, samples=12, fresnel=0.6
    )
    full = sphere.photo(sphere.under(None) + 0.3 * sphere.cover)
    session.add(Target("mirror_ball"), lambda _frame: full)
    for light, direction in enumerate(LIGHTS):

        def maker(_frame, light=light, direction=direction):
            clean = sphere.under(400.0 * direction)
            picture = clean[..., None] * intensities[light]
            flags = (picture >= white).any(axis=2).astype(np.uint8)
            return RadianceImage(np.minimum(picture, white).astype(np.float32), flags)

        session.add(Target("mirror_ball", light), maker)
    return session


def measure(session, *, located="plan", rig=None, **settings):
    rig = rig or LightRig("plan", LIGHTS, np.ones((COUNT, 3)))
    found = RigCalibration(rig, residuals={"highlight_sigma_px": 0.03})
    seen_by = Camera("A", field_of_view_deg=VIEW_DEG)
    return MeasureLights(**settings).run(
        session.frames, found if located == "plan" else located, seen_by, None, rig, None
    )


def notes(caplog):
    return " ".join(record.getMessage() for record in caplog.records)


GRAY_SEES = LIGHTS[:, 2] > -0.95


def test_a_gray_ball_tells_intensities_that_are_absolute_where_its_albedo_is_known(rng, caplog):
    truth = brightness(rng)
    found = measure(gray_sweep(Session(), truth, rng=rng), albedo=ALBEDO)
    off = np.abs(found.rig.intensities / truth - 1.0)[GRAY_SEES]
    print(f"{GRAY_SEES.sum()} lights: intensities off by at most {100 * off.max():.2f} %")
    assert off.max() < 0.01
    assert found.residuals["highlight_sigma_px"] == 0.03
    assert found.residuals["mean_relative_sigma"] < 0.01
    assert found.residuals["white_green"] == pytest.approx(ALBEDO, rel=1e-9)


@pytest.mark.slow
def test_without_the_albedo_the_mean_of_the_lights_is_one(rng):
    truth = brightness(rng)
    found = measure(gray_sweep(mirror_sweep(Session(), truth), truth, rng=rng))
    np.testing.assert_allclose(found.rig.intensities.mean(axis=0), 1.0, rtol=0, atol=1e-12)
    off = np.abs(found.rig.intensities / (truth / truth.mean(axis=0)) - 1.0)
    assert off[GRAY_SEES].max() < 0.01


@pytest.mark.slow
def test_lights_behind_the_ball_are_read_off_the_mirror(rng, caplog):
    truth = brightness(rng)
    found = measure(gray_sweep(mirror_sweep(Session(), truth), truth, rng=rng), albedo=ALBEDO)
    hidden = ~GRAY_SEES
    off = np.abs(found.rig.intensities / truth - 1.0)
    print(f"{hidden.sum()} lights off the mirror: off by at most {100 * off[hidden].max():.1f} %")
    assert hidden.sum() >= 1
    assert off[hidden].max() < 0.05
    assert "read off the mirror ball, which agrees with it within" in notes(caplog)
    assert found.residuals["off_mirror_lights"] == hidden.sum()
    assert found.residuals["unmeasured_lights"] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("clipped", [False, True], ids=["no mirror", "clipped mirror"])
def test_lights_that_no_ball_shows_are_named_and_taken_as_the_median(rng, caplog, clipped):
    truth = brightness(rng)
    session = mirror_sweep(Session(), truth, white=0.5) if clipped else Session()
    found = measure(gray_sweep(session, truth, rng=rng), albedo=ALBEDO)
    hidden = np.flatnonzero(~GRAY_SEES)
    median = np.median(found.rig.intensities[GRAY_SEES], axis=0)
    np.testing.assert_allclose(found.rig.intensities[hidden[0]], median, rtol=1e-6, atol=0)
    assert found.residuals["unmeasured_lights"] == len(hidden)
    assert "No ball shows the brightness of light" in notes(caplog)
    assert ("0 lights show unclipped on it" in notes(caplog)) == clipped


@pytest.mark.slow
def test_a_dead_light_is_dark_and_named(rng, caplog):
    truth = brightness(rng)
    truth[4] = 0.0
    found = measure(gray_sweep(Session(), truth, rng=rng), albedo=ALBEDO)
    np.testing.assert_array_equal(found.rig.intensities[4], 0.0)
    assert "Dead, with an intensity of 0: light 4." in notes(caplog)
    assert found.residuals["dead_lights"] == 1.0


def warm(frame):
    return 1.0 - 0.03 * (1.0 - np.exp(-frame / 20.0))


@pytest.mark.slow
def test_drift_that_full_on_frames_show_is_taken_out(rng, caplog):
    """A sweep over the ball between full-on frames of somebody, as lights lose 3 %."""
    subject = matte_ball(VIEW, (SIZE, SIZE), Lamp(np.array([0.0, 0.0, 1.0])))

    def full_on(frame):
        return RadianceImage(np.float32(warm(frame)) * subject.radiance, subject.flags)

    session = Session()
    for _ in range(4):
        session.add(Tracking(), full_on)
    gray_sweep(session, np.ones((COUNT, 3)), warm)
    for _ in range(4):
        session.add(Tracking(), full_on)
    found = measure(session)
    steady = found.rig.intensities[GRAY_SEES].mean(axis=1)
    print(f"drift left: {100 * np.ptp(steady):.2f} % of {100 * (warm(4) - warm(30)):.2f} %")
    assert warm(4) - warm(30) > 0.01
    assert np.ptp(steady) < 0.006
    assert "level of the lights changes by" in notes(caplog)
    assert found.residuals["drift"] > 0.01


@pytest.mark.slow
def test_a_mirror_alone_tells_relative_intensities(rng, caplog):
    truth = np.ones((COUNT, 3))
    found = measure(mirror_sweep(Session(), truth), albedo=ALBEDO)
    front = LIGHTS[:, 2] > 0.0
    assert np.ptp(found.rig.intensities[front]) < 0.05
    assert "There is no sweep over a gray ball" in notes(caplog)
    assert found.rig.intensities.mean() == pytest.approx(1.0, abs=0.01)


def test_lights_that_were_only_located_are_as_bright_as_the_light_file_says(rng, caplog):
    """As with a mirror ball whose highlights are all clipped."""
    plan = LightRig("plan", LIGHTS, brightness(rng))
    located = RigCalibration(
        replace(plan, intensities=np.ones((COUNT, 3))), residuals={"mean_sigma_deg": 0.5}
    )
    found = measure(Session().add(Target("mirror_ball"), None), located=located, rig=plan)
    np.testing.assert_array_equal(found.rig.intensities, plan.intensities)
    assert found.unmeasured == ("intensities",)
    assert dict(found.residuals) == {"mean_sigma_deg": 0.5}
    assert f"all {COUNT} are taken to be as bright as the light file says" in notes(caplog)


def test_a_ball_under_all_lights_at_once_measures_nothing():
    session = Session().add(Target("gray_ball"), None).add(Tracking(), None)
    with pytest.raises(SolveError, match=r"'A': a ball was photographed under all lights at once"):
        measure(session, located=None)


def test_lights_of_unknown_place_are_refused():
    with pytest.raises(SolveError, match="not known where all 5 lights are; needed are directions"):
        measure(Session(), located=None, rig=LightRig.unlocated("door", 5))


@pytest.mark.slow
def test_a_light_file_does_without_locate_lights(rng):
    truth = brightness(rng)
    found = measure(gray_sweep(Session(), truth, rng=rng), located=None, albedo=ALBEDO)
    assert found.unmeasured == ("directions",)
    np.testing.assert_allclose(
        found.rig.intensities[GRAY_SEES], truth[GRAY_SEES], rtol=0.01, atol=0
    )


def test_frames_without_a_ball_are_refused():
    dark = RadianceImage(np.zeros((SIZE, SIZE, 3), np.float32), np.zeros((SIZE, SIZE), np.uint8))
    session = Session()
    for light in range(COUNT):
        session.add(Target("gray_ball", light), lambda _frame: dark)
    with pytest.raises(SolveError, match=r"measure_lights: camera 'A': no ball was found"):
        measure(session)


@pytest.mark.slow
def test_a_near_rig_is_measured_with_the_radius_of_the_ball():
    positions = 0.8 * LIGHTS
    rig = LightRig("near", LIGHTS, np.ones((COUNT, 3)), positions)
    session = Session()
    for light, position in enumerate(positions):

        def maker(_frame, position=position):
            return matte_ball(VIEW, (SIZE, SIZE), Lamp(position=position), radius=BALL)

        session.add(Target("gray_ball", light), maker)
    near = measure(session, rig=rig, albedo=ALBEDO, ball_radius=BALL).rig.intensities[GRAY_SEES]
    far = measure(session, rig=rig, albedo=ALBEDO).rig.intensities[GRAY_SEES]
    assert np.abs(near - 1.0).max() < 0.01
    assert np.abs(far - 1.0).max() > 0.05


@pytest.mark.slow
def test_what_tells_of_each_light_is_kept_for_people_to_see(rng):
    truth = np.where(np.arange(COUNT)[:, None] == 3, 0.0, brightness(rng))
    found = measure(gray_sweep(Session(), truth, rng=rng)).evidence
    assert found.sources[3] == "dead"
    assert {found.sources[light] for light in np.flatnonzero(~GRAY_SEES)} == {"unseen"}
    assert found.sources.count("gray") == GRAY_SEES.sum() - 1
    middle = (np.array(found.ball.picture.shape[::-1]) - 1) / 2.0
    radii = np.linalg.norm(found.ball.outline - middle, axis=1)
    np.testing.assert_allclose(radii, VIEW.radius_px, rtol=0, atol=1.0)
