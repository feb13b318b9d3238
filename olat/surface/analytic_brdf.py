r"""Materials in closed form, with the normal along +z: what tables and renderings are tested by.

A material is a function of unit vectors to light and camera that returns reflected radiance over
irradiance for each channel [1/sr]. All of these are reciprocal: the two may change places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float64

from olat.model.shapes import Array

Vectors: TypeAlias = Float[Array, "*rays 3"]
Brdf: TypeAlias = Callable[[Vectors, Vectors], Float[Array, "*rays 3"]]
"""Unit vectors to the light and to the camera -> reflectance of each channel [1/sr]."""

SMALLEST = 1e-9
"""Cosines of grazing directions are no smaller where something is divided by them."""


def lambert(albedo: Sequence[float]) -> Brdf:
    r"""Return matte reflection, :math:`f = d/\pi`."""
    color = _color(albedo)

    def brdf(light: Vectors, _camera: Vectors) -> Float64[Array, "*rays 3"]:
        return np.broadcast_to(color / np.pi, light.shape)

    return brdf


def phong(albedo: Sequence[float], *, specular: float, exponent: float) -> Brdf:
    r"""Return matte reflection with a lobe about the mirrored view.

    .. math:: f = \frac{1}{\pi}\big(d + s\,((r \cdot \omega)^+)^m\big), \qquad
              r = 2 (n \cdot v)\, n - v

    Notes
    -----
    Assumes Phong's lobe as a reflectance, which is reciprocal. Phong's own formula, that of
    `olat.surface.phong_render`, takes the lobe as light that is reflected: divided by the cosine of
    the light it is no reciprocal reflectance, and no table of half angles can hold it.

    References
    ----------
    .. [1] Lewis, Making shaders more physically plausible, Computer Graphics Forum 13(2), 1994.
    """
    color = _color(albedo)

    def brdf(light: Vectors, camera: Vectors) -> Float64[Array, "*rays 3"]:
        cosine = 2.0 * light[..., 2] * camera[..., 2] - (light * camera).sum(axis=-1)
        lobe = specular * np.maximum(cosine, 0.0) ** exponent
        return np.asarray((color + lobe[..., np.newaxis]) / np.pi)

    return brdf


def ggx(albedo: Sequence[float], *, roughness: float, facing_reflectance: float = 0.04) -> Brdf:
    r"""Return matte reflection under a rough surface that mirrors: plastic, skin.

    .. math:: f = \frac{d}{\pi} + \frac{F(\theta_d)\, D(\theta_h)\, G(\omega) G(v)}
              {4\,(n \cdot \omega)(n \cdot v)}

    Parameters
    ----------
    albedo
        Of the matte part [1].
    roughness
        α, the slope of the facets.
    facing_reflectance
        Share of the light that a facet mirrors when it faces it; 0.04 is glass or plastic.

    Notes
    -----
    Assumes that facets hide light and camera independently of each other. What facets mirror is
    not taken from the matte part.

    References
    ----------
    .. [1] Walter, Marschner, Li and Torrance, Microfacet models for refraction through rough
       surfaces, Eurographics Symposium on Rendering, 2007.
    .. [2] Schlick, An inexpensive BRDF model for physically-based rendering, Computer Graphics
       Forum 13(3), 1994.
    """
    color, square = _color(albedo), roughness**2

    def brdf(light: Vectors, camera: Vectors) -> Float64[Array, "*rays 3"]:
        half = light + camera
        half = half / np.maximum(np.linalg.norm(half, axis=-1, keepdims=True), SMALLEST)
        fresnel = (
            facing_reflectance
            + (1.0 - facing_reflectance)
            * (1.0 - np.clip((light * half).sum(axis=-1), 0.0, 1.0)) ** 5
        )
        facets = square / (np.pi * (half[..., 2] ** 2 * (square - 1.0) + 1.0) ** 2)
        unhidden = _unhidden(light[..., 2], square) * _unhidden(camera[..., 2], square)
        return np.asarray(color / np.pi + (fresnel * facets * unhidden)[..., np.newaxis])

    return brdf


def _unhidden(cosine: Float[Array, "*rays"], square: float) -> Float64[Array, "*rays"]:
    """Return the share of facets that a direction meets, over twice its cosine."""
    cosine = np.maximum(cosine, SMALLEST)
    return np.asarray(1.0 / (cosine + np.sqrt(square + (1.0 - square) * cosine**2)))


def _color(albedo: Sequence[float]) -> Float64[Array, " 3"]:
    """Return an albedo of three channels."""
    color = np.asarray(albedo, float)
    if color.shape != (3,):
        raise ValueError(f"albedo: {albedo}; three numbers were needed, one for each channel")
    return color
