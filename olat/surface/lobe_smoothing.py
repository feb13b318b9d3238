"""Shapes of lobes, averaged over neighbors: photographs are sharper than the ratios of their grain.

A ratio of two photographs magnifies their grain, and where an edge lies a fraction of a pixel apart
in the two, it is of nothing that was there: a pixel turns black or glows. Moments may be averaged
before their ratio is taken; the integral of the pixel stays its own, and what the averaged shape
lacks of the photographs is in `olat.surface.lobe_residual`.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float

from olat.model.shapes import Array


def smoothed_moment(
    integral: Float[Array, "h w 3"],
    moment: Float[Array, "h w 3 *axis"],
    *,
    blur_px: float,
    shadow_floor: float = 1e-3,
) -> Float[Array, "h w 3 *axis"]:
    r"""Return the first moments that pixels of these integrals have with the shape around them.

    .. math:: A'_c = F_c \frac{G * A_c}{G * F_c}

    with G a Gaussian over the lit pixels alone: darkness beside the subject does not reach in.

    Parameters
    ----------
    integral, moment
        As in `olat.surface.cosine_lobe.lobes_from_moments` [sr].
    blur_px
        Standard deviation of G; 0 changes nothing [px].
    shadow_floor
        Integral at or below which a channel is dark [sr]. A pixel with a dark channel, or one that
        is not a number, gives nothing and gets nothing; it keeps its own moment.
    """
    if not blur_px:
        return moment
    is_lit = (integral > shadow_floor).all(axis=-1) & np.isfinite(integral).all(axis=-1)
    is_lit &= np.isfinite(moment).reshape(*is_lit.shape, -1).all(axis=-1)
    around = _blurred(np.where(is_lit[..., np.newaxis], integral, 0.0), blur_px)
    share = np.divide(integral, around, out=np.zeros_like(around), where=is_lit[..., np.newaxis])
    lit = is_lit.reshape(*is_lit.shape, *[1] * (moment.ndim - 2))
    blurred = _blurred(np.where(lit, moment, 0.0), blur_px)
    scaled = blurred * share.reshape(*share.shape, *[1] * (moment.ndim - 3))
    return np.where(lit, scaled, moment).astype(moment.dtype)


def _blurred(pixels: Float[Array, "h w 3 *axis"], blur_px: float) -> Float[Array, "h w 3 *axis"]:
    """Average by a Gaussian, channel by channel."""
    height, width = pixels.shape[:2]
    planes = np.moveaxis(pixels.reshape(height, width, -1), -1, 0)
    kind = cv2.BORDER_REFLECT
    averaged = [
        cv2.GaussianBlur(np.ascontiguousarray(plane), (0, 0), blur_px, borderType=kind)
        for plane in planes
    ]
    return np.stack(averaged, axis=-1).reshape(pixels.shape).astype(pixels.dtype)
