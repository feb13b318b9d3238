"""Tables of frames: the one that people write, and the resolved one beside the manifest."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from olat.errors import FileError
from olat.io.manifest_text import did_you_mean
from olat.io.publish import publish_text
from olat.model.condition import TARGETS, lit_alone
from olat.model.roles import PATTERNS, SOME_PATTERNS, role
from olat.model.session import Frame, Session

RESOLVED = "session.frames.csv"
"""Name of the generated table."""

ROLES = ("olat", "tracking", "gradient", "complement", "dark", *TARGETS, "skip")
"""What a frame may be, besides one of `PATTERNS`."""
_COLUMNS = ("frame", "role", "light", "file", "camera", "gain", "exposure")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line of a frame table, as written."""

    where: str
    frame: int
    role: str
    light: int | None
    """As the table counts: its base is not taken off yet."""
    camera: str
    """Empty for all cameras."""
    file: str
    """Empty for the camera's pattern."""
    gain: float
    exposure_s: float | None = None


def read_frame_table(path: Path) -> list[TableRow]:
    """Read a table with the columns frame, role and perhaps light, file, camera, gain, exposure.

    Raises
    ------
    FileError
        If a column is unknown or missing, or a value cannot be meant: every fault of the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: the frame table cannot be read: {error.strerror}.") from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    columns = [column.strip().lower() for column in reader.fieldnames or ()]
    unknown = [column for column in columns if column not in _COLUMNS]
    if unknown or not {"frame", "role"} <= set(columns):
        raise FileError(
            f"{path}:1: the columns are {', '.join(columns) or 'missing'}; frame, role and "
            "perhaps light, file, camera, gain, exposure are needed."
        )
    reader.fieldnames = columns
    rows, faults = [], []
    for line in reader:
        where = f"{path}:{reader.line_num}"
        try:
            rows.append(_row(where, {key: (line[key] or "").strip() for key in columns}))
        except ValueError as error:
            faults.append(f"{where}: {error}")
    if faults:
        raise FileError("\n".join(faults))
    return rows


def _row(where: str, line: dict[str, str]) -> TableRow:
    """Read one line; `ValueError` says what cannot be meant."""
    word = line["role"].lower()
    if word not in ROLES and word not in PATTERNS:
        hint = did_you_mean(word, (*ROLES, *PATTERNS))
        words = f"{', '.join(ROLES)}, and {SOME_PATTERNS}"
        raise ValueError(f"there is no role {line['role']!r}; there are {words}.{hint}")
    light = _whole("light", line["light"]) if line.get("light") else None
    if word == "olat" and light is None:
        raise ValueError("an 'olat' frame needs a light.")
    gain = _positive("gain", line.get("gain") or "1")
    exposure = _positive("exposure", line["exposure"]) if line.get("exposure") else None
    frame = _whole("frame", line["frame"])
    return TableRow(
        where, frame, word, light, line.get("camera", ""), line.get("file", ""), gain, exposure
    )


def _positive(column: str, word: str) -> float:
    """Return a finite number above 0."""
    try:
        number = float(word)
    except ValueError:
        number = 0.0
    if not 0.0 < number < float("inf"):
        raise ValueError(f"{column} is {word!r}; a number above 0 is needed.")
    return number


def _whole(column: str, word: str) -> int:
    """Return a whole number from 0."""
    if not word.isdecimal():
        raise ValueError(f"{column} is {word!r}; a whole number from 0 is needed.")
    return int(word)


def frame_table_text(session: Session) -> str:
    """Return what a session resolved to: one line a frame, lights counted from 0."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("camera", "frame", "role", "light", "gain", "exposure", "file"))
    for frame in session.frames:
        table.writerow(_resolved(frame, session.folder))
    return out.getvalue()


def _resolved(frame: Frame, folder: Path) -> tuple[str, ...]:
    """Return a frame as a line of the table; files below the session relative to it."""
    condition, path = frame.condition, os.fspath(frame.path)
    alone = lit_alone(condition)
    light = "" if alone is None else str(alone)
    exposure = "" if frame.exposure_s is None else f"{frame.exposure_s:.6g}"
    file = path.removeprefix(os.fspath(folder) + os.sep)
    words = frame.camera, str(frame.index), role(condition), light
    return *words, f"{frame.gain:.6g}", exposure, file


def write_frame_table(session: Session) -> Path:
    """Write the resolved table beside the manifest if it changed; return its place."""
    path, text = session.folder / RESOLVED, frame_table_text(session)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        publish_text(path, text)
    return path
