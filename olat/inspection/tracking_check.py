"""Whether the full-on frames are where the plan has them, and equally bright."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from olat.inspection.glances import Glances, Sweep
from olat.inspection.neighbor_model import NeighborModel, features
from olat.inspection.order_check import refusal
from olat.inspection.rhythm import OffsetReading, sequence_offset
from olat.inspection.verdict import FaultKind, SequenceFinding, where
from olat.io.frame_expression import format_frames
from olat.model.condition import AxisGradient, Olat, Polarized, SecondOrder, Target, Tracking
from olat.model.shapes import Array

_REACH = 3
"""Frames by which a capture may be late or early."""
_MARGIN = 1.5
"""How much less a full-on frame differs from the sum of all lights than its neighbors do."""
_ALL = 0.95
"""Rank correlation with the plan from which all full-on frames are at one offset."""
_LEAST = 0.005
"""By how much a single light differs from all of them, at least."""
_FAR = 0.05
"""By how much a frame differs from the sum of all lights, from which it is no full-on frame."""
_FLICKER = 0.025
"""Part of the light that full-on frames may differ by, beyond what changes steadily."""
_FEWEST = 4


@dataclass(frozen=True)
class TrackingPlaces:
    """Where the full-on frames are, relative to the plan."""

    planned: tuple[int, ...]
    """Places in the plan, of those that could be found."""
    late: tuple[int, ...]
    """By how many frames each of them comes later than planned."""
    of_all: OffsetReading | None
    """By how many all of them together do; none if there are none."""

    @property
    def breaks_at(self) -> int | None:
        """Index at which the offset changes for good; none if it does not or more than once."""
        changes = np.flatnonzero(np.diff(self.late))
        is_single = len(changes) == 1 and self.late[0] == 0
        return int(changes[0]) + 1 if is_single else None


def tracking_places(glances: Glances) -> TrackingPlaces:
    """Find every planned full-on frame among its neighbors, by likeness to the sum of all lights.

    Notes
    -----
    Assumes that light adds up: a frame with all lights on is proportional to the sum of the OLAT
    frames, whichever of them are which.
    """
    flat = glances.scaled.reshape(len(glances.frames), -1)
    total = flat[glances.rows(Olat)].sum(axis=0)
    lengths = np.linalg.norm(flat, axis=1) * np.linalg.norm(total)
    unlike = 1.0 - (flat @ total) / np.maximum(lengths, 1e-12)
    # A gray ball under all lights looks full-on as well, and so do some patterns on the subject.
    for kind in (Target, AxisGradient, SecondOrder, Polarized):
        unlike[glances.rows(kind)] = np.inf
    planned = glances.rows(Tracking)
    found = [(int(row), _late_by(unlike, planned, int(row))) for row in planned]
    known = [
        (row, late) for row, late in found if late is not None and not _is_lost(unlike, row, late)
    ]
    known = _without_failed(unlike, known)
    measure = np.where(np.isinf(unlike), np.nan, unlike)
    together = sequence_offset(measure, planned.tolist(), reach=_REACH) if len(planned) else None
    return TrackingPlaces(
        tuple(row for row, _ in known), tuple(late for _, late in known), together
    )


def tracking_finding(
    glances: Glances, places: TrackingPlaces, sweep: Sweep, model: NeighborModel | None
) -> SequenceFinding | None:
    """Say what the places of the full-on frames speak of; none if they are as planned.

    Parameters
    ----------
    glances
        All frames.
    places
        Of the full-on ones.
    sweep
        The OLAT frames of the plan.
    model
        Of their lights; none if it is not known where they are.
    """
    numbers = [frame.index for frame in glances.frames]
    together = places.of_all
    if together and together.offset and together.is_clear and together.score > _ALL:
        planned = [numbers[row] for row in glances.rows(Tracking)]
        return _offset(sweep, planned, together.offset)
    if not any(places.late):
        return None
    after = places.breaks_at
    if after is None or abs(places.late[-1]) != 1:
        return _unclear(sweep, numbers, places)
    block = np.arange(places.planned[after - 1] + 1, places.planned[after] + 1)
    shift = -places.late[-1]
    row = None if model is None else _break_row(glances, sweep, model, block, shift)
    return _break(glances, sweep, block, row, is_dropped=shift > 0)


def flicker_finding(glances: Glances, camera: str) -> SequenceFinding | None:
    """Say if full-on frames differ in brightness from one to the next.

    What changes steadily, as lights that warm up or a subject that moves, is not flicker: each
    frame is compared with the mean of the two around it.
    """
    rows = glances.rows(Tracking)
    if len(rows) < _FEWEST:
        return None
    lit = glances.scaled[rows][:, glances.matte]
    usual = np.median(lit, axis=0)
    by_mean = lit.mean(axis=1)
    by_shape = np.einsum("fpc,pc->fc", lit, usual)
    if min(by_mean.min(), by_shape.min()) <= 0:
        return None
    # A moving subject changes the mean and the likeness differently, flicker both alike.
    part = np.minimum(_unsteadiness(by_mean), _unsteadiness(by_shape))
    if part.max() < _FLICKER:
        return None
    frames = tuple(glances.frames[row].index for row in rows)
    told = ", ".join(f"{value:.1%}" for value in part)
    words = (
        f"{where(camera, frames)}: flicker: from one full-on frame to the next the light changes "
        f"by {told} in red, green and blue; less than {_FLICKER:.1%} is needed. Single lights "
        "flicker as much unseen: give the lights a steady drive, or expose for whole periods of it."
    )
    return SequenceFinding("flicker", "warning", camera, frames, (), words)


def _late_by(
    unlike: Float64[Array, " frame"], planned: Int64[Array, " row"], row: int
) -> int | None:
    """Return by how many frames a planned full-on frame is late; none if none is near."""
    others = np.abs(planned[planned != row] - row)
    reach = min(_REACH, (int(others.min(initial=2 * _REACH + 1)) - 1) // 2)
    near = np.arange(max(0, row - reach), min(len(unlike), row + reach + 1))
    order = near[np.argsort(unlike[near])]
    if len(order) < 2 or unlike[order[1]] < max(_MARGIN * unlike[order[0]], _LEAST):
        return None
    return int(order[0]) - row


def _is_lost(unlike: Float64[Array, " frame"], row: int, late: int) -> bool:
    """Tell whether the true full-on frame may lie past the end, where nothing is known of it.

    What is found instead is then no more like the sum of all lights than other frames are.
    """
    after = unlike[row + 1 : row + 1 + _REACH]
    is_cut = len(after) < _REACH or bool(np.isinf(after).any())
    return is_cut and late != 0 and bool(unlike[row + late] > _FAR)


def _without_failed(
    unlike: Float64[Array, " frame"], known: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Leave out frames that no full-on frame is near, where most others are in their places.

    Such a frame was meant to be full-on but is black, full or of something else: the lights or the
    shutter failed, and the count is right all the same.
    """
    if 2 * sum(late == 0 for _, late in known) <= len(known):
        return known
    return [(row, late) for row, late in known if late == 0 or unlike[row + late] <= _FAR]


