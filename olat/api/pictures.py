"""Relit pictures as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from olat.model.color import ColorSpace
    from olat.model.shapes import Radiance

FOR_DISPLAY = "for display, in sRGB at an exposure of its own; linear values are in EXR files"
"""What a PNG says about its values."""


def write_relit(
    path: Path,
    radiance: Radiance,
    *,
    lighting: str,
    space: ColorSpace = "camera",
    exposure_stops: float | None = None,
    layers: Mapping[str, Radiance] | None = None,
) -> None:
    """Write a relit picture: linear as ``.exr``, for display as ``.png``.

    Parameters
    ----------
    radiance
        Linear [diffuse white under the stated lighting = 1].
    lighting
        What lights it, in words; goes into the file.
    space
        What its red, green and blue are: the `space` of the field's header.
    exposure_stops
        Of the PNG; none chooses it so that the brightest parts are just below white [stop].
    layers
        Of the EXR besides, by name.
    """
    if path.suffix.lower() == ".exr":
        from olat.io.map_files import write_relit as write_exr

        write_exr(path, radiance, {"olat/lighting": lighting}, space=space, layers=layers or {})
        return
    from olat.io.display import picture_from_radiance, write_png

    scale = None if exposure_stops is None else 2.0**exposure_stops
    told = {"Software": "olat", "Description": f"relit: {lighting}", "Comment": FOR_DISPLAY}
    write_png(path, picture_from_radiance(radiance, exposure=scale, space=space), told=told)
