"""What the lights did in every frame: from the rule of a manifest, or from its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from olat.errors import FileError
from olat.io.frame_expression import format_frames
from olat.io.frame_table import TableRow, read_frame_table
from olat.io.manifest_brackets import brackets_by_rule, brackets_by_table, key_of_role
from olat.io.manifest_lights import complain_of_unknown, light_words, lights_in_order
from olat.io.manifest_schema import Manifest, SequenceTable
from olat.io.manifest_text import Complaints, did_you_mean, skip_advice
from olat.model.condition import (
    GRADIENTS,
    TARGETS,
    Condition,
    Dark,
    Olat,
    Target,
)
from olat.model.rig import LightRig
from olat.model.roles import condition_from_role
from olat.model.words import counted

_ROLES = ("tracking", "gradient", "complement", "dark", *TARGETS)
_SWEEPS = {"mirror_ball_sweep": "mirror_ball", "gray_ball_sweep": "gray_ball"}
"""Targets that are lit by one light after the other, as the subject is."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame of one camera before its file is looked up."""

    condition: Condition
    gain: float = 1.0
    file: str = ""
    """Where the table names one."""
    exposure_s: float | None = None
    """Where the rule or the table tells it [s]."""
    bracket: tuple[int, ...] = ()
    """Frames of its exposure bracket, itself among them; empty if it is alone."""


