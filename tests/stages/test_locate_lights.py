"""Lights of a session located with a mirror ball, or refused in words."""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import LensCalibration
from olat.model.condition import Target
from olat.model.image import Frames
from olat.model.rig import LightRig
from olat.model.session import Camera, Frame
from olat.stages.locate_lights import LocateLights
from tests.light.mirror_sphere import BALL, MirrorSphere, ball_at, camera, orthographic

SIZE, VIEW_DEG, DISTANCE = 320, 5.0, 1.7
LIGHTS = fibonacci_sphere(16)
LIGHTS = LIGHTS[LIGHTS[:, 2] > -0.8]
PLACES = DISTANCE * LIGHTS
COUNT = len(LIGHTS)


def capture(places, *, view=None, full_on=True, white=np.inf, lamp=0.03, poses=((0.0, 0.0, 0.0),)):
    """Return frames of a mirror ball under each lamp; none is a lamp that does not shine."""
    view = view or ball_at((0.0, 0.0, -1.6), camera(SIZE, VIEW_DEG))
    shots, pictures = {}, {}
    for pose, offset in enumerate(poses):
        here = view
        if any(offset):
            here = ball_at(tuple(np.array([0.0, 0.0, -1.6]) + offset), camera(SIZE, VIEW_DEG))
        sphere = MirrorSphere(
            here, np.array(offset), shape=(SIZE, SIZE), noise=0.01, samples=5, lamp=lamp
        )
        bright = sphere.photo(sphere.under(None) + 0.3 * sphere.cover)
        wanted = [(Target("mirror_ball", pose=pose), bright)] if full_on else []
        for light, place in enumerate(places):
            seen = None if place is None else np.asarray(place) - offset
            photo = sphere.photo(sphere.under(seen), white)
            wanted.append((Target("mirror_ball", light, pose), photo))
        for condition, photo in wanted:
            index = len(shots)
            shots[index] = Frame("A", index, condition, Path(f"{index}.exr"))
            pictures[index] = photo
    return Frames(shots, lambda frame: pictures[frame.index])


@functools.cache
def sweep():
    """Return a ball under each lamp, as most tests take it."""
    return capture(PLACES)


def locate(frames, *, lens=None, rig=None, mask=None, view_deg=VIEW_DEG, **settings):
    seen_by = Camera("A", field_of_view_deg=view_deg)
    rig = rig or LightRig.unlocated("door", COUNT)
    return LocateLights(**settings).run(frames, seen_by, lens, rig, mask)


def degrees_off(rig, directions=LIGHTS):
    cosine = np.einsum("li,li->l", rig.directions, directions)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def notes(caplog):
    return " ".join(record.getMessage() for record in caplog.records)


def test_a_rig_of_which_only_the_count_is_known_is_located(caplog):
    found = locate(sweep(), ball_radius=BALL, light_distance=DISTANCE)
    assert degrees_off(found.rig).mean() < 0.1
    np.testing.assert_array_equal(found.rig.intensities, 1.0)
    np.testing.assert_allclose(found.rig.positions, PLACES, rtol=0, atol=0.02)
    assert found.rig.name == "door"
    assert found.residuals["unseen_lights"] == 0.0
    assert 0.0 < found.residuals["mean_sigma_deg"] < 0.3
    assert "mean_from_plan_deg" not in found.residuals
    assert not caplog.records


def test_without_distances_directions_are_off_by_the_size_of_the_ball():
    found = locate(sweep())
    assert found.rig.positions is None
    assert 0.3 < degrees_off(found.rig).mean() < np.degrees(BALL / DISTANCE)


def test_the_sum_of_the_sweep_stands_in_for_the_full_on_frame():
    found = locate(capture(PLACES, full_on=False), ball_radius=BALL, light_distance=DISTANCE)
    assert degrees_off(found.rig).mean() < 0.1


def test_a_lens_calibration_of_a_larger_size_is_used_and_turns_the_world():
    """The same camera, turned a quarter about the view: the world turns the other way."""
    focal = 2.0 * camera(SIZE, VIEW_DEG).matrix[0, 0]
    middle = (2 * SIZE - 1) / 2.0
    matrix = np.array([[focal, 0.0, middle], [0.0, focal, middle], [0.0, 0.0, 1.0]])
    turn = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    lens = LensCalibration(matrix, np.zeros(5), 2 * SIZE, 2 * SIZE, turn, np.zeros(3))
    found = locate(sweep(), lens=lens, view_deg=None, ball_radius=BALL, light_distance=DISTANCE)
    # Camera x is world y; camera y, which points down, is world x.
    turned = np.stack([-LIGHTS[:, 1], LIGHTS[:, 0], LIGHTS[:, 2]], axis=1)
    assert degrees_off(found.rig, turned).mean() < 0.1


