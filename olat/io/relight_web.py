"""Web sets of the Relight format: ``info.json`` and planes as JPEG pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imageio.v3 as iio
from jaxtyping import UInt8

from olat.io.publish import publish_bytes, publish_text
from olat.model.shapes import Array


def write_info(path: Path, told: dict[str, Any]) -> None:
    """Write the description of a set."""
    publish_text(path, json.dumps(told) + "\n")


def write_jpeg(path: Path, picture: UInt8[Array, "h w 3"], *, quality: int) -> None:
    """Write a JPEG whose color is as fine as its brightness: its channels are numbers of their own.

    Parameters
    ----------
    quality
        1 to 100.
    """
    content = iio.imwrite(
        "<bytes>", picture, extension=".jpg", plugin="pillow", quality=quality, subsampling=0
    )
    publish_bytes(path, content)
