"""The drift of the lights as a table that any program plots."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_text
from olat.model.drift import LightDrift

_COLUMNS = ["frame", "red", "green", "blue"]


def write_drift(path: Path, drift: LightDrift) -> None:
    """Write one line a full-on frame: its number, and its level by channel."""
    rows = [
        ",".join([str(moment), *(f"{value:.6f}" for value in level)])
        for moment, level in zip(drift.moments, drift.levels, strict=True)
    ]
    publish_text(path, "\n".join([",".join(_COLUMNS), *rows]) + "\n")


def read_drift(path: Path) -> LightDrift:
    """Read what `write_drift` wrote; `FileError` if it is something else."""
    try:
        header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
        numbers = np.array(rows, np.float64).reshape(-1, len(_COLUMNS))
    except (OSError, ValueError) as error:
        raise FileError(
            f"{path}: {error}; a table of {', '.join(_COLUMNS)} is needed. Delete it and run again."
        ) from None
    if header != _COLUMNS:
        raise FileError(
            f"{path}: its columns are {', '.join(header)}; {', '.join(_COLUMNS)} are needed. "
            "Delete it and run again."
        )
    return LightDrift(tuple(numbers[:, 0].astype(int).tolist()), numbers[:, 1:])