def test_a_mask_only_says_where_to_look():
    view = ball_at((0.0, 0.0, -1.6), camera(SIZE, VIEW_DEG))
    frames = capture(PLACES, view=view)
    y, x = np.indices((SIZE, SIZE))
    center, radius = view.center_px + np.array([2.0, -1.5]), view.radius_px + 1.0
    mask = np.hypot(x - center[0], y - center[1]) < radius
    given = {"mask": mask, "ball_radius": BALL, "light_distance": DISTANCE}
    assert degrees_off(locate(frames, **given).rig).mean() < 0.1
    assert degrees_off(locate(frames, outline="mask", **given).rig).mean() > 1.0


def test_a_mask_of_the_subject_does_not_matter():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[40:300, 60:200] = True
    found = locate(sweep(), mask=mask, ball_radius=BALL, light_distance=DISTANCE)
    assert degrees_off(found.rig).mean() < 0.1


@pytest.mark.slow
def test_two_places_of_the_ball_tell_positions():
    poses = ((0.0, 0.0, 0.0), (0.012, 0.01, -0.25))
    found = locate(capture(PLACES, poses=poses), ball_radius=BALL, light_distance=DISTANCE)
    off = np.linalg.norm(found.rig.positions - PLACES, axis=1)
    print(f"two places 25 cm apart in depth: positions off by {1000 * np.median(off):.1f} mm")
    assert np.median(off) < 0.03
    assert "sphere_rms_mm" in found.residuals
    assert found.residuals["ray_rms_mm"] < 10.0


def test_dark_lights_are_named_where_nothing_else_tells_of_them():
    places = [None if light in (2, 5) else place for light, place in enumerate(PLACES)]
    with pytest.raises(
        SolveError,
        match=rf"'A': no direction was found for 2 of {COUNT} lights: lights 2, 5 \(light 2: "
        r"nothing on the ball stands out.*Give a light file",
    ):
        locate(capture(places))


def test_dark_lights_stay_where_the_light_file_has_them(caplog):
    places = [None if light == 5 else place for light, place in enumerate(PLACES)]
    plan = LightRig("plan", LIGHTS, np.ones((COUNT, 3)), names=tuple("abcdefghijklmnop"[:COUNT]))
    found = locate(capture(places), rig=plan, ball_radius=BALL, light_distance=DISTANCE)
    np.testing.assert_array_equal(found.rig.directions[5], LIGHTS[5])
    np.testing.assert_allclose(found.rig.positions[5], PLACES[5], rtol=0, atol=0.01)
    assert found.residuals["unseen_lights"] == 1.0
    assert found.rig.names == plan.names
    assert "does not show light 5 (light 5: nothing on the ball stands out" in notes(caplog)


def test_a_ball_that_shows_no_light_locates_none_though_there_is_a_light_file():
    plan = LightRig("plan", LIGHTS, np.ones((COUNT, 3)))
    with pytest.raises(SolveError, match=rf"'A': the ball shows none of {COUNT} lights \(light 0"):
        locate(capture([None] * COUNT), rig=plan)


def test_lights_that_are_swapped_in_the_light_file_are_named(caplog):
    swapped = LIGHTS.copy()
    swapped[[3, 7]] = swapped[[7, 3]]
    plan = LightRig("plan", swapped, np.ones((COUNT, 3)))
    found = locate(sweep(), rig=plan, ball_radius=BALL, light_distance=DISTANCE)
    assert degrees_off(found.rig).mean() < 0.1
    assert "from where the light file has them: lights 3, 7. Look whether" in notes(caplog)


def test_clipped_highlights_are_used_and_noted(caplog):
    found = locate(capture(PLACES, white=3.0), ball_radius=BALL, light_distance=DISTANCE)
    assert found.residuals["saturated_highlights"] == COUNT
    assert all("clipped" in spot.doubts for spot in found.evidence[0].spots)
    assert degrees_off(found.rig).mean() < 0.3
    assert f"the highlights of {COUNT} lights are clipped" in notes(caplog)


def test_an_arc_of_lights_is_noted_as_flat(caplog):
    turn = np.linspace(-1.2, 1.2, 6)
    arc = np.stack([np.sin(turn), np.zeros(6), np.cos(turn)], axis=1)
    found = locate(
        capture(DISTANCE * arc),
        rig=LightRig.unlocated("arc", 6),
        ball_radius=BALL,
        light_distance=DISTANCE,
    )
    assert degrees_off(found.rig, arc).max() < 0.1
    assert "All 6 lights lie in a plane with the subject" in notes(caplog)


