"""Rays that meet, and lights on a sphere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olat.light.arrangements import fibonacci_sphere
from olat.light.triangulation import refined_to_sphere, triangulated

RADIUS = 1.7
POSES = np.array([[0.0, 0.0, 0.0], [0.3, 0.1, 0.0], [-0.1, 0.25, 0.1]])


def rays_to(places, rng, sigma=0.0, poses=POSES):
    """Return rays from each pose to each place, off by an angle."""
    away = places - poses[:, np.newaxis]
    away = away / np.linalg.norm(away, axis=2, keepdims=True)
    away += sigma * rng.normal(size=away.shape)
    away /= np.linalg.norm(away, axis=2, keepdims=True)
    origins = np.broadcast_to(poses[:, np.newaxis], away.shape).copy()
    return origins, away, np.full(away.shape[:2], max(sigma, 1e-4))


@settings(max_examples=25)
@given(seed=st.integers(0, 1000))
def test_exact_rays_meet_where_the_lights_are(seed):
    rng = np.random.default_rng(seed)
    places = rng.normal(size=(20, 3)) * [1.0, 1.0, 0.7] + [0.0, 0.0, 2.5]
    found = triangulated(*rays_to(places, rng))
    np.testing.assert_allclose(found.positions, places, rtol=0, atol=1e-9)
    assert found.residuals.max() < 1e-9


def test_errors_are_as_large_as_the_standard_errors_say(rng):
    places = RADIUS * fibonacci_sphere(300)
    found = triangulated(*rays_to(places, rng, 5e-4))
    # Most of the error lies along the rays, and the standard error is that of this direction.
    ratio = np.linalg.norm(found.positions - places, axis=1) / found.sigmas
    assert 0.7 < np.sqrt(np.nanmean(ratio**2)) < 1.3


def test_a_light_seen_once_has_no_place(rng):
    origins, directions, sigmas = rays_to(RADIUS * fibonacci_sphere(10), rng)
    directions[1:, 4] = np.nan
    found = triangulated(origins, directions, sigmas)
    assert np.isnan(found.positions[4]).all()
    assert np.isfinite(np.delete(found.positions, 4, axis=0)).all()


def test_poses_that_are_too_close_are_refused(rng):
    close = np.array([[0.0, 0.0, 0.0], [0.005, 0.0, 0.0]])
    rays = rays_to(RADIUS * fibonacci_sphere(30), rng, 1e-3, close)
    with pytest.raises(
        ValueError, match=r"so near to each other .*; 10% is needed\. Move the ball"
    ):
        triangulated(*rays)


def test_one_pose_is_refused(rng):
    rays = rays_to(RADIUS * fibonacci_sphere(30), rng, 1e-3, POSES[:1])
    with pytest.raises(ValueError, match="no light is seen in two poses"):
        triangulated(*rays)


def test_a_sphere_of_known_radius_makes_places_better(rng):
    center = np.array([0.02, -0.03, 0.01])
    places = center + RADIUS * fibonacci_sphere(156)
    rays = rays_to(places, rng, 1e-3)
    rough = triangulated(*rays)
    fine = refined_to_sphere(*rays, rough, radius=RADIUS, tolerance=0.003)
    before, after = (
        1000.0 * np.sqrt(np.nanmean(np.sum((found - places) ** 2, axis=1)))
        for found in (rough.positions, fine.positions)
    )
    off = 1000.0 * np.linalg.norm(fine.center - center)
    print(
        f"rays alone {before:.1f} mm rms, on a sphere {after:.1f} mm rms, center off by {off:.1f} "
        f"mm, {1000.0 * fine.rms:.1f} mm off the sphere"
    )
    assert after < 0.5 * before
    assert after < 4.0
    assert off < 4.0


def test_lights_that_hang_off_the_sphere_do_not_drag_it(rng):
    places = RADIUS * fibonacci_sphere(156)
    places[::20] *= 0.8
    rays = rays_to(places, rng, 2e-4)
    rough = triangulated(*rays)
    fine = refined_to_sphere(*rays, rough, radius=RADIUS, tolerance=0.003)
    assert np.linalg.norm(fine.center) < 0.003


def test_a_ball_whose_distance_is_misjudged_does_not_shift_the_rig(rng):
    """3 mm in depth: what a tenth of a pixel of its outline comes to."""
    places = RADIUS * fibonacci_sphere(156)
    rays = rays_to(places, rng, 5e-4)
    rays[0][1] += [0.0, 0.0, 0.003]
    fine = refined_to_sphere(*rays, triangulated(*rays), radius=RADIUS, tolerance=0.003)
    error = 1000.0 * np.linalg.norm(fine.positions - places, axis=1)
    print(f"ball off by 3 mm: lights off by {np.median(error):.1f} mm")
    assert np.median(error) < 3.0


@pytest.mark.parametrize(
    ("places", "words"),
    [
        (
            np.array([[np.sin(t), 0.3, np.cos(t)] for t in np.linspace(0.0, 3.0, 24)]),
            r"the 24 lights lie in a plane .* either side of it\. Leave light_distance out",
        ),
        (RADIUS * fibonacci_sphere(3), "3 lights have places; at least 4 are needed"),
    ],
    ids=["arc", "three"],
)
def test_a_rig_that_tells_no_sphere_is_refused(rng, places, words):
    rays = rays_to(places, rng, 1e-4)
    with pytest.raises(ValueError, match=words):
        refined_to_sphere(*rays, triangulated(*rays), radius=1.0, tolerance=0.003)
