"""Files of cameras of other programs, and the cameras they describe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from olat.errors import FileError
from olat.io.camera_file_calib import Extrinsics, read_calib, write_calib
from olat.io.camera_file_colmap import CAMERAS, is_colmap, read_colmap, write_colmap
from olat.io.camera_file_metashape import read_metashape, write_metashape
from olat.io.camera_file_transforms import read_transforms, write_transforms
from olat.io.light_file_text import read_text
from olat.model.calibration import LensCalibration

FORMATS = (
    "a folder with COLMAP's cameras.txt and images.txt",
    "Metashape's cameras (.xml)",
    "HumanOLAT's and OLATverse's cameras (.calib)",
    "transforms.json of NeRF and Gaussian tools",
)
"""What `read_cameras` reads, for people."""


def read_cameras(
    path: Path,
    *,
    size: tuple[int, int] | None = None,
    extrinsics: Extrinsics = "camera_to_world",
) -> dict[str, LensCalibration]:
    """Read the cameras that a file or folder of another program describes.

    Parameters
    ----------
    path
        A folder, or a file; its content tells the format.
    size
        Height and width of the photographs, for files that do not tell them [px].
    extrinsics
        How the matrices of a ``.calib`` file are meant.

    Returns
    -------
    cameras
        Lenses with poses by name: world to camera, x right, y down, z forward. The world is the
        file's, and so is the unit, except that ``.calib`` files, in millimeters, come out in
        meters. `olat.geometry.placement.in_reference_frame` takes them to the stage's world.

    Raises
    ------
    FileError
        If it is missing, damaged, or of a lens that our model does not have.
    """
    if path.is_dir():
        if is_colmap(path):
            return _some(path, read_colmap(path))
        inside = [name for name in ("cameras.calib", "camera.calib") if (path / name).is_file()]
        if not inside:
            raise FileError(f"{path}: the folder holds no cameras; needed is {FORMATS[0]}.")
        path = path / inside[0]
    if not path.is_file():
        raise FileError(f"{path}: the file of cameras is not there; needed is {_any_format()}.")
    if path.name in ("cameras.txt", "images.txt"):
        return _some(path, read_colmap(path.parent))
    start = read_text(path)[:4096].lstrip()
    if start.startswith("<"):
        return _some(path, read_metashape(path))
    if start.startswith("{"):
        return _some(path, read_transforms(path, size=size))
    if "intrinsic" in start or path.suffix == ".calib":
        return _some(path, read_calib(path, size=size, extrinsics=extrinsics))
    raise FileError(f"{path}: found {start[:40]!r}; needed is {_any_format()}.")


def write_cameras(path: Path, cameras: Mapping[str, LensCalibration]) -> None:
    """Write cameras in the format that the name asks for: a folder or ``cameras.txt`` is COLMAP's.

    Raises
    ------
    FileError
        If the name asks for none, or a camera has what the format has not.
    """
    if not cameras:
        raise FileError(f"{path}: there are no cameras to write.")
    match path.suffix.lower():
        case "":
            write_colmap(path, cameras)
        case ".txt" if path.name == CAMERAS:
            write_colmap(path.parent, cameras)
        case ".xml":
            write_metashape(path, cameras)
        case ".calib":
            write_calib(path, cameras)
        case ".json":
            write_transforms(path, cameras)
        case suffix:
            raise FileError(f"{path}: no cameras are written as {suffix!r}; {_any_format()} are.")


def _some(path: Path, cameras: dict[str, LensCalibration]) -> dict[str, LensCalibration]:
    if not cameras:
        raise FileError(f"{path}: no camera in it has a place; at least one is needed.")
    return cameras


def _any_format() -> str:
    return ", ".join(FORMATS[:-1]) + f" or {FORMATS[-1]}"
