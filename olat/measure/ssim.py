"""Structural similarity."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float64

from olat.measure.result import Measure
from olat.measure.usable import Picture, usable
from olat.model.shapes import Array

_SIGMA = 1.5
"""Of the window [px]."""
_REACH = 5
"""Of the window: it is 11 x 11 [px]."""
_WINDOW = 2 * _REACH + 1
_K1, _K2 = 0.01, 0.03


def ssim(
    first: Picture, second: Picture, mask: Bool[Array, "h w"] | None = None, *, peak: float = 1.0
) -> Measure:
    r"""Return the mean structural similarity, 1 for equal pictures.

    .. math:: \frac{(2 \mu_I \mu_{I^*} + C_1)(2 \sigma_{I I^*} + C_2)}
              {(\mu_I^2 + \mu_{I^*}^2 + C_1)(\sigma_I^2 + \sigma_{I^*}^2 + C_2)}, \qquad
              C_k = (K_k\,p)^2

    Parameters
    ----------
    first, second
        Pictures of one shape, 11 x 11 pixels or more.
    mask
        What counts.
    peak
        The largest value that pictures can have.

    Returns
    -------
    measure
        Mean over windows and then channels. Windows are Gaussian, 1.5 pixels wide, 11 x 11, and
        count only where they lie in the picture, and on pixels that count, as a whole: `used` is
        their share.

    Raises
    ------
    ValueError
        If sizes differ, or no window lies as a whole on pixels that count.

    References
    ----------
    .. [1] Wang, Bovik, Sheikh and Simoncelli, Image quality assessment: from error visibility to
       structural similarity, IEEE Transactions on Image Processing 13(4), 2004, section III-C.
    """
    if not 0.0 < peak < np.inf:
        raise ValueError(f"peak: {peak}; a finite number above 0 was needed")
    used = usable(first, second, mask)
    window = np.ones((_WINDOW, _WINDOW), np.uint8)
    # Beyond the border nothing counts either.
    inside = cv2.erode(used.astype(np.uint8), window, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    whole = inside > 0
    if not whole.any():
        raise ValueError(
            f"ssim: no window of {_WINDOW} x {_WINDOW} px lies as a whole on pixels that count; "
            "one was needed. Give a larger picture or mask"
        )
    pairs = zip(_split(first), _split(second), strict=True)
    means = [_similarity(a, b, used, peak)[whole].mean() for a, b in pairs]
    return Measure(
        "ssim",
        float(np.mean(means)),
        used=float(whole.mean()),
        note=f"peak {peak:g}, whole windows of {_WINDOW} x {_WINDOW} px",
    )


def _split(picture: Picture) -> list[Float[Array, "h w"]]:
    """Return the channels of a picture."""
    if picture.ndim == 2:
        return [picture]
    return [picture[..., channel] for channel in range(picture.shape[2])]


def _similarity(
    first: Float[Array, "h w"], second: Float[Array, "h w"], used: Bool[Array, "h w"], peak: float
) -> Float64[Array, "h w"]:
    """Return the similarity of one channel in the window around each pixel."""
    a, b = (np.where(used, plane, 0.0).astype(np.float64) for plane in (first, second))
    mean_a, mean_b = _blurred(a), _blurred(b)
    spread_a = _blurred(a * a) - mean_a**2
    spread_b = _blurred(b * b) - mean_b**2
    together = _blurred(a * b) - mean_a * mean_b
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    alike = (2.0 * mean_a * mean_b + c1) * (2.0 * together + c2)
    return np.asarray(alike / ((mean_a**2 + mean_b**2 + c1) * (spread_a + spread_b + c2)))


def _blurred(plane: Float64[Array, "h w"]) -> Float64[Array, "h w"]:
    """Return the mean of the window around each pixel."""
    return np.asarray(cv2.GaussianBlur(plane, (_WINDOW, _WINDOW), _SIGMA))
