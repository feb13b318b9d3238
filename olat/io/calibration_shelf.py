"""Folders of certified calibrations: which one holds for a device on a day.

::

    cameras/<camera>/<valid-from>/sensor.toml   color.toml   lens.toml
    rigs/<rig>/<valid-from>/rig.toml

The folder's name, ``YYYY-MM-DD``, is the first day on which its calibrations hold.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from olat.errors import CalibrationError
from olat.model.calibration import Kind

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

CALIBRATION_FOLDER = "calibration"
"""Name of the folder of calibrations in a session."""


def place_on_shelf(folder: Path, kind: Kind, device: str, valid_from: datetime.date) -> Path:
    """Return where the document of a certified calibration belongs."""
    return _device_folder(folder, kind, device) / valid_from.isoformat() / f"{kind}.toml"


def shelf_of(document: Path) -> Path:
    """Return the folder of calibrations in which a document lies."""
    return document.parents[3]


def find_calibration(
    folders: Sequence[Path], kind: Kind, device: str, day: datetime.date | None
) -> Path | None:
    """Find the document of the calibration that holds for a device on a day.

    Parameters
    ----------
    folders
        Searched in this order; the first that has one decides.
    kind, device
        What is wanted of which camera or rig.
    day
        Day of the capture; none takes the newest.

    Returns
    -------
    Path or None
        The newest that is valid on that day; none where nothing is certified for the device.

    Raises
    ------
    CalibrationError
        If there are calibrations, but all begin to hold after that day; or a folder's name is no
        date.
    """
    later: list[datetime.date] = []
    for folder in folders:
        by_day = _by_day(folder, kind, device)
        valid = [start for start in by_day if day is None or start <= day]
        if valid:
            return by_day[max(valid)]
        later += by_day
    if later:
        what = "rig" if kind == "rig" else "camera"
        raise CalibrationError(
            f"{what} {device!r}: no {kind} calibration is valid on {day}; the earliest starts "
            f"{min(later)}. Certify one with an earlier --valid-from, or correct the session's "
            "date."
        )
    return None


def _by_day(folder: Path, kind: Kind, device: str) -> dict[datetime.date, Path]:
    """Return the documents of a device by the first day on which they hold."""
    found = {}
    for path in sorted(_device_folder(folder, kind, device).glob(f"*/{kind}.toml")):
        found[_day(path.parent)] = path
    return found


def _day(folder: Path) -> datetime.date:
    """Return the day that a folder is named after."""
    try:
        if _DAY.fullmatch(folder.name):
            return datetime.date.fromisoformat(folder.name)
    except ValueError:
        pass
    raise CalibrationError(
        f"{folder}: the folder's name is no date; YYYY-MM-DD, the first day on which the "
        "calibration holds, is needed. Rename or remove it."
    )


def _device_folder(folder: Path, kind: Kind, device: str) -> Path:
    """Return the folder of a device; its name may hold what a file name cannot."""
    safe = quote(device, safe=" ")
    if set(safe) <= {"."}:
        safe = safe.replace(".", "%2E")
    return folder / ("rigs" if kind == "rig" else "cameras") / safe
