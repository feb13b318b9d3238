"""Measured materials as files of the MERL data base (``.binary``).

Little-endian: three 32-bit integers 90, 90, 180, then 64-bit floats, all of red, then green, then
blue; in each the turn about the half vector runs fastest, then the difference angle, then the half
angle. Values times 1/1500, 1.15/1500 and 1.66/1500 are reflectance [1/sr]; below zero nothing was
measured.

References
----------
.. [1] Matusik, Pfister, Brand and McMillan, A data-driven reflectance model, ACM Transactions on
   Graphics 22(3), 2003.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_bytes
from olat.surface.merl import GRID, NO_DATA, MerlTable

SCALES = (1.0 / 1500.0, 1.15 / 1500.0, 1.66 / 1500.0)
"""Reflectance that a stored 1 stands for in red, green, blue [1/sr]."""
_HEADER = 12
_CELLS = GRID[0] * GRID[1] * GRID[2]
FILE_SIZE = _HEADER + 3 * _CELLS * 8
"""[B]"""


def read_merl(path: Path) -> MerlTable:
    """Read a measured material.

    Raises
    ------
    FileError
        If the file is missing, of another size or grid, or holds what is not a number.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file; a MERL material is needed.") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}.") from error
    _require_grid(path, content)
    stored = np.frombuffer(content, "<f8", offset=_HEADER).reshape(3, *GRID)
    if not np.isfinite(stored).all():
        count = int((~np.isfinite(stored)).sum())
        raise FileError(
            f"{path}: {count:,} values are not finite numbers; a MERL material marks what was not "
            "measured by numbers below zero. Make or copy it again."
        )
    scales = np.array(SCALES)[:, np.newaxis, np.newaxis, np.newaxis]
    return MerlTable(np.where(stored < 0.0, NO_DATA, stored * scales), path.stem)


def write_merl(path: Path, table: MerlTable) -> None:
    """Write a material, whole or not at all.

    Raises
    ------
    ValueError
        If a value is not a finite number, or the table has another grid.
    StorageError
        If the disk is full, read-only or failing.
    """
    if table.values.shape != (3, *GRID) or not np.isfinite(table.values).all():
        raise ValueError(
            f"material {table.name!r}: its table has shape {table.values.shape}; (3, 90, 90, 180) "
            "finite numbers were needed, below zero where nothing was measured"
        )
    scales = np.array(SCALES)[:, np.newaxis, np.newaxis, np.newaxis]
    stored = np.where(table.values < 0.0, NO_DATA, table.values / scales)
    header = np.array(GRID, "<i4").tobytes()
    publish_bytes(path, header + stored.astype("<f8").tobytes())


def _require_grid(path: Path, content: bytes) -> None:
    """Refuse what is no material on the grid of MERL."""
    grid = tuple(np.frombuffer(content[:_HEADER], "<i4").tolist()) if len(content) >= 12 else ()
    if len(content) >= _HEADER and grid != GRID:
        raise FileError(
            f"{path}: the grid is {' x '.join(map(str, grid))}; 90 x 90 x 180 of an isotropic MERL "
            "material is needed. Check that it is a .binary of that data base."
        )
    if len(content) != FILE_SIZE:
        short = "ends early" if len(content) < FILE_SIZE else "goes on after the table"
        raise FileError(
            f"{path}: the file {short}, with {len(content):,} bytes; {FILE_SIZE:,} are needed. "
            "Copy it again."
        )
