"""Exposure brackets as cameras noted them, and whether a session says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from olat.errors import SessionError
from olat.inspection.exif import read_exposure
from olat.io.frame_expression import format_frames
from olat.model.session import Frame

LONGEST = 9
"""Exposures that a bracket has at most."""
ROUNDING = 0.07
"""Part by which cameras round the exposure times that they write: 1/64 s is called 1/60 s."""
_FEWEST = 3
"""Brackets that make a pattern."""


@dataclass(frozen=True)
class BracketsFound:
    """Frames whose exposures come again and again in the same order."""

    groups: tuple[tuple[int, ...], ...]
    """Places of the frames of each bracket."""
    exposures_s: tuple[float, ...]
    """Of the frames of any bracket, in capture order [s]."""

    @property
    def followers(self) -> frozenset[int]:
        """Return the places of all frames but the first of each bracket."""
        return frozenset(place for group in self.groups for place in group[1:])


def bracket_of(exposures: Sequence[float | None]) -> int:
    """Return how many exposures each condition was taken with; 1 if exposures show no pattern."""
    found = brackets_in(exposures)
    return len(found.exposures_s) if found else 1


def brackets_in(exposures: Sequence[float | None]) -> BracketsFound | None:
    """Find the exposures that repeat through most of a capture.

    Parameters
    ----------
    exposures
        Exposure time of each frame in capture order; none where it is not known [s].

    Notes
    -----
    Assumes that all brackets have the same exposures. Of patterns that cover as many frames, one
    that rises or falls counts before others, then the one that begins first.
    """
    counts: Counter[tuple[float, ...]] = Counter()
    for size in range(2, min(LONGEST, len(exposures) // _FEWEST) + 1):
        for start in range(len(exposures) - size + 1):
            told = [time for time in exposures[start : start + size] if time]
            if len(told) == size and _are_apart(told):
                counts[tuple(told)] += 1
    candidates = [pattern for pattern, count in counts.items() if count >= _FEWEST]
    found = [BracketsFound(_places(exposures, pattern), pattern) for pattern in candidates]
    found = [item for item in found if 2 * _covered(item) >= len(exposures)]
    return max(found, key=_merit, default=None)


def exposures_by_file(paths: Iterable[Path]) -> list[float | None]:
    """Return the exposure time that each file tells [s]."""
    shots = [read_exposure(path) for path in paths]
    return [shot.seconds if shot else None for shot in shots]


def check_exposures(frames: Iterable[Frame]) -> None:
    """Check that exposure times of a session are those of its files; opens headers only.

    Raises
    ------
    SessionError
        Naming the frames that differ by more than cameras round. A file that tells no exposure
        is believed to have the session's.
    """
    wrong: dict[tuple[str, float, float], list[int]] = {}
    for frame in frames:
        if frame.exposure_s is None:
            continue
        shot = read_exposure(frame.path)
        if shot and shot.seconds and _differ(shot.seconds, frame.exposure_s):
            key = (frame.camera, frame.exposure_s, shot.seconds)
            wrong.setdefault(key, []).append(frame.index)
    if wrong:
        raise SessionError("\n".join(_disagreement(*key, wrong) for key in wrong))


def _disagreement(
    camera: str,
    stated: float,
    noted: float,
    wrong: Mapping[tuple[str, float, float], list[int]],
) -> str:
    frames = format_frames(wrong[camera, stated, noted])
    return (
        f"camera {camera!r}: the session gives frames {frames} an exposure of {stated:g} s, their "
        f"files say {noted:g} s (Exif); needed is the same within {ROUNDING:.0%}. Correct "
        "exposures_s, exposure_s or the table; if frames were dropped, name them in an "
        "[[override]] with skip = true."
    )


def _differ(first: float, second: float) -> bool:
    return bool(abs(np.log(first / second)) > np.log1p(ROUNDING))


def _are_apart(exposures: Sequence[float]) -> bool:
    """Tell whether no two exposures are one that was rounded in two ways."""
    ordered = sorted(exposures)
    return all(map(_differ, ordered[1:], ordered[:-1]))


def _places(
    exposures: Sequence[float | None], pattern: tuple[float, ...]
) -> tuple[tuple[int, ...], ...]:
    """Return where a pattern stands, from the first on without overlap."""
    groups, start, size = [], 0, len(pattern)
    while start + size <= len(exposures):
        if tuple(exposures[start : start + size]) == pattern:
            groups.append(tuple(range(start, start + size)))
            start += size
        else:
            start += 1
    return tuple(groups)


def _covered(found: BracketsFound) -> int:
    return len(found.groups) * len(found.exposures_s)


def _merit(found: BracketsFound) -> tuple[int, bool, int]:
    steps = np.sign(np.diff(found.exposures_s))
    return _covered(found), bool(abs(steps.sum()) == len(steps)), -found.groups[0][0]
