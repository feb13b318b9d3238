"""``transforms.json``, as NeRF and relightable-Gaussian tools read it.

``transform_matrix`` is camera to world in OpenGL's camera axes (x right, y up, z backward). The
lens stands in each frame or once for all: ``fl_x fl_y cx cy``, ``camera_intrinsics = [cx, cy, fx,
fy]`` or ``camera_angle_x``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import FileError
from olat.io.camera_list import (
    OPENGL,
    Optics,
    added,
    camera_of,
    inverse_of,
    nearest_rotation,
    optics_of,
    pose_of,
    short_names,
)
from olat.io.light_file_json import read_json
from olat.io.publish import publish_text
from olat.model.calibration import LensCalibration

_TERMS = ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")


def read_transforms(path: Path, *, size: tuple[int, int] | None) -> dict[str, LensCalibration]:
    """Read cameras, one for each pose; frames of one folder and pose are one camera's."""
    content = read_json(path)
    frames = content.get("frames") if isinstance(content, dict) else None
    if not isinstance(frames, list) or not frames:
        raise FileError(f"{path}: there are no 'frames'; a list with one for each view is needed.")
    shared = {key: value for key, value in content.items() if key != "frames"}
    seen: dict[str, LensCalibration] = {}
    for index, frame in enumerate(frames):
        where = f"{path}: frame {index}"
        if not isinstance(frame, dict):
            raise FileError(f"{where} is {frame!r}; an object with 'transform_matrix' is needed.")
        name = str(frame.get("file_path") or f"Cam{index + 1:02d}")
        to_world = _matrix(where, frame.get("transform_matrix"))
        # The columns of camera to world are the camera's axes.
        turn = nearest_rotation(where, to_world[:3, :3] @ OPENGL)
        optics = _optics(where, shared | frame, size)
        added(seen, where, name, camera_of(where, optics, *inverse_of(turn, to_world[:3, 3])))
    return _by_camera(seen)


def _by_camera(seen: Mapping[str, LensCalibration]) -> dict[str, LensCalibration]:
    """Name cameras by their folders where each is one that stood still, else by their pictures."""
    folders: dict[str, list[LensCalibration]] = {}
    for name, lens in seen.items():
        folder = name.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
        folders.setdefault(folder, []).append(lens)
    if len(folders) < len(seen) and all(map(_is_one, folders.values())):
        return {folder: lenses[0] for folder, lenses in folders.items()}
    names = short_names(list(seen))
    return {names[name]: lens for name, lens in seen.items()}


def _is_one(lenses: list[LensCalibration]) -> bool:
    first = pose_of("", lenses[0])
    return all(
        np.allclose(ours, theirs, rtol=0, atol=1e-9)
        for lens in lenses
        for ours, theirs in zip(first, pose_of("", lens), strict=True)
    )


def _matrix(where: str, told: Any) -> np.ndarray:
    try:
        matrix = np.array(told, dtype=np.float64)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape not in ((4, 4), (3, 4)) or not np.isfinite(matrix).all():
        raise FileError(f"{where}: 'transform_matrix' is {told!r}; 4 x 4 numbers are needed.")
    return matrix


def _optics(where: str, told: Mapping[str, Any], size: tuple[int, int] | None) -> Optics:
    if told.get("is_fisheye") or "FISHEYE" in str(told.get("camera_model", "")).upper():
        raise FileError(f"{where}: the lens is a fisheye; a perspective one is needed.")
    height, width = (_number(where, told, key) for key in ("h", "w"))
    if height is None or width is None:
        if size is None:
            raise FileError(
                f"{where}: the file does not tell the size of the pictures ('w' and 'h'). Give the "
                "size of the photographs: --size WIDTH HEIGHT."
            )
        height, width = size
    if "camera_intrinsics" in told:
        four = told["camera_intrinsics"]
        if not (isinstance(four, list) and len(four) == 4):
            raise FileError(
                f"{where}: 'camera_intrinsics' is {four!r}; [cx, cy, fx, fy] is needed."
            )
        told = {**told, **dict(zip(("cx", "cy", "fl_x", "fl_y"), four, strict=True))}
    fx, angle = _number(where, told, "fl_x"), _number(where, told, "camera_angle_x")
    if fx is None:
        if angle is None or not 0.0 < angle < math.pi:
            raise FileError(
                f"{where}: there is no 'fl_x', 'camera_intrinsics' or 'camera_angle_x'; one of "
                "them is needed."
            )
        fx = width / 2.0 / math.tan(angle / 2.0)
    fy, cx, cy = (_number(where, told, key) for key in ("fl_y", "cx", "cy"))
    terms = tuple(_number(where, told, key) or 0.0 for key in _TERMS)
    return Optics(
        int(height),
        int(width),
        fx,
        fx if fy is None else fy,
        width / 2.0 if cx is None else cx,
        height / 2.0 if cy is None else cy,
        terms if any(terms[5:]) else terms[:5],
    )


def _number(where: str, told: Mapping[str, Any], key: str) -> float | None:
    value = told.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FileError(f"{where}: {key!r} is {value!r}; a number is needed.")
    return float(value)


def write_transforms(path: Path, cameras: Mapping[str, LensCalibration]) -> None:
    """Write one frame for each camera, with its lens."""
    frames = []
    for name, lens in cameras.items():
        optics = optics_of(lens)
        if optics.skew or len(optics.distortion) > 8:
            raise FileError(f"camera {name!r} has skew or prism terms, which the format has not.")
        turn, center = inverse_of(*pose_of(name, lens))
        to_world = np.eye(4)
        to_world[:3, :3], to_world[:3, 3] = turn @ OPENGL, center
        terms = dict(zip(_TERMS, optics.distortion, strict=False))
        frames.append(
            {
                "file_path": f"{name}.png",
                "transform_matrix": to_world.tolist(),
                "w": optics.width,
                "h": optics.height,
                "fl_x": optics.fx,
                "fl_y": optics.fy,
                "cx": optics.cx,
                "cy": optics.cy,
                **terms,
            }
        )
    content = {"camera_model": "OPENCV", "frames": frames}
    publish_text(path, json.dumps(content, indent=2) + "\n")
