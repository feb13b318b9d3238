"""Light files of every lab, and the rig they describe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from olat.errors import FileError
from olat.io.light_file_array import read_array
from olat.io.light_file_json import read_light_json
from olat.io.light_file_text import read_diligent, read_lp, read_points, read_table
from olat.io.light_list import Holds, LightFile, Units, has_unit_length
from olat.model.rig import LightRig

AxisFrame: TypeAlias = Literal["olat", "opencv"]

FORMATS = (
    "RTI light positions (.lp)",
    "DiLiGenT (light_directions.txt)",
    "columns 'x y z' (.txt), with a header (.csv, .tsv)",
    "an N x 3 array (.npy, .npz)",
    "Goliath or FaceOLAT (light_pattern_metadata.json)",
    "RelightLab dome (.dome, .json)",
    "HumanOLAT positions (.pc)",
    "a folder of latitude-longitude pictures, one a light",
)
"""What `read_lights` reads, for people."""

_METERS = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def read_lights(path: Path) -> LightFile:
    """Read the lights that a file lists, by its name and content, or that a folder pictures.

    Raises
    ------
    FileError
        If the file is missing, or a line of it is no light.
    """
    if path.is_dir():
        from olat.io.light_footprints import read_footprints  # noqa: PLC0415 - loads scipy

        return read_footprints(path)
    if not path.is_file():
        raise FileError(f"{path}: the light file is not there; a light file is needed.")
    match path.suffix.lower():
        case ".lp":
            return read_lp(path)
        case ".json" | ".dome":
            return read_light_json(path)
        case ".npy" | ".npz":
            return read_array(path)
        case ".pc":
            return read_points(path)
    return read_diligent(path) if path.name == "light_directions.txt" else read_table(path)


def holds_of(lights: LightFile) -> Holds:
    """Return whether the vectors are ``directions`` or ``positions``; unit length decides.

    Only where the format does not say it.
    """
    if lights.holds != "auto":
        return lights.holds
    return "directions" if has_unit_length(lights.vectors) else "positions"


def rig_from_lights(
    lights: LightFile,
    *,
    name: str = "",
    frame: AxisFrame = "olat",
    units: Units | None = None,
    center: Sequence[float] = (0.0, 0.0, 0.0),
    holds: Holds = "auto",
) -> LightRig:
    """Return the rig that a light file describes, in the world frame around the subject.

    Parameters
    ----------
    lights
        What the file says.
    name
        Name of the rig; the file's own name if empty.
    frame
        The file's axes: ``olat`` (x right, y up, z to the camera) or ``opencv`` (x right, y down,
        z away from the camera).
    units
        Length of 1 in the file; what the file says, or meters.
    center
        Place of the subject in the file's units and axes; for positions.
    holds
        ``directions``, ``positions``, or ``auto``.

    Raises
    ------
    FileError
        If the units disagree with the file, or a light lies in the center.

    Notes
    -----
    Assumes lights that are equally bright at the subject where the file has no intensities.
    """
    what = holds_of(lights) if holds == "auto" else holds
    vectors = lights.vectors
    if what == "positions":
        if units and lights.units and units != lights.units:
            raise FileError(
                f"{lights.path}: its numbers are in {lights.units}, but units = '{units}' is asked "
                "for. Leave units out, or make them agree."
            )
        vectors = (vectors - np.asarray(center)) * _METERS[units or lights.units or "m"]
    elif any(center):
        raise FileError(
            f"{lights.path}: it holds directions, which have no center; center = {list(center)} "
            "is asked for. Leave center out, or say holds = 'positions'."
        )
    if frame == "opencv":
        vectors = vectors * np.array([1.0, -1.0, -1.0])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.all(lengths > 0):
        light = int(np.argmin(lengths))
        raise FileError(
            f"{lights.path}: light {light} (from 0) lies at the center, where the subject is."
        )
    colors = lights.intensities
    return LightRig(
        name=name or lights.path.stem,
        directions=vectors / lengths,
        intensities=np.ones((len(lights), 3)) if colors is None else colors.copy(),
        positions=vectors if what == "positions" else None,
        names=lights.names,
    )
