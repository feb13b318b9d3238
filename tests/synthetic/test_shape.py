from __future__ import annotations

import numpy as np
import pytest

from olat.synthetic.head import PARTS
from olat.synthetic.shape import Body, Ellipsoid, rotation

BALL = Ellipsoid((0.0, 0.0, 0.0), (0.1, 0.1, 0.1))


def melted_distance(parts: tuple[Ellipsoid, ...], points: np.ndarray) -> np.ndarray:
    """Do what the kernel does, one part after the other and without shortcuts."""
    values = []
    for part in parts:
        unit = part.to_unit @ (points - np.array([part.center]).T)
        radius = np.linalg.norm(unit, axis=0)
        values.append(radius * (radius - 1.0) / np.linalg.norm(part.to_unit.T @ unit, axis=0))
    melted = values[0]
    for part, value in zip(parts[1:], values[1:], strict=True):
        melt = max(part.softness, 1e-6)
        overlap = np.maximum(0.0, 1.0 - np.abs(value - melted) / melt)
        melted = np.minimum(melted, value) - melt / 4.0 * overlap**2
    return melted


def cloud(rng: np.random.Generator, count: int = 2000) -> np.ndarray:
    return rng.normal(scale=0.09, size=(3, count))


def test_the_distance_from_a_ball_is_the_distance(rng: np.random.Generator) -> None:
    points = cloud(rng)
    distance, gradient = Body((BALL,)).distance(points)
    radius = np.linalg.norm(points, axis=0)
    np.testing.assert_allclose(distance, radius - 0.1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(gradient, points / radius, rtol=0, atol=1e-9)


def test_the_kernel_skips_only_parts_that_do_not_matter(rng: np.random.Generator) -> None:
    points = cloud(rng)
    np.testing.assert_allclose(
        Body(PARTS).distance(points)[0], melted_distance(PARTS, points), rtol=0, atol=1e-12
    )


def test_the_gradient_is_the_slope_of_the_distance(rng: np.random.Generator) -> None:
    points, step = cloud(rng), 1e-6
    _, gradient = Body(PARTS).distance(points)
    for axis in range(3):
        ahead = np.zeros((3, 1))
        ahead[axis] = step
        rise = melted_distance(PARTS, points + ahead) - melted_distance(PARTS, points - ahead)
        # Where two parts meet without melt, the slope jumps and has no value.
        error = np.abs(gradient[axis] - rise / (2.0 * step))
        assert np.quantile(error, 0.99) < 1e-5


def test_rays_end_on_the_surface_in_front_of_all_else(rng: np.random.Generator) -> None:
    body, origin = Body(PARTS), np.array([0.0, 0.0, 1.6])
    aims = np.concatenate([rng.uniform(-0.15, 0.15, size=(2, 400)), np.full((1, 400), -1.6)])
    rays = aims / np.linalg.norm(aims, axis=0)
    depth, _ = body.trace(origin, rays)
    hit = np.isfinite(depth)
    assert 0.3 < hit.mean() < 0.9
    on_surface = origin[:, None] + depth[hit] * rays[:, hit]
    np.testing.assert_allclose(melted_distance(PARTS, on_surface), 0.0, rtol=0, atol=1e-6)
    for share in np.linspace(0.75, 0.998, 60):
        before = origin[:, None] + share * depth[hit] * rays[:, hit]
        # A ray may graze an edge by less than the trace's least step can tell.
        assert melted_distance(PARTS, before).min() > -1e-5
    for depth_of_miss in np.linspace(1.4, 1.8, 200):
        beside = origin[:, None] + depth_of_miss * rays[:, ~hit]
        assert melted_distance(PARTS, beside).min() > -1e-5


def test_a_part_is_turned_about_x_then_y_then_z() -> None:
    quarter = np.pi / 2.0
    np.testing.assert_allclose(rotation(quarter, 0, 0) @ [0, 1, 0], [0, 0, 1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(rotation(0, quarter, 0) @ [0, 0, 1], [1, 0, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(rotation(0, 0, quarter) @ [1, 0, 0], [0, 1, 0], rtol=0, atol=1e-12)
    both = rotation(quarter, quarter, 0)
    np.testing.assert_allclose(both @ [0, 1, 0], [1, 0, 0], rtol=0, atol=1e-12)


def let_through(
    parts: tuple[Ellipsoid, ...], points: np.ndarray, sources: np.ndarray, penumbra: float
) -> np.ndarray:
    """Do what the kernel does for near lights: from the closest approach of way and part."""
    through = np.ones((sources.shape[1], points.shape[1]))
    for part in parts:
        center = np.array([part.center]).T
        start, end = part.to_unit @ (points - center), part.to_unit @ (sources - center)
        way = end[:, :, None] - start[:, None, :]
        along = -(start[:, None, :] * way).sum(axis=0) / (way * way).sum(axis=0)
        closest = start[:, None, :] + np.maximum(along, 0.0) * way
        gap = ((closest**2).sum(axis=0) - 1.0) / 2.0 * min(part.radii)
        soft = np.where(along > 0.0, np.clip(0.5 + gap / penumbra, 0.0, 1.0), 1.0)
        through = np.minimum(through, soft)
    return through


def shaded(body: Body, points: np.ndarray, sources: np.ndarray, *, distant: bool) -> np.ndarray:
    lit = np.ones((sources.shape[1], points.shape[1]), np.float32)
    body.shade(lit, points, sources, distant=distant, penumbra=1e-3)
    return lit


@pytest.mark.slow
def test_shade_follows_from_the_closest_approach(rng: np.random.Generator) -> None:
    points = rng.normal(scale=0.15, size=(3, 300))
    sources = rng.normal(size=(3, 20))
    sources *= 1.7 / np.linalg.norm(sources, axis=0)
    expected = let_through(PARTS, points, sources, 1e-3)
    assert 0.05 < np.mean((expected > 0.0) & (expected < 1.0)) + np.mean(expected == 1.0) < 0.95
    actual = shaded(Body(PARTS), points, sources, distant=False)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)


def test_where_no_light_arrives_nothing_is_shaded() -> None:
    lit = np.zeros((1, 1), np.float32)
    Body((BALL,)).shade(lit, np.ones((3, 1)), np.ones((3, 1)), distant=True, penumbra=1e-3)
    assert lit[0, 0] == 0.0


@pytest.mark.parametrize("distant", [True, False])
def test_a_ball_shades_what_is_behind_it_and_nothing_else(distant: bool) -> None:
    ball = Body((Ellipsoid((0.0, 0.5, 0.0), (0.1, 0.1, 0.1)),))
    light = np.array([[0.0], [1.0 if distant else 2.0], [0.0]])
    # Seen from a light at 2, the ball at 0.5 hides a cone that is this wide at 0.
    edge = 0.1 if distant else 2.0 * np.tan(np.arcsin(0.1 / 1.5))
    x = np.array([0.0, edge - 0.002, edge + 0.002, 0.5])
    points = np.stack([x, np.zeros_like(x), np.zeros_like(x)])
    lit = shaded(ball, points, light, distant=distant)
    np.testing.assert_array_equal(lit[0], [0.0, 0.0, 1.0, 1.0])


def test_a_ball_does_not_shade_what_is_before_it() -> None:
    ball = Body((Ellipsoid((0.0, -0.5, 0.0), (0.1, 0.1, 0.1)),))
    up = np.array([[0.0], [1.0], [0.0]])
    assert shaded(ball, np.zeros((3, 1)), up, distant=True)[0, 0] == 1.0
