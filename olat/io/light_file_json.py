"""Light files that are JSON: the Goliath pair that FaceOLAT uses, and RelightLab's dome."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from olat.errors import FileError
from olat.io.light_file_text import read_text
from olat.io.light_list import (
    LENGTHS,
    Holds,
    LightFile,
    LightPatterns,
    LightRow,
    Units,
    lights_from_rows,
)
from olat.model.words import counted

METADATA, PER_FRAME = "light_pattern_metadata.json", "light_pattern_per_frame.json"


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise FileError(f"{path}:{error.lineno}: {error.msg}; JSON is needed.") from None


def read_light_json(path: Path) -> LightFile:
    """Read light positions from Goliath metadata, a RelightLab dome or a list of triples."""
    content = read_json(path)
    if isinstance(content, dict):
        if "light_positions" in content:
            rows = _rows(path, "light_positions", content["light_positions"])
            return lights_from_rows(
                path,
                rows,
                source_format="Goliath light patterns",
                holds="positions",
                units=_units(path, content),
            )
        dome = _read_dome(path, content)
        if dome is not None:
            return dome
        found = f"the keys {', '.join(map(repr, content))}"
    elif isinstance(content, list):
        rows = _rows(path, "list", content)
        return lights_from_rows(path, rows, source_format="list of triples")
    else:
        found = type(content).__name__
    raise FileError(
        f"{path}: found {found}; 'light_positions' (Goliath), 'directions' or 'positions3d' "
        "(RelightLab dome) or a list of [x, y, z] are needed."
    )


def _units(path: Path, content: dict[str, Any]) -> Units | None:
    """Return the length of 1 where the file says it: an entry of our own, Goliath has none."""
    said = content.get("units")
    units = next((length for length in LENGTHS if length == said), None)
    if said is not None and units is None:
        raise FileError(f"{path}: 'units' is {said!r}; {', '.join(LENGTHS)} are needed.")
    return units


def _read_dome(path: Path, content: dict[str, Any]) -> LightFile | None:
    """Read a RelightLab dome: positions in mm where there are any, else directions."""
    kinds: tuple[tuple[str, Holds, Units | None], ...] = (
        ("positions3d", "positions", "mm"),
        ("positions", "positions", "mm"),
        ("positionsSphere", "directions", None),
        ("directions", "directions", None),
    )
    for key, holds, units in kinds:
        if content.get(key):
            rows = _rows(path, key, content[key], content.get("ledAdjust") or ())
            return lights_from_rows(
                path, rows, source_format="RelightLab dome", holds=holds, units=units
            )
    return None


def _rows(
    path: Path, key: str, vectors: Sequence[Any], colors: Sequence[Any] = ()
) -> list[LightRow]:
    """Return one row a light from nested or flat triples."""
    places, tints = _triples(path, key, vectors), _triples(path, "ledAdjust", colors)
    if tints and len(tints) != len(places):
        raise FileError(f"{path}: {len(tints)} 'ledAdjust' for {counted(len(places), 'light')}.")
    return [
        LightRow(f"{path}: {key}[{index}]", place, tints[index] if tints else None)
        for index, place in enumerate(places)
    ]


def _triples(path: Path, key: str, values: Any) -> list[tuple[float, float, float]]:
    """Return triples of numbers from ``[[x, y, z], …]``, ``[{"x": …}, …]`` or ``[x, y, z, …]``."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise FileError(f"{path}: {key} is {values!r}; a list of [x, y, z] is needed.")
    if values and all(_is_number(value) for value in values) and len(values) % 3 == 0:
        values = [values[start : start + 3] for start in range(0, len(values), 3)]
    triples = []
    for index, value in enumerate(values):
        parts = list(value.values()) if isinstance(value, dict) else value
        if not (isinstance(parts, list) and len(parts) == 3 and all(map(_is_number, parts))):
            raise FileError(f"{path}: {key}[{index}] is {value!r}; three numbers are needed.")
        triples.append((float(parts[0]), float(parts[1]), float(parts[2])))
    return triples


def _is_number(value: object) -> bool:
    """Tell whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_light_patterns(metadata: Path) -> LightPatterns:
    """Read which lights were on in each frame of a Goliath capture.

    ``light_pattern_per_frame.json`` beside the metadata holds ``[[frame, pattern], …]``; pattern 0
    is all lights, pattern p lights what ``light_patterns[p]`` says, or light p - 1 where it says
    nothing.
    """
    content, path = read_json(metadata), metadata.with_name(PER_FRAME)
    patterns = content.get("light_patterns") or content.get("light_pattern") or []
    if not isinstance(patterns, list):
        raise FileError(f"{metadata}: 'light_patterns' is {patterns!r}; a list is needed.")
    count = len(content["light_positions"])
    tracking, olat, groups = [], {}, []
    pairs = read_json(path)
    for index, pair in enumerate(pairs if isinstance(pairs, list) else [pairs]):
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)):
            raise FileError(f"{path}: entry {index} is {pair!r}; [frame, pattern] is needed.")
        frame, pattern = pair
        lit = _lights_on(patterns, pattern)
        if pattern == 0 or 2 * len(lit) > count > 1:
            tracking.append(frame)
        elif len(lit) > 1:
            groups.append(frame)
        elif 0 <= lit[0] < count:
            olat[frame] = lit[0]
        else:
            raise FileError(
                f"{path}: frame {frame} has pattern {pattern}, which lights light {lit[0]} "
                f"(from 0); {metadata.name} has {counted(count, 'light')}."
            )
    return LightPatterns(tuple(tracking), olat, tuple(groups))


def _lights_on(patterns: Sequence[Any], pattern: int) -> list[int]:
    """Return the lights of a pattern, counted from 0."""
    entry = patterns[pattern] if 0 <= pattern < len(patterns) else None
    durations = entry.get("light_index_durations") if isinstance(entry, dict) else None
    pairs = [pair for pair in durations or () if isinstance(pair, list) and pair]
    return [int(pair[0]) for pair in pairs] or [pattern - 1]