def _break_row(
    glances: Glances,
    sweep: Sweep,
    model: NeighborModel,
    block: Int64[Array, " row"],
    shift: int,
) -> int:
    """Return the first row of a block after which each picture shows what its neighbor should."""
    pictures = features(sweep.relative, sweep.rows)
    errors = []
    for row in block:
        rows = np.where(sweep.rows >= row, sweep.rows - shift, sweep.rows)
        has_none = (sweep.rows == row) & (shift > 0)
        has_none |= rows >= len(glances.frames)
        by_light = np.where(has_none[:, None], 0.0, pictures[np.minimum(rows, len(pictures) - 1)])
        missing = np.flatnonzero(has_none)
        rest = model.without(int(missing[0])) if len(missing) else model
        error = float(rest.errors(by_light).sum()) / (len(rows) - len(missing))
        # A frame that is there twice is like the one before it.
        twin = float(((pictures[row] - pictures[row - 1]) ** 2).sum()) if shift < 0 else 0.0
        errors.append(error + twin)
    return int(block[int(np.argmin(errors))])


def _break(
    glances: Glances,
    sweep: Sweep,
    block: Int64[Array, " row"],
    row: int | None,
    *,
    is_dropped: bool,
) -> SequenceFinding:
    """Say that a frame is missing, or there once too often, and from where on."""
    numbers = [frame.index for frame in glances.frames]
    ends = numbers[block[0]], numbers[block[-1]]
    kind: FaultKind = "dropped" if is_dropped else "doubled"
    what = "a frame is missing" if is_dropped else "a frame is there twice"
    late = "one frame early" if is_dropped else "one frame late"
    told = f"{kind}: from frame {ends[1]} on the full-on frames come {late}: {what} "
    if row is None:
        told += f"from frame {ends[0]} to {ends[1]}. "
        return refusal(kind, sweep, list(range(ends[0], ends[1] + 1)), [], told + _WAYS[kind])
    condition = glances.frames[row].condition
    lights = [condition.light] if isinstance(condition, Olat) else []
    if is_dropped:
        what = f"light {lights[0]}" if lights else "a full-on frame"
        told += f"at frame {numbers[row]}, which should show {what} but shows what comes after it. "
        return refusal(kind, sweep, [numbers[row]], lights, told + _WAYS[kind])
    before = glances.frames[row - 1].condition
    lights = [before.light] if isinstance(before, Olat) else []
    told += f"at frame {numbers[row]}, which shows frame {numbers[row - 1]} again. "
    return refusal(kind, sweep, [numbers[row - 1], numbers[row]], lights, told + _WAYS[kind])


