"""``.calib`` files, as HumanOLAT and OLATverse ship them.

Both rows of the intrinsic matrix are divided by the width of the picture, whose size the file does
not tell. The extrinsic matrix is camera to world, in millimeters.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from olat.errors import FileError
from olat.io.camera_list import (
    Optics,
    added,
    camera_of,
    inverse_of,
    nearest_rotation,
    numbers_in,
    optics_of,
    pose_of,
)
from olat.io.light_file_text import read_text
from olat.io.publish import publish_text
from olat.model.calibration import LensCalibration

logger = logging.getLogger(__name__)

Extrinsics: TypeAlias = Literal["camera_to_world", "world_to_camera"]
_MILLIMETERS = 1000.0
_BETTER = 5.0
"""Times nearer that the axes of the cameras meet if the file means the other way."""


def read_calib(
    path: Path, *, size: tuple[int, int] | None, extrinsics: Extrinsics = "camera_to_world"
) -> dict[str, LensCalibration]:
    """Read cameras for photographs of a height and width, which the file does not tell [px]."""
    if size is None:
        raise FileError(
            f"{path}: a .calib file tells lenses in widths of the picture; the size of the "
            "photographs is needed. Give it: --size WIDTH HEIGHT."
        )
    height, width = size
    blocks = _blocks(path)
    intrinsic, extrinsic = blocks["intrinsic"], blocks["extrinsic"]
    if not intrinsic or len(intrinsic) != len(extrinsic):
        raise FileError(
            f"{path}: {len(intrinsic)} 'intrinsic' and {len(extrinsic)} 'extrinsic'; one of each "
            "a camera is needed."
        )
    names = _names(blocks["camera"], len(intrinsic))
    terms = _distortions(path, blocks["distortion"], len(intrinsic))
    cameras: dict[str, LensCalibration] = {}
    for name, lens, pose, distortion in zip(names, intrinsic, extrinsic, terms, strict=True):
        where = f"{path}: camera {name!r}"
        matrix = _matrix(where, lens, 3) * width
        to_world = _matrix(where, pose, 4)
        turn, shift = nearest_rotation(where, to_world[:, :3]), to_world[:, 3] / _MILLIMETERS
        if extrinsics == "camera_to_world":
            turn, shift = inverse_of(turn, shift)
        fx, skew, cx = matrix[0]
        optics = Optics(height, width, fx, matrix[1, 1], cx, matrix[1, 2], distortion, skew)
        added(cameras, where, name, camera_of(where, optics, turn, shift))
    _note_other_way(path, cameras, extrinsics)
    return cameras


def _blocks(path: Path) -> dict[str, list[Sequence[Sequence[str]]]]:
    """Return what stands after each key: rows of a matrix, or the words beside it."""
    found: dict[str, list[Sequence[Sequence[str]]]] = {
        key: [] for key in ("camera", "intrinsic", "extrinsic", "distortion")
    }
    lines = [line.strip().lstrip("#").split() for line in read_text(path).splitlines()]
    for index, words in enumerate(lines):
        key = words[0].rstrip(":").lower() if words else ""
        if key in ("camera", "distortion"):
            found[key].append([words[1:]])
        elif key in ("intrinsic", "extrinsic"):
            rows = lines[index + 1 : index + 4]
            # Some files tell first at which time something held, without numbers of it.
            if rows and "time" not in rows[0]:
                found[key].append(rows)
    return found


def _matrix(where: str, rows: Sequence[Sequence[str]], columns: int) -> np.ndarray:
    """Return three rows of numbers."""
    words = [word for row in rows for word in row]
    return numbers_in(where, words, 3 * columns).reshape(3, columns)


def _names(told: Sequence[Sequence[Sequence[str]]], count: int) -> list[str]:
    """Return the names of the cameras, or numbers from 1, as the data sets' folders have."""
    names = [words[0] for (words,) in told if words]
    if len(names) == count == len(set(names)):
        return names
    return [f"Cam{number:02d}" for number in range(1, count + 1)]


def _distortions(
    path: Path, told: Sequence[Sequence[Sequence[str]]], count: int
) -> list[tuple[float, ...]]:
    if not told:
        return [()] * count
    if len(told) != count:
        raise FileError(
            f"{path}: {len(told)} 'distortion' for {count} cameras; one each is needed."
        )
    terms = []
    for index, (words,) in enumerate(told):
        if len(words) not in (0, 4, 5, 8):
            raise FileError(
                f"{path}: camera {index + 1}: 'distortion' has {len(words)} terms; 4, 5 or 8 in "
                "OpenCV's order are needed."
            )
        terms.append(tuple(numbers_in(f"{path}: camera {index + 1}", words, len(words)).tolist()))
    if any(any(one) for one in terms):
        logger.warning(
            "%s: distortion is taken as OpenCV's k1 k2 p1 p2 k3, which the file does not say.", path
        )
    return terms


def _note_other_way(
    path: Path, cameras: Mapping[str, LensCalibration], extrinsics: Extrinsics
) -> None:
    """Doubt poses by which the cameras look apart, where their inverses would look together."""
    if len(cameras) < 3:
        return
    poses = [pose_of(name, lens) for name, lens in cameras.items()]
    ours, other = _spread(poses), _spread([inverse_of(*pose) for pose in poses])
    if ours > _BETTER * other:
        logger.warning(
            "%s: taken as %s, the cameras' axes miss each other by %.3g m; taken the other way, by "
            "%.3g m. Set extrinsics if the file means that.",
            path,
            extrinsics,
            ours,
            other,
        )


def _spread(poses: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return how far the axes of cameras pass by the point in which they meet best [m]."""
    axes = np.array([rotation[2] for rotation, _ in poses])
    centers = np.array([inverse_of(*pose)[1] for pose in poses])
    across = np.eye(3) - axes[:, :, np.newaxis] * axes[:, np.newaxis, :]
    point = np.linalg.lstsq(
        across.sum(axis=0), np.einsum("ijk,ik->j", across, centers), rcond=None
    )[0]
    off = np.einsum("ijk,ik->ij", across, point - centers)
    return float(np.sqrt(np.mean(np.sum(off**2, axis=1))))


def write_calib(path: Path, cameras: Mapping[str, LensCalibration]) -> None:
    """Write cameras divided by their widths, camera to world in millimeters."""
    publish_text(path, "\n".join(_told(cameras)) + "\n")


def _told(cameras: Mapping[str, LensCalibration]) -> Iterator[str]:
    for name, lens in cameras.items():
        optics = optics_of(lens)
        if len(optics.distortion) > 8:
            raise FileError(f"camera {name!r} has prism terms, which .calib files do not have.")
        to_world, center = inverse_of(*pose_of(name, lens))
        yield f"camera {name}"
        yield "distortionModel OpenCV"
        yield "distortion " + " ".join(map(repr, optics.distortion))
        yield "intrinsic"
        rows = ((optics.fx, optics.skew, optics.cx), (0.0, optics.fy, optics.cy))
        for row in rows:
            yield " ".join(repr(value / optics.width) for value in row)
        yield "0.0 0.0 1.0"
        yield ""
        yield "extrinsic"
        for turn, place in zip(to_world.tolist(), (center * _MILLIMETERS).tolist(), strict=True):
            yield " ".join(map(repr, (*turn, place)))
