"""Which light lit which photograph: by names, by a Goliath table, or by counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from olat.inspection.finding import Finding
from olat.inspection.frame_roles import FrameRoles, drives, roles_by_brightness
from olat.inspection.thumbnails import thumbnails
from olat.io.frame_expression import format_frames
from olat.io.light_list import LightPatterns
from olat.model.condition import (
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Tracking,
)
from olat.model.roles import condition_from_role, role
from olat.model.words import counted

_THUMBNAIL = 24


@dataclass(frozen=True)
class SequenceReading:
    """What the lights did in the frames of a camera, as far as it could be read."""

    conditions: dict[int, Condition]
    skipped: tuple[int, ...] = ()
    """Frames that are something else."""
    unlit: tuple[int, ...] = ()
    """Lights that no frame shows."""
    is_rule: bool = False
    """Whether the frames that are left show the lights in their order."""
    drive: tuple[tuple[str, float], ...] = ()
    """Level of the lights in tracking and gradient frames, as far as it was measured."""
    brackets: tuple[tuple[int, ...], ...] = ()
    """Frames of each exposure bracket."""
    exposures_s: tuple[float, ...] = ()
    """Of the frames of any bracket [s]."""
    finding: Finding | None = None
    warnings: tuple[str, ...] = ()

    @property
    def followers(self) -> frozenset[int]:
        """Return all frames but the first of each bracket."""
        return frozenset(frame for group in self.brackets for frame in group[1:])


def by_light_names(
    frames: Mapping[int, Path], names: Sequence[str], roles: Mapping[int, Condition]
) -> SequenceReading | None:
    """Match lights that are called as pictures, whatever folder or format the names mention.

    None if fewer than half of the names are those of pictures.
    """
    by_name = {_key(path.name): frame for frame, path in frames.items()}
    by_stem = {_key(path.stem): frame for frame, path in frames.items()}
    found: dict[int, int] = {}
    for light, name in enumerate(names):
        frame = by_name.get(_key(name), by_stem.get(_key(Path(name).stem)))
        if frame is not None and frame not in found:
            found[frame] = light
    if 2 * len(found) < len(names):
        return None
    unlit = tuple(sorted(set(range(len(names))) - set(found.values())))
    others = tuple(frame for frame in frames if frame not in found and frame not in roles)
    warnings = []
    if unlit:
        missing = ", ".join(f"'{names[light]}'" for light in unlit[:5])
        warnings.append(
            f"{len(unlit)} of {len(names)} lights have no picture: {missing}"
            f"{', …' if len(unlit) > 5 else ''}. They are in skip_lights."
        )
    if others:
        warnings.append(
            f"the light file names no light for frames {format_frames(others)}; they are skipped."
        )
    lit: dict[int, Condition] = {frame: Olat(light) for frame, light in found.items()}
    reason = "the lights are named as the pictures"
    finding = Finding("sequence", _equation(len(frames), roles, len(found)), "certain", reason)
    return SequenceReading(
        {**roles, **lit}, others, unlit, finding=finding, warnings=tuple(warnings)
    )


def by_patterns(
    frames: Mapping[int, Path], patterns: LightPatterns, lights: int
) -> SequenceReading:
    """Take what a Goliath table says about every frame.

    If no frame number of the table is that of a file, both are counted from their first.
    """
    known = sorted((*patterns.tracking, *patterns.olat, *patterns.groups))
    shift = 0
    if known and not set(known) <= set(frames) and len(known) == len(frames):
        shift = min(frames) - known[0]
    told: dict[int, Condition] = {frame + shift: Tracking() for frame in patterns.tracking}
    told |= {frame + shift: Olat(light) for frame, light in patterns.olat.items()}
    conditions = {frame: condition for frame, condition in told.items() if frame in frames}
    skipped = tuple(frame for frame in frames if frame not in conditions)
    lit = {told.light for told in conditions.values() if isinstance(told, Olat)}
    unlit = tuple(sorted(set(range(lights)) - lit))
    warnings = []
    if shift:
        warnings.append(
            f"frame {known[0]} of the light patterns is taken for file number {min(frames)}."
        )
    if skipped:
        warnings.append(
            f"frames {format_frames(skipped)} have several lights on, or none that the light "
            "patterns tell; they are skipped."
        )
    if unlit:
        warnings.append(f"in no frame: {counted(len(unlit), 'light')}; told in skip_lights.")
    named = {frame: told for frame, told in conditions.items() if not isinstance(told, Olat)}
    value = _equation(len(frames) - len(skipped), named, len(lit))
    finding = Finding("sequence", value, "certain", "the light patterns say it, frame by frame")
    return SequenceReading(conditions, skipped, unlit, finding=finding, warnings=tuple(warnings))


def by_count(
    frames: Mapping[int, Path],
    lights: int,
    roles: Mapping[int, Condition],
    *,
    encodings: Sequence[str | float],
) -> SequenceReading:
    """Take the lights in order; of more pictures than lights, find the others by brightness.

    Brightness is looked at as each of `encodings` until the numbers match.
    """
    rest = [frame for frame in sorted(frames) if frame not in roles]
    seen, levels = _seen([frames[frame] for frame in rest], lights, encodings)
    conditions = {**roles, **_conditions(seen, rest)}
    skipped = tuple(rest[place] for place in seen.outside)
    sweep = [frame for frame in rest if frame not in conditions and frame not in skipped]
    value = _equation(len(frames), conditions, len(sweep), skipped)
    if len(sweep) != lights:
        warning = f"{value} are left for {counted(lights, 'light')}; as many are needed."
        finding = Finding(
            "sequence", value, "guess", f"one each is needed for {counted(lights, 'light')}"
        )
        return SequenceReading(conditions, is_rule=True, finding=finding, warnings=(warning,))
    pairs = zip(sweep, range(lights), strict=True)
    conditions |= {frame: Olat(light) for frame, light in pairs}
    reason = f"as many as there are lights ({lights}), in the order of their names"
    if seen.extras:
        reason += "; the others told by brightness"
    return SequenceReading(
        conditions,
        skipped,
        is_rule=True,
        drive=levels,
        finding=Finding("sequence", value, "guess" if skipped else "likely", reason),
        warnings=(_skipped_words(skipped),) if skipped else (),
    )


def _skipped_words(frames: Sequence[int]) -> str:
    """Say which frames are left out, and what to write if they show targets."""
    return (
        f"frames {format_frames(frames)} are outside the sweep and skipped; if they show targets, "
        "say so under [sequence] of session.toml in place of skip, such as mirror_ball = "
        f'"{frames[-1]}", gray_ball, flat, chart or board.'
    )


def _seen(
    paths: Sequence[Path], lights: int, encodings: Sequence[str | float]
) -> tuple[FrameRoles, tuple[tuple[str, float], ...]]:
    """Return what brightness tells about frames that are more than the lights, and the drives."""
    seen = FrameRoles()
    levels: tuple[float | None, float | None] = (None, None)
    for encoding in encodings:
        if len(paths) - len(seen.extras) > lights:
            small = thumbnails(paths, encoding=encoding, size=_THUMBNAIL)
            seen = roles_by_brightness(small, lights=lights)
            levels = drives(small, seen)
    named = zip(("tracking", "gradient"), levels, strict=True)
    return seen, tuple((word, level) for word, level in named if level is not None)


def _conditions(seen: FrameRoles, rest: Sequence[int]) -> dict[int, Condition]:
    """Return roles by frame number."""
    places: tuple[tuple[Condition, tuple[int, ...]], ...] = (
        (Tracking(), seen.tracking),
        (ColorGradient(), seen.gradient),
        (ColorGradient(complement=True), seen.complement),
        (Dark(), seen.dark),
    )
    return {rest[place]: condition for condition, found in places for place in found}


def roles_by_name(words: Mapping[int, str | None]) -> dict[int, Condition]:
    """Return the conditions that file names speak of."""
    return {frame: condition_from_role(word) for frame, word in words.items() if word}


def _equation(
    pictures: int, named: Mapping[int, Condition], olat: int, skipped: Sequence[int] = ()
) -> str:
    """Return pictures less named frames as people count them."""
    by_role: dict[str, list[int]] = {}
    for frame, condition in named.items():
        by_role.setdefault(role(condition), []).append(frame)
    if skipped:
        by_role["skipped"] = list(skipped)
    terms = "".join(
        f" - {len(frames)} {word} ({format_frames(frames)})" for word, frames in by_role.items()
    )
    return f"{counted(pictures, 'picture')}{terms} = {olat} OLAT frames"


def _key(name: str) -> str:
    """Return a name without case and blanks at the ends."""
    return name.strip().casefold()
