"""Gain and read noise from how the noise of a flat picture grows with its light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.shapes import Array
from olat.sensor.readings import Color

_TILES = 24
"""Tiles along the longer side of a color: small enough that light is even within each."""
_LEAST_SITES = 12
"""Sites of a tile that its variance needs."""
_REJECT = 5.0
"""Spreads of a tile's variance from which on it is left out: something moved or struck."""
_BINS = 12
"""Steps of the signal over which the fit is judged."""


@dataclass(frozen=True, slots=True)
class TransferPoints:
    """Means and variances of patches of light."""

    signal: Float64[Array, " point"]
    """Mean above the dark [DN]."""
    variance: Float64[Array, " point"]
    """In time [DN^2]."""
    freedom: Float64[Array, " point"]
    """Independent differences that the variance was taken from."""


@dataclass(frozen=True, slots=True)
class PhotonTransfer:
    """The line on which the variances lie."""

    dn_per_electron: float
    """Its slope."""
    read_noise_dn: float
    """Root of its start [DN]."""
    fit_percent: float
    """Root mean square by which binned variances miss the line [%]."""


def transfer_points(
    first: Float32[Array, "h w plane"],
    second: Float32[Array, "h w plane"],
    usable: Bool[Array, "h w plane"],
    colors: Sequence[Color],
) -> TransferPoints:
    r"""Return signal and noise of each tile of a pair of frames of one exposure.

    .. math:: \operatorname{var} = \tfrac12 \operatorname{var}(a - b)

    The difference of the two holds no trace of the light's shape, of dust or of unequal sites; its
    mean over a tile holds what the lamp flickered, and is taken off.

    Parameters
    ----------
    first, second
        The pair, less the dark [DN].
    usable
        Sites that are neither defective nor full in either.
    colors
        Which sites are of one color.
    """
    found = [
        _tiles(first[color.sites], second[color.sites], usable[color.sites]) for color in colors
    ]
    return TransferPoints(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _tiles(first: Array, second: Array, usable: Array) -> tuple[Array, Array, Array]:
    """Return mean, variance and freedom of the tiles of one color."""
    side = max(4, -(-max(first.shape) // _TILES))
    rows, columns = (max(1, length // side) for length in first.shape)
    cut = np.s_[: rows * side, : columns * side]

    def tiled(plane: Array) -> Array:
        sides = (rows, plane[cut].shape[0] // rows, columns, plane[cut].shape[1] // columns)
        return plane[cut].reshape(sides).astype(np.float64)

    good = tiled(usable)
    count = good.sum(axis=(1, 3))
    kept = (count == good.shape[1] * good.shape[3]) | (count >= _LEAST_SITES)
    sites = np.maximum(count, 2.0)
    apart, together = tiled(first - second), tiled(first + second)
    mean = (good * apart).sum(axis=(1, 3)) / sites
    squares = (good * (apart - mean[:, None, :, None]) ** 2).sum(axis=(1, 3))
    signal = (good * together).sum(axis=(1, 3)) / (2.0 * sites)
    # A tile that is partly full holds only the sites that noise kept below.
    kept &= count >= 0.9 * good.shape[1] * good.shape[3]
    freedom = sites - 1.0
    return signal[kept], (squares / (2.0 * freedom))[kept], freedom[kept]


def photon_transfer(
    points: TransferPoints, *, dark_variance: float, dark_freedom: float
) -> PhotonTransfer:
    r"""Fit the line of the photon-transfer curve.

    .. math:: \operatorname{var}(y) = g\, (y - \text{dark}) + \sigma_r^2

    by least squares, each point weighed by the inverse variance of its own variance,
    :math:`2 v^2 / \text{freedom}` with v from the line itself.

    Parameters
    ----------
    points
        Patches under light.
    dark_variance
        Of dark frames in time: the point of the line without light [DN^2].
    dark_freedom
        Independent differences that it was taken from.

    Raises
    ------
    ValueError
        If there are too few points, or noise does not grow with light.

    Notes
    -----
    Assumes counts that are linear in light, and noise that is independent from site to site:
    compression, sharpening and interpolation lower it. Points far from the line, where something
    moved between the two frames of a pair, are left out.

    References
    ----------
    .. [1] Janesick, Photon transfer, SPIE Press 2007, chapter 5.
    """
    if points.signal.size < 8:
        raise ValueError(
            f"{points.signal.size} patches of light can be compared between two flat frames; 8 or "
            "more are needed. Take two or more flat frames that are not full"
        )
    signal = np.append(points.signal, 0.0)
    variance = np.append(points.variance, dark_variance)
    freedom = np.append(points.freedom, dark_freedom)
    slope, start = float(np.median(variance / np.maximum(signal, 1.0))), dark_variance
    kept = np.ones(signal.size, np.bool_)
    for _ in range(8):
        line = np.maximum(slope * signal + start, 0.1 * max(dark_variance, 1e-12))
        weights = np.sqrt(freedom / 2.0) / line
        kept = np.abs(variance - line) * weights < _REJECT
        kept[-1] = True
        if np.count_nonzero(kept) < 0.5 * kept.size:
            kept[:] = True
        slope, start = _weighted_line(signal[kept], variance[kept], weights[kept])
    if slope <= 0.0:
        raise ValueError(
            f"the noise does not grow with light: its slope is {slope:.3g} DN per electron; frames "
            "of a sensor without noise reduction, whose charge is not full, are needed"
        )
    misfit = _binned_misfit(signal[kept], variance[kept], weights[kept], slope, start)
    return PhotonTransfer(slope, float(np.sqrt(max(start, 0.0))), misfit)


def _weighted_line(x: Array, y: Array, weights: Array) -> tuple[float, float]:
    """Return slope and start of the line nearest to weighted points."""
    system = np.column_stack([x, np.ones_like(x)]) * weights[:, None]
    slope, start = np.linalg.lstsq(system, y * weights, rcond=None)[0]
    return float(slope), float(start)


def _binned_misfit(
    signal: Array, variance: Array, weights: Array, slope: float, start: float
) -> float:
    """Return by how many percent the mean variance of steps of the signal misses the line."""
    order = np.argsort(signal)
    ratios = []
    for step in np.array_split(order, _BINS):
        if step.size:
            line = slope * signal[step] + start
            ratios.append(np.average(variance[step] / line, weights=(weights[step] * line) ** 2))
    return 100.0 * float(np.sqrt(np.mean((np.array(ratios) - 1.0) ** 2)))
