from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from olat.model.condition import ColorGradient, Dark, Olat, Target, Tracking
from olat.synthetic.capture import radiance_of
from olat.synthetic.stage import BLINK, SyntheticStage

SPHERE = SyntheticStage(
    size=64, lights=24, subject="sphere", material="lambert", sway_px=0.0, noise=False, blur_px=0.0
)


def test_the_sweep_is_framed_and_interleaved_with_tracking() -> None:
    stage = SyntheticStage(lights=25, tracking_every=10)
    words = "".join(
        {Dark: "d", Tracking: "T", ColorGradient: "g", Olat: ".", Target: "t"}[type(condition)]
        for condition in stage.conditions
    )
    assert words == "ddTggT" + "." * 10 + "T" + "." * 10 + "T" + "." * 5 + "T" + "ttt"
    lights = [c.light for c in stage.conditions if isinstance(c, Olat)]
    assert lights == list(range(25))
    assert isinstance(stage.conditions[stage.reference], Tracking)


def test_a_sweep_without_tracking_has_no_full_on_frame() -> None:
    stage = SyntheticStage(lights=8, tracking_every=0)
    assert Tracking() not in stage.conditions
    assert stage.conditions[stage.reference] == Olat(0)


@pytest.mark.parametrize("name", ["tiny", "demo", "full"])
def test_frames_with_many_lights_do_not_clip(name: str) -> None:
    stage = SyntheticStage.preset(name).model_copy(update={"size": 64})
    for condition in (Tracking(), ColorGradient(), ColorGradient(complement=True)):
        radiance = radiance_of(stage, stage.conditions.index(condition))
        assert 0.3 < radiance.max() * stage.white_patch < 1.0


def test_skin_stays_below_white_under_every_light_but_comes_near() -> None:
    stage = SyntheticStage.preset("tiny")
    frames = [i for i, c in enumerate(stage.conditions) if isinstance(c, Olat)]
    reading = np.array([radiance_of(stage, i) for i in frames]) * stage.white_patch
    assert np.mean(reading > 1.0) < 1e-4
    assert reading.max() > 0.6


def test_the_subject_stays_within_its_sway() -> None:
    stage = SyntheticStage(size=256, lights=60, sway_px=2.0)
    poses = [stage.pose(frame) for frame in range(len(stage.conditions))]
    nose = np.array([[0.0], [-0.025], [0.1]])
    path = np.array([stage.camera.project(pose.to_world(nose))[:, 0] for pose in poses])
    reach = np.linalg.norm(path - path.mean(axis=0), axis=1).max()
    assert 1.0 < reach < 3.0
    # Slow enough for interpolation between tracking frames.
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.3


def test_the_eyes_blink_once_during_the_sweep() -> None:
    stage = SyntheticStage(size=64, lights=60)
    openness = [stage.pose(frame).eyes_open for frame in range(len(stage.conditions))]
    assert sum(o < 1.0 for o in openness) == len(BLINK)
    assert isinstance(stage.conditions[int(np.argmin(openness))], Olat | Tracking)


def test_the_eyes_blink_when_they_are_told_to() -> None:
    stage = SyntheticStage(size=64, lights=60, blink_at=47)
    openness = [stage.pose(frame).eyes_open for frame in range(46, 53)]
    assert openness == [1.0, *BLINK, 1.0]


def test_a_still_subject_does_not_move() -> None:
    assert SPHERE.pose(0) == SPHERE.pose(17) == SPHERE.pose(30)


def test_a_subject_drifts_as_far_as_it_is_told() -> None:
    for sway in (0.0, 2.0):
        still = SyntheticStage(size=256, sway_px=sway, drift_px=0.0)
        drifting = SyntheticStage(size=256, sway_px=sway, drift_px=0.05)
        middle = np.zeros((3, 1))
        path = np.array(
            [
                drifting.camera.project(drifting.pose(frame).to_world(middle))[:, 0]
                - still.camera.project(still.pose(frame).to_world(middle))[:, 0]
                for frame in range(60)
            ]
        )
        np.testing.assert_allclose(np.diff(path[:, 0]), 0.05, rtol=0, atol=1e-3)
        np.testing.assert_allclose(path[:, 1], 0.0, rtol=0, atol=1e-3)


def test_a_frozen_subject_stays_as_it_is_in_the_reference() -> None:
    moving = SyntheticStage(size=64)
    frozen = SyntheticStage(size=64, is_frozen=True)
    assert frozen.reference == moving.reference
    assert {frozen.pose(frame) for frame in range(60)} == {moving.pose(moving.reference)}


def test_a_gradient_is_the_pattern_weighted_sum_of_the_sweep() -> None:
    olats = {
        c.light: radiance_of(SPHERE, i)
        for i, c in enumerate(SPHERE.conditions)
        if isinstance(c, Olat)
    }
    for condition in (Tracking(), ColorGradient(), ColorGradient(complement=True)):
        pattern = SPHERE.rig.pattern(condition)
        expected = sum(olats[light] * pattern[light] for light in olats) * SPHERE.drive(condition)
        actual = radiance_of(SPHERE, SPHERE.conditions.index(condition))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5)


def test_the_mirror_ball_shows_every_light_at_its_mirror_direction() -> None:
    stage = SyntheticStage(size=256, lights=12, near_lights=False, light_spread=0.0)
    picture = radiance_of(stage, stage.conditions.index(Target("mirror_ball")))[..., 1]
    assert picture.max() > 0.95
    camera = stage.camera
    for direction in stage.rig.directions:
        normal = direction + np.array([0.0, 0.0, 1.0])
        normal /= np.linalg.norm(normal)
        for _ in range(20):
            toward = camera.position - 0.1 * normal
            normal = direction + toward / np.linalg.norm(toward)
            normal /= np.linalg.norm(normal)
        if normal[2] < 0.3:  # too close to the outline to be told from it
            continue
        column, row = np.round(camera.project(0.1 * normal[:, None])[:, 0]).astype(int)
        assert picture[row - 1 : row + 2, column - 1 : column + 2].max() > 0.8


def test_the_rig_is_what_its_numbers_say() -> None:
    rig = SyntheticStage(lights=40).rig
    assert rig.positions is not None
    np.testing.assert_allclose(np.linalg.norm(rig.positions, axis=1), 1.7, rtol=0, atol=1e-5)
    assert 0.02 < rig.intensities.std() < 0.08
    assert SyntheticStage(lights=40, near_lights=False).rig.positions is None


def test_an_odd_size_is_refused() -> None:
    with pytest.raises(ValidationError, match="multiple of 2"):
        SyntheticStage(size=63)
