"""Motion of all frames of a sweep in one file, as arrays that numpy opens."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_bytes
from olat.model.motion import MotionCorrection, SweepRegistration

Arrays: TypeAlias = dict[str, np.ndarray[Any, Any]]

_NOT_ARRAYS = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    zipfile.BadZipFile,
)
"""What numpy raises for files that are something else."""
_CORRECTION = ("frames", "flows", "shape")
_REGISTRATION = ("reference", "frames", "flows", "confidence", "shape")


def write_registration(path: Path, registration: SweepRegistration) -> None:
    """Write ``reference frames flows confidence shape``."""
    _write(path, registration, _REGISTRATION)


def write_correction(path: Path, correction: MotionCorrection) -> None:
    """Write ``frames flows shape``."""
    _write(path, correction, _CORRECTION)


def read_registration(path: Path) -> SweepRegistration:
    """Read what `write_registration` wrote; `FileError` if it is something else."""
    try:
        arrays = _arrays(path, _REGISTRATION)
        flows, confidence = (arrays[name].astype(np.float32) for name in ("flows", "confidence"))
        found = SweepRegistration(
            int(arrays["reference"]), _frames(arrays), flows, confidence, _shape(arrays)
        )
    except _NOT_ARRAYS as error:
        _refuse(path, error, _REGISTRATION)
    _check(path, found)
    if confidence.shape != flows.shape[:3]:
        raise FileError(
            f"{path}: flows {flows.shape} and confidence {confidence.shape} do not belong "
            "together. Delete it and run again."
        )
    return found


def read_correction(path: Path) -> MotionCorrection:
    """Read what `write_correction` wrote; `FileError` if it is something else."""
    try:
        arrays = _arrays(path, _CORRECTION)
        flows = arrays["flows"].astype(np.float32)
        found = MotionCorrection(_frames(arrays), flows, _shape(arrays))
    except _NOT_ARRAYS as error:
        _refuse(path, error, _CORRECTION)
    _check(path, found)
    return found


def _write(
    path: Path, product: SweepRegistration | MotionCorrection, names: tuple[str, ...]
) -> None:
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: getattr(product, name) for name in names}
    np.savez(buffer, **arrays)
    publish_bytes(path, buffer.getvalue())


def _arrays(path: Path, names: tuple[str, ...]) -> Arrays:
    # Given a path, numpy leaves the file of a torn archive open.
    with path.open("rb") as file, np.load(file) as arrays:
        return {name: arrays[name] for name in names}


def _frames(arrays: Arrays) -> tuple[int, ...]:
    return tuple(int(frame) for frame in arrays["frames"])


def _shape(arrays: Arrays) -> tuple[int, int]:
    height, width = (int(side) for side in arrays["shape"])
    return height, width


def _refuse(path: Path, error: Exception, names: tuple[str, ...]) -> NoReturn:
    raise FileError(
        f"{path}: {error}; the arrays {', '.join(names)} are needed. Delete it and run again."
    ) from None


def _check(path: Path, found: SweepRegistration | MotionCorrection) -> None:
    """Check that there is a flow for each frame."""
    count, flows = len(found.frames), found.flows.shape
    if len(flows) != 4 or flows[0] != count or flows[3] != 2:
        raise FileError(
            f"{path}: {count} frames and flows {flows} do not belong together; {count} x rows x "
            "columns x 2 are needed. Delete it and run again."
        )
