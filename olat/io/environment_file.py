"""Environment maps: OpenEXR and Radiance files <-> light from everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import OpenEXR

from olat.errors import FileError
from olat.io.color_header import color_attributes
from olat.io.environment_hdr import write_hdr
from olat.io.environment_picture import read_environment_picture
from olat.io.exr import Attribute, write_exr
from olat.light.map_projections import has_shape
from olat.model.environment import EnvironmentMap
from olat.model.shapes import Radiance
from olat.sensor.working_space import converted

WRITTEN = (".exr", ".hdr")
"""What maps that are written are called."""


def read_environment(path: Path) -> EnvironmentMap:
    """Read a latitude-longitude map in OpenEXR orientation.

    Parameters
    ----------
    path
        ``.exr``; ``.hdr`` as Radiance writes it; ``.tif`` of floats; twice as wide as high.

    Raises
    ------
    FileError
        If the file is of another kind or shape, cannot be read, or holds what is not a number.

    Notes
    -----
    A map is in linear Rec. 709 unless its header says ACEScg. Negative radiance, which filters
    and lossy compression leave, becomes 0 with a warning. What looks clipped is warned of.
    """
    picture = read_environment_picture(path)
    height, width = picture.radiance.shape[:2]
    if picture.projection == "cube" or not has_shape("latlong", height, width):
        raise FileError(
            f"{path}: the map is {width} x {height}; a latitude-longitude map twice as wide as "
            f"high is needed. {_likely(picture.projection, height, width)} Convert it first: "
            f"olat envmap convert {path} --projection ... -o MAP.exr."
        )
    return EnvironmentMap(picture.radiance, name=path.stem, space=picture.space)


def write_environment(
    path: Path, environment: EnvironmentMap, *, half: bool = False, words: str | None = None
) -> list[str]:
    """Write a latitude-longitude map, whole or not at all.

    Parameters
    ----------
    path
        ``.exr``: ``R G B``, with ``envmap``, ``colorInteropID`` and ``chromaticities``; or
        ``.hdr``, in Rec. 709.
    half
        Write 16-bit floats into the ``.exr``; they end at 65504.
    words
        Which orientation it has, and what was done to it; goes into the ``.exr``.

    Returns
    -------
    notes
        What the file cannot hold, in words.

    Raises
    ------
    FileError
        If the name ends in something else.
    StorageError
        If the disk is full, read-only or failing.
    """
    suffix = path.suffix.lower()
    if suffix == ".hdr":
        shown = converted(environment.radiance, source=environment.space, target="rec709")
        write_hdr(path, shown)
        notes = [f"{path.name}: .hdr keeps eight bits of a pixel's largest channel, .exr all"]
        if environment.space == "acescg":
            notes.append(f"{path.name}: taken to Rec. 709, whose primaries .hdr stands for")
        return notes
    if suffix != ".exr":
        raise FileError(f"{path}: maps are written as .exr or .hdr; such a name is needed.")
    attributes = {
        # The library's own enumeration; attributes of other types are all that we name.
        "envmap": cast(Attribute, OpenEXR.ENVMAP_LATLONG),
        **color_attributes(environment.space),
    }
    if words is not None:
        attributes["olat/environment"] = words
    write_exr(path, _channels(environment.radiance), attributes=attributes, half=half)
    if half and environment.radiance.max(initial=0.0) > 65504.0:
        return [f"{path.name}: what is brighter than 65504 became 65504; leave --half out"]
    return []


def _channels(radiance: Radiance) -> dict[str, Radiance]:
    return {name: radiance[..., k] for k, name in enumerate("RGB")}


def _likely(projection: str | None, height: int, width: int) -> str:
    """Return what a picture of a shape probably is."""
    if projection == "cube" or has_shape("cube", height, width):
        return "It is a cube of six faces (--projection cube)."
    if has_shape("cross", height, width):
        return "It looks like a cross of six faces (--projection cross)."
    if has_shape("angular", height, width):
        return (
            "It may be a photograph of a mirror ball (--projection mirror_ball) or a light probe "
            "(--projection angular)."
        )
    return "If it is a part of a panorama, the rest of the sphere is missing."
