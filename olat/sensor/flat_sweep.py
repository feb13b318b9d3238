"""Flat frames of one or several exposures, read one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from olat.model.shapes import Array
from olat.sensor.clipping import CLIPPED_SHARE, dark_scatter, quiet_level
from olat.sensor.flat_group import FlatGroup, Ground, GroupLook, joined, middle
from olat.sensor.linearity import LevelReading
from olat.sensor.master_dark import MasterDark
from olat.sensor.photon_transfer import TransferPoints
from olat.sensor.readings import CHANNELS, Levels

NEARLY_FULL = 0.98
"""Share of the way from black to white from which on a site may be full."""
LEAST_LEVEL = 0.03
"""Share of the range that every color must reach in the middle."""


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
    bent: tuple[float, ...] = ()
    """Light of those that were left out because they read more than is linear."""
    wall_dn: float | None = None
    """Lowest reading at which groups stop that the file does not call full [DN]."""
    stopped: tuple[float, ...] = ()
    """Light of the groups that stop there, those included that the file calls full elsewhere."""
    lost: Bool[Array, "h w plane"] | None = None
    """Sites that were no number in any frame; none if there are none."""


@dataclass(frozen=True)
class Ceilings:
    """What is known of the top of the range, besides the white level of the file."""

    wall_dn: float | None = None
    """Reading at which sites stop [DN]."""
    linear_dn: float | None = None
    """Level up to which the sensor is linear [DN]."""

    def full_dn(self, black_dn: float) -> float | None:
        """Return the count above which a site tells no light; none where the file does [DN]."""
        known = [] if self.linear_dn is None else [self.linear_dn]
        if self.wall_dn is not None:
            known.append(black_dn + NEARLY_FULL * (self.wall_dn - black_dn))
        return min(known, default=None)


FILE_ALONE = Ceilings()


def flat_sweep(
    groups: Sequence[FlatGroup],
    dark: MasterDark,
    defects: Bool[Array, "h w plane"],
    levels: Levels,
    *,
    ceilings: Ceilings = FILE_ALONE,
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
    ceilings
        What an earlier look found out about the top of the range.

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
    sums = _Sums(dark, defects, levels, ceilings)
    for group in groups:
        sums.add(group, is_used=group.count > 1 or not has_pairs)
    points = sums.compared()
    if not sums.frames:
        raise ValueError(sums.reason())
    signal = sums.signal / np.float32(sums.frames)
    _require_light(signal, levels)
    noise = sums.noise / np.float32(sums.frames**2) if has_pairs else None
    return FlatSweep(
        signal,
        noise,
        sums.frames,
        tuple(sums.readings),
        points,
        tuple(sums.full),
        tuple(sums.bent),
        min(sums.walls, default=None),
        tuple(sums.stopped),
        sums.lost,
    )


class _Sums:
    """What has been seen so far."""

    def __init__(
        self, dark: MasterDark, defects: Array, levels: Levels, ceilings: Ceilings
    ) -> None:
        limits = _limits(levels, dark.mean, ceilings)
        self._ground = Ground(dark.mean, ~defects, limits, levels, dark_scatter(dark))
        self._middle, self._linear = middle(dark.mean.shape), ceilings.linear_dn
        self._wall = ceilings.wall_dn
        self.signal = np.zeros_like(dark.mean)
        self.noise = np.zeros_like(dark.mean)
        self.frames = 0
        self.clipped = 1.0
        self.readings: list[LevelReading] = []
        self.points: list[tuple[float, TransferPoints]] = []
        self.full: list[float] = []
        self.bent: list[float] = []
        self.walls: list[float] = []
        self.stopped: list[float] = []
        self.lost: Array | None = None

    def add(self, group: FlatGroup, *, is_used: bool) -> None:
        """Take in the frames of one exposure."""
        look = GroupLook(group, self._ground)
        if look.lost is not None:
            self.lost = look.lost if self.lost is None else self.lost | look.lost
        share = look.full_share
        self.clipped = min(self.clipped, share)
        if share > CLIPPED_SHARE:
            self.full.append(group.light)
        if look.wall is not None:
            self.walls.append(look.wall)
            self.stopped.append(group.light)
            return
        read = self._read(group.light, look)
        self.readings += read
        self.points += [(group.light, self._linear_part(points)) for points in look.points]
        is_bent = self._linear is not None and any(
            one.signal_dn + one.dark_dn > self._linear * (1.0 + 1e-6) for one in read
        )
        if share > CLIPPED_SHARE:
            return
        if is_bent:
            self.bent.append(group.light)
        elif is_used:
            self.frames += look.tally.count
            self.signal += np.float32(look.tally.count) * look.tally.mean
            if look.tally.count > 1:
                self.noise += np.float32(look.tally.count) * look.tally.variance

    def compared(self) -> TransferPoints | None:
        """Return the points of all pairs; see whether some lack the noise that others have."""
        points = joined(own for _, own in self.points)
        ground = self._ground
        quiet = None if points is None else quiet_level(points, scatter=ground.scatter)
        wall = np.inf if quiet is None else quiet + float(np.median(ground.dark[self._middle]))
        if quiet is not None and wall < ground.limits.min():
            self.walls.append(wall)
            bright = {light for light, own in self.points if (own.signal >= quiet).any()}
            self.stopped += sorted(bright - {*self.stopped})
        return points

    def reason(self) -> str:
        """Say why no frame is left."""
        walls = self.walls if self._wall is None else [self._wall]
        if walls:
            wall = min(walls)
            return (
                f"flat frames of all exposures are full in places: {len(walls)} stop at "
                f"{wall:.6g} DN, which their files do not call full, where sites share one reading "
                "or lack the noise of light; expose so that the brightest color reaches half to "
                f"three quarters of {wall:.6g} DN"
            )
        if self.bent:
            return (
                f"flat frames of {len(self.bent)} exposures read more than the "
                f"{self._linear:.0f} DN up to which the sensor is linear, and the others are full "
                "or single frames; two or more frames of one lower exposure are needed"
            )
        return (
            f"sites are full in all flat frames: {self.clipped:.2%} of them in the darkest; "
            "expose so that the brightest color reaches half to three quarters of the range"
        )

    def _linear_part(self, points: TransferPoints) -> TransferPoints:
        """Leave out the tiles that read more than is linear."""
        if self._linear is None:
            return points
        dark = float(np.median(self._ground.dark[self._middle]))
        kept = points.signal + dark <= self._linear
        return TransferPoints(points.signal[kept], points.variance[kept], points.freedom[kept])

    def _read(self, light: float, look: GroupLook) -> list[LevelReading]:
        """Return what each channel reads in the middle, where it is not full."""
        spot, is_full = look.tally.mean[self._middle], look.is_full[self._middle]
        usable, dark = self._ground.good[self._middle], self._ground.dark[self._middle]
        read = []
        for channel in range(len(CHANNELS)):
            own = [c.sites for c in self._ground.levels.colors if c.channel == channel]
            kept = [usable[index] for index in own]
            if not any(k.any() for k in kept) or any(is_full[index].any() for index in own):
                continue
            means = [
                [float(np.mean(array[i][k])) for i, k in zip(own, kept, strict=True)]
                for array in (spot, dark)
            ]
            signal, level = (float(np.mean(m)) for m in means)
            read.append(LevelReading(channel, light, signal, level))
        return read


def _limits(levels: Levels, dark: Array, ceilings: Ceilings) -> Array:
    """Return the reading from which on each site may be full, one row and column of tiles."""
    limits = levels.black + NEARLY_FULL * (levels.white - levels.black)
    top = Ceilings(ceilings.wall_dn).full_dn(float(np.median(dark[middle(dark.shape)])))
    if top is not None:
        limits = np.minimum(limits, top)
    rows, columns = (-(-length // 2) for length in dark.shape[:2])
    tiled = np.tile(limits.astype(np.float32), (rows, columns))
    return tiled[: dark.shape[0], : dark.shape[1], None]


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
