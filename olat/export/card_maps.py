"""Textures of a relightable card: what Phong's terms are in the words of renderers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from olat.model.maps import NormalMap, PhongMaps
from olat.model.shapes import Mask, Plane, Radiance, UnitVectors
from olat.sensor.working_space import converted
from olat.surface.normal_reflectance import normal_reflectance
from olat.surface.roughness import roughness_of_phong

EDGE_PX = 2
"""Width of the outline, where subject and background mix, that takes its terms from within [px]."""
STEEPEST = 0.05
"""Least z of a tangent normal: a card cannot face away from its own front."""


@dataclass(frozen=True)
class CardMaps:
    """Planes of one size, known everywhere: beyond the matte they repeat its edge."""

    base_color: Radiance
    """Linear Rec.709, 0 to 1."""
    alpha: Plane
    normal: UnitVectors
    """Tangent space of the card: x to the right, y up, z out of it."""
    roughness: Plane
    """Square root of alpha, as glTF, UsdPreviewSurface and MaterialX take it."""
    reflectance: Radiance
    """F0, linear Rec.709, 0 to 1."""
    clipped: float
    """Share of the matte whose albedo was above 1, or below 0, in some color."""


def card_maps(phong: PhongMaps, normals: NormalMap, matte: Mask | None) -> CardMaps:
    """Return the textures of a card.

    Parameters
    ----------
    phong
        Terms of the surface.
    normals
        World frame. The card stands in the picture's plane, so the world's axes are its tangent
        space.
    matte
        Where the subject is; none takes all of the picture.

    Raises
    ------
    ValueError
        If no normal is known inside the matte.
    """
    inside = np.ones(phong.exponent.shape, bool) if matte is None else matte
    # Most of a matte subject has no lobe, and no confidence in one; its albedo is known still.
    known = inside & normals.normals.any(axis=2) & np.any(phong.diffuse_albedo > 0, axis=2)
    if not known.any():
        raise ValueError("no pixel inside the matte has a normal and an albedo; one is needed")
    sure = ndimage.binary_erosion(known, iterations=EDGE_PX)
    source = sure if sure.any() else known
    nearest = ndimage.distance_transform_edt(~source, return_distances=False, return_indices=True)
    place = tuple(nearest)
    albedo = converted(phong.diffuse_albedo, source=phong.space, target="rec709")
    gloss = normal_reflectance(phong.specular_albedo, phong.exponent)
    reflectance = converted(gloss, source=phong.space, target="rec709")
    outside = np.any((albedo < 0) | (albedo > 1), axis=2)
    return CardMaps(
        base_color=albedo[place].clip(0, 1),
        alpha=inside.astype(np.float32),
        normal=_facing(normals.normals[place]),
        roughness=np.sqrt(roughness_of_phong(phong.exponent[place])),
        reflectance=reflectance[place].clip(0, 1),
        clipped=float(np.mean(outside, where=known)),
    )


def _facing(normals: UnitVectors) -> UnitVectors:
    """Return unit vectors that do not turn away from the card's front."""
    facing = normals.copy()
    facing[..., 2] = np.maximum(facing[..., 2], STEEPEST)
    return np.asarray(facing / np.linalg.norm(facing, axis=-1, keepdims=True), np.float32)
