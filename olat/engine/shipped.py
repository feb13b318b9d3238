"""Where the definitions and calibrations that come with olat lie."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def shipped(folder: str) -> Path:
    """Return the folder of shipped ``pipelines`` or ``calibration``.

    In a wheel they lie below ``olat/share``; in a checkout, editable or bare, beside ``olat``.
    """
    package = Path(str(files("olat")))
    inside, beside = package / "share" / folder, package.parent / folder
    return inside if inside.is_dir() else beside
