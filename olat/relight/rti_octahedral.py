"""A grid of directions on the octahedron, between which RTI viewers interpolate bilinearly."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.light.interpolation import weights_for_directions
from olat.model.shapes import Array, Directions
from olat.relight.rti_nodes import fitted_nodes

SIDE = 8
"""Directions along each side of the grid."""
RIDGE = 0.1
"""Pull of the grid to pictures mixed from the lights around; errs least between the lights."""


def octahedral_grid() -> Float64[Array, "n 3"]:
    """Return the unit vectors of the grid, row by row; those of the rim lie at the horizon."""
    steps = np.linspace(-1.0, 1.0, SIDE)
    v, u = np.meshgrid(steps, steps, indexing="ij")
    # The grid is turned by 45 degrees: u = (x + y)/s, v = (y - x)/s with s = |x| + |y| + |z|.
    x, y = (u - v) / 2.0, (u + v) / 2.0
    z = np.maximum(1.0 - np.abs(x) - np.abs(y), 0.0)
    places = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    return np.asarray(places / np.linalg.norm(places, axis=1, keepdims=True))


def octahedral_mix(toward: Float64[Array, "n 3"]) -> Float64[Array, "n grid"]:
    """Return the weights of the directions of the grid for directions."""
    scale = np.abs(toward).sum(axis=1)
    place = np.stack([toward[:, 0] + toward[:, 1], toward[:, 1] - toward[:, 0]]) / scale
    u, v = (place + 1.0) / 2.0 * (SIDE - 1)
    column = np.clip(np.floor(u).astype(int), 0, SIDE - 2)
    row = np.clip(np.floor(v).astype(int), 0, SIDE - 2)
    du, dv = u - column, v - row
    weights = np.zeros((len(toward), SIDE * SIDE))
    number = np.arange(len(toward))
    for down, right, share in (
        (0, 0, (1 - du) * (1 - dv)),
        (0, 1, du * (1 - dv)),
        (1, 0, (1 - du) * dv),
        (1, 1, du * dv),
    ):
        weights[number, (row + down) * SIDE + column + right] += share
    return weights


def octahedral_nodes(directions: Directions) -> Float64[Array, "grid light"]:
    """Return how pictures give values of the grid between which viewers show the pictures.

    Notes
    -----
    Where no light tells, a place of the grid has what the lights around it mix into.
    """
    prior = weights_for_directions(directions, octahedral_grid()).weights
    return fitted_nodes(octahedral_mix(directions), prior=prior, ridge=RIDGE)
