"""Flat frames of one or several exposures, read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32

from olat.model.shapes import Array
from olat.sensor.linearity import LevelReading
from olat.sensor.master_dark import MasterDark
from olat.sensor.photon_transfer import TransferPoints, transfer_points
from olat.sensor.readings import CHANNELS, Levels
from olat.sensor.tally import Tally

CLIPPED_SHARE = 1e-4
"""Share of full sites from which on a frame is saturated."""
NEARLY_FULL = 0.98
"""Share of the way from black to white from which on a site may be full."""
LEAST_LEVEL = 0.03
"""Share of the range that every color must reach in the middle."""


@dataclass(frozen=True)
class FlatGroup:
    """Flat frames of one exposure."""

    light: float
    """Exposure time, or the level of the lamp, in any unit that all groups share."""
    count: int
    frames: Iterable[Float32[Array, "h w plane"]] = field(repr=False)
    """Readings, one at a time [DN]."""


@dataclass(frozen=True)
class FlatSweep:
    """What all flat frames come to."""

    signal: Float32[Array, "h w plane"]
    """Mean above the dark, of the frames that are not full [DN]."""
    noise: Float32[Array, "h w plane"] | None
    """Variance of that mean; none where no exposure has two frames [DN^2]."""
    frames: int
    """That the signal was made from."""
    readings: tuple[LevelReading, ...]
    points: TransferPoints | None
    """Of pairs of one exposure; none where there are none."""
    full: tuple[float, ...]
    """Light of the groups that were left out of the signal because they are full."""


def middle(shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return rows and columns of the middle eighth of a picture, 16 of each at least [px]."""
    spans = []
    for length in shape[:2]:
        # Even starts and lengths hold whole tiles of a filter pattern.
        half = min(max(length // 16, 8) // 2 * 2, length // 2)
        start = (length // 2 - half) // 2 * 2
        spans.append(slice(start, start + 2 * half))
    return spans[0], spans[1]


def flat_sweep(
    groups: Sequence[FlatGroup],
    dark: MasterDark,
    defects: Bool[Array, "h w plane"],
    levels: Levels,
) -> FlatSweep:
    """Look at every flat frame once.

    Parameters
    ----------
    groups
        By exposure.
    dark
        What is read without light.
    defects
        Sites that are left out.
    levels
        What the file says about black, white and color.

    Raises
    ------
    ValueError
        If all of them are full, or too dark.

    Notes
    -----
    Assumes an even plane, and a dark that serves for every exposure here. Frames of one exposure
    are brought to the same mean first, so that a lamp that flickers adds no noise.
    """
    has_pairs = any(group.count > 1 for group in groups)
    sums = _Sums(dark, defects, levels)
    for group in groups:
        sums.add(group, is_used=group.count > 1 or not has_pairs)
    if not sums.frames:
        raise ValueError(
            f"sites are full in all flat frames: {sums.clipped:.2%} of them in the darkest; "
            "expose so that the brightest color reaches half to three quarters of the range"
        )
    signal = sums.signal / np.float32(sums.frames)
    _require_light(signal, levels)
    noise = sums.noise / np.float32(sums.frames**2) if has_pairs else None
    points = None
    if sums.points:
        parts = [(p.signal, p.variance, p.freedom) for p in sums.points]
        points = TransferPoints(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    return FlatSweep(signal, noise, sums.frames, tuple(sums.readings), points, tuple(sums.full))


class _Sums:
    """What has been seen so far."""

    def __init__(self, dark: MasterDark, defects: Array, levels: Levels) -> None:
        self._dark, self._good, self._levels = dark.mean, ~defects, levels
        self._middle = middle(dark.mean.shape)
        self._limits = _limits(levels, dark.mean.shape)
        self.signal = np.zeros_like(dark.mean)
        self.noise = np.zeros_like(dark.mean)
        self.frames = 0
        self.clipped = 1.0
        self.readings: list[LevelReading] = []
        self.points: list[TransferPoints] = []
        self.full: list[float] = []

    def add(self, group: FlatGroup, *, is_used: bool) -> None:
        """Take in the frames of one exposure."""
        tally, is_open = Tally(), self._good.copy()
        first, level = None, 0.0
        for frame in group.frames:
            is_dim = frame < self._limits
            is_open &= is_dim
            lit = frame - self._dark
            now = self._level(lit)
            level = level or now
            tally.add(lit * np.float32(level / now) if now > 0.0 < level else lit)
            if first is None:
                first = lit
                continue
            self.points.append(transfer_points(first, lit, is_open, self._levels.colors))
            first = None
        share = 1.0 - int(is_open.sum()) / max(1, int(self._good.sum()))
        self._read(group.light, tally.mean, is_open)
        self.clipped = min(self.clipped, share)
        if share > CLIPPED_SHARE:
            self.full.append(group.light)
        elif is_used:
            self.frames += tally.count
            self.signal += np.float32(tally.count) * tally.mean
            if tally.count > 1:
                self.noise += np.float32(tally.count) * tally.variance

    def _level(self, lit: Array) -> float:
        """Return the mean of the middle [DN]."""
        spot = lit[self._middle]
        return float(spot.mean(where=self._good[self._middle], dtype=np.float64))

    def _read(self, light: float, mean: Array, is_open: Array) -> None:
        """Note what each channel reads in the middle, where it is not full."""
        spot, unfilled = mean[self._middle], is_open[self._middle]
        usable, dark = self._good[self._middle], self._dark[self._middle]
        for channel in range(len(CHANNELS)):
            own = [color.sites for color in self._levels.colors if color.channel == channel]
            if not own:
                continue
            kept = [usable[index] for index in own]
            whole = sum(np.count_nonzero(k) for k in kept)
            if not whole or sum(np.count_nonzero(unfilled[index]) for index in own) < whole:
                continue
            means = [
                [float(np.mean(array[i][k])) for i, k in zip(own, kept, strict=True)]
                for array in (spot, dark)
            ]
            signal, level = (float(np.mean(m)) for m in means)
            self.readings.append(LevelReading(channel, light, signal, level))


def _limits(levels: Levels, shape: tuple[int, ...]) -> Array:
    """Return the reading from which on each site may be full, one row and column of tiles."""
    limits = levels.black + NEARLY_FULL * (levels.white - levels.black)
    rows, columns = -(-shape[0] // 2), -(-shape[1] // 2)
    return np.tile(limits.astype(np.float32), (rows, columns))[: shape[0], : shape[1], None]


def _require_light(signal: Array, levels: Levels) -> None:
    """Check that every color is well above the dark in the middle."""
    spot = signal[middle(signal.shape)]
    for color in levels.colors:
        level = float(np.median(spot[color.sites]))
        full = levels.white - float(levels.black.mean())
        share = level / full if np.isfinite(full) else float(level > 0.0)
        if share < LEAST_LEVEL:
            raise ValueError(
                f"flat frames read {level:.4g} DN above the dark in {CHANNELS[color.channel]}, "
                f"{share:.1%} of the range; {LEAST_LEVEL:.0%} or more are needed. Expose longer"
            )
