"""Light files that are text: RTI's ``.lp``, plain columns, tables with a header, DiLiGenT."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import numpy as np

from olat.errors import FileError
from olat.io.light_file_header import Header
from olat.io.light_list import LightFile, LightRow, lights_from_rows
from olat.io.light_order import in_numbered_order
from olat.model.words import counted

_NUMBER = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf)"
_IS_NUMBER = re.compile(_NUMBER, re.IGNORECASE)
_LP_ROW = re.compile(
    rf"(?:(.*?)[\s,;]+)?({_NUMBER})[\s,;]+({_NUMBER})[\s,;]+({_NUMBER})\s*", re.IGNORECASE
)
_ENDS_IN_DECIMALS = re.compile(r"(?:[+-]?\d*\.\d+[\s,;]+){2}[+-]?\d*\.\d+")

Line = tuple[int, str]


def read_text(path: Path) -> str:
    """Return the text of a file, whatever editor or spreadsheet wrote it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}; a file that can be read is needed.") from None
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def number(text: str) -> float:
    """Return a number with a decimal point or comma."""
    return float(text.replace(",", "."))


def read_lp(path: Path) -> LightFile:
    r"""Read RTI's light positions: a count, then ``name x y z`` a line.

    Names may hold spaces and paths of foreign machines; their last part is kept. The count line
    may be missing, and numbers may have decimal commas.
    """
    lines, notes = _without_count(_lines(path))
    rows = []
    for line, text in lines:
        match = _LP_ROW.fullmatch(text)
        if match is None or _ENDS_IN_DECIMALS.search(match[1] or ""):
            raise FileError(f"{path}:{line}: {text!r} is no light; 'name x y z' is needed.")
        x, y, z = (number(word) for word in match.group(2, 3, 4))
        name = PureWindowsPath((match[1] or "").strip().strip("\"'")).name
        rows.append(LightRow(f"{path}:{line}", (x, y, z), name=name))
    return lights_from_rows(path, rows, source_format="RTI light positions", notes=notes)


def read_table(path: Path) -> LightFile:
    """Read columns of numbers, with a header that names them or without.

    Without one, a line is ``x y z``, ``name x y z``, ``x y z red green blue`` or ``name`` before
    these, separated by blanks, tabs, commas or semicolons; a count may stand in the first line.
    """
    lines = [(line, text) for line, text in _lines(path) if not text.startswith(("#", "//", "%"))]
    if lines and _is_header(_fields(lines[0][1])):
        return _read_headed(path, lines)
    lines, notes = _without_count(lines)
    table = [(line, _fields(text)) for line, text in lines]
    rows = [_plain_row(f"{path}:{line}", fields, len(table[0][1])) for line, fields in table]
    if table and len(table[0][1]) in (4, 7):
        _check_ids(path, rows)
    return lights_from_rows(path, rows, source_format="columns of numbers", notes=notes)


def read_points(path: Path) -> LightFile:
    """Read a point cloud, ``v x y z`` a line, as HumanOLAT gives its lights; other lines are left.

    References
    ----------
    .. [1] Teufel et al., HumanOLAT: a large-scale dataset for full-body human relighting and
       novel-view synthesis, ICCV 2025.
    """
    table = [(line, text.split()) for line, text in _lines(path)]
    rows, others = [], 0
    for line, (word, *fields) in table:
        if word != "v":
            others += not word.startswith("#")
            continue
        if len(fields) < 3 or not all(map(_IS_NUMBER.fullmatch, fields[:3])):
            raise FileError(f"{path}:{line}: found {' '.join(fields)!r}; 'v x y z' is needed.")
        x, y, z = map(number, fields[:3])
        rows.append(LightRow(f"{path}:{line}", (x, y, z)))
    notes = [f"{others} lines do not begin with 'v' and were left out"] if others else []
    return lights_from_rows(path, rows, source_format="point cloud", holds="positions", notes=notes)


def read_diligent(path: Path) -> LightFile:
    """Read a DiLiGenT object: directions, and the intensities and file names beside them.

    References
    ----------
    .. [1] Shi et al., A benchmark dataset and evaluation for non-Lambertian and uncalibrated
       photometric stereo, TPAMI 2019.
    """
    lights = read_table(path)
    colors, names, notes = lights.intensities, lights.names, list(lights.notes)
    intensities, filenames = (
        path.with_name(name) for name in ("light_intensities.txt", "filenames.txt")
    )
    if intensities.is_file():
        colors = _intensities(intensities, len(lights))
    if filenames.is_file():
        names = tuple(PureWindowsPath(text).name for _, text in _lines(filenames))
        if len(names) != len(lights):
            notes.append(
                f"{filenames.name} names {counted(len(names), 'file')} for "
                f"{counted(len(lights), 'light')}"
            )
            names = ()
    return replace(
        lights,
        source_format="DiLiGenT",
        names=names,
        intensities=colors,
        holds="directions",
        notes=tuple(notes),
    )


