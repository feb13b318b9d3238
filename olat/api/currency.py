"""Whether products are those of the session as it is written now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from olat.io.publish import publish_text

MARK = ".current.json"
"""File among the products: what the session said when the last run came to its end."""


def mark_current(products: Path, session_digest: str, calibration: Sequence[Path] = ()) -> None:
    """Note that a run came to its end without a failure, and which calibrations it was given."""
    if not is_current(products, session_digest) or calibration_folders(products) != [*calibration]:
        folders = [str(folder) for folder in calibration]
        mark = {"session": session_digest, "calibration": folders}
        publish_text(products / MARK, json.dumps(mark))


def calibration_folders(products: Path) -> list[Path]:
    """Return the folders of calibrations that the last run was given on the command line."""
    try:
        return [Path(folder) for folder in json.loads((products / MARK).read_text())["calibration"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def mark_unfinished(products: Path) -> None:
    """Note that a run has begun to change products."""
    (products / MARK).unlink(missing_ok=True)


def is_current(products: Path, session_digest: str) -> bool:
    """Tell whether the last run came to its end, and the session has not changed since."""
    try:
        return bool(json.loads((products / MARK).read_text())["session"] == session_digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False
