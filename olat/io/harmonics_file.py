"""Spherical harmonics as text: DPR's nine lines, SfSNet's 27 numbers, and ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_text
from olat.light.harmonic_conventions import Convention, from_convention, to_convention
from olat.light.spherical_harmonics import Coefficients, degree_of


def read_harmonics(path: Path, convention: Convention) -> Coefficients:
    """Read coefficients into our order and axes, three channels.

    Parameters
    ----------
    path
        Numbers between blanks, commas or line ends; what follows ``#`` is left out.
    convention
        ``dpr`` has one number for each of nine harmonics, of gray light; ``sfsnet`` has nine for
        red, nine for green and nine for blue; ``olat`` has red, green and blue for each of 1, 4, 9,
        16 or 25 harmonics.

    Raises
    ------
    FileError
        If the file cannot be read, or holds other than as many finite numbers.
    """
    numbers = _numbers(path)
    wanted = {"dpr": (9,), "sfsnet": (27,), "olat": tuple(3 * n * n for n in range(1, 6))}
    if len(numbers) not in wanted[convention] or not np.isfinite(numbers).all():
        counts = ", ".join(map(str, wanted[convention]))
        raise FileError(
            f"{path}: found {len(numbers)} numbers, {int(np.isfinite(numbers).sum())} of them "
            f"finite; {convention} has {counts}. Say whose coefficients they are."
        )
    if convention == "dpr":
        table = np.repeat(numbers[:, None], 3, axis=1)
    elif convention == "sfsnet":
        table = numbers.reshape(3, 9).T
    else:
        table = numbers.reshape(-1, 3)
    return from_convention(np.ascontiguousarray(table), convention)


def write_harmonics(path: Path, coefficients: Coefficients, convention: Convention) -> None:
    """Write coefficients in the order, axes and layout of a convention.

    ``dpr`` holds gray light: the mean of the channels.

    Raises
    ------
    ValueError
        If the convention cannot hold so many.
    """
    table = to_convention(coefficients, convention)
    if convention == "dpr":
        rows = [[value] for value in table.mean(axis=1)]
    elif convention == "sfsnet":
        rows = [[value] for value in table.T.ravel()]
    else:
        degree_of(len(table))
        rows = table.tolist()
    lines = [" ".join(f"{float(value):.17g}" for value in row) for row in rows]
    publish_text(path, "\n".join(lines) + "\n")


def _numbers(path: Path) -> np.ndarray:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: cannot be read as text: {error}.") from error
    words = " ".join(line.partition("#")[0] for line in text.splitlines()).replace(",", " ").split()
    try:
        return np.array([float(word) for word in words])
    except ValueError as error:
        raise FileError(f"{path}: {error}; numbers are needed.") from error