def only_full_on():
    frames = capture([])
    return Frames(frames.shots, lambda frame: frames[frame.index])


@pytest.mark.parametrize(
    ("frames", "settings", "words"),
    [
        (only_full_on, {}, r"under all lights at once only \(frame 0\); needed is a sweep"),
        (
            lambda: capture(PLACES[:4], view=ball_at((0.06, 0.0, -1.6), camera(SIZE, VIEW_DEG))),
            {},
            r"cut by the border of the picture \(right\)",
        ),
        (
            lambda: capture(PLACES[:4]),
            {"view_deg": None, "projection": "perspective"},
            "neither a lens calibration nor a field of view is known",
        ),
        (lambda: capture(PLACES[:4]), {"outline": "mask"}, "outline is 'mask', but there is none"),
        (
            lambda: capture(PLACES[:4]),
            {"light_distance": 1.7},
            "without a radius of the ball; both are needed",
        ),
        (
            lambda: capture(PLACES[:4]),
            {"origin": "rig_center"},
            "center of the rig's sphere is asked for; needed are two places",
        ),
        (
            lambda: capture(PLACES[:4]),
            {"lens": LensCalibration(np.diag([200.0, 200.0, 1.0]), np.zeros(5), 100, 200)},
            "measured on 200 x 100 px, but the photographs have 320 x 320 px",
        ),
    ],
    ids=["no sweep", "border", "no lens", "no mask", "no radius", "no center", "lens shape"],
)
def test_what_cannot_be_located_is_refused_in_words(frames, settings, words):
    with pytest.raises(SolveError, match=words):
        locate(frames(), **settings)


def test_an_orthographic_camera_needs_no_field_of_view():
    view = orthographic(SIZE, 110.0)
    found = locate(capture(200.0 * PLACES, view=view, lamp=6.0), view_deg=None)
    assert degrees_off(found.rig).mean() < 0.1


def test_what_was_found_on_the_ball_is_kept_for_people_to_see():
    """Each light is marked where a ball mirrors it, and a dark one is named."""
    places = [None if light == 5 else place for light, place in enumerate(PLACES)]
    view = ball_at((0.0, 0.0, -1.6), camera(SIZE, VIEW_DEG))
    plan = LightRig("plan", LIGHTS, np.ones((COUNT, 3)))
    (ball,) = locate(capture(places, view=view), rig=plan).evidence
    assert ball.unseen == (5,)
    corner = view.center_px - (np.array(ball.picture.shape[::-1]) - 1) / 2.0
    for spot in ball.spots:
        assert spot.verdict in ("taken", "doubted")
        # Nothing is clipped and nothing is beside a light: only the outline is in the way.
        assert spot.doubts == (("cut",) if spot.verdict == "doubted" else ())
        half = LIGHTS[spot.light] + [0.0, 0.0, 1.0]
        half /= np.linalg.norm(half)
        # As if seen from far away: near the outline that is some pixels off.
        true = view.center_px + view.radius_px * half[:2] * [1.0, -1.0] - corner
        assert np.hypot(*(true - [spot.x, spot.y])) < 0.06 * view.radius_px
    assert len(ball.spots) == COUNT - 1
    radii = np.linalg.norm(ball.outline - view.center_px + corner, axis=1)
    np.testing.assert_allclose(radii, view.radius_px, rtol=0, atol=1.0)


def test_a_second_reflection_is_marked_as_refused():
    frames = capture(PLACES)
    index = min(i for i, shot in frames.shots.items() if shot.condition.light == 8)
    spot = np.zeros((SIZE, SIZE), np.float32)
    offset = np.array([30.0, 50.0])
    x, y = ball_at((0.0, 0.0, -1.6), camera(SIZE, VIEW_DEG)).center_px + offset
    cv2.circle(spot, (round(x), round(y)), 2, 2.0, cv2.FILLED)
    frames[index].radiance[...] += spot[..., np.newaxis]
    (ball,) = locate(frames).evidence
    refused = [spot for spot in ball.spots if spot.verdict == "refused"]
    assert [spot.light for spot in refused] == [8]
    middle = (np.array(ball.picture.shape[::-1]) - 1) / 2.0
    np.testing.assert_allclose([refused[0].x, refused[0].y], middle + offset, atol=1.5)
