"""Readings that were cut off: at the top below the white level of a file, or at zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32
from scipy.stats import chi2, norm

from olat.model.shapes import Array
from olat.sensor.master_dark import MasterDark
from olat.sensor.photon_transfer import TransferPoints
from olat.sensor.readings import Color

CLIPPED_SHARE = 1e-4
"""Share of full sites from which on a frame is saturated."""
_FEWEST = 16
"""Sites that share a reading by chance in small frames."""
_PILE = 4
"""Times that the top reading is more frequent than the readings below it, if it is a wall."""
_BELOW = 4
"""Readings below the top that it is compared with."""
_QUIET = 1.5
"""Variance of the dark up to which bright tiles show no noise of light [1]."""
_BRIGHT = 1000.0
"""Read noises of signal whose own noise even a million electrons a site would not hide."""
_ELECTRONS = 1e6
"""Largest charge of a site that is thought of."""
_SURE = 500.0
"""Read noises of signal from which on the noise of that charge stands out of the dark's."""
_LIT = 10.0
"""Read noises from which on a tile is lit."""
_NOISY = 2.0
"""Variance of the dark from which on lit tiles show the noise of light."""
_SHARE_NOISY = 0.05
"""Share of lit tiles that must show it before the others are judged by them."""
_FALL = 0.25
"""Share of the noise that its own light makes, below which a tile has lost it."""


def pile_up(
    frame: Float32[Array, "h w plane"],
    other: Float32[Array, "h w plane"] | None,
    usable: Bool[Array, "h w plane"],
    colors: Sequence[Color],
    *,
    scatter: float,
) -> float | None:
    """Return the reading at which a color of a frame stops, if it does [DN].

    Parameters
    ----------
    frame
        Readings under even light [DN].
    other
        Another frame of the same exposure; none where there is one only.
    usable
        Sites that are not defective.
    colors
        Which sites are of one color.
    scatter
        Of most sites in the dark, in time; zero where they do not scatter [DN].

    Notes
    -----
    Assumes that a site that is not cut off scatters. The tail of what scatters thins out; where
    more than one site in ten thousand shares the top reading, four times as many as share any of
    the four readings below it, it ran into a wall. Frames that do not scatter by two steps of
    their codes tell nothing: what is made without noise may be even, and few coarse codes hold
    many sites each.
    """
    found = [
        level
        for color in colors
        if (level := _top_of(frame, other, usable, color, scatter)) is not None
    ]
    return min(found, default=None)


def _top_of(
    frame: Array, other: Array | None, usable: Array, color: Color, scatter: float
) -> float | None:
    """Return the reading that too many sites of one color share at the top."""
    good = usable[color.sites]
    values = frame[color.sites][good]
    if values.size <= _FEWEST:
        return None
    # A few sites may read above the wall.
    place = values.size - 1 - int(CLIPPED_SHARE * values.size)
    top = float(np.partition(values, place)[place])
    shared = int(np.count_nonzero(values == top))
    if shared <= max(_FEWEST, CLIPPED_SHARE * values.size):
        return None
    below = values[values < top]
    if below.size < max(_FEWEST, CLIPPED_SHARE * values.size):
        # Nothing is left to see the noise of light in.
        return top if scatter > 0.0 else None
    step, most = _next_readings(below, top)
    planes = [array[color.sites] for array in (frame, other) if array is not None]
    noise = _scatter(planes, good & np.all([plane < top for plane in planes], axis=0))
    return top if shared > _PILE * most and noise > 2.0 * step else None


def _next_readings(below: Array, top: float) -> tuple[float, int]:
    """Return the smallest step between the readings under the top, and their largest number."""
    step, most, last = np.inf, 0, top
    for _ in range(_BELOW):
        if not below.size:
            break
        now = float(below.max())
        rest = below[below < now]
        step, most = min(step, last - now), max(most, below.size - rest.size)
        below, last = rest, now
    return step, most


def _scatter(planes: Sequence[Array], kept: Array) -> float:
    """Return the usual spread of sites in time, or of one frame about its neighbors [DN]."""
    if len(planes) == 2:
        apart, spread = (planes[0] - planes[1])[kept], np.sqrt(2.0)
    else:
        plane = planes[0]
        together = kept[:, :-2] & kept[:, 1:-1] & kept[:, 2:]
        apart = (plane[:, :-2] - 2.0 * plane[:, 1:-1] + plane[:, 2:])[together]
        spread = np.sqrt(6.0)
    if apart.size < _FEWEST:
        return 0.0
    return 1.4826 * float(np.median(np.abs(apart - np.median(apart)))) / float(spread)


