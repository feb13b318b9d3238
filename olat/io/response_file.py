"""Measured responses as tables: a line for each 8-bit code, one value or red, green, blue."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from olat.errors import FileError
from olat.io.publish import publish_text
from olat.model.encoding import ResponseCurve

_HEADS = {1: ("light",), 3: ("red", "green", "blue")}


def read_response(path: Path) -> ResponseCurve:
    """Read a response; a first line without numbers is a heading.

    Raises
    ------
    FileError
        If it cannot be read, or is not 256 rows of one or three numbers that rise.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise FileError(f"{path}: the response cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: byte {error.start} is not text; a table is needed.") from None
    rows = []
    for number, words in enumerate(csv.reader(lines), start=1):
        if not words:
            continue
        try:
            rows.append(tuple(float(word) for word in words))
        except ValueError:
            if rows or number > 1:
                raise FileError(
                    f"{path}:{number}: {', '.join(words)!r}; one or three numbers are needed."
                ) from None
    try:
        return ResponseCurve(tuple(rows))
    except ValueError as error:
        raise FileError(f"{path}: {error}. `olat response` makes one.") from None


def write_response(path: Path, response: ResponseCurve) -> None:
    """Write a response; it appears whole or not at all."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(_HEADS[len(response.light[0])])
    table.writerows([f"{value:.9g}" for value in row] for row in response.light)
    publish_text(path, out.getvalue())
