r"""Radial basis functions around the lights, as RTI viewers mix them.

There are two kinds of viewers. RelightLab and older ones take a Gaussian whose width the set tells,

.. math:: w_i \propto e^{-d_i^2 / \sigma^2} ,

and drop weights below a thousandth. OpenLIME takes one that depends on the direction,

.. math:: w_i \propto e^{-\epsilon d_i^2}, \quad
   \epsilon = 8 \, \frac{\sum_i e^{-2 d_i}}{\sum_i d_i e^{-2 d_i}} ,

with chords d to all lights. It hardly narrows where there are more lights: over a hemisphere it is
about 17 degrees wide. σ is chosen so that both agree, and nodes so that both show the pictures.

References
----------
.. [1] Ponchio, Corsini and Scopigno, A compact representation of relightable images for the web,
   ACM Web3D 2018.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Directions
from olat.relight.rti_nodes import fitted_nodes

SHARPNESS: Final = 8.0
SMOOTHNESS: Final = 2.0
LEAST_WEIGHT: Final = 0.001
RIDGE: Final = 1e-3
"""Pull of nodes to the pictures themselves; holds what the kernels blur beyond the codes."""


def radial_sigma(directions: Directions) -> float:
    """Return the width at which both kinds of viewers agree best, a chord of the unit sphere."""
    return float(1.0 / np.sqrt(np.mean(_falloff(_chords(directions, directions)))))


def radial_mix(
    directions: Directions, toward: Float64[Array, "n 3"], sigma: float
) -> Float64[Array, "n light"]:
    """Return the weights of lights for directions in viewers that take the width of the set."""
    square = _chords(directions, toward) ** 2
    kernel = np.exp(-(square - square.min(axis=1, keepdims=True)) / sigma**2)
    kernel /= kernel.sum(axis=1, keepdims=True)
    kernel[kernel <= LEAST_WEIGHT] = 0.0
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def adaptive_mix(
    directions: Directions, toward: Float64[Array, "n 3"]
) -> Float64[Array, "n light"]:
    """Return the weights of lights for directions in OpenLIME."""
    chords = _chords(directions, toward)
    kernel = np.exp(-_falloff(chords)[:, None] * chords**2)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def mix_of_viewers(directions: Directions) -> Float64[Array, "shown light"]:
    """Return the weights at the lights in both kinds of viewers, one below the other."""
    sigma = radial_sigma(directions)
    mixes = adaptive_mix(directions, directions), radial_mix(directions, directions, sigma)
    return np.vstack(mixes)


def radial_nodes(directions: Directions) -> Float64[Array, "light light"]:
    """Return how pictures give nodes that both kinds of viewers mix into the pictures."""
    same = np.eye(len(directions))
    return fitted_nodes(mix_of_viewers(directions), prior=same, ridge=RIDGE)


def _chords(directions: Directions, toward: Float64[Array, "n 3"]) -> Float64[Array, "n light"]:
    return np.asarray(np.linalg.norm(toward[:, None] - directions[None], axis=2))


def _falloff(chords: Float64[Array, "n light"]) -> Float64[Array, " n"]:
    """Return ε; one light alone has none, and gets that of a light at a distance of 1."""
    near = np.exp(-SMOOTHNESS * chords)
    typical = (chords * near).sum(axis=1) / near.sum(axis=1)
    return np.asarray(SHARPNESS / np.where(typical > 0.0, typical, 1.0))
