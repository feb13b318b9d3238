"""Cameras as a file lists them, checked, in our conventions.

Files count pixels from the corner of the first one, so that its center lies at 0.5; we count from
its center. Here that half pixel is taken off, and put on again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.errors import FileError
from olat.model.calibration import LensCalibration
from olat.model.shapes import Array, Matrix3

HALF = 0.5
"""From the corner of a pixel to its center [px]."""
BENT = 1e-3
"""How far a rotation that was typed or rounded may be from one."""
OPENGL = np.diag([1.0, -1.0, -1.0])
"""Turns OpenGL's camera axes (x right, y up, z backward) into ours and back."""


@dataclass(frozen=True)
class Optics:
    """What a file says of a lens, pixels counted from the corner."""

    height: int
    width: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()
    """In OpenCV's order."""
    skew: float = 0.0


def camera_of(
    where: str,
    optics: Optics,
    rotation: Float64[Array, "3 3"],
    translation: Float64[Array, "3"],
) -> LensCalibration:
    """Return a camera from what a file says of its lens and of world to camera.

    Raises
    ------
    FileError
        If a number is none, a length is not positive, or the rotation is not one.
    """
    lens = (optics.fx, optics.fy, optics.cx, optics.cy, optics.skew)
    numbers = [*lens, *optics.distortion, *translation]
    if not np.isfinite(numbers).all() or min(optics.height, optics.width) < 1:
        raise FileError(f"{where}: a number is missing or none; the camera cannot be used.")
    if min(optics.fx, optics.fy) <= 0.0:
        raise FileError(
            f"{where}: the focal lengths are {optics.fx:g} and {optics.fy:g} px; positive ones "
            "are needed."
        )
    matrix = np.array(
        [
            [optics.fx, optics.skew, optics.cx - HALF],
            [0.0, optics.fy, optics.cy - HALF],
            [0.0, 0.0, 1.0],
        ]
    )
    distortion = np.array(optics.distortion or (0.0,) * 4, dtype=np.float64)
    turn, shift = nearest_rotation(where, rotation), np.asarray(translation, np.float64)
    try:
        return LensCalibration(matrix, distortion, optics.height, optics.width, turn, shift)
    except ValueError as error:
        raise FileError(f"{where}: {error}. Is the size that of the photographs?") from error


def optics_of(lens: LensCalibration) -> Optics:
    """Return what a file should say of a lens."""
    return Optics(
        lens.height,
        lens.width,
        float(lens.matrix[0, 0]),
        float(lens.matrix[1, 1]),
        float(lens.matrix[0, 2] + HALF),
        float(lens.matrix[1, 2] + HALF),
        tuple(lens.distortion.tolist()),
        float(lens.matrix[0, 1]),
    )


def nearest_rotation(where: str, matrix: Float64[Array, "3 3"]) -> Matrix3:
    """Return the rotation nearest to a matrix; `FileError` if none is near."""
    if np.isfinite(matrix).all():
        left, _, right = np.linalg.svd(matrix)
        rotation = np.asarray(left @ right)
        if np.linalg.det(rotation) > 0.0 and np.abs(rotation - matrix).max() <= BENT:
            return rotation
    raise FileError(
        f"{where}: {np.round(matrix, 4).tolist()} turns nothing; a rotation of determinant 1 and "
        "without scale is needed."
    )


def pose_of(name: str, lens: LensCalibration) -> tuple[Matrix3, Float64[Array, "3"]]:
    """Return world to camera; `FileError` if it is not known."""
    if lens.rotation is None or lens.translation is None:
        raise FileError(
            f"camera {name!r} has no pose, which a file of cameras needs. `olat cameras place` "
            "finds it where cameras see one board; a lone camera needs a file of cameras."
        )
    return lens.rotation, lens.translation


def inverse_of(
    rotation: Float64[Array, "3 3"], shift: Float64[Array, "3"]
) -> tuple[Matrix3, Float64[Array, "3"]]:
    """Return camera to world for world to camera, and the other way round."""
    return np.asarray(rotation.T), np.asarray(-rotation.T @ shift)


def numbers_in(where: str, words: Sequence[str], count: int) -> Float64[Array, " number"]:
    """Return words as numbers; `FileError` if there are others, or not so many."""
    try:
        numbers = np.array([float(word) for word in words], np.float64)
    except ValueError:
        numbers = np.empty(0)
    if len(numbers) != count or not np.isfinite(numbers).all():
        found = " ".join(words)
        raise FileError(
            f"{where}: found {found if len(found) <= 60 else found[:60] + ' ...'!r}; {count} "
            "numbers are needed."
        )
    return numbers


def added(
    cameras: dict[str, LensCalibration], where: str, name: str, lens: LensCalibration
) -> None:
    """Add a camera; `FileError` if there is one of that name."""
    if name in cameras:
        raise FileError(f"{where}: there are two cameras {name!r}; names of their own are needed.")
    cameras[name] = lens


def short_names(names: Sequence[str]) -> Mapping[str, str]:
    """Return picture names without folder and suffix where that keeps them apart."""
    stems = {name: name.replace("\\", "/").rpartition("/")[2].partition(".")[0] for name in names}
    if len(set(stems.values())) == len(stems):
        return stems
    return {name: name.replace("\\", "/").rpartition(".")[0] or name for name in names}
