"""The registration of a sweep without tracking frames, as arrays that numpy opens."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_bytes
from olat.model.motion import SweepRegistration

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
_ARRAYS = ("reference", "frames", "flows", "confidence", "shape")


def write_registration(path: Path, registration: SweepRegistration) -> None:
    """Write ``reference frames flows confidence shape``."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: getattr(registration, name) for name in _ARRAYS}
    np.savez(buffer, **arrays)
    publish_bytes(path, buffer.getvalue())


def read_registration(path: Path) -> SweepRegistration:
    """Read what `write_registration` wrote; `FileError` if it is something else."""
    try:
        # Given a path, numpy leaves the file of a torn archive open.
        with path.open("rb") as file, np.load(file) as arrays:
            reference, frames, flows, confidence, shape = (arrays[name] for name in _ARRAYS)
        height, width = (int(side) for side in shape)
        found = SweepRegistration(
            int(reference), tuple(frames.tolist()), flows, confidence, (height, width)
        )
    except _NOT_ARRAYS as error:
        raise FileError(
            f"{path}: {error}; the arrays {', '.join(_ARRAYS)} are needed. Delete it and run again."
        ) from None
    if flows.shape != (len(found.frames), *confidence.shape[1:], 2):
        raise FileError(
            f"{path}: {len(found.frames)} frames, flows {flows.shape} and confidence "
            f"{confidence.shape} do not belong together. Delete it and run again."
        )
    return found
