from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.synthetic.lens import distorted, undistorted
from olat.synthetic.render import see
from olat.synthetic.scene import PinholeCamera, Pose, ball

BENT = PinholeCamera(96, 11.5, 1.6, (-0.8, 3.0, 0.002, -0.003))
slope = st.floats(-0.12, 0.12)


@given(slope, slope, st.floats(-1.0, 0.5), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_straightening_undoes_bending(x: float, y: float, k1: float, p1: float, p2: float) -> None:
    straight = np.array([[x], [y]])
    bent = distorted(straight, (k1, 0.5, p1, p2))
    np.testing.assert_allclose(undistorted(bent, (k1, 0.5, p1, p2)), straight, rtol=0, atol=1e-13)


def test_a_lens_that_shows_a_place_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot be undone at slopes up to 0\.9"):
        undistorted(np.array([[0.9], [0.0]]), (-2.0,))


def test_points_are_seen_where_opencv_sees_them(rng: np.random.Generator) -> None:
    points = rng.uniform(-0.12, 0.12, (3, 50))
    # The camera's axes: right, down, forward.
    turn, way = np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 1.6])
    expected, _ = cv2.projectPoints(
        points.T, cv2.Rodrigues(turn)[0], way, BENT.matrix, np.array(BENT.distortion)
    )
    np.testing.assert_allclose(BENT.project(points).T, expected.reshape(-1, 2), rtol=0, atol=1e-9)


def test_every_ray_meets_what_is_seen_at_its_pixel() -> None:
    for camera in (BENT, PinholeCamera(96, 11.5, 1.6)):
        points = camera.position[:, None] + 1.5 * camera.rays()
        rows, columns = np.divmod(np.arange(96 * 96), 96)
        np.testing.assert_allclose(camera.project(points), [columns, rows], rtol=0, atol=1e-9)


def test_a_barrel_pulls_in_what_is_far_from_the_middle() -> None:
    place = np.array([[0.13], [0.0], [0.0]])
    ideal, barrel = (PinholeCamera(384, 11.5, 1.6, bend) for bend in ((), (-0.8,)))
    moved = ideal.project(place)[0, 0] - barrel.project(place)[0, 0]
    # Radius times 0.8 times the square of the slope.
    assert moved == pytest.approx(0.8 * (0.13 / 1.6) ** 3 * ideal.focal_px, rel=1e-9)


def test_a_view_through_a_lens_shows_points_where_they_project_to() -> None:
    view = see(ball(0.1), BENT, Pose())
    seen = BENT.project(view.points.astype(np.float64))
    rows, columns = np.divmod(view.pixels, 96)
    np.testing.assert_allclose(seen, [columns, rows], rtol=0, atol=1e-4)  # single precision


def test_the_parts_of_a_pixel_surround_its_middle() -> None:
    for parts in (2, 3):
        fine = BENT.finer(parts).rays().reshape(3, 96, parts, 96, parts).mean(axis=(2, 4))
        coarse = BENT.rays().reshape(3, 96, 96)
        # Rays are unit vectors, so that their mean is a little shorter.
        np.testing.assert_allclose(fine, coarse, rtol=0, atol=2e-6)
