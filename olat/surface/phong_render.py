"""Pictures from Phong terms, under lights that were never shot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.maps import PhongMaps
from olat.model.shapes import Array, Radiance, UnitVectors
from olat.surface.near_light import NearLights
from olat.surface.view import mirrored


def phong_under_light(
    terms: PhongMaps,
    normals: UnitVectors,
    view: UnitVectors,
    light: Float64[Array, " 3"] | Sequence[float] | NearLights,
) -> Radiance:
    r"""Return what a surface with these terms reads under one light.

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
    light
        Direction to a distant light, of any length but zero; or one near light and the places that
        see it, which read more the nearer they are, relative to the origin.

    Returns
    -------
    radiance
        Under a light of intensity 1 [diffuse white = 1]; zero where the normal is unknown.

    Raises
    ------
    ValueError
        If the maps differ in size, the direction is not three finite numbers, not all zero, or
        there are several near lights.

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
    toward, gain = _near(light, normals) if isinstance(light, NearLights) else _distant(light)
    facing = (normals * toward).sum(axis=-1)
    shading = np.maximum(facing, 0.0)
    cosine = np.maximum((mirrored(normals, view) * toward).sum(axis=-1), 0.0)
    is_glossy = (facing > 0.0) & (terms.exponent > 0.0)
    lobe = np.where(is_glossy, cosine ** np.maximum(terms.exponent, 1e-3), 0.0)
    matte = terms.diffuse_albedo * shading[..., np.newaxis]
    even = matte + terms.specular_albedo * lobe[..., np.newaxis]
    return np.asarray(gain * even, np.float32)


def _distant(
    direction: Float64[Array, " 3"] | Sequence[float],
) -> tuple[Float32[Array, " 3"], Float32[Array, " 1"]]:
    """Return a unit vector, and how much brighter than at the origin the light is."""
    toward = np.asarray(direction, float)
    length = np.linalg.norm(toward)
    if toward.shape != (3,) or not 0.0 < length < np.inf:
        raise ValueError(
            f"light direction: {direction}; three numbers that are not all zero were needed. "
            "Give the direction from the subject to the light."
        )
    return (toward / length).astype(np.float32), np.ones(1, np.float32)


def _near(light: NearLights, normals: UnitVectors) -> tuple[UnitVectors, Float32[Array, "h w 1"]]:
    """Return the same for each pixel."""
    if len(light) != 1 or light.places.shape != normals.shape:
        raise ValueError(
            f"near lights: there are {len(light)}, seen from places {light.places.shape}; one was "
            f"needed, seen from {normals.shape}. Render light by light."
        )
    beam = light.beams[0]
    gain = np.linalg.norm(beam, axis=-1, keepdims=True)
    toward = np.divide(beam, gain, out=np.zeros_like(beam), where=gain > 0.0)
    return toward.astype(np.float32), gain.astype(np.float32)
