"""How lights are spread: how far apart, with what holes, and whether they determine a normal."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.spatial import KDTree

from olat.light.arrangements import fibonacci_sphere
from olat.model.shapes import Array, Directions

_PROBES = 20000
"""Directions asked for the widest gap: 1.4 degrees apart."""
_FLAT = 0.02
"""Least spread along an axis, as a share of the largest, that determines a normal along it."""


def spacings(directions: Directions) -> Float64[Array, " light"]:
    """Return the angle between each light and its nearest neighbor [rad]; π if it is alone."""
    if len(directions) < 2:
        return np.full(len(directions), np.pi)
    chord = KDTree(directions).query(directions, k=2)[0][:, 1]
    return np.asarray(2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0)))


def widest_gap(directions: Directions) -> tuple[Float64[Array, " 3"], float]:
    """Return the direction that is farthest from any light, and how far that is [rad].

    Found among directions 1.4 degrees apart, so that the distance is short of the truth by less
    than a degree.
    """
    probes = fibonacci_sphere(_PROBES)
    chord = KDTree(directions).query(probes)[0]
    farthest = int(np.argmax(chord))
    return probes[farthest], float(2.0 * np.arcsin(min(chord[farthest] / 2.0, 1.0)))


def independent_axes(directions: Directions) -> int:
    r"""Return how many independent directions the lights span: 3 determine a normal.

    A matte surface reads :math:`n \cdot \omega_i`, so the normal is determined as well as the
    singular values of the matrix of all :math:`\omega_i` are large. Lights in a plane through the
    subject span 2, lights along a line 1.
    """
    spread = np.linalg.svd(directions, compute_uv=False)
    return int((spread > _FLAT * spread[0]).sum())


def is_flat(directions: Directions) -> bool:
    """Tell whether all lights lie in one plane, through the subject or not.

    Such a ring determines normals, but no gloss and no error in the lights' own directions.
    """
    centered = directions - directions.mean(axis=0)
    spread = np.linalg.svd(centered, compute_uv=False)
    return len(directions) < 4 or bool(spread[-1] <= _FLAT * spread[0])
