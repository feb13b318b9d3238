"""What is known of a sweep's motion, as JSON documents."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from olat.errors import FileError
from olat.io.publish import publish_text
from olat.model.motion import ReferenceFrame, SweepMotion

T = TypeVar("T")


def write_reference(path: Path, reference: ReferenceFrame) -> None:
    """Write which frame is the reference, why, and how the frames that were looked at look."""
    _write(path, reference)


def read_reference(path: Path) -> ReferenceFrame:
    """Read what `write_reference` wrote; `FileError` if it is something else."""
    return _read(path, ReferenceFrame)


def write_sweep_motion(path: Path, motion: SweepMotion) -> None:
    """Write what tracking frames tell: each frame's motion and trust, and doubtful intervals."""
    _write(path, motion)


def read_sweep_motion(path: Path) -> SweepMotion:
    """Read what `write_sweep_motion` wrote; `FileError` if it is something else."""
    return _read(path, SweepMotion)


def _write(path: Path, document: Any) -> None:
    publish_text(path, json.dumps(asdict(document), indent=1, allow_nan=False) + "\n")


def _read(path: Path, kind: type[T]) -> T:
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise FileError(
            f"{path}: {reason}; a {kind.__name__} is needed. Delete it and run again."
        ) from None
