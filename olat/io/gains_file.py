"""Levels of a rig's own lights, as people write them in a table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.model.rig import LightRig
from olat.model.shapes import LightColors


def read_gains(path: Path, rig: LightRig) -> LightColors:
    """Read a CSV of ``light,r,g,b``: a light's name or number, and its level in each color.

    Lights that it does not list stay dark.

    Raises
    ------
    FileError
        If the file cannot be read, or a line of it is not such.
    """
    gains = np.zeros((len(rig), 3))
    seen: set[int] = set()
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"{path}: cannot be read as CSV: {error}.") from error
    for line, row in enumerate(rows, start=2):
        light = _light_of(path, line, row, rig)
        if light in seen:
            raise FileError(f"{path}, line {line}: light {row['light']!r} is there twice.")
        seen.add(light)
        try:
            gains[light] = [float(row[color] or "") for color in "rgb"]
        except (KeyError, ValueError) as error:
            raise FileError(
                f"{path}, line {line}: {error} is no level; the columns light,r,g,b are needed, "
                "with numbers."
            ) from error
    if not np.isfinite(gains).all():
        raise FileError(f"{path}: levels are not all finite; numbers are needed.")
    return gains


def _light_of(path: Path, line: int, row: dict[str, str], rig: LightRig) -> int:
    word = (row.get("light") or "").strip()
    if word in rig.names:
        return rig.names.index(word)
    if word.isdecimal() and int(word) < len(rig):
        return int(word)
    raise FileError(
        f"{path}, line {line}: the light is {word!r}; a name of the rig or a number from 0 to "
        f"{len(rig) - 1} is needed, in a column 'light'."
    )
