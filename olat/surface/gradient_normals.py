"""Normals from a color gradient and its complement, or from a gradient and a full-on photograph."""

from __future__ import annotations

import numpy as np

from olat.model.flags import PixelFlag
from olat.model.shapes import Flags, Plane, Radiance, UnitVectors

LAMBERT_RATIO = 2.0 / 3.0
"""Length of the ratio vector on a convex Lambertian surface under a full sphere of lights."""


def normals_from_color_gradients(
    gradient: Radiance, complement: Radiance, *, shadow_floor: float = 1e-3
) -> tuple[UnitVectors, Plane, Flags]:
    r"""Solve one surface normal per pixel from complementary color gradients.

    Channel k is lit by :math:`(1 + \omega_k)/2` and, in the complement, :math:`(1 - \omega_k)/2`,
    so on a convex Lambertian surface albedo cancels and

    .. math:: d_k = (g_k - \bar g_k) / (g_k + \bar g_k) = \tfrac{2}{3} n_k .

    Parameters
    ----------
    gradient, complement
        Aligned radiance; channels r, g, b are lit along world x, y, z [diffuse white = 1].
    shadow_floor
        Sum of the two below which a pixel is unlit [diffuse white = 1].

    Returns
    -------
    normals
        Unit vectors in world axes; zero where flagged.
    confidence
        :math:`(1 + (3 (|d| - 2/3))^2)^{-2}`: 1 for the length of a convex matte surface, 0.25
        where it is off by a third; 0 where flagged.
    flags
        SHADOWED where any channel is below the floor, DEAD where any is not a number,
        UNDERDETERMINED where gradient and complement are equal.

    Raises
    ------
    ValueError
        If the images differ in shape.

    Notes
    -----
    Assumes a full, even sphere of lights and channels without cross-talk: what leaks is taken out
    before (`olat.light.led_matrix.in_primaries`). Interreflection and subsurface scattering
    shorten the ratio, a hidden horizon or a glossy lobe lengthens it and bends it; the confidence
    sees the length only.

    References
    ----------
    .. [1] Ma et al., Rapid acquisition of specular and diffuse normal maps from polarized
       spherical gradient illumination, EGSR 2007, sec. 3.
    .. [2] Guo et al., The Relightables, ACM TOG 38(6), 2019.
    """
    if gradient.shape != complement.shape:
        raise ValueError(
            f"color gradients: {gradient.shape} and {complement.shape}; one shape was needed. "
            "Pass the photographs of one camera."
        )
    total = gradient + complement
    dead = ~np.isfinite(total).all(axis=-1)
    shadowed = ~dead & (total <= shadow_floor).any(axis=-1)
    solvable = ~(dead | shadowed)[..., np.newaxis]
    ratio = np.divide(gradient - complement, total, out=np.zeros_like(total), where=solvable)
    length = np.linalg.norm(ratio, axis=-1, keepdims=True)
    known = length > 1e-6
    normals = np.divide(ratio, length, out=np.zeros_like(ratio), where=known)
    confidence = known[..., 0] / (1.0 + (3.0 * (length[..., 0] - LAMBERT_RATIO)) ** 2) ** 2
    flags = np.zeros(length.shape[:2], np.uint8)
    flags[~known[..., 0]] = PixelFlag.UNDERDETERMINED
    flags[shadowed] = PixelFlag.SHADOWED
    flags[dead] = PixelFlag.DEAD
    return normals, confidence.astype(np.float32), flags


def normals_from_gradient_and_full_on(
    gradient: Radiance, full_on: Radiance, *, shadow_floor: float = 1e-3
) -> tuple[UnitVectors, Plane, Flags]:
    r"""Solve one surface normal per pixel where no complement was shot.

    What full-on light leaves over is the complement, so that :math:`d_k = 2 g_k / f_k - 1`.

    Parameters
    ----------
    gradient
        As in `normals_from_color_gradients`.
    full_on
        Aligned radiance under all lights, at the exposure of the gradient [diffuse white = 1].
    shadow_floor
        Full-on radiance below which a pixel is unlit [diffuse white = 1].

    Returns
    -------
    normals, confidence, flags
        As in `normals_from_color_gradients`.

    Notes
    -----
    Assumes that the drive levels of the two photographs are known to each other: a gain error
    of 1 % shifts every component of the ratio by 0.01, where a gradient pair only scales them.
    """
    if gradient.shape != full_on.shape:
        raise ValueError(
            f"gradient and full-on: {gradient.shape} and {full_on.shape}; one shape was needed. "
            "Pass the photographs of one camera."
        )
    return normals_from_color_gradients(gradient, full_on - gradient, shadow_floor=shadow_floor)
