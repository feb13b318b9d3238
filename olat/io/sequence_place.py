"""Names of the pictures of a sequence."""

from __future__ import annotations

import re
from pathlib import Path

from olat.errors import UsageError

DIGITS = 4
"""Digits of a number whose width the name does not tell."""
_HASHES = re.compile(r"#+")
_PERCENT = re.compile(r"%0?(\d*)d")


def frame_place(pattern: Path, number: int) -> Path:
    """Return the path of a frame.

    ``out.####.exr`` and ``out.%04d.exr`` say where the number goes; a plain ``out.exr`` becomes
    ``out.0001.exr``, with the digits last, as Blender wants them.

    Raises
    ------
    UsageError
        If the name has two places for the number.
    """
    name = pattern.name
    places = [*_HASHES.finditer(name), *_PERCENT.finditer(name)]
    if len(places) > 1:
        raise UsageError(
            f"{pattern}: there are {len(places)} places for the number of a frame; one is needed."
        )
    if not places:
        return pattern.with_name(f"{pattern.stem}.{number:0{DIGITS}d}{pattern.suffix}")
    place = places[0]
    word = place.group()
    width = len(word) if word.startswith("#") else int(place.group(1) or 1)
    return pattern.with_name(f"{name[: place.start()]}{number:0{width}d}{name[place.end() :]}")
