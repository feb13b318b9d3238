"""What a person is told about dark and flat frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from olat.model.shapes import Array
from olat.sensor.clipping import lift_of_cut_darks
from olat.sensor.flat_field import FlatField
from olat.sensor.flat_group import FlatGroup
from olat.sensor.flat_sweep import FlatSweep
from olat.sensor.master_dark import ENOUGH_FRAMES, ROUNDING_DN, MasterDark
from olat.sensor.readings import Levels

CUT_SHARE = 0.01
"""Share of dark readings of exactly zero from which on they were cut."""
NEAR_ZERO = 5.0
"""Read noises above zero up to which noise reaches it."""
MANY_DEFECTS = 0.01
"""Share of the sites from which on defects are noted."""
FLAT_OFF_PERCENT = 0.1
"""Error of the flat that a dark of another exposure may make without a word [%]."""


def over_black(dark: MasterDark, levels: Levels) -> float:
    """Return how far the dark lies above what the file says of black, on the whole [DN]."""
    step = max(2, max(dark.mean.shape) // 512 // 2 * 2)
    apart = [
        float(np.median(dark.mean[y::step, x::step])) - float(levels.black[y, x])
        for y in (0, 1)
        for x in (0, 1)
    ]
    return max(apart, key=abs)


def is_cut(dark: MasterDark) -> bool:
    """Tell whether what lay below zero was cut off in the dark frames.

    A dark with an offset reads 0 only where a site is dead; noise around zero that is not signed
    reads it often.
    """
    near = NEAR_ZERO * max(dark.read_noise_dn, ROUNDING_DN if _is_counted(dark) else 0.0)
    return bool(dark.zeros > CUT_SHARE and abs(float(np.median(dark.mean))) <= near)


def lift(dark: MasterDark) -> float | None:
    """Return by how much dark frames that were cut at zero are too high [DN]."""
    mean = float(dark.mean.mean(dtype=np.float64))
    return lift_of_cut_darks(mean, dark.zeros, step=1.0 if _is_counted(dark) else 0.0)


def _is_counted(dark: MasterDark) -> bool:
    """Tell whether the frames hold whole numbers."""
    sums = dark.mean[:64, :64] * np.float32(dark.frames)
    return bool(np.abs(sums - np.rint(sums)).max(initial=0.0) < 0.01)


def remarks_on_dark(dark: MasterDark, levels: Levels) -> list[str]:
    """Say what is remarkable about the dark frames."""
    notes = []
    if dark.frames < ENOUGH_FRAMES:
        notes.append(
            f"There are {dark.frames} dark frames, and {ENOUGH_FRAMES} are better: the noise of "
            "their mean is the same in every photograph and adds up in sums of many lights."
        )
    apart = over_black(dark, levels)
    if np.isfinite(levels.white) and abs(apart) > max(1.0, dark.read_noise_dn):
        side = "above" if apart > 0.0 else "below"
        notes.append(
            f"The dark frames lie {abs(apart):.4g} DN {side} the black level of "
            f"{levels.black.mean():.5g} DN that their files tell; the measured level is used."
        )
    if is_cut(dark):
        notes.append(_remark_on_cut(dark))
    return notes


def _remark_on_cut(dark: MasterDark) -> str:
    """Say what dark frames without anything below zero cost."""
    told = (
        f"{dark.zeros:.0%} of the dark readings are exactly 0: the black level was taken off "
        "before, and what lay below it was cut. "
    )
    up = lift(dark)
    cost = (
        "What the sensor reads in the dark is then not known, nor its read noise"
        if up is None
        else f"The dark is about {up:.2g} DN too high, and what is lit reads that much too dark: in"
        " a sum over N lights, N times. The read noise is told too low"
    )
    return f"{told}{cost}. Use files from which nothing was subtracted."


def remarks_on_exposures(
    flats: Sequence[FlatGroup],
    sweep: FlatSweep,
    dark: MasterDark,
    levels: Levels,
    *,
    dark_s: float | None,
) -> list[str]:
    """Say where charge that gathers in the dark may differ in dark and flat frames.

    Notes
    -----
    Assumes that no more gathers than the dark lies above the black level of the files.
    """
    times = {group.light: group.exposure_s for group in flats}
    left_out = {*sweep.full, *sweep.bent}
    charge = abs(over_black(dark, levels))
    worst, at = 0.0, 0.0
    for read in sweep.readings:
        time = times.get(read.light)
        if dark_s is None or time is None or read.light in left_out:
            continue
        off = 100.0 * charge * abs(time / dark_s - 1.0) / max(read.signal_dn, 1e-12)
        if off > worst:
            worst, at = off, time
    if dark_s is None or worst <= FLAT_OFF_PERCENT:
        return []
    return [
        f"Dark frames were exposed for {dark_s:g} s and flat frames for {at:g} s. If the "
        f"{charge:.3g} DN by which the dark differs from the black level of the files is charge "
        f"that gathers with time, the flat is up to {worst:.2g} % off. Expose both alike, and set "
        "the light of the flat plane by its lamp."
    ]


def remarks_on_flat(first: FlatSweep, sweep: FlatSweep, field: FlatField) -> list[str]:
    """Say what is remarkable about the flat frames.

    Parameters
    ----------
    first
        What the files alone told.
    sweep
        The same, with what was found out about the top of the range.
    field
        Made of it.
    """
    notes = []
    if first.full:
        notes.append(f"Flat frames of {_exposures(first.full)} are full in places{_LEFT_OUT}.")
    # Some of them hold sites that their files call full as well.
    beyond = len({*first.stopped} | ({*sweep.full} - {*first.full}))
    if first.wall_dn is not None:
        notes.append(
            f"Flat frames of {beyond} exposure{'s' * (beyond != 1)} stop at {first.wall_dn:.6g} DN,"
            " which their files do not call full: sites share one reading there, or lack the noise "
            f"of light. They{_LEFT_OUT[4:]}. What reads more counts as saturated."
        )
    if sweep.bent:
        notes.append(
            f"Flat frames of {_exposures(sweep.bent)} read more than is linear{_LEFT_OUT}."
        )
    if field.model == "smooth":
        reason = (
            "there are no two flat frames of one exposure"
            if field.noise_percent is None
            else f"the sites of these flat frames differ by {field.pattern_percent:.2g} % and are "
            f"known to {field.noise_percent:.2g} %"
        )
        notes.append(
            f"The flat is a smooth shape without dust and unequal sites: {reason}. Take more flat "
            "frames to correct those too."
        )
    return notes


def remarks_on_defects(
    defects: Bool[Array, "h w plane"], lost: Bool[Array, "h w plane"] | None
) -> list[str]:
    """Say where there are many defects, or readings that are no numbers."""
    notes = []
    if lost is not None:
        count = int(np.count_nonzero(lost))
        notes.append(
            f"{count} site{'s' * (count > 1)} read no number (NaN or infinity) in some dark or "
            "flat frame, and count as defects."
        )
    if defects.mean() > MANY_DEFECTS:
        notes.append(f"{defects.mean():.1%} of the sites are defects, which is much for a sensor.")
    return notes


_LEFT_OUT = " and were left out of the flat"


def _exposures(light: Sequence[float]) -> str:
    return f"{len(light)} exposure{'s' * (len(light) > 1)}"
