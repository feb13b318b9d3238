"""Pictures from Phong terms, under lights that were never shot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from olat.model.maps import PhongMaps
from olat.model.shapes import Array, Radiance, UnitVectors
from olat.surface.view import mirrored


def phong_under_light(
    terms: PhongMaps,
    normals: UnitVectors,
    view: UnitVectors,
    direction: Float64[Array, " 3"] | Sequence[float],
) -> Radiance:
    r"""Return what a surface with these terms reads under one distant light.

    .. math:: R = d\,(n \cdot \omega)^+ + s\,\big((r \cdot \omega)^+\big)^m [n \cdot \omega > 0],
              \qquad r = 2 (n \cdot v)\, n - v

    Parameters
    ----------
    terms
        Albedos and exponent; a pixel with exponent 0 is matte.
    normals
        Those that the terms were fitted with, or `terms.normals` where they were refined.
    view
        From what each pixel shows to the camera.
    direction
        To the light; any length but zero.

    Returns
    -------
    radiance
        Under a light of intensity 1 [diffuse white = 1]; zero where the normal is unknown.

    Raises
    ------
    ValueError
        If the maps differ in size, or the direction is not three finite numbers, not all zero.

    Notes
    -----
    Assumes that nothing but the surface itself is in the light's way: shadows end where it turns
    away from the light, and none are cast. Nothing bounces.

    References
    ----------
    .. [1] Phong, Illumination for computer generated pictures, CACM 18(6), 1975.
    """
    if not normals.shape == view.shape == terms.diffuse_albedo.shape:
        raise ValueError(
            f"normals {normals.shape} and view {view.shape}: terms of "
            f"{terms.diffuse_albedo.shape[:2]} pixels were given; one vector for each was needed. "
            "Cut the same rows from all three."
        )
    toward = np.asarray(direction, float)
    length = np.linalg.norm(toward)
    if toward.shape != (3,) or not 0.0 < length < np.inf:
        raise ValueError(
            f"light direction: {direction}; three numbers that are not all zero were needed. "
            "Give the direction from the subject to the light."
        )
    toward = (toward / length).astype(np.float32)
    facing = normals @ toward
    shading = np.maximum(facing, 0.0)
    cosine = np.maximum(mirrored(normals, view) @ toward, 0.0)
    is_glossy = (facing > 0.0) & (terms.exponent > 0.0)
    lobe = np.where(is_glossy, cosine ** np.maximum(terms.exponent, 1e-3), 0.0)
    matte = terms.diffuse_albedo * shading[..., np.newaxis]
    return np.asarray(matte + terms.specular_albedo * lobe[..., np.newaxis], np.float32)
