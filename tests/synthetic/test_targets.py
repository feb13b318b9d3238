from __future__ import annotations

import numpy as np
import pytest

from olat.model.condition import ColorGradient, Condition, Olat, Target
from olat.sensor.chart_reference import REFERENCES
from olat.synthetic.capture import drive_of, radiance_of
from olat.synthetic.chart import CHART_POSE
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.studio import CAMERA_FROM_REC709, LED_MATRIX
from olat.synthetic.targets import GRAY, ball_place
from olat.synthetic.truth_calibration import calibration_truth_of

STILL = {"sway_px": 0.0, "noise": False, "blur_px": 0.0, "near_lights": False}
COLORS = {"camera_colors": True, "led_colors": True}


def stage_with(*, size: int = 96, lights: int = 12, **changes: object) -> SyntheticStage:
    fields = {"size": size, "lights": lights, **STILL} | changes
    return SyntheticStage.model_validate(fields)


def seen(stage: SyntheticStage, condition: Condition) -> np.ndarray:
    return radiance_of(stage, stage.conditions.index(condition))


def highlight_of(stage: SyntheticStage, target: Target) -> np.ndarray:
    """Return where a light shows: the normal there halves its direction and that to the camera."""
    assert target.light is not None
    place = ball_place(stage, target)
    center, normal = np.array(place.center), np.array([0.0, 0.0, 1.0])
    for _ in range(60):
        point = center + place.radius * normal
        toward = stage.camera.position - point
        way = stage.rig.directions[target.light]
        if stage.rig.positions is not None:
            way = stage.rig.positions[target.light] - point
        normal = way / np.linalg.norm(way) + toward / np.linalg.norm(toward)
        normal /= np.linalg.norm(normal)
    return np.array([*stage.camera.project((center + place.radius * normal)[:, None])[:, 0]])


@pytest.mark.parametrize(("places", "near"), [(1, False), (3, True)])
def test_each_light_shines_back_from_where_the_normal_halves_the_angle(
    places: int, near: bool
) -> None:
    stage = stage_with(
        size=384,
        light_spread=0.0,
        near_lights=near,
        targets={"ball_places": places, "parts": 3, "highlight_px": 2.0},
        imperfections={"distortion": (-0.8,)},
    )
    checked = 0
    for light, direction in enumerate(stage.rig.directions):
        for pose in range(places):
            if direction[2] < -0.3:
                continue
            target = Target("mirror_ball", light, pose)
            picture = seen(stage, target)[..., 1]
            place = highlight_of(stage, target)
            column, row = np.round(place).astype(int)
            window = picture[row - 9 : row + 10, column - 9 : column + 10] - 0.02
            weight = np.maximum(window, 0.0)
            rows, columns = np.indices(weight.shape)
            found = [(weight * axis).sum() / weight.sum() for axis in (columns, rows)]
            found += np.array([column - 9, row - 9])
            # The ball curves under a highlight that is four pixels wide.
            np.testing.assert_allclose(found, place, rtol=0, atol=0.25)
            # Well above the haze, and well below what the sensor can hold.
            assert 0.4 < picture.max() * stage.white_patch < 0.8
            checked += 1
    assert checked >= 6 * places


def test_the_floor_shows_lights_above_it_once_more_and_faintly() -> None:
    fields = {"size": 384, "light_spread": 0.0, "targets": {"ball_places": 1, "parts": 3}}
    plain = stage_with(**fields)
    stage = stage_with(**fields, imperfections={"second_reflection": 0.05})
    above = int(np.argmax(stage.rig.directions[:, 1] * (stage.rig.directions[:, 2] > 0.3)))
    below = int(np.argmin(stage.rig.directions[:, 1]))
    extra = seen(stage, Target("mirror_ball", above)) - seen(plain, Target("mirror_ball", above))
    assert 0.03 < extra.max() < 0.05
    lower = np.argmax(extra.max(axis=(1, 2)))
    assert lower > 192 > np.argmax(seen(plain, Target("mirror_ball", above)).max(axis=(1, 2)))
    np.testing.assert_array_equal(
        seen(stage, Target("mirror_ball", below)), seen(plain, Target("mirror_ball", below))
    )


def test_the_moved_ball_stays_in_the_picture() -> None:
    stage = stage_with(lights=60, targets={"ball_places": 3, "parts": 2})
    for pose in range(3):
        outline = seen(stage, Target("mirror_ball", pose=pose))[..., 1] > 0.02
        assert outline.any()
        assert not outline[[0, 1, -2, -1]].any()
        assert not outline[:, [0, 1, -2, -1]].any()


def test_the_gray_ball_under_one_light_follows_the_cosine() -> None:
    stage = stage_with(targets={"gray_ball": True}, light_spread=0.05)
    light = int(np.argmax(stage.rig.directions @ [0.6, 0.3, 0.7]))
    picture = seen(stage, Target("gray_ball", light))
    rays = stage.camera.rays()
    eye = stage.camera.position
    along = rays.T @ eye
    inside = along**2 - (eye @ eye - 0.1**2)
    hit = inside > 1e-5
    depth = -along - np.sqrt(np.maximum(inside, 0.0))
    normals = (eye[:, None] + depth * rays) / 0.1
    cosine = np.maximum(stage.rig.directions[light] @ normals, 0.0)
    expected = GRAY * cosine[:, None] * stage.rig.intensities[light]
    found = picture.reshape(-1, 3)
    np.testing.assert_allclose(found[hit], expected[hit], rtol=0, atol=2e-6)
    assert expected[hit].max() > 0.45


