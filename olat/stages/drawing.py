"""Pictures beside products: worth having, never worth a measurement."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from olat.io.contact_sheet import DisplayPicture

logger = logging.getLogger(__name__)


def drawn(path: Path, draw: Callable[[], DisplayPicture | None]) -> list[Path]:
    """Draw a picture and write it; return its path, or nothing where it cannot be drawn.

    An error of drawing is told as a warning: a picture never costs a measurement.
    """
    from olat.io.display import write_png

    try:
        picture = draw()
    except Exception as error:  # noqa: BLE001 - a picture never costs a measurement
        logger.warning("%s cannot be drawn: %s.", path.name, error)
        return []
    if picture is None:
        return []
    write_png(path, picture)
    return [path]
