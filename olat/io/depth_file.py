"""Depth as OpenEXR, with a picture and a mesh beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.color_header import DATA
from olat.io.depth_picture import picture_from_depth
from olat.io.display import write_png
from olat.io.exr import Attribute, read_exr, write_exr
from olat.io.ply_file import write_ply
from olat.model.maps import DepthMap

MESH = "mesh.ply"
"""Name of the file of triangles beside that of depth."""

_FRAME = "world: right-handed, +x image right, +y up, +z to the reference camera"
_UNITS = {True: "m", False: "px: width of a pixel at the world's origin"}
_RAYS = {True: "perspective", False: "orthographic"}


def write_depth(path: Path, depth: DepthMap, attributes: Mapping[str, Attribute]) -> list[Path]:
    """Write ``Z``, ``P.X P.Y P.Z``, ``confidence.Y``, ``flags.Y``, a picture and the mesh.

    Returns
    -------
    files
        All that were written.
    """
    channels = {
        "Z": depth.depth,
        **{f"P.{letter}": depth.places[..., k] for k, letter in enumerate("XYZ")},
        "confidence.Y": depth.confidence,
        "flags.Y": depth.flags.astype(np.float32),
    }
    own: dict[str, Attribute] = {
        **DATA,
        "olat/frame": _FRAME,
        "olat/unit": _UNITS[depth.is_metric],
        "olat/rays": _RAYS[depth.is_perspective],
        "olat/scale": "Z along the camera's axis, P in the world; zero where unknown",
    }
    write_exr(path, channels, attributes={**own, **attributes})
    picture = path.with_suffix(".png")
    write_png(picture, picture_from_depth(depth))
    files = [path, picture]
    if depth.mesh is not None:
        comments = [f"unit {_UNITS[depth.is_metric]}", f"frame {_FRAME}"]
        files.append(path.with_name(MESH))
        write_ply(files[-1], depth.mesh, comments)
    return files


def read_depth(path: Path) -> DepthMap:
    """Read what `write_depth` wrote, without the mesh; `FileError` if it is something else."""
    channels, attributes = read_exr(path)
    names = ("Z", "P.X", "P.Y", "P.Z", "confidence.Y", "flags.Y", "olat/unit", "olat/rays")
    missing = [name for name in names if name not in channels and name not in attributes]
    if missing:
        raise FileError(
            f"{path}: {', '.join(missing)} missing; the file holds {', '.join(channels)}. "
            "Was it written by another program? Run `olat process` again."
        )
    return DepthMap(
        channels["Z"],
        np.stack([channels[f"P.{letter}"] for letter in "XYZ"], axis=-1),
        channels["confidence.Y"],
        channels["flags.Y"].astype(np.uint8),
        is_metric=attributes["olat/unit"] == _UNITS[True],
        is_perspective=attributes["olat/rays"] == _RAYS[True],
    )
