"""The grid of bilinear sets."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.light.interpolation import weights_for_directions
from olat.relight.rti_octahedral import (
    SIDE,
    octahedral_grid,
    octahedral_mix,
    octahedral_nodes,
)
from tests.support.lambert_sphere import spread_directions


def test_a_direction_of_the_grid_is_itself() -> None:
    grid = octahedral_grid()
    assert_allclose(np.linalg.norm(grid, axis=1), 1, atol=1e-12)
    assert (grid[:, 2] >= 0).all()
    assert_allclose(octahedral_mix(grid), np.eye(SIDE * SIDE), rtol=0, atol=1e-9)


def test_the_camera_is_between_the_four_in_the_middle() -> None:
    (weights,) = octahedral_mix(np.array([[0.0, 0.0, 1.0]]))
    middle = [SIDE // 2 - 1, SIDE // 2]
    assert_allclose(weights.reshape(SIDE, SIDE)[np.ix_(middle, middle)], 0.25)


def test_weights_are_shares() -> None:
    weights = octahedral_mix(spread_directions(200, hemisphere=True))
    assert (weights >= 0).all()
    assert_allclose(weights.sum(axis=1), 1, atol=1e-12)


def test_the_grid_shows_the_pictures_of_the_lights() -> None:
    for count in (12, 60, 300):
        lights = spread_directions(count, hemisphere=True)
        pictures = np.stack([lights[:, 0], np.abs(lights[:, 1]), lights[:, 2] ** 2], axis=1)
        nodes = octahedral_nodes(lights)
        shown = octahedral_mix(lights) @ nodes @ pictures
        mixed = weights_for_directions(lights, octahedral_grid()).weights
        plain = octahedral_mix(lights) @ mixed @ pictures
        assert np.abs(shown - pictures).mean() < 0.5 * np.abs(plain - pictures).mean()
        assert_allclose(nodes.sum(axis=1), 1, atol=1e-9)