_WAYS: dict[FaultKind, str] = {
    "dropped": "Number the files as they were taken, with the gap, and leave that frame's light "
    "out (skip_lights under [sequence]).",
    "doubled": "Delete that file and number the rest as they were taken.",
}


def _offset(sweep: Sweep, planned: list[int], late: int) -> SequenceFinding:
    """Say that the whole capture is late or early."""
    found = format_frames([number + late for number in planned])
    words = (
        f"offset by {late:+d}: the full-on frames are {found}, but the manifest has them at "
        f"{format_frames(planned)}. Shift all frames of [sequence] by {late:+d}."
    )
    return refusal("offset", sweep, [number + late for number in planned], [], words)


def _unclear(sweep: Sweep, numbers: list[int], places: TrackingPlaces) -> SequenceFinding:
    """Say that the full-on frames are elsewhere, and where."""
    pairs = zip(places.planned, places.late, strict=True)
    moved = [(numbers[row], late) for row, late in pairs if late]
    told = ", ".join(f"{number} ({late:+d})" for number, late in moved)
    offsets = places.of_all.candidates if places.of_all else ()
    alike = ", ".join(f"{offset:+d}" for offset in offsets)
    also = f"; of all together, the offsets {alike} fit alike" if len(offsets) > 1 else ""
    words = (
        f"the full-on frames are not where the manifest has them: {told}. No single frame that is "
        f"missing or there twice explains it{also}. Correct `tracking` under [sequence], or the "
        "files."
    )
    return refusal("offset", sweep, [number for number, _ in moved], [], words)


def _unsteadiness(level: Float64[Array, "frame 3"]) -> Float64[Array, " 3"]:
    """Return the standard deviation of frames about the mean of the two around them."""
    logs = np.log(level)
    rest = logs[1:-1] - (logs[:-2] + logs[2:]) / 2.0
    return np.asarray(np.sqrt((rest**2).mean(axis=0) / 1.5))
