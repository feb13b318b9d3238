from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from olat.measure.angular import angles_between, angular_error


def unit_vectors(rng, shape):
    vectors = rng.normal(size=(*shape, 3))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@pytest.mark.parametrize("degrees", [0.0, 1e-6, 0.01, 5.0, 90.0, 179.9, 180.0])
def test_normals_turned_about_an_axis_across_them_are_off_by_the_turn(degrees):
    """Turn vectors in the plane across the axis."""
    along = np.radians(np.arange(0.0, 360.0, 7.0))
    vectors = np.stack([np.cos(along), np.sin(along), np.zeros_like(along)], axis=-1)[np.newaxis]
    turned = Rotation.from_euler("z", degrees, degrees=True).apply(vectors[0])[np.newaxis]
    assert_allclose(angles_between(turned, vectors), degrees, rtol=0, atol=1e-9)


def test_the_figures_are_those_of_the_angles(rng):
    truth = unit_vectors(rng, (20, 30))
    angles = rng.uniform(0.0, 40.0, (20, 30))
    across = np.cross(truth, unit_vectors(rng, (20, 30)))
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    turned = np.cos(np.radians(angles))[..., None] * truth
    turned += np.sin(np.radians(angles))[..., None] * np.cross(across, truth)
    found = {m.name: m.value for m in angular_error(turned, truth)}
    expected = {
        "angle_mean": angles.mean(),
        "angle_median": np.median(angles),
        "angle_95": np.percentile(angles, 95),
        "angle_max": angles.max(),
    }
    assert found == pytest.approx(expected, abs=1e-9)


def test_one_turn_of_both_changes_nothing(rng):
    a, b = unit_vectors(rng, (5, 6)), unit_vectors(rng, (5, 6))
    turn = Rotation.random(random_state=4).as_matrix()
    assert_allclose(angles_between(a @ turn.T, b @ turn.T), angles_between(a, b), atol=1e-9)


def test_lengths_do_not_count(rng):
    a, b = unit_vectors(rng, (5, 6)), unit_vectors(rng, (5, 6))
    assert_allclose(angles_between(3.0 * a, 0.2 * b), angles_between(a, b), rtol=0, atol=1e-9)


def test_unknown_normals_are_left_out_and_told(rng):
    a, b = unit_vectors(rng, (4, 5)), unit_vectors(rng, (4, 5))
    expected = [m.value for m in angular_error(a[2:], b[2:])]
    a[0], b[1, :3], b[1, 3:] = 0.0, 0.0, np.nan
    found = angular_error(a, b)
    assert_allclose([m.value for m in found], expected, rtol=1e-12, atol=0)
    assert found[0].used == pytest.approx(0.5)
    assert found[0].unit == "deg"
    with pytest.raises(ValueError, match="no pixel has a normal in both"):
        angular_error(np.zeros_like(b[:1]), b[2:3])
