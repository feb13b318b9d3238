"""One EXR with named layers: what compositors and renderers load in one read."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import SessionError
from olat.export.source import ExportSource
from olat.io.color_header import color_attributes
from olat.io.exr import Attribute, Window, write_exr
from olat.model.field import ReflectanceField
from olat.model.shapes import Mask, Plane, Radiance
from olat.relight.planes import relit
from olat.surface.roughness import roughness_of_phong

logger = logging.getLogger(__name__)

LIGHTS_A_FILE = 256
"""Light layers in one file: Nuke has room for about 1023 channels in a script."""
FRAME = "world: right-handed, +x image right, +y up, +z to the reference camera"

Channels = dict[str, Plane]


@dataclass(frozen=True)
class LayerOptions:
    """What goes into the files."""

    lights: bool = False
    """Whether every light becomes a layer too, in files of their own."""
    crop: bool = True
    """Whether only the rows and columns of the matte are stored; the display window stays."""


def write_layers(source: ExportSource, path: Path, options: LayerOptions) -> list[Path]:
    """Write what is known about a camera's picture as layers of one part.

    Unnamed ``R G B A`` is the subject in even light from everywhere and its matte; beside it are
    ``albedo``, ``specular``, ``N``, ``P``, ``exponent``, ``roughness`` and ``confidence``, as far
    as they were made. With `LayerOptions.lights`, ``light_0001`` and so on follow in files named
    ``<name>.lights.0001.exr``, at most `LIGHTS_A_FILE` in each.

    Parameters
    ----------
    source
        A processed camera.
    path
        File to make; ``.exr``.
    options
        What goes in.

    Returns
    -------
    files
        All that were written.

    Raises
    ------
    SessionError
        If there is no field.
    StorageError
        If the disk is full, read-only or failing.

    Notes
    -----
    At most four channels a layer, names of letters, digits and underscores that begin with a
    letter: what Nuke, Blender, Natron and OpenImageIO agree on. Colors are half, geometry is
    float. Light i's layer is ``light_<i+1>``; its header entries say which light that is.
    """
    field = source.field()
    matte, told_by = source.matte()
    window = _window(matte) if options.crop and matte is not None and matte.any() else None
    attributes = _attributes(source, field) | {"olat/alpha": told_by}
    if matte is None:
        logger.warning("A is 1 everywhere, told by %s.", told_by)
    channels = _beauty(field, matte) | _maps(source)
    halves = {name for name in channels if name.split(".")[0] not in ("N", "P", "Z")}
    write_exr(path, channels, attributes=attributes, half=halves, window=window)
    files = [path]
    if options.lights:
        files += _write_lights(field, path, attributes, window)
    return files


def _beauty(field: ReflectanceField, matte: Mask | None) -> Channels:
    """Return the subject in even light, times its matte, and the matte."""
    weights = np.repeat(field.header.solid_angles[:, None] / np.pi, 3, axis=1)
    radiance = relit(field.planes, weights)
    alpha = np.ones(radiance.shape[:2], np.float32) if matte is None else matte.astype(np.float32)
    return {**_split("", "RGB", radiance * alpha[..., None]), "A": alpha}


def _maps(source: ExportSource) -> Channels:
    """Return the layers of all maps that were made; what was not is told."""
    channels: Channels = {}
    for layers in (_phong, _normals, _places):
        try:
            channels |= layers(source)
        except SessionError as error:
            logger.warning("left out: %s", error)
    return channels


def _phong(source: ExportSource) -> Channels:
    phong = source.phong()
    return {
        **_split("albedo.", "RGB", phong.diffuse_albedo),
        **_split("specular.", "RGB", phong.specular_albedo),
        "exponent.Y": phong.exponent,
        "roughness.Y": roughness_of_phong(phong.exponent),
    }


def _normals(source: ExportSource) -> Channels:
    normals = source.normals()
    return {**_split("N.", "XYZ", normals.normals), "confidence.Y": normals.confidence}


def _places(source: ExportSource) -> Channels:
    depth = source.depth()
    return {**_split("P.", "XYZ", depth.places), "Z": depth.depth}


def _write_lights(
    field: ReflectanceField, path: Path, attributes: dict[str, Attribute], window: Window | None
) -> list[Path]:
    """Write a layer for each light, so many to a file."""
    files = []
    count = len(field.planes)
    for part, first in enumerate(range(0, count, LIGHTS_A_FILE)):
        last = min(first + LIGHTS_A_FILE, count)
        channels: Channels = {}
        told: dict[str, Attribute] = {}
        for row in range(first, last):
            layer = f"light_{field.header.lights[row] + 1:04d}"
            plane = field.planes[row]
            channels |= {f"{layer}.{color}": plane[k] for k, color in enumerate("RGB")}
            told[f"olat/{layer}"] = field.header.rig.directions[row]
        place = path.with_name(f"{path.stem}.lights.{part + 1:04d}.exr")
        write_exr(place, channels, attributes={**attributes, **told}, half=True, window=window)
        files.append(place)
    return files


def _attributes(source: ExportSource, field: ReflectanceField) -> dict[str, Attribute]:
    return {
        **color_attributes(field.header.space),
        "olat/version": version("olat"),
        "olat/session": source.session.name,
        "olat/camera": source.camera,
        "olat/frame": FRAME,
        "olat/scale": "unnamed RGB: even light of radiance 1 from all that the rig covers, times A;"
        " light layers: a white Lambert patch facing the light reads 1",
        "comments": "N and P are data in the world frame; N has float precision",
    }


def _window(matte: Mask) -> Window:
    """Return the rows and columns around the matte."""
    rows, columns = (np.flatnonzero(matte.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _split(layer: str, letters: str, pixels: Radiance | np.ndarray[Any, Any]) -> Channels:
    return {f"{layer}{letter}": pixels[..., k] for k, letter in enumerate(letters)}
