"""COLMAP's sparse models in text: ``cameras.txt`` and ``images.txt``.

World to camera, axes x right, y down, z forward, as ours; quaternions are w x y z. The unit of
length is that of the model, which structure from motion alone does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from scipy.spatial.transform import Rotation

from olat.errors import FileError
from olat.io.camera_list import (
    Optics,
    added,
    camera_of,
    numbers_in,
    optics_of,
    pose_of,
    short_names,
)
from olat.io.light_file_text import read_text
from olat.io.publish import publish_text
from olat.model.calibration import LensCalibration

Numbers: TypeAlias = Sequence[float]

CAMERAS, IMAGES, POINTS = "cameras.txt", "images.txt", "points3D.txt"
MODELS: Mapping[str, tuple[int, Callable[[Numbers], tuple[float, ...]]]] = {
    "SIMPLE_PINHOLE": (3, lambda p: (p[0], *p)),
    "PINHOLE": (4, tuple),
    "SIMPLE_RADIAL": (4, lambda p: (p[0], *p[:3], p[3], 0.0, 0.0, 0.0)),
    "RADIAL": (5, lambda p: (p[0], *p[:3], p[3], p[4], 0.0, 0.0)),
    "OPENCV": (8, tuple),
    "FULL_OPENCV": (12, tuple),
}
"""How many numbers each model has, and how they become fx fy cx cy k1 k2 p1 p2 ..."""


def is_colmap(folder: Path) -> bool:
    """Tell whether a folder holds a sparse model."""
    return any((folder / name).exists() for name in (CAMERAS, IMAGES, "cameras.bin", "images.bin"))


def read_colmap(folder: Path) -> dict[str, LensCalibration]:
    """Read a model in text; a camera is called as its picture, without folder and suffix."""
    for name in (CAMERAS, IMAGES):
        if not (folder / name).is_file():
            binary = (folder / name).with_suffix(".bin").is_file()
            advice = " Convert it: colmap model_converter --output_type TXT." if binary else ""
            raise FileError(
                f"{folder}: there is no {name}; COLMAP's model in text is needed.{advice}"
            )
    lenses = dict(_lenses(folder / CAMERAS))
    rows = list(_images(folder / IMAGES))
    names = short_names([name for _, _, _, name in rows])
    cameras: dict[str, LensCalibration] = {}
    for where, camera, pose, name in rows:
        if camera not in lenses:
            raise FileError(f"{where}: there is no camera {camera} in {CAMERAS}.")
        if np.linalg.norm(pose[:4]) < 1e-6:
            raise FileError(f"{where}: the quaternion is 0; one of length 1 is needed.")
        turn = Rotation.from_quat(pose[[1, 2, 3, 0]]).as_matrix()
        added(cameras, where, names[name], camera_of(where, lenses[camera], turn, pose[4:]))
    return cameras


def _lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.lstrip().startswith("#"):
            yield f"{path}:{number}", line.split()


def _lenses(path: Path) -> Iterator[tuple[str, Optics]]:
    for where, words in _lines(path):
        if not words:
            continue
        if len(words) < 4 or words[1] not in MODELS:
            found = words[1] if len(words) > 1 else " ".join(words)
            raise FileError(
                f"{where}: found the model {found!r}; one of {', '.join(MODELS)} is needed. Let "
                "COLMAP undistort, or solve with --ImageReader.camera_model OPENCV."
            )
        count, expand = MODELS[words[1]]
        width, height, *numbers = numbers_in(where, words[2:], count + 2).tolist()
        fx, fy, cx, cy, *distortion = expand(numbers)
        yield words[0], Optics(int(height), int(width), fx, fy, cx, cy, tuple(distortion))


def _images(path: Path) -> Iterator[tuple[str, str, np.ndarray, str]]:
    """Return place, camera, pose and name of each picture; every second line holds points."""
    lines = list(_lines(path))
    while lines and not lines[-1][1]:
        lines.pop()
    for where, words in lines[::2]:
        if len(words) < 10:
            raise FileError(
                f"{where}: found {' '.join(words[:10])!r}; 'ID QW QX QY QZ TX TY TZ CAMERA_ID "
                "NAME' is needed, and a line of points, perhaps empty, after each."
            )
        yield where, words[8], numbers_in(where, words[1:8], 7), " ".join(words[9:])


def write_colmap(folder: Path, cameras: Mapping[str, LensCalibration]) -> None:
    """Write a model in text without points, one camera for each picture."""
    lens_lines, image_lines = [], []
    for index, (name, lens) in enumerate(cameras.items(), 1):
        optics = optics_of(lens)
        model, distortion = _model(name, optics)
        numbers = (optics.fx, optics.fy, optics.cx, optics.cy, *distortion)
        told = " ".join(repr(number) for number in numbers)
        lens_lines.append(f"{index} {model} {optics.width} {optics.height} {told}")
        rotation, shift = pose_of(name, lens)
        x, y, z, w = Rotation.from_matrix(rotation).as_quat().tolist()
        pose = " ".join(repr(number) for number in (w, x, y, z, *shift.tolist()))
        image_lines += [f"{index} {pose} {index} {name}.png", ""]
    head = "# Written by olat; world to camera, pixels counted from the corner.\n"
    publish_text(folder / CAMERAS, head + "\n".join(lens_lines) + "\n")
    publish_text(folder / IMAGES, head + "\n".join(image_lines) + "\n")
    publish_text(folder / POINTS, "# No points.\n")


def _model(name: str, optics: Optics) -> tuple[str, tuple[float, ...]]:
    terms = optics.distortion
    if optics.skew or any(terms[8:]):
        raise FileError(
            f"camera {name!r} has skew or thin-prism terms, which no model of COLMAP has."
        )
    if not any(terms):
        return "PINHOLE", ()
    if not any(terms[4:]):
        return "OPENCV", (*terms, *(0.0,) * 4)[:4]
    return "FULL_OPENCV", (*terms, *(0.0,) * 8)[:8]
