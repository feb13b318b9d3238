"""Light files that are text, as they are written."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from itertools import chain

import numpy as np
from jaxtyping import Float64

from olat.model.rig import LightRig
from olat.model.shapes import Array

_DECIMALS = 9
_NOT_IN_NAMES = re.compile(r"[;\"'/\\:]|^[\s,.#]+|[\s,]+$|(?<=\d)\s(?=[+-]?\d*\.)")
"""What the readers of one or the other format take for something else: paths, quotes, numbers."""


def lp_file(rig: LightRig) -> dict[str, bytes]:
    """Return RTI's light positions: a count, then ``name x y z`` a line."""
    names = file_names(rig)
    rows = [f"{name} {numbers(vector)}" for name, vector in zip(names, rig.directions, strict=True)]
    return {"": _text([str(len(rig)), *rows])}


def columns_file(rig: LightRig) -> dict[str, bytes]:
    """Return ``x y z`` a line, and ``red green blue`` where lights differ."""
    rows = map(numbers, vectors_of(rig))
    if is_even(rig):
        return {"": _text(rows)}
    colors = map(levels, rig.intensities)
    return {"": _text(" ".join(pair) for pair in zip(rows, colors, strict=True))}


def table_file(rig: LightRig, *, separator: str) -> dict[str, bytes]:
    """Return a table whose header names the columns and their unit."""
    unit = "" if rig.positions is None else "_m"
    header = ["light", *(["name"] if rig.names else []), *(f"{axis}{unit}" for axis in "xyz")]
    names = [[name] for name in file_names(rig)] if rig.names else [[]] * len(rig)
    colors = [[]] * len(rig) if is_even(rig) else [levels(row).split() for row in rig.intensities]
    places = [numbers(row).split() for row in vectors_of(rig)]
    table = [header + ([] if is_even(rig) else ["red", "green", "blue"])]
    for light, cells in enumerate(zip(names, places, colors, strict=True)):
        table.append([str(light), *chain(*cells)])
    if separator == "\t":  # its readers know no quotes
        return {"": _text(map("\t".join, table))}
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return {"": text.getvalue().encode()}


def diligent_files(rig: LightRig) -> dict[str, bytes]:
    """Return DiLiGenT's directions, intensities and, where lights have names, file names."""
    files = {
        "": _text(map(numbers, rig.directions)),
        "light_intensities.txt": _text(map(levels, rig.intensities)),
    }
    return files | ({"filenames.txt": _text(file_names(rig))} if rig.names else {})


def points_file(rig: LightRig) -> dict[str, bytes]:
    """Return a point cloud: ``v x y z`` a line."""
    return {"": _text(f"v {numbers(place)}" for place in vectors_of(rig))}


def vectors_of(rig: LightRig) -> Float64[Array, "light 3"]:
    """Return positions [m] where they are known, else directions."""
    return rig.directions if rig.positions is None else rig.positions


def is_even(rig: LightRig) -> bool:
    """Tell whether all lights have an intensity of 1, as a reader takes them to have."""
    return bool((rig.intensities == 1.0).all())


def file_names(rig: LightRig) -> list[str]:
    """Return a name for each light; what a line cannot hold in a name becomes ``_``."""
    names = rig.names or ("",) * len(rig)
    return [
        _NOT_IN_NAMES.sub("_", _printable(name).strip()) or f"light_{light:04d}"
        for light, name in enumerate(names)
    ]


def numbers(vector: Float64[Array, " 3"]) -> str:
    """Return numbers with fixed decimals, as the simplest readers need them; zero has no sign."""
    rounded = np.round(vector, _DECIMALS) + 0.0
    return " ".join(f"{number:.{_DECIMALS}f}" for number in rounded)


def levels(color: Float64[Array, " 3"]) -> str:
    """Return intensities with 9 significant digits."""
    return " ".join(f"{level:.9g}" for level in color)


def _printable(name: str) -> str:
    """Replace what no line can hold, such as line breaks."""
    return "".join(letter if letter.isprintable() else "_" for letter in name)


def _text(lines: Iterable[str]) -> bytes:
    """Return lines as a file."""
    return ("\n".join(lines) + "\n").encode()