def test_a_gray_card_under_one_primary_shows_a_column_of_the_cross_talk() -> None:
    stage = stage_with(targets={"leds": True}, imperfections=COLORS, light_spread=0.0)
    columns = [seen(stage, Target(f"led_{color}"))[48, 48] for color in ("red", "green", "blue")]
    measured = np.array(columns).T
    np.testing.assert_allclose(measured / measured[1].sum(), LED_MATRIX, rtol=0, atol=1e-6)
    np.testing.assert_allclose(measured.sum(axis=1), measured[1].sum(), rtol=1e-6, atol=0)


def test_each_primary_alone_and_all_together_add_up() -> None:
    stage = stage_with(targets={"leds": True}, imperfections=COLORS)
    rig, gray = stage.rig, GRAY * stage.drive(Target("led_red"))
    together = sum(seen(stage, Target(f"led_{color}")) for color in ("red", "green", "blue"))
    white = np.maximum(rig.directions[:, 2], 0.0) @ rig.intensities
    # What the card shows in linear Rec.709 is what the lights are told to be.
    told = np.linalg.solve(CAMERA_FROM_REC709, together[48, 48].astype(float))
    np.testing.assert_allclose(told, gray * white, rtol=1e-5, atol=0)


def test_the_chart_shows_its_reflectances_in_camera_color() -> None:
    stage = stage_with(
        size=384, targets={"chart": True, "parts": 2}, imperfections=COLORS, light_spread=0.0
    )
    picture = seen(stage, Target("chart"))
    normal = CHART_POSE.turn[:, 2]
    light = np.maximum(stage.rig.directions @ normal, 0.0).sum() * stage.drive(Target("chart"))
    columns, rows = np.round(calibration_truth_of(stage).patches.T).astype(int)
    expected = light * REFERENCES[0].rgb @ CAMERA_FROM_REC709.T
    np.testing.assert_allclose(picture[rows, columns], expected, rtol=0, atol=1e-5)
    # White is the brightest patch and below what the sensor can hold.
    assert 0.7 < picture.max() * stage.white_patch < 0.95


def test_under_the_gradient_each_channel_sees_the_drives_of_all_primaries() -> None:
    plain, stage = stage_with(subject="sphere"), stage_with(subject="sphere", imperfections=COLORS)
    olats = [seen(plain, Olat(light)) for light in range(stage.lights)]
    frame = stage.conditions.index(ColorGradient())
    drive, level = drive_of(stage, frame), stage.drive(ColorGradient())
    np.testing.assert_allclose(drive, level * (1.0 + stage.rig.directions) / 2.0, rtol=1e-12)
    # On white, the tint of the lights is all that keeps primaries and channels apart.
    bands = np.linalg.solve(LED_MATRIX, CAMERA_FROM_REC709)
    tints = stage.rig.intensities @ bands.T / stage.rig.intensities
    expected = sum(
        (olat * tints[light] * drive[light]) @ LED_MATRIX.T for light, olat in enumerate(olats)
    )
    np.testing.assert_allclose(radiance_of(stage, frame), expected, rtol=0, atol=1e-5)
    assert np.abs(radiance_of(stage, frame) - radiance_of(plain, frame)).max() > 0.02


def test_skin_under_white_light_looks_as_its_rec709_says() -> None:
    fields = {"light_spread": 0.0, "shadows": False}
    plain, stage = stage_with(**fields), stage_with(**fields, imperfections=COLORS)
    for condition in (Olat(4), Olat(7)):
        expected = seen(plain, condition) @ CAMERA_FROM_REC709.T
        np.testing.assert_allclose(seen(stage, condition), expected, rtol=0, atol=1e-5)


def test_the_lights_dim_as_they_warm_up_and_then_stay() -> None:
    stage = SyntheticStage.model_validate({"lights": 60, "imperfections": {"warm_up": 0.02}})
    levels = np.array(stage.levels)
    assert levels[0] == 1.0
    assert (np.diff(levels) < 0.0).all()
    sweep = [i for i, what in enumerate(stage.conditions) if isinstance(what, Olat)]
    assert 0.014 < levels[sweep[0]] - 0.98 < 0.02
    assert levels[sweep[-1]] - 0.98 < 0.0015
    steady = SyntheticStage(lights=60)
    assert set(steady.levels) == {1.0}


def test_lights_flicker_by_what_is_asked() -> None:
    stage = SyntheticStage.model_validate({"lights": 200, "imperfections": {"flicker": 0.01}})
    assert np.std(stage.levels) == pytest.approx(0.01, rel=0.2)
    frame = stage.conditions.index(Olat(7))
    assert drive_of(stage, frame).max() == stage.levels[frame]
