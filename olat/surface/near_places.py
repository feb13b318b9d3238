"""Where a subject is under near lights: its relief from normals, its distance from the readings."""

from __future__ import annotations

import math
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32
from scipy.optimize import minimize_scalar

from olat.model.shapes import Array, Mask, Plane, UnitVectors
from olat.model.view import ViewGeometry
from olat.surface.lambert import normals_from_olats
from olat.surface.near_light import Lamps, Places
from olat.surface.normal_integration import depth_from_normals
from olat.surface.strip import REFUSED, StripFlags

Samples: TypeAlias = Float32[Array, "light 1 1 pixel"]
"""Readings of some pixels, mean over the channels [diffuse white = 1]."""

INTEGRATED = 300_000
"""Pixels that depth is integrated on, at most: the direction to a light hardly sees more."""
ROUNDS = 6
"""Reweightings of the integration, whose steps need not be sharp here."""
REACH = 0.2
"""How much farther or nearer than told a subject is sought, as a share of its distance."""
AT_THE_END = 0.005
"""How near to an end of that a search is that would have gone on."""


def relief_from_normals(
    normals: UnitVectors, confidence: Plane, mask: Mask | None, geometry: ViewGeometry
) -> Plane:
    """Integrate normals to depth that is good enough to say where lights are.

    Parameters
    ----------
    normals, confidence, mask
        As in `olat.surface.normal_integration.depth_from_normals`.
    geometry
        What the pixels see.

    Returns
    -------
    depth
        Of all pixels, around that of the world's origin; its mean where nothing is known.

    Raises
    ------
    ValueError
        If no two neighbors have normals.
    """
    height, width = geometry.shape
    step = max(1, math.ceil(math.sqrt(height * width / INTEGRATED)))
    small = geometry.at(max(2, height // step), max(2, width // step))
    trust = confidence if mask is None else np.where(mask, confidence, np.float32(0.0))
    if step > 1:
        size = small.shape[::-1]
        # Weighed by trust, so that what is unknown has no say in the mean.
        sums = cv2.resize(normals * trust[..., np.newaxis], size, interpolation=cv2.INTER_AREA)
        length = np.linalg.norm(sums, axis=-1, keepdims=True)
        normals = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0.0)
        trust = cv2.resize(trust, size, interpolation=cv2.INTER_AREA)
    found = depth_from_normals(normals, trust, None, small, rounds=ROUNDS).depth
    depth = np.where(found != 0.0, found, np.float32(found[found != 0.0].mean()))
    return np.asarray(
        cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )


def distance_from_olats(
    readings: Samples, flags: StripFlags, lamps: Lamps, places: Places, geometry: ViewGeometry
) -> float:
    r"""Find how far the subject is, as a factor of its depth.

    Normals leave the depth of a subject open by a factor f. Near lights close it: a matte surface
    reads :math:`\rho\, n \cdot b_i(X)`, and where X is wrong no normal and albedo explain the
    readings of all lights. So the factor is that with the least

    .. math:: \Big\langle \mathrm{med}_i\,
              \big| R_i / \rho - n \cdot b_i(c + f (X - c)) \big| \Big\rangle

    over the pixels, with normals and albedos solved anew for each f.

    Parameters
    ----------
    readings, flags
        Of a sample of the subject's pixels.
    lamps
        The lights.
    places
        Where these pixels are if the factor is 1 [m].
    geometry
        Of the camera, a perspective one.

    Returns
    -------
    factor
        Between 0.8 and 1.2 [1].

    Raises
    ------
    ValueError
        If the readings do not tell it, or only that it is farther off than that.

    Notes
    -----
    Assumes that most readings are matte. The median leaves out highlights and cast shadows.
    """

    def cost(factor: float) -> float:
        moved = (geometry.center + factor * (places - geometry.center)).astype(np.float32)
        near = lamps.seen_from(moved)
        normals, albedo, _, doubts = normals_from_olats(readings, flags, near)
        fit = np.einsum("lhwk,hwk->lhw", near.beams, normals)
        known = (doubts == 0) & (albedo[..., 0] > 0.0)
        relative = readings[:, 0] / np.where(known, albedo[..., 0], 1.0)
        lit = (fit > 0.1) & known & ((flags & REFUSED) == 0)
        left = np.where(lit, np.abs(relative - fit), np.nan)[:, known]
        left = left[:, ~np.isnan(left).all(axis=0)]
        return float(np.mean(np.nanmedian(left, axis=0))) if left.size else np.inf

    found = minimize_scalar(
        cost, bounds=(1.0 - REACH, 1.0 + REACH), method="bounded", options={"xatol": 1e-3}
    )
    factor = float(found.x)
    if not np.isfinite(found.fun) or abs(factor - 1.0) > REACH - AT_THE_END:
        raise ValueError(
            f"distance of the subject: the readings of {readings.shape[-1]} pixels put it at "
            f"{factor:.2f} times what is told or beyond; between {1 - REACH:g} and {1 + REACH:g} "
            "was needed. Check the positions of the lights, in meters, and distance_m."
        )
    return factor
