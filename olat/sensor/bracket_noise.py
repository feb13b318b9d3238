"""How the noise of a bracket grows with light, read from the bracket itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from scipy.optimize import nnls

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array

_LOOKED_AT = 40_000
"""Pixels of a photograph that are looked at, spread evenly over it."""
_BINS = 16
"""Steps of brightness, each with as many pixels."""
_SPREAD_OF_MEDIAN = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
_NO_READING = np.uint8(
    PixelFlag.SATURATED | PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME | PixelFlag.OCCLUDED
)


@dataclass(frozen=True, slots=True)
class PhotonTransfer:
    r"""Noise of one site in units that all exposures share.

    .. math:: \operatorname{var}(r\,t) = a\, r\,t + b

    for radiance r and exposure time t: what shot noise and read noise come to.
    """

    slope: float
    """a [diffuse white second]."""
    read: float
    """b [(diffuse white second)^2]."""


def transfer_of_variances(
    samples: Sequence[RadianceImage], exposures_s: Sequence[float]
) -> PhotonTransfer | None:
    """Return the line on which the variances of calibrated samples lie.

    Parameters
    ----------
    samples
        Photographs with a variance.
    exposures_s
        Their exposure times [s].

    Returns
    -------
    PhotonTransfer or None
        None if no sample has a variance above 0 anywhere.

    Raises
    ------
    ValueError
        If a sample has no variance.

    Notes
    -----
    Assumes one sensor gain for all samples. Where the variance also carries a flat field or the
    weights of a demosaic kernel, the line is the typical one, and only its shape should be used.
    """
    light, variance = [], []
    for sample, seconds in zip(samples, exposures_s, strict=True):
        if sample.variance is None:
            raise ValueError("a sample has no variance; one for each is needed")
        rows = _looked_at(sample)
        value, spread = sample.radiance[rows], sample.variance[rows]
        is_good = (spread > 0) & np.isfinite(spread) & np.isfinite(value)
        light.append(np.maximum(value[is_good], 0.0) * seconds)
        variance.append(spread[is_good] * seconds**2)
    found = np.concatenate(variance).astype(np.float64)
    if not found.size:
        return None
    seen = np.concatenate(light).astype(np.float64)
    return _fitted(np.stack([seen, np.ones_like(seen)], axis=1), found)


def transfer_of_differences(
    samples: Sequence[RadianceImage], exposures_s: Sequence[float]
) -> PhotonTransfer | None:
    r"""Return the noise that explains how much samples of one scene differ.

    With samples j and k of the same radiance r,

    .. math:: \operatorname{var}(r_j - r_k) = a\, r \left(\frac{1}{t_j} + \frac{1}{t_k}\right)
        + b \left(\frac{1}{t_j^2} + \frac{1}{t_k^2}\right)

    Parameters
    ----------
    samples
        Photographs of one scene, in common units.
    exposures_s
        Their exposure times [s].

    Returns
    -------
    PhotonTransfer or None
        None if no pixel is well exposed in two of the samples.

    Notes
    -----
    Assumes that more than half of the pixels of each brightness did not move: the spread is read
    from medians. What exposure times or encoding do wrong counts as noise.
    """
    ordered = sorted(zip(exposures_s, samples, strict=True), key=lambda pair: -pair[0])
    terms, found = [], []
    for (long_s, long), (short_s, short) in pairwise(ordered):
        rows = _looked_at(long)
        is_good = ((long.flags[rows] | short.flags[rows]) & _NO_READING) == 0
        for sample in (long, short):
            is_good &= np.isfinite(sample.radiance[rows]).all(axis=2)
        light = long.radiance[rows][is_good].ravel()
        apart = short.radiance[rows][is_good].ravel() - light
        order = np.argsort(light, kind="stable")
        for part in np.array_split(order, _BINS):
            if part.size:
                seen = max(float(np.median(light[part])), 0.0)
                spread = _SPREAD_OF_MEDIAN * float(np.median(np.abs(apart[part])))
                terms.append((seen * (1 / long_s + 1 / short_s), 1 / long_s**2 + 1 / short_s**2))
                found.append(spread**2)
    if not found:
        return None
    variance = np.asarray(found)
    # Codes without any noise differ by nothing in places, which is not a measurement.
    return _fitted(np.asarray(terms), np.maximum(variance, 1e-4 * variance.max() + 1e-12))


def _looked_at(sample: RadianceImage) -> tuple[slice, slice]:
    """Return every n-th row and column of a photograph."""
    step = max(int(np.sqrt(sample.flags.size / _LOOKED_AT)), 1) | 1  # odd: both sites of a filter
    return slice(None, None, step), slice(None, None, step)


def _fitted(
    terms: Float64[Array, "sample 2"], variance: Float64[Array, " sample"]
) -> PhotonTransfer:
    """Return the line through variances, each weighted by its own size, neither part negative."""
    scaled = terms / variance[:, None]
    size = np.maximum(scaled.max(axis=0), 1e-300)
    (slope, read), _ = nnls(scaled / size, np.ones(len(variance)))
    return PhotonTransfer(float(slope / size[0]), float(read / size[1]))