def shots_by_rule(
    manifest: Manifest,
    rig: LightRig,
    found: Iterable[int],
    folder: Path,
    complaints: Complaints,
) -> dict[int, Shot]:
    """Return what the lights did in each frame, by the rule of ``[sequence]``.

    Parameters
    ----------
    manifest, rig, folder, complaints
        The manifest, its lights, where it lies and where faults go.
    found
        Frames that any camera has a file for.
    """
    sequence = manifest.sequence
    lights = lights_in_order(sequence, rig, folder, complaints)
    named = _named_frames(sequence, lights, complaints)
    taken = set(named) | set(sequence.skip)
    declared = {frame for item in manifest.override if item.skip for frame in item.frames}
    wanted = set(found) | declared if sequence.frames is None else set(sequence.frames)
    sweep = sorted(wanted - taken)
    shots = {frame: Shot(condition) for frame, condition in named.items()}
    size = sequence.bracket
    if len(sweep) == len(lights) * size:
        shots |= {frame: Shot(Olat(lights[at // size])) for at, frame in enumerate(sweep)}
    elif sweep or (wanted and not _stands_alone(named.values())):
        complaints.add(("sequence",), _mismatch_words(sweep, lights, rig, wanted | taken, size))
        return shots
    return _bracketed(shots, sequence, complaints)


def _bracketed(
    shots: Mapping[int, Shot], sequence: SequenceTable, complaints: Complaints
) -> dict[int, Shot]:
    """Return shots with the brackets of the rule, and the exposures that it tells."""
    conditions = {frame: shot.condition for frame, shot in shots.items()}
    brackets = brackets_by_rule(conditions, sequence, complaints)
    told = dict(enumerate(sequence.exposures_s))
    return {
        frame: replace(
            shot,
            bracket=brackets[frame],
            exposure_s=told.get(brackets[frame].index(frame)),
        )
        if frame in brackets
        else shot
        for frame, shot in shots.items()
    }


def _named_frames(
    sequence: SequenceTable, lights: Sequence[int], complaints: Complaints
) -> dict[int, Condition]:
    """Return the frames that have a role of their own; complain about two roles."""
    own = {word: getattr(sequence, word) for word in (*_ROLES, *_SWEEPS, "skip")}
    roles: dict[str, Sequence[int]] = own | dict(sequence.patterns)
    counts = Counter(frame for frames in roles.values() for frame in frames)
    for frame in sorted(frame for frame, count in counts.items() if count > 1):
        words = [word for word, frames in roles.items() if frame in frames]
        complaints.add(
            key_of_role(words[-1]), f"frame {frame} has several roles: {', '.join(words)}."
        )
    named: dict[int, Condition] = {}
    for word in (*_ROLES, *sequence.patterns):
        for count, frame in enumerate(roles[word]):
            condition = condition_from_role(word)
            is_target = isinstance(condition, Target)
            named[frame] = Target(word, pose=count) if is_target else condition
    for word, kind in _SWEEPS.items():
        named |= _target_sweep(word, kind, roles[word], lights, complaints)
    return named


def _target_sweep(
    word: str, kind: str, frames: Sequence[int], lights: Sequence[int], complaints: Complaints
) -> dict[int, Condition]:
    """Return a target's frames under one light each, once for every place where it stood."""
    if frames and (not lights or len(frames) % len(lights)):
        complaints.add(
            ("sequence", word),
            f"{word} has {counted(len(frames), 'frame')} for {counted(len(lights), 'light')}; "
            "one frame a light, or a whole multiple of that for several places, is needed. Lights "
            "that were not lit go into skip_lights.",
        )
        return {}
    return {
        frame: Target(kind, light=lights[place % len(lights)], pose=place // len(lights))
        for place, frame in enumerate(frames)
    }


def _stands_alone(named: Iterable[Condition]) -> bool:
    """Tell whether frames make sense without a sweep of a subject."""
    return any(isinstance(condition, (*GRADIENTS, Target, Dark)) for condition in named)


def _mismatch_words(
    sweep: list[int], lights: list[int], rig: LightRig, known: set[int], bracket: int
) -> str:
    """Say that frames and lights do not match, and what may be the cause."""
    each = "one frame" if bracket == 1 else f"a bracket of {bracket} frames"
    words = (
        f"[sequence] leaves {counted(len(sweep), 'OLAT frame')} ({format_frames(sweep) or 'none'}) "
        f"for {counted(len(lights), 'light')} of rig '{rig.name}'; {each} a light is needed."
    )
    surplus = len(sweep) - len(lights) * bracket
    if surplus > 0:
        return words + (
            f" If {surplus} of them are dark, full-on or something else, name "
            "them (dark, tracking, gradient, …, skip; white gradients and the like under "
            "[sequence.patterns])."
        )
    words += (
        " Lights that were not lit in the sweep (a door, a defect) go into skip_lights; frames "
        "that are of no sweep, into skip."
    )
    gaps = sorted(set(range(min(known), max(known))) - known)
    if gaps:
        missing = format_frames(gaps)
        words += f" No file has the number {missing}: dropped OLAT frames? {skip_advice(missing)}"
    return words


def shots_by_table(
    manifest: Manifest, rig: LightRig, folder: Path, complaints: Complaints
) -> dict[str, dict[int, Shot]]:
    """Return what the lights did in each frame of each camera, by the table of ``[sequence]``."""
    sequence = manifest.sequence
    try:
        rows = read_frame_table(folder / str(sequence.table))
    except FileError as error:
        complaints.add_words(str(error))
        return {}
    cameras = list(manifest.camera)
    numbers = [row.light for row in rows if row.light is not None]
    key = ("sequence", "table")
    complain_of_unknown(key, numbers, rig, sequence.index_base, complaints)
    shots: dict[str, dict[int, Shot]] = {camera: {} for camera in cameras}
    for row in rows:
        if row.camera and row.camera not in cameras:
            hint = did_you_mean(row.camera, cameras)
            complaints.add_words(f"{row.where}: there is no camera '{row.camera}'.{hint}")
        for camera in [row.camera] if row.camera in cameras else [] if row.camera else cameras:
            if row.frame in shots[camera]:
                complaints.add_words(
                    f"{row.where}: frame {row.frame} of '{camera}' is listed twice."
                )
            elif row.role != "skip":
                shots[camera][row.frame] = _shot(row, sequence.index_base)
    for camera, frames in shots.items():
        conditions = {frame: shot.condition for frame, shot in frames.items()}
        exposures_s = {frame: shot.exposure_s for frame, shot in frames.items()}
        for frame, bracket in brackets_by_table(conditions, exposures_s).items():
            frames[frame] = replace(frames[frame], bracket=bracket)
        _complain_of_lights(camera, frames, manifest, rig, complaints)
    return shots


def _shot(row: TableRow, index_base: int) -> Shot:
    """Return a table's line with its light counted from 0."""
    light = None if row.light is None else row.light - index_base
    return Shot(condition_from_role(row.role, light), row.gain, row.file, row.exposure_s)


def _complain_of_lights(
    camera: str,
    shots: Mapping[int, Shot],
    manifest: Manifest,
    rig: LightRig,
    complaints: Complaints,
) -> None:
    """Complain about lights that a table shows twice or not at all."""
    base = manifest.sequence.index_base
    lit: dict[int, int] = {}
    for frame, shot in shots.items():
        if isinstance(shot.condition, Olat):
            light = shot.condition.light
            if light in lit and frame not in shots[lit[light]].bracket:
                complaints.add(
                    ("sequence", "table"),
                    f"camera '{camera}': light {light + base} is lit in frames {lit[light]} and "
                    f"{frame}; one frame a light is needed, or several with different exposures. "
                    "Give one of them the role 'skip', or tell their exposures.",
                )
            lit[light] = frame
    left_out = {light - base for light in manifest.sequence.skip_lights}
    dark = sorted(set(range(len(rig))) - set(lit) - left_out)
    if dark:
        names = light_words([light + base for light in dark])
        complaints.add(
            ("sequence", "table"),
            f"camera '{camera}': {names} has no OLAT frame. Lights that were not lit go into "
            "skip_lights.",
        )
