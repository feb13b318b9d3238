"""Flat frames of one exposure, looked at one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32

from olat.model.shapes import Array
from olat.sensor.clipping import pile_up, quiet_level
from olat.sensor.photon_transfer import TransferPoints, transfer_points
from olat.sensor.readings import Levels, without_gaps
from olat.sensor.tally import Tally


@dataclass(frozen=True)
class FlatGroup:
    """Flat frames of one exposure."""

    light: float
    """Exposure time, or the level of the lamp, in any unit that all groups share."""
    count: int
    frames: Iterable[Float32[Array, "h w plane"]] = field(repr=False)
    """Readings, one at a time; read anew at every look [DN]."""
    exposure_s: float | None = None
    """Exposure time, where it is known [s]."""


@dataclass(frozen=True)
class Ground:
    """What flat frames are compared with."""

    dark: Float32[Array, "h w plane"]
    """Read without light [DN]."""
    good: Bool[Array, "h w plane"]
    """Sites that are no defects."""
    limits: Float32[Array, "h w 1"]
    """Reading from which on a site may be full [DN]."""
    levels: Levels
    scatter: float
    """Read noise, of a sensor that scatters in the dark; else zero [DN]."""


def middle(shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return rows and columns of the middle eighth of a picture, 16 of each at least [px]."""
    spans = []
    for length in shape[:2]:
        # Even starts and lengths hold whole tiles of a filter pattern.
        half = min(max(length // 16, 8) // 2 * 2, length // 2)
        start = (length // 2 - half) // 2 * 2
        spans.append(slice(start, start + 2 * half))
    return spans[0], spans[1]


def joined(parts: Iterable[TransferPoints]) -> TransferPoints | None:
    """Return the points of several pairs as one; none if there are no pairs."""
    columns = [(part.signal, part.variance, part.freedom) for part in parts]
    if not columns:
        return None
    return TransferPoints(*(np.concatenate(column) for column in zip(*columns, strict=True)))


class GroupLook:
    """What the frames of one exposure show.

    Parameters
    ----------
    group
        Read once, to its end.
    ground
        What it is compared with.

    Raises
    ------
    ValueError
        If it has another number of frames than it says, as frames that can be read only once have
        the second time.
    """

    def __init__(self, group: FlatGroup, ground: Ground) -> None:
        self.tally = Tally()
        """Above the dark, all brought to the mean of the first [DN]."""
        self.is_full = np.zeros_like(ground.good)
        """Sites that are full in any frame."""
        self.lost: Bool[Array, "h w plane"] | None = None
        """Sites that are no number in any frame."""
        self.points: list[TransferPoints] = []
        """Of pairs of frames."""
        self._ground = ground
        self._piles: list[float] = []
        self._quiet: list[float] = []
        self._middle, self._level = middle(ground.dark.shape), 0.0
        first = None
        for frame in group.frames:
            now = self._add(frame)
            if first is None:
                first = now
            else:
                self._compare(first, now)
                first = None
        if first is not None:
            self._meet(first, None)
        if self.tally.count != group.count:
            raise ValueError(
                f"a group of {group.count} flat frames gave {self.tally.count}; frames that can be "
                "read again are needed"
            )

    @property
    def full_share(self) -> float:
        """Return the share of the good sites that are full [1]."""
        whole = int(np.count_nonzero(self._ground.good))
        return int(np.count_nonzero(self.is_full)) / max(1, whole)

    @property
    def wall(self) -> float | None:
        """Return the reading at which frames stop that the file does not call full [DN]."""
        # What many sites read is the wall itself; a mean of quiet tiles lies a little lower.
        known = float(self._ground.limits.min())
        piles, quiet = ([w for w in walls if w < known] for walls in (self._piles, self._quiet))
        return min(piles or quiet, default=None)

    def _add(self, shot: Array) -> Array:
        """Take in one frame and return it without gaps."""
        frame, gaps = without_gaps(shot)
        if gaps is not None:
            self.lost = gaps if self.lost is None else self.lost | gaps
        self.is_full |= self._ground.good & (frame >= self._ground.limits)
        lit = frame - self._ground.dark
        good = self._ground.good[self._middle]
        now = float(lit[self._middle].mean(where=good, dtype=np.float64))
        self._level = self._level or now
        self.tally.add(lit * np.float32(self._level / now) if now > 0.0 < self._level else lit)
        return frame

    def _usable(self) -> Array:
        """Return the sites that tell something."""
        sound = self._ground.good if self.lost is None else self._ground.good & ~self.lost
        return np.asarray(sound)

    def _compare(self, first: Array, second: Array) -> None:
        """Look at what differs between the two frames of a pair."""
        self._meet(first, second)
        self._meet(second, first)
        dark, usable = self._ground.dark, self._usable() & ~self.is_full
        points = transfer_points(first - dark, second - dark, usable, self._ground.levels.colors)
        self.points.append(points)
        quiet = quiet_level(points, scatter=self._ground.scatter)
        if quiet is not None:
            self._quiet.append(quiet + float(np.median(dark[self._middle])))

    def _meet(self, frame: Array, other: Array | None) -> None:
        """See whether a frame stops at a reading."""
        found = pile_up(
            frame,
            other,
            self._usable(),
            self._ground.levels.colors,
            scatter=self._ground.scatter,
        )
        if found is not None:
            self._piles.append(found)
