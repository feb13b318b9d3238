"""Lights as a file lists them, before anybody says what its axes and units mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float64

from olat.errors import FileError
from olat.model.shapes import Array, LightColors

Holds: TypeAlias = Literal["auto", "directions", "positions"]
Units: TypeAlias = Literal["m", "cm", "mm"]
_UNIT_LENGTH_TOLERANCE = 0.02
"""Directions typed with two decimals are up to 0.01 away from unit length."""

LENGTHS: tuple[Units, ...] = get_args(Units)


@dataclass(frozen=True)
class LightPatterns:
    """Which lights were on in which frame."""

    tracking: tuple[int, ...]
    """Frames with all lights on."""
    olat: dict[int, int]
    """Light, counted from 0, of each frame with a single one."""
    groups: tuple[int, ...]
    """Frames with several lights on, but not all."""


@dataclass(frozen=True)
class LightFile:
    """What a light file says, in its own axes and units."""

    path: Path
    source_format: str
    """Name of the format, for people."""
    vectors: Float64[Array, "light 3"]
    """Directions or positions."""
    names: tuple[str, ...] = ()
    """Names of the lights, or of the pictures that they lit; empty if the file has none."""
    intensities: LightColors | None = None
    """Irradiance at the subject relative to each other [1]."""
    holds: Holds = "auto"
    """What the vectors are, where the format says it."""
    units: Units | None = None
    """Length of 1 in the file, where the format says it."""
    notes: tuple[str, ...] = ()
    """What was read in spite of something, in words."""
    patterns: LightPatterns | None = None
    """Which lights were on in which frame, where the file says it."""

    def __len__(self) -> int:
        return len(self.vectors)


def has_unit_length(vectors: Float64[Array, "light 3"]) -> bool:
    """Tell whether vectors are directions by their length."""
    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.all(np.abs(lengths - 1.0) <= _UNIT_LENGTH_TOLERANCE))


@dataclass(frozen=True, slots=True)
class LightRow:
    """One light, and where in the file it stands."""

    where: str
    vector: tuple[float, float, float]
    color: tuple[float, float, float] | None = None
    name: str = ""


def lights_from_rows(
    path: Path,
    rows: Sequence[LightRow],
    *,
    source_format: str,
    holds: Holds = "auto",
    units: Units | None = None,
    notes: Sequence[str] = (),
) -> LightFile:
    """Check what a file listed, light by light, and return it.

    Raises
    ------
    FileError
        If there is no light, or one has no direction or a color that is not a number.
    """
    if not rows:
        raise FileError(f"{path}: it lists no light; at least one 'x y z' is needed.")
    for row in rows:
        _check(row)
    colors = [row.color for row in rows if row.color is not None]
    return LightFile(
        path,
        source_format,
        vectors=np.array([row.vector for row in rows], dtype=np.float64),
        names=tuple(row.name for row in rows) if any(row.name for row in rows) else (),
        intensities=np.array(colors, dtype=np.float64) if len(colors) == len(rows) else None,
        holds=holds,
        units=units,
        notes=tuple(notes),
    )


def _check(row: LightRow) -> None:
    """Refuse a light without a direction, or with a color that no lamp has."""
    if not np.all(np.isfinite(row.vector)):
        raise FileError(f"{row.where}: the light is at {_words(row.vector)}; numbers are needed.")
    if not np.any(row.vector):
        raise FileError(f"{row.where}: the light is at 0 0 0, which is no direction.")
    if row.color is not None and not (np.all(np.isfinite(row.color)) and min(row.color) >= 0):
        raise FileError(
            f"{row.where}: the intensity is {_words(row.color)}; numbers from 0 are needed."
        )


def _words(numbers: Sequence[float]) -> str:
    """Return numbers as a file would write them."""
    return " ".join(f"{number:g}" for number in numbers)
