"""The order of lights that a table numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from olat.errors import FileError
from olat.io.light_list import LightRow

_WHOLE = re.compile(r"[+-]?\d+(?:[.,]0*)?")


def in_numbered_order(rows: Sequence[LightRow], numbers: Sequence[str]) -> list[LightRow]:
    """Return the rows of a table in the order of its column ``light``, ``id`` or ``index``.

    Parameters
    ----------
    rows
        The lights as they stand in the file.
    numbers
        What the column says in each row: whole numbers from 0 or 1, or else names.

    Raises
    ------
    FileError
        If some rows have a number and others none, or the numbers do not count the lights.
    """
    counted = [_WHOLE.fullmatch(word) is not None for word in numbers]
    if not any(counted):
        pairs = zip(rows, numbers, strict=True)
        return [row if row.name else replace(row, name=word) for row, word in pairs]
    if not all(counted):
        odd = counted.index(False)
        raise FileError(
            f"{rows[odd].where}: the light is called {numbers[odd]!r} where others have whole "
            "numbers. Number all of them, or call the column 'name' to keep the order of the lines."
        )
    by_number: dict[int, LightRow] = {}
    for row, word in zip(rows, numbers, strict=True):
        light = int(float(word.replace(",", ".")))
        if light in by_number:
            raise FileError(
                f"{row.where}: light {light} stands already in {by_number[light].where}; one line "
                "a light is needed. Correct the number, or delete one of the lines."
            )
        by_number[light] = row
    _check_count(by_number)
    return [by_number[light] for light in sorted(by_number)]


def _check_count(by_number: dict[int, LightRow]) -> None:
    """Refuse numbers that do not run from 0 or 1 without a gap."""
    ordered = sorted(by_number)
    base = ordered[0]
    advice = (
        "Number the lights from 0 or 1 without gaps, or call the column 'name' to keep the order "
        "of the lines."
    )
    if base not in (0, 1):
        raise FileError(
            f"{by_number[base].where}: the first light is {base}; 0 or 1 is needed. {advice}"
        )
    after_gap = next((light for place, light in enumerate(ordered, base) if light != place), None)
    if after_gap is not None:
        before = max(light for light in ordered if light < after_gap)
        raise FileError(
            f"{by_number[after_gap].where}: light {after_gap} follows light {before}; light "
            f"{before + 1} is missing. {advice}"
        )
