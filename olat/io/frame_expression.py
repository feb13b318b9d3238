"""Sets of frame numbers as people write them: ``1-100x2,110``, ``1-100:2``, ``7``.

The step follows ``x`` in film tools and ``:`` in Open Job Description; both are read, the first
is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 10_000_000
"""Frames in one expression beyond which a slip of the finger is more likely than a capture."""

_PART = re.compile(r"(\d+)(?:-(\d+)(?:[x:](\d+))?)?")


def parse_frames(text: str) -> tuple[int, ...]:
    """Return the frames that an expression names, ascending and without repeats.

    Raises
    ------
    ValueError
        If a part cannot be read, runs backwards or has no step.
    """
    frames: set[int] = set()
    for part in (piece.strip() for piece in text.split(",")):
        if part:
            frames.update(_range(part))
    return tuple(sorted(frames))


def _range(part: str) -> range:
    """Return the frames of one part between commas."""
    match = _PART.fullmatch(part.replace(" ", ""))
    if match is None:
        raise ValueError(
            f"{part!r} is no frame range; ranges look like 7, 0-74, 3-71x11 or 3-71:11"
        )
    first, step = int(match[1]), int(match[3] or 1)
    last = int(match[2] or first)
    if last < first:
        raise ValueError(f"{part!r} runs backwards; write the smaller frame first")
    if step == 0:
        raise ValueError(f"{part!r} has step 0; 1 or more is needed")
    if (last - first) // step >= MOST:
        raise ValueError(f"{part!r} names more than {MOST} frames")
    return range(first, last + 1, step)


def format_frames(frames: Iterable[int]) -> str:
    """Return the shortest usual expression for a set of frames, such as ``0,20-335x21,348``.

    Runs of one step are taken greedily; three frames make a run.
    """
    numbers = sorted(set(frames))
    parts = []
    while numbers:
        run = _leading_run(numbers)
        parts.append(_words(run))
        numbers = numbers[len(run) :]
    return ",".join(parts)


def _leading_run(numbers: list[int]) -> list[int]:
    """Return the first frames that keep one step: at least three, or a single one."""
    length = 2
    while length < len(numbers) and numbers[length] - numbers[length - 1] == (
        numbers[1] - numbers[0]
    ):
        length += 1
    return numbers[:length] if length >= 3 else numbers[:1]


def _words(run: list[int]) -> str:
    """Return one run as text."""
    if len(run) == 1:
        return str(run[0])
    step = run[1] - run[0]
    return f"{run[0]}-{run[-1]}" + (f"x{step}" if step > 1 else "")
