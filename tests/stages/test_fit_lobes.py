"""Lobes of a camera: what they say of surfaces, in which color, and of which frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.engine.keys import Keys
from olat.engine.pipeline import load_pipeline
from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import ColorCalibration
from olat.model.condition import AxisGradient, ColorGradient, Olat, SecondOrder, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera, Frame, Session
from olat.relight.lobes import lobes_under_lights
from olat.stages import STAGES
from olat.stages.capture import GIVEN, SessionCapture
from olat.stages.fit_lobes import GRADIENTS, FitLobes
from olat.stages.second_order import PATTERNS
from olat.surface.lobe_maps import lobes_of
from tests.support.fields import gradients_of, rig_of
from tests.surface.readings import Surface, degrees_between, normals_facing

SHAPE = (24, 32)
LIGHTS = fibonacci_sphere(331)
M = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
"""Channel (row) of each LED primary (column)."""


@dataclass(frozen=True)
class Told:
    """A surface of which the readings are told."""

    told: np.ndarray

    def readings(self, directions):
        """Return them whatever the directions."""
        return self.told


def matte(rng):
    return Surface(normals_facing(rng, SHAPE, 70.0), rng.uniform(0.2, 0.8, (*SHAPE, 3)))


def fit(frames, rig, *, mask=None, color=None, **parameters):
    shots = Frames(frames.shots, lambda frame: frame)
    return FitLobes(**parameters).run(frames, shots.under(*GRADIENTS), mask, rig, color)


def shot(surface, rig, conditions):
    """Photograph a surface under patterns."""
    frames = {i: Frame("A", i, kind, Path(f"{i}.exr")) for i, kind in enumerate(conditions)}
    readings = surface.readings(rig.directions)

    def load(frame):
        drive = rig.pattern(frame.condition) * rig.intensities
        radiance = np.einsum("lchw,lc->hwc", readings, drive).astype(np.float32)
        return RadianceImage(radiance, np.zeros(SHAPE, np.uint8))

    return Frames(frames, load)


WHITE = [AxisGradient(axis) for axis in ("x", "y", "z")]
PAIRS = [*WHITE, *(AxisGradient(axis, complement=True) for axis in ("x", "y", "z"))]
FLOORLESS = LIGHTS[LIGHTS[:, 1] > -0.5]


@pytest.mark.parametrize("conditions", [[*WHITE, Tracking()], PAIRS], ids=["full-on", "pairs"])
def test_white_gradients_give_each_channel_a_lobe_of_its_own(rng, conditions):
    surface, rig = matte(rng), rig_of(LIGHTS, (1.2, 0.9, 0.7))
    # Red light goes farther in skin: its shading is softer, here by light from all around.
    glow = 0.3 * np.ones((331, 1, *SHAPE))
    readings = surface.readings(LIGHTS)
    readings[:, :1] += glow
    maps = fit(shot(Told(readings), rig, conditions), rig, blur_px=0.0)
    lobes = lobes_of(maps)
    assert not maps.is_shared
    assert_allclose(lobes.exponent("hemispherical")[..., 1:], 1.0, rtol=0, atol=0.02)
    assert (lobes.ratio[..., 0] < 0.5).all()
    assert degrees_between(lobes.axis[..., 2, :], surface.normals).max() < 0.3
    toward = np.array([[0.0, 0.6, 0.8]])
    relit = lobes_under_lights(maps, toward, np.ones((1, 3)))
    expected = np.moveaxis(surface.readings(toward)[0], 0, -1)
    assert_allclose(relit[..., 1:], expected[..., 1:], rtol=0, atol=0.002)


@pytest.mark.parametrize("white", [False, True], ids=["color", "white"])
def test_a_rig_without_a_floor_gives_the_lobes_of_a_whole_sphere(rng, white):
    surface, rig = matte(rng), rig_of(FLOORLESS, (1.2, 0.9, 0.7))
    conditions = WHITE if white else [ColorGradient()]
    frames = shot(surface, rig, [*conditions, Tracking()])
    maps = fit(frames, rig, blur_px=0.0)
    lobes = lobes_of(maps)
    sure = maps.confidence > 0.3
    axes = lobes.axis[..., 1, :] if white else lobes.axis
    error = degrees_between(axes, surface.normals)[sure]
    exponent = lobes.exponent("hemispherical")[sure]
    albedo = (maps.integral / np.pi / surface.albedo)[sure]
    print(
        f"axis {error.mean():.2f} degrees, n {np.median(exponent):.2f}, "
        f"albedo {np.median(albedo):.3f} times; sure of {sure.mean():.0%}"
    )
    assert sure.mean() > 0.6
    assert error.mean() < 0.6
    assert_allclose(np.median(exponent), 1.0, rtol=0, atol=0.03)
    assert_allclose(albedo, 1.0, rtol=0, atol=0.06)


@pytest.mark.parametrize("full_on", [False, True], ids=["complement", "full-on"])
@pytest.mark.parametrize("tint", [(1.0, 1.0, 1.0), (2.0, 0.6, 0.3)])
def test_a_matte_surface_has_lobes_of_exponent_1_that_point_along_its_normals(rng, full_on, tint):
    surface, rig = matte(rng), rig_of(LIGHTS, tint)
    maps = fit(gradients_of(surface, rig, full_on=full_on), rig, blur_px=0.0)
    lobes = lobes_of(maps)
    assert degrees_between(lobes.axis, surface.normals).max() < 0.3
    assert_allclose(lobes.exponent("hemispherical"), 1.0, rtol=0, atol=0.02)
    assert_allclose(maps.integral, np.pi * surface.albedo, rtol=0.01)
    assert not maps.flags.any()
    assert maps.confidence.min() > 0.9


@pytest.mark.parametrize("blur", [0.0, 1.0])
def test_relit_by_any_light_a_matte_surface_reads_what_it_would(rng, blur):
    # One normal all over, as a blur mixes the shapes of neighbors.
    surface = Surface(np.tile([0.36, 0.48, 0.8], (*SHAPE, 1)), rng.uniform(0.2, 0.8, (*SHAPE, 3)))
    rig = rig_of(LIGHTS, (1.2, 0.9, 0.7))
    maps = fit(gradients_of(surface, rig), rig, blur_px=blur)
    light = np.array([[0.0, 0.6, 0.8]])
    expected = np.moveaxis(surface.readings(light)[0], 0, -1)
    assert_allclose(lobes_under_lights(maps, light, np.ones((1, 3))), expected, rtol=0.01)


def test_photographs_come_back_by_adding_and_halving(rng):
    surface, rig = matte(rng), rig_of(LIGHTS)
    frames = gradients_of(surface, rig)
    maps = fit(frames, rig)
    share = 4 * np.pi / 331
    for index, sign in ((0, 1.0), (1, -1.0)):
        again = (maps.integral + sign * maps.moment) / 2.0
        assert_allclose(again, frames[index].radiance * share, rtol=0, atol=1e-6)


def test_leaking_primaries_turn_no_lobe_where_they_were_measured(rng):
    surface, rig = matte(rng), rig_of(LIGHTS)
    plain = gradients_of(surface, rig)

    def load(frame):
        image = plain[frame.index]
        return replace(image, radiance=(image.radiance @ M.T).astype(np.float32))

    color = ColorCalibration(np.eye(3), M / M[1].sum())
    maps = fit(Frames(plain.shots, load), rig, color=color, blur_px=0.0)
    lobes = lobes_of(maps)
    assert maps.primaries is not None
    assert degrees_between(lobes.axis, surface.normals).max() < 0.3
    # The full-on photograph itself, scaled like a card that reads the same in green.
    whole = load(plain.shots[0]).radiance + load(plain.shots[1]).radiance
    assert_allclose(maps.integral, whole * 4 * np.pi / 331, rtol=1e-3)


def second_order_of(surface, rig):
    """Photograph a surface under the gradients, and under all six second-order patterns."""
    conditions = [ColorGradient(), ColorGradient(complement=True), Tracking()]
    return shot(surface, rig, [*conditions, *(SecondOrder(axes) for axes in PATTERNS)])


def test_second_order_patterns_tell_the_width_where_all_six_were_shot(rng):
    surface, rig = matte(rng), rig_of(LIGHTS, (1.2, 0.9, 0.7))
    frames = second_order_of(surface, rig)
    spread = fit(frames, rig).spread
    assert_allclose(spread, 0.25, rtol=0, atol=0.005)  # 1/(n + 3) of a matte surface
    some = Frames({i: f for i, f in frames.shots.items() if i != 5}, frames.__getitem__)
    less = Frames(some.shots, lambda frame: frames[frame.index])
    assert fit(less, rig).spread is None


def test_second_order_patterns_are_left_out_where_the_rig_has_no_floor(rng, caplog):
    surface, rig = matte(rng), rig_of(LIGHTS[LIGHTS[:, 1] > -0.5])
    assert fit(second_order_of(surface, rig), rig).spread is None
    notes = [record.getMessage() for record in caplog.records]
    assert any(note.startswith("Second-order patterns are not used") for note in notes)


def test_outside_of_the_mask_nothing_is_trusted(rng):
    surface, rig = matte(rng), rig_of(LIGHTS)
    mask = np.zeros(SHAPE, bool)
    mask[:8] = True
    maps = fit(gradients_of(surface, rig), rig, mask=mask)
    assert maps.confidence[:8].all()
    assert not maps.confidence[8:].any()
    assert maps.integral[8:].all()


def test_a_gradient_alone_is_refused_by_its_frame(rng):
    frames = gradients_of(matte(rng), rig_of(LIGHTS))
    alone = Frames({0: frames.shots[0]}, lambda frame: frames[frame.index])
    with pytest.raises(
        SolveError, match="fit_lobes: gradients are not complete: there is gradient; to complete it"
    ):
        fit(alone, rig_of(LIGHTS))


def test_darkness_is_refused_and_told(rng):
    surface = Surface(normals_facing(rng, SHAPE, 70.0), np.full((*SHAPE, 3), 1e-4))
    rig = rig_of(LIGHTS)
    with pytest.raises(SolveError, match="no pixel of the picture has a lobe"):
        fit(gradients_of(surface, rig), rig)


def test_doubts_of_the_photographs_and_of_the_fit_are_both_told(rng):
    surface, rig = matte(rng), rig_of(LIGHTS)
    surface.albedo[0] = 1e-5
    frames = gradients_of(surface, rig)

    def load(frame):
        image = frames[frame.index]
        image.flags[5, 5] = PixelFlag.SATURATED
        return image

    maps = fit(Frames(frames.shots, load), rig)
    assert maps.flags[5, 5] == PixelFlag.SATURATED
    assert (maps.flags[0] == PixelFlag.SHADOWED).all()
    assert not maps.confidence[0].any()


@pytest.mark.parametrize(
    ("gradients", "has_lobes"),
    [
        ([], False),
        ([ColorGradient()], True),
        (WHITE, True),
        ([AxisGradient("x", False, True)], False),
    ],
    ids=["none", "color", "white", "half spheres"],
)
def test_sessions_without_gradients_have_no_lobes(tmp_path, gradients, has_lobes):
    kinds = [Tracking(), Olat(0), Olat(1), *gradients]
    frames = tuple(Frame("A", i, kind, tmp_path / f"{i}.dng") for i, kind in enumerate(kinds))
    session = Session("take", tmp_path, rig_of(LIGHTS), (Camera("A"),), frames)
    pipeline = load_pipeline("standard", catalog=STAGES, given=GIVEN)
    keys = Keys(pipeline, SessionCapture(session, tmp_path / "hashes.json"))
    stage = pipeline.maker("lobes")
    assert stage is not None
    assert bool(keys.units(stage, "A")) == has_lobes
