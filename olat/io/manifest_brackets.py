"""Exposure brackets: which frames show one condition, and what their exposures come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias, TypeVar

from olat.io.frame_expression import format_frames
from olat.io.manifest_schema import SequenceTable
from olat.io.manifest_text import Complaints
from olat.model.condition import GRADIENTS, ON_SUBJECT, Condition, Dark, Olat, Tracking
from olat.model.roles import PATTERNS, role
from olat.model.session import Frame
from olat.model.words import counted

Group: TypeAlias = tuple[int, ...]
Key = TypeVar("Key")


def key_of_role(word: str) -> tuple[str, ...]:
    """Return where a rule names the frames of a role."""
    return ("sequence", "patterns", word) if word in PATTERNS else ("sequence", word)


def brackets_by_rule(
    conditions: Mapping[int, Condition], sequence: SequenceTable, complaints: Complaints
) -> dict[int, Group]:
    """Return the bracket of each frame where `bracket` frames in a row are one condition.

    Parameters
    ----------
    conditions
        What the lights did, by frame; each light in as many frames as a bracket has.
    sequence, complaints
        The rule, and where faults go.
    """
    size = sequence.bracket
    stated = sequence.exposures_s
    if stated and (len(stated) != size or size == 1):
        complaints.add(
            ("sequence", "exposures_s"),
            f"exposures_s has {len(stated)} times and bracket = {size}; needed is a bracket of two "
            "or more frames, and a time for each.",
        )
    if size == 1:
        return {}
    order = {frame: place for place, frame in enumerate(sorted(conditions))}
    brackets: dict[int, Group] = {}
    for condition, frames in _by_condition(conditions).items():
        if len(frames) % size:
            complaints.add(
                key_of_role(role(condition)),
                f"{role(condition)} has {counted(len(frames), 'frame')} ({format_frames(frames)}); "
                f"a multiple of bracket = {size} is needed. {_NOT_LOST}",
            )
            continue
        for start in range(0, len(frames), size):
            group = tuple(frames[start : start + size])
            brackets |= dict.fromkeys(group, group)
            if order[group[-1]] - order[group[0]] != size - 1:
                _complain_of_gap(group, conditions, complaints)
    return brackets


_NOT_LOST = (
    "A frame that was taken and lost still counts: name it in an [[override]] with skip = true."
)


def _complain_of_gap(
    group: Group, conditions: Mapping[int, Condition], complaints: Complaints
) -> None:
    between = [frame for frame in conditions if group[0] < frame < group[-1]]
    others = sorted(set(between) - set(group))
    what = ", ".join(sorted({role(conditions[frame]) for frame in others}))
    complaints.add(
        ("sequence", "bracket"),
        f"frames {format_frames(group)} ({role(conditions[group[0]])}) would be one bracket, but "
        f"frame {format_frames(others)} ({what}) lies between; the exposures of a bracket follow "
        f"one another. {_NOT_LOST}",
    )


def brackets_by_table(
    conditions: Mapping[int, Condition], exposures_s: Mapping[int, float | None]
) -> dict[int, Group]:
    """Return the bracket of each frame of a table: one condition at several exposures.

    Frames under one light belong together wherever they stand; full-on and gradient frames do if
    they follow one another, until an exposure comes again. Frames without an exposure are alone.
    """
    told = {frame: exposures_s[frame] for frame in sorted(conditions) if exposures_s.get(frame)}
    groups: list[list[int]] = []
    for condition, frames in _by_condition(conditions).items():
        if isinstance(condition, Olat):
            groups.append([frame for frame in frames if frame in told])
    runs = groupby(sorted(conditions), key=lambda frame: conditions[frame])
    for condition, run in runs:
        if isinstance(condition, (Tracking, *GRADIENTS)):
            groups += _until_repeated([frame for frame in run if frame in told], told)
    found = [tuple(group) for group in groups if _are_all_different(group, told)]
    return {frame: group for group in found for frame in group if len(group) > 1}


def _by_condition(conditions: Mapping[int, Condition]) -> dict[Condition, list[int]]:
    """Return the frames of each condition that may be bracketed, in capture order."""
    frames: dict[Condition, list[int]] = {}
    for frame, condition in sorted(conditions.items()):
        if isinstance(condition, ON_SUBJECT):
            frames.setdefault(condition, []).append(frame)
    return frames


def _until_repeated(run: Sequence[int], keys: Mapping[int, Key]) -> list[list[int]]:
    """Cut a run of frames wherever a key comes again."""
    parts: list[list[int]] = [[]]
    for frame in run:
        if keys[frame] in [keys[other] for other in parts[-1]]:
            parts.append([])
        parts[-1].append(frame)
    return parts


def _are_all_different(group: Iterable[int], keys: Mapping[int, Key]) -> bool:
    values = [keys[frame] for frame in group]
    return len(set(values)) == len(values)


def reference_exposure(
    planned: Mapping[int, Condition], exposures_s: Mapping[int, float | None]
) -> float | None:
    """Return the exposure that gains bring frames to.

    Parameters
    ----------
    planned
        What the lights did, by frame, of all frames that were taken. Those that were lost count:
        no other frame is brighter or darker without them.
    exposures_s
        Their exposure times [s].

    Returns
    -------
    reference_s
        That of the first OLAT frame; without a sweep, of the first lit frame that has one [s].
    """
    lit = [
        (condition, exposures_s.get(frame))
        for frame, condition in sorted(planned.items())
        if not isinstance(condition, Dark)
    ]
    for kinds in ((Olat,), ON_SUBJECT, (object,)):
        for condition, exposure_s in lit:
            if exposure_s is not None and isinstance(condition, kinds):
                return exposure_s
    return None


def exposed(
    frames: Sequence[Frame],
    reference_s: float | None,
    *,
    camera: str,
    complaints: Complaints,
) -> list[Frame]:
    r"""Bring a camera's frames to one exposure, and check those of its brackets.

    .. math:: \text{gain} \leftarrow \text{gain} \cdot \frac{t_\text{reference}}{t}

    Parameters
    ----------
    frames
        With the exposures and brackets that the manifest tells; of a bracket, frames that are left
        out go.
    reference_s
        As `reference_exposure` returns it; without one, gains stay [s].
    camera, complaints
        Whose frames these are, and where faults go.
    """
    there = {frame.index for frame in frames}
    kept = [replace(frame, bracket=_rest(frame.bracket, there)) for frame in frames]
    _check_exposures(kept, camera, complaints)
    if reference_s is None:
        return kept
    return [
        frame
        if frame.exposure_s is None
        else replace(frame, gain=frame.gain * (reference_s / frame.exposure_s))
        for frame in kept
    ]


def _rest(bracket: Group, there: set[int]) -> Group:
    """Return what is left of a bracket; nothing if that is one frame alone."""
    rest = tuple(index for index in bracket if index in there)
    return rest if len(rest) > 1 else ()


def _check_exposures(frames: Sequence[Frame], camera: str, complaints: Complaints) -> None:
    """Complain about exposures that are missing, or that are equal in a bracket."""
    subject = [frame for frame in frames if isinstance(frame.condition, ON_SUBJECT)]
    untold = [frame.index for frame in subject if frame.exposure_s is None]
    is_needed = len(untold) < len(subject) or any(frame.bracket for frame in subject)
    if untold and is_needed:
        told = len(subject) - len(untold)
        complaints.add(
            ("sequence", "bracket"),
            f"camera '{camera}': {told} of {len(subject)} frames of the subject have an exposure "
            f"time; frames {format_frames(untold)} have none. Needed is one for each: exposures_s "
            "in [sequence] for brackets, exposure_s in an [[override]], or the table's column.",
        )
    times = {frame.index: frame.exposure_s for frame in frames}
    equal = [
        frame.bracket
        for frame in subject
        if frame.bracket and frame.leads and not _are_all_different(frame.bracket, times)
    ]
    if equal and not untold:
        told_s = ", ".join(f"{times[index]:g}" for index in equal[0])
        complaints.add(
            ("sequence", "bracket"),
            f"camera '{camera}': {len(equal)} brackets repeat an exposure, such as frames "
            f"{format_frames(equal[0])} with {told_s} s; different ones are needed.",
        )