def _intensities(path: Path, count: int) -> np.ndarray:
    """Return one red, green, blue line a light; a single column counts for all three."""
    table = [(line, _fields(text)) for line, text in _lines(path)]
    for line, fields in table:
        if len(fields) not in (1, 3) or not all(map(_IS_NUMBER.fullmatch, fields)):
            raise FileError(f"{path}:{line}: found {fields}; 'red green blue' is needed.")
    if len(table) != count:
        raise FileError(
            f"{path}: {len(table)} intensities for {counted(count, 'light')}; one each is needed."
        )
    colors = [[number(field) for field in fields] for _, fields in table]
    for (line, fields), color in zip(table, colors, strict=True):
        if not (np.all(np.isfinite(color)) and min(color) > 0):
            raise FileError(f"{path}:{line}: found {fields}; numbers above 0 are needed.")
    return np.array([color * (3 // len(color)) for color in colors], dtype=np.float64)


def _lines(path: Path) -> list[Line]:
    """Return the lines that are not blank, with their numbers."""
    lines = enumerate(read_text(path).splitlines(), start=1)
    return [(line, text.strip()) for line, text in lines if text.strip(" \t,;")]


def _without_count(lines: list[Line]) -> tuple[list[Line], list[str]]:
    """Split off a first line that says how many lights follow, and say if it is wrong."""
    if not (lines and lines[0][1].isdecimal()):
        return lines, []
    said, rest = int(lines[0][1]), lines[1:]
    if said == len(rest):
        return rest, []
    return rest, [f"its first line says {counted(said, 'light')}, but {len(rest)} follow"]


def _fields(text: str) -> list[str]:
    """Split a line at tabs, semicolons, commas or blanks; commas may be decimal."""
    for separator in ("\t", ";"):
        if separator in text:
            return [field.strip() for field in text.split(separator)]
    words = text.split()
    decimal_commas = len(words) >= 3 and all(
        re.fullmatch(r"[^,]*|[+-]?\d*,\d+(?:[eE][+-]?\d+)?", word) for word in words
    )
    if "," in text and not decimal_commas:
        return [field.strip() for field in next(csv.reader([text], skipinitialspace=True))]
    return words


def _is_header(fields: Sequence[str]) -> bool:
    """Tell whether a first line names columns."""
    return len(fields) >= 2 and not any(map(_IS_NUMBER.fullmatch, fields))


def _plain_row(where: str, fields: Sequence[str], columns: int) -> LightRow:
    """Read a line without header: perhaps a name, three numbers, perhaps three more."""
    if len(fields) != columns:
        raise FileError(f"{where}: {len(fields)} columns; the first light has {columns}.")
    if columns not in (3, 4, 6, 7):
        raise FileError(
            f"{where}: {columns} columns; 'x y z', then perhaps 'red green blue', and a name "
            "before them are understood. Name the columns in a first line."
        )
    name, words = ("", fields) if columns in (3, 6) else (fields[0], fields[1:])
    for word in words:
        if not _IS_NUMBER.fullmatch(word):
            raise FileError(f"{where}: {word!r} stands where a number is needed.")
    x, y, z, *color = map(number, words)
    return LightRow(where, (x, y, z), (color[0], color[1], color[2]) if color else None, name)


def _check_ids(path: Path, rows: Sequence[LightRow]) -> None:
    """Refuse a fourth number that may be anything: only whole numbers or words name lights."""
    fractions = [row for row in rows if "." in row.name and _IS_NUMBER.fullmatch(row.name)]
    if len(fractions) == len(rows):
        raise FileError(
            f"{path}: the first column ({rows[0].name}, …) is no name, so the meaning of its "
            "columns is open. Name them in a first line, such as 'x,y,z,intensity'."
        )


def _read_headed(path: Path, lines: list[Line]) -> LightFile:
    """Read a table whose first line names the columns."""
    header = Header(path, _fields(lines[0][1]))
    rows, table = [], []
    for line, text in lines[1:]:
        where, fields = f"{path}:{line}", _fields(text)
        if len(fields) != len(header.columns):
            raise FileError(
                f"{where}: {len(fields)} columns; the header names {len(header.columns)}."
            )
        rows.append(header.row(where, fields))
        table.append(fields)
    return lights_from_rows(
        path,
        in_numbered_order(rows, header.numbers(table)),
        source_format="table with a header",
        holds=header.holds,
        units=header.units,
        notes=header.notes,
    )
