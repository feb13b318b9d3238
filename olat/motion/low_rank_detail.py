"""Pictures under different lights, made alike: their detail, level of the light taken out."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Mask

Planes = Float32[Array, "frame h w"]

WIDTH = 2.0
"""Standard deviation of the neighborhood whose level is taken out [px]."""
FLOOR = 0.03
"""Level of the neighborhood that is trusted half; part of the level of what is lit well."""
LIT = 90.0
"""Percentile of the readings inside the subject that counts as lit well."""


def lit_level(pictures: Planes, mask: Mask) -> float:
    """Return the level of what is lit well, over all pictures.

    Raises
    ------
    ValueError
        If nothing inside the mask is lit.
    """
    inside = pictures[:, mask]
    known = inside[np.isfinite(inside)]
    level = float(np.percentile(known, LIT)) if known.size else 0.0
    if level <= 0.0:
        raise ValueError(
            f"registration: nothing inside the subject is lit in {len(pictures)} pictures; a lit "
            "subject is needed. Check the mask and the exposure."
        )
    return level


def detail(pictures: Planes, level: float) -> tuple[Planes, Planes]:
    r"""Take the level of the light out of pictures.

    .. math:: d = \frac{I - \bar I}{\bar I + c}, \quad w = \left(\frac{\bar I}{\bar I + c}\right)^2

    with the Gaussian mean :math:`\bar I` of what is known around a pixel.

    Parameters
    ----------
    pictures
        Linear; not a number where saturated or defective.
    level
        Of what is lit well (`lit_level`), in the same unit.

    Returns
    -------
    detail
        0 where nothing is known [1].
    trust
        Near 1 where well lit, 0 in the dark and where nothing is known.

    Notes
    -----
    Assumes that shading varies less from pixel to pixel than the pattern of the surface does. Then
    detail is nearly the same under all lights, and motion cannot pass for shading.
    """
    details, trusts = np.empty_like(pictures), np.empty_like(pictures)
    softening = np.float32(FLOOR * level)
    for picture, out, trust in zip(pictures, details, trusts, strict=True):
        known = np.isfinite(picture)
        filled = np.where(known, picture, np.float32(0.0))
        share = _blurred(known.astype(np.float32))
        mean = np.maximum(_blurred(filled) / np.maximum(share, np.float32(1e-3)), np.float32(0.0))
        out[...] = np.where(known, (filled - mean) / (mean + softening), np.float32(0.0))
        # A cubic kernel reaches two pixels far: what lies beside the unknown is not trusted.
        sound = cv2.erode(known.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        trust[...] = np.where(sound, (mean / (mean + softening)) ** 2, np.float32(0.0))
    return details, trusts


def reduced(pictures: Planes, factor: int) -> Float32[Array, "frame small_h small_w"]:
    """Average pictures over squares of some pixels; unknown if any of a square is."""
    if factor == 1:
        return pictures
    height, width = (side // factor for side in pictures.shape[1:])
    cut = pictures[:, : height * factor, : width * factor]
    squares = cut.reshape(len(pictures), height, factor, width, factor)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float32))


def _blurred(plane: Float32[Array, "h w"]) -> Float32[Array, "h w"]:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), WIDTH, borderType=cv2.BORDER_REPLICATE))
