"""Mean square error up to the brightness of each place."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from olat.measure.result import Measure, Scaling
from olat.measure.usable import Picture, usable
from olat.model.shapes import Array


def lmse(
    first: Picture,
    second: Picture,
    mask: Bool[Array, "h w"] | None = None,
    *,
    window_px: int = 20,
    step_px: int = 10,
    scale: Scaling = "global",
) -> Measure:
    r"""Return the local mean square error: windows, each at the brightness that fits best.

    .. math:: \frac{\sum_W \min_\alpha \sum_{p \in W} (\alpha I_p - I^*_p)^2}
              {\sum_W \sum_{p \in W} (I^*_p)^2}

    Parameters
    ----------
    first, second
        What was predicted, :math:`I`, and the truth, :math:`I^*`; linear.
    mask
        What counts.
    window_px, step_px
        Side of the windows, and how far one begins after another [px].
    scale
        One factor in a window for all channels, or one for each.

    Returns
    -------
    measure
        1 for a prediction of nothing. Windows that would pass the lower or right border are left
        out, as in the paper's own program; `used` is the share of the picture that windows cover
        and that counts.

    Raises
    ------
    ValueError
        If sizes differ, no pixel is left, the picture is smaller than a window, or the truth is
        zero.

    Notes
    -----
    The authors' program adds up the energy of one window in each row of windows only, so that its
    scores can exceed 1; here, as in later evaluations, all count.

    References
    ----------
    .. [1] Grosse, Johnson, Adelson and Freeman, Ground truth dataset and baseline evaluations for
       intrinsic image algorithms, ICCV 2009, section 4.
    """
    used = usable(first, second, mask)
    height, width = used.shape
    if window_px < 1 or step_px < 1 or window_px > min(height, width):
        raise ValueError(
            f"lmse: windows of {window_px} px every {step_px} px in a picture of "
            f"{width} x {height} px; at least one whole window was needed"
        )
    a, b = (
        np.where(used[..., np.newaxis], part.reshape(height, width, -1), 0.0).astype(np.float64)
        for part in (first, second)
    )
    own, cross, truth = (_sums(part, window_px, step_px) for part in (a * a, a * b, b * b))
    if scale == "global":
        own, cross, truth = (part.sum(axis=-1, keepdims=True) for part in (own, cross, truth))
    if not truth.sum() > 0.0:
        raise ValueError("lmse: the second picture is 0 where it counts; a truth was needed")
    explained = np.divide(cross**2, own, out=np.zeros_like(own), where=own > 0.0)
    value = float(np.maximum(truth - explained, 0.0).sum() / truth.sum())
    rows, columns = (window_px + step_px * (count - 1) for count in truth.shape[:2])
    covered = float(used[:rows, :columns].sum() / used.size)
    each = "" if scale == "global" else " and channel"
    return Measure(
        "lmse",
        value,
        aligned=f"A in each window of {window_px} x {window_px} px{each}",
        used=covered,
        note=f"a window every {step_px} px; 1 is what an empty A scores",
    )


def _sums(
    picture: Float64[Array, "h w channel"], window: int, step: int
) -> Float64[Array, "row column channel"]:
    """Return the sum over each window."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (window, window), axis=(0, 1))
    return np.asarray(windows[::step, ::step].sum(axis=(-2, -1)))