def dark_scatter(dark: MasterDark) -> float:
    """Return the read noise if more than half of the sites scatter in the dark, else zero [DN]."""
    steps = [max(1, length // 512) | 1 for length in dark.variance.shape[:2]]
    is_noisy = float(np.median(dark.variance[:: steps[0], :: steps[1]])) > 0.0
    return dark.read_noise_dn if is_noisy else 0.0


def quiet_level(points: TransferPoints, *, scatter: float) -> float | None:
    r"""Return the signal from which on tiles of pairs lack the noise of light [DN].

    .. math:: \operatorname{var} < \tfrac32 \sigma_r^2 \quad\text{and}\quad
        \operatorname{var} < \tfrac14 (g S + \sigma_r^2) \quad\text{or}\quad S > 1000\,\sigma_r

    with the gain g of those tiles that have noise, or a variance that is too small for a million
    electrons, or even for the dark.

    Parameters
    ----------
    points
        Tiles of pairs, of one exposure or of several.
    scatter
        Read noise, of frames that scatter in the dark; else zero [DN].

    Notes
    -----
    Assumes that light arrives in electrons, a million a site at most: at 1000 read noises of
    signal their noise adds as much as the dark's variance or more, at 500 a quarter of it. A
    charge that is full has lost it. Where other tiles, which are no brighter, show the noise of
    light, they tell what is lost also of a small charge in a large read noise. Tiles without noise
    of their own, in frames that have none in the dark either, tell nothing.

    References
    ----------
    .. [1] Janesick, Photon transfer, SPIE Press 2007, chapter 5.
    """
    if scatter <= 0.0 or not points.signal.size:
        return None
    signal, variance = points.signal / scatter, points.variance / scatter**2
    rare = chi2.ppf(1e-6, points.freedom) / points.freedom
    allowed = np.minimum(0.25, rare)
    allowed = np.where(signal > _SURE, rare * (1.0 + signal**2 / _ELECTRONS), allowed)
    allowed = np.where(signal > _BRIGHT, _QUIET, np.minimum(allowed, _QUIET))
    is_quiet = variance < allowed
    if (noisy := _noise_of_light(signal, variance)) is not None:
        gain, level = noisy
        line = np.minimum(_FALL, rare) * (gain * signal + 1.0)
        is_quiet |= (variance < np.minimum(_QUIET, line)) & (signal >= level)
    is_quiet &= signal > _LIT
    if np.count_nonzero(is_quiet) < max(2.0, 0.01 * signal.size):
        return None
    return float(points.signal[is_quiet].min())


def _noise_of_light(signal: Array, variance: Array) -> tuple[float, float] | None:
    """Return slope and usual signal of tiles that show the noise of light [read noises]."""
    is_lit = signal > _LIT
    is_noisy = is_lit & (variance > _NOISY)
    if np.count_nonzero(is_noisy) < max(4.0, _SHARE_NOISY * np.count_nonzero(is_lit)):
        return None
    slope = np.median((variance[is_noisy] - 1.0) / signal[is_noisy])
    return float(slope), float(np.median(signal[is_noisy]))


def lift_of_cut_darks(mean: float, zeros: float, *, step: float) -> float | None:
    r"""Return by how much the mean of readings that were cut at zero is too high [DN].

    .. math:: \mu = \tfrac h2 + z \sigma, \quad z = \Phi^{-1}(1 - p_0), \quad
        \sigma = \frac{m - \tfrac h2 (1 - p_0)}{z (1 - p_0) + \varphi(z)}

    Parameters
    ----------
    mean
        Of what was read [DN].
    zeros
        Share of the readings that are exactly zero.
    step
        Between the readings: 1 for counts, 0 for floats [DN].

    Returns
    -------
    lift
        None if all readings are zero, and tell nothing.

    Notes
    -----
    Assumes normal noise about one level.
    """
    if not 0.0 < zeros < 1.0:
        return None
    kept, half = 1.0 - zeros, step / 2.0
    z = float(norm.ppf(kept))
    sigma = (mean - half * kept) / (z * kept + float(norm.pdf(z)))
    return mean - (half + z * sigma)
