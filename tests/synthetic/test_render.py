from __future__ import annotations

import numpy as np
import pytest

from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig
from olat.synthetic.head import head
from olat.synthetic.render import flow_between, radiance_under, see, shadows
from olat.synthetic.scene import PinholeCamera, Pose, ball

CAMERA = PinholeCamera(96, field_of_view_deg=11.5, distance=1.6)


def rig_of(*directions: tuple[float, float, float], radius: float | None = None) -> LightRig:
    unit = np.array(directions, float)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    positions = None if radius is None else unit * radius
    return LightRig("test", unit, np.ones((len(unit), 3)), positions)


def test_the_normals_of_a_ball_point_away_from_its_center() -> None:
    view = see(ball(0.1), CAMERA, Pose())
    np.testing.assert_allclose(np.linalg.norm(view.points, axis=0), 0.1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(view.normals, view.points / 0.1, rtol=0, atol=2e-6)


def test_a_ball_is_as_wide_as_perspective_makes_it() -> None:
    # The cone that touches the ball: sin = r / distance, and the picture shows its tangent.
    touching = np.tan(np.arcsin(0.1 / 1.6)) * CAMERA.focal_px
    mask = see(ball(0.1), CAMERA, Pose()).mask
    assert mask.sum() == pytest.approx(np.pi * touching**2, rel=0.01)


@pytest.mark.parametrize("way", [(1, 0, 0.2), (0, 1, 0.2), (-0.3, -0.5, 0.8), (0, 0, 1)])
def test_a_white_ball_under_a_distant_light_follows_the_cosine(
    way: tuple[float, float, float],
) -> None:
    rig, view = rig_of(way), see(ball(0.1), CAMERA, Pose())
    radiance = radiance_under(view, rig, np.ones((1, 3)))
    expected = np.maximum(view.normals.T @ rig.directions[0], 0.0)
    np.testing.assert_allclose(radiance[view.mask][:, 1], expected, rtol=0, atol=1e-6)
    assert not radiance[~view.mask].any()


def test_a_near_light_falls_off_with_the_square_of_its_distance() -> None:
    rig, view = rig_of((0.2, 0.3, 1.0), radius=1.7), see(ball(0.1), CAMERA, Pose())
    radiance = radiance_under(view, rig, np.ones((1, 3)))
    assert rig.positions is not None
    way = rig.positions[0][:, None] - view.points
    distance = np.linalg.norm(way, axis=0)
    cosine = np.maximum((way * view.normals).sum(axis=0) / distance, 0.0)
    expected = cosine * (1.7 / distance) ** 2
    np.testing.assert_allclose(radiance[view.mask][:, 0], expected, rtol=0, atol=1e-5)


def test_a_white_patch_at_the_center_reads_one() -> None:
    tiny = see(ball(0.001), PinholeCamera(16, 0.05, 1.6), Pose())
    radiance = radiance_under(tiny, rig_of((0, 0, 1), radius=1.7), np.ones((1, 3)))
    # The patch's front is 1 mm nearer to the light than the center.
    assert radiance.max() == pytest.approx(1.0, abs=0.0013)


def test_the_lobe_has_its_exponent_about_the_mirrored_view() -> None:
    glossy = ball(0.1, albedo=0.0, specular=0.7, exponent=30.0)
    rig, view = rig_of((0.5, 0.4, 1.0)), see(glossy, CAMERA, Pose())
    toward = CAMERA.position[:, None] - view.points
    toward = toward / np.linalg.norm(toward, axis=0)
    mirrored = 2.0 * (toward * view.normals).sum(axis=0) * view.normals - toward
    lit = view.normals.T @ rig.directions[0] > 0.0
    expected = 0.7 * np.maximum(mirrored.T @ rig.directions[0], 0.0) ** 30 * lit
    radiance = radiance_under(view, rig, np.ones((1, 3)))
    np.testing.assert_allclose(radiance[view.mask][:, 2], expected, rtol=0, atol=1e-5)
    assert expected.max() > 0.65


def test_light_adds_up() -> None:
    directions = fibonacci_sphere(12)
    rig = LightRig("twelve", directions, np.linspace(0.8, 1.2, 36).reshape(12, 3), directions * 1.7)
    view = see(head(), CAMERA, Pose())
    drive = (1.0 + directions) / 2.0
    one_by_one = np.zeros((96, 96, 3))
    for light in range(12):
        only = np.zeros((12, 3))
        only[light] = 1.0
        one_by_one += radiance_under(view, rig, only) * drive[light]
    together = radiance_under(view, rig, drive)
    # Single precision, where shadows end, in another order of sums.
    np.testing.assert_allclose(together, one_by_one, rtol=0, atol=1e-4)
    assert together.max() > 0.5


@pytest.mark.parametrize(
    ("way", "bright"),
    [((1, 0, 0), np.s_[:, 48:]), ((-1, 0, 0), np.s_[:, :48]), ((0, 1, 0.2), np.s_[:48])],
)
def test_light_from_a_side_brightens_that_side(
    way: tuple[float, float, float], bright: tuple[slice, ...]
) -> None:
    view = see(head(), CAMERA, Pose())
    radiance = radiance_under(view, rig_of(way, radius=1.7), np.ones((1, 3)))
    assert radiance[bright].sum() > 0.7 * radiance.sum()


def test_the_nose_casts_a_shadow_away_from_the_light() -> None:
    camera = PinholeCamera(192, 11.5, 1.6)
    view = see(head(), camera, Pose())
    from_right, from_left = shadows(view, rig_of((1, 0.2, 0.7), (-1, 0.2, 0.7), radius=1.7))
    nose = camera.project(np.array([[0.0], [-0.024], [0.105]]))[:, 0].astype(int)
    beside = np.s_[nose[1] - 4 : nose[1] + 8]
    left, right = np.s_[nose[0] - 28 : nose[0] - 8], np.s_[nose[0] + 8 : nose[0] + 28]
    for dark, side, other in ((from_right, left, right), (from_left, right, left)):
        assert dark[beside, side].mean() > 0.4
        assert dark[beside, other].mean() < 0.1


def test_without_shadows_only_the_side_turned_away_is_dark() -> None:
    view = see(head().without_shadows(), CAMERA, Pose())
    rig = rig_of((0.3, 1.0, 0.5))
    cosine = rig.directions[0].astype(np.float32) @ view.outward
    away = view.picture(cosine[None])[..., 0] <= 0.0
    np.testing.assert_array_equal(shadows(view, rig)[0], away & view.mask)


def test_a_shift_across_the_view_moves_each_point_by_its_depth() -> None:
    view = see(head(), CAMERA, Pose())
    flow = flow_between(view, Pose(shift=(0.002, -0.001, 0.0)), CAMERA)
    scale = CAMERA.focal_px / (1.6 - view.points[2].astype(np.float64))
    np.testing.assert_allclose(flow[view.mask][:, 0], 0.002 * scale, rtol=0, atol=1e-5)
    np.testing.assert_allclose(flow[view.mask][:, 1], 0.001 * scale, rtol=0, atol=1e-5)


def test_the_flow_leads_to_the_same_point_seen_from_the_new_pose() -> None:
    pose = Pose(angles=(0.01, -0.02, 0.005), shift=(0.001, 0.002, -0.001))
    before, after = see(head(), CAMERA, Pose()), see(head(), CAMERA, pose)
    rows, columns = np.divmod(before.pixels, 96)
    flow = flow_between(before, pose, CAMERA)[rows, columns]
    moved = pose.to_world(before.own)
    projected = CAMERA.project(moved)
    np.testing.assert_allclose(projected[0], columns + flow[:, 0], rtol=0, atol=1e-4)
    np.testing.assert_allclose(projected[1], rows + flow[:, 1], rtol=0, atol=1e-4)
    # What is seen there in the new pose is the surface at that depth, but at the silhouette.
    depth = after.picture(after.points[2:])[..., 0]
    column, row = np.round(projected).astype(int)
    assert np.median(np.abs(depth[row, column] - moved[2])) < 0.001


def test_chasing_bends_normals_but_keeps_them_unit() -> None:
    view = see(head(), CAMERA, Pose())
    np.testing.assert_allclose(np.linalg.norm(view.normals, axis=0), 1.0, rtol=0, atol=1e-5)
    bend = np.degrees(np.arccos(np.clip((view.normals * view.outward).sum(axis=0), -1, 1)))
    assert 0.1 < np.median(bend) < 8.0


def test_the_eyes_shut() -> None:
    camera = PinholeCamera(192, 11.5, 1.6)
    open_eyes, shut = (see(head(), camera, Pose(eyes_open=o)).paint.specular for o in (1.0, 0.0))
    assert (open_eyes > 0.5).sum() > 100
    assert (shut > 0.5).sum() == 0
