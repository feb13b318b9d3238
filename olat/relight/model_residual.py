"""A light between lights, by a model of the surface: highlights move instead of fading over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

from olat.model.maps import PhongMaps
from olat.model.shapes import Array, HalfPlanes, Plane, Radiance, UnitVectors
from olat.surface.phong_render import phong_under_light

Surface: TypeAlias = tuple[PhongMaps, UnitVectors, UnitVectors]
"""Phong terms, the normals that they were fitted with, and the directions to the camera."""

LEAST = 1e-4
"""Reading of the model below which shadows cannot be told [diffuse white = 1]."""


def moved_by_model(
    planes: Sequence[HalfPlanes],
    weights: Float64[Array, " light"],
    directions: Float64[Array, "light 3"],
    toward: Float64[Array, " 3"],
    surface: Surface,
) -> Radiance:
    r"""Return the picture under a light that the rig has not.

    .. math:: L = \sum_i b_i R_i + V\,\Big(M(\omega) - \sum_i b_i M_i\Big), \qquad
              V = \frac{\sum_i b_i \min(R_i, M_i)}{\sum_i b_i M_i}

    with the weights b of the neighbors, their planes R, what the model says of them, M, and the
    share V of the light that gets through, as the neighbors saw it: where they lie in shadow,
    nothing is added.

    Parameters
    ----------
    planes
        Reflectance under each light.
    weights
        Of the lights for the direction: not negative, a few above 0, their sum 1.
    directions
        Unit vectors to the lights.
    toward
        Unit vector to the wanted light.
    surface
        What the model is of.

    Returns
    -------
    radiance
        At a light of the rig its plane, whatever the model says.

    Notes
    -----
    Assumes that the model is right about how the reading changes from light to light, and the
    planes about how much there is. Edges of cast shadows fade over as without it.

    References
    ----------
    .. [1] Masselus et al., Smooth reconstruction and compact representation of reflectance
       functions for image-based relighting, EGSR 2004: interpolation after fitting a model.
    """
    terms, normals, view = surface
    total = np.zeros(normals.shape, np.float32)
    known = np.zeros(normals.shape, np.float32)
    seen = np.zeros(normals.shape[:2], np.float32)
    for row in np.flatnonzero(weights).tolist():
        share = np.float32(weights[row])
        plane = np.moveaxis(planes[row], 0, 2).astype(np.float32)
        model = phong_under_light(terms, normals, view, directions[row])
        total += share * plane
        known += share * model
        seen += share * np.clip(plane.sum(axis=2), 0.0, model.sum(axis=2))
    moved = phong_under_light(terms, normals, view, toward)
    return total + _visible(seen, known)[..., None] * (moved - known)


def _visible(seen: Plane, known: Radiance) -> Plane:
    """Return how much of what the model says was seen, from 0 to 1; all, where it says nothing."""
    said = known.sum(axis=2)
    ratio = seen / np.maximum(said, np.float32(LEAST))
    return np.where(said > LEAST, ratio, np.float32(1.0))
