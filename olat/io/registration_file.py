"""The registration of a sweep without tracking frames, as arrays that numpy opens."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_bytes
from olat.model.motion import SweepRegistration

_ARRAYS = ("reference", "frames", "flows", "confidence", "shape")


def write_registration(path: Path, registration: SweepRegistration) -> None:
    """Write ``reference frames flows confidence shape``."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        **{name: np.asarray(getattr(registration, name)) for name in _ARRAYS},
    )
    publish_bytes(path, buffer.getvalue())


def read_registration(path: Path) -> SweepRegistration:
    """Read what `write_registration` wrote; `FileError` if it is something else."""
    try:
        with np.load(path) as arrays:
            reference, frames, flows, confidence, shape = (arrays[name] for name in _ARRAYS)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FileError(
            f"{path}: {error}; the arrays {', '.join(_ARRAYS)} are needed. Delete it and run again."
        ) from None
    height, width = (int(side) for side in shape)
    return SweepRegistration(
        int(reference), tuple(frames.tolist()), flows, confidence, (height, width)
    )
