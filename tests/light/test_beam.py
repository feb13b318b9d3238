"""How lights dim off their axes, read off a plane."""

from __future__ import annotations

import numpy as np
import pytest

from olat.light.arrangements import fibonacci_sphere
from olat.light.beam import fit_falloff, near_shading

RADIUS = 1.7


def plane(half_width):
    """Return points of a plane at the origin that faces the camera, and its normals [m]."""
    side = np.linspace(-half_width, half_width, 15)
    x, y = np.meshgrid(side, side)
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    return points, np.broadcast_to([0.0, 0.0, 1.0], points.shape).copy()


def plane_readings(half_width, exponent, rng, noise=0.01):
    """Return readings over their shading, emission and light of each, for lights in front."""
    points, normals = plane(half_width)
    lights = fibonacci_sphere(30)
    lights = lights[lights[:, 2] > 0.3]
    readings, emissions, numbers = [], [], []
    for number, direction in enumerate(lights):
        shading, _, emission = near_shading(points, normals, RADIUS * direction)
        level = rng.uniform(0.5, 1.5)
        reading = level * shading * emission**exponent * rng.normal(1.0, noise, len(points))
        readings.append(reading / shading)
        emissions.append(emission)
        numbers.append(np.full(len(points), number))
    return np.concatenate(readings), np.concatenate(emissions), np.concatenate(numbers)


def test_a_patch_at_the_origin_that_faces_the_light_reads_one():
    shading, incidence, emission = near_shading(
        np.zeros((1, 3)), np.array([[0.0, 0.6, 0.8]]), RADIUS * np.array([0.0, 0.6, 0.8])
    )
    np.testing.assert_allclose([shading[0], incidence[0], emission[0]], 1.0, rtol=0, atol=1e-12)


def test_half_the_distance_is_four_times_the_light():
    shading, _, _ = near_shading(
        np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 1.0]]), np.array([0.0, 0.0, 2.0])
    )
    assert shading[0] == pytest.approx(4.0, abs=1e-12)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 12.0])
def test_a_plane_tells_the_exponent(exponent, rng):
    found = fit_falloff(*plane_readings(0.5, exponent, rng))
    print(
        f"exponent {exponent:g}: found {found.exponent:.3f} +- {found.sigma:.3f}, up to "
        f"{found.widest_deg:.0f} degrees off the axes"
    )
    assert found.exponent == pytest.approx(exponent, abs=0.1)
    assert abs(found.exponent - exponent) < 4.0 * found.sigma
    assert 15.0 < found.widest_deg < 30.0


def test_stains_and_shadows_on_the_plane_do_not_count(rng):
    readings, emission, lights = plane_readings(0.5, 5.0, rng)
    stained = readings * np.where(rng.uniform(size=len(readings)) < 0.2, 0.3, 1.0)
    found = fit_falloff(stained, emission, lights)
    assert found.exponent == pytest.approx(5.0, abs=0.15)


def test_a_plane_too_small_to_tell_is_refused(rng):
    with pytest.raises(ValueError, match=r"degrees off the axes .* unknown by .*; 0.5 is needed"):
        fit_falloff(*plane_readings(0.02, 5.0, rng, noise=0.02))


def test_readings_of_darkness_are_refused():
    with pytest.raises(ValueError, match="0 readings are positive; at least 3 are needed"):
        fit_falloff(np.zeros(9), np.ones(9), np.arange(9))
