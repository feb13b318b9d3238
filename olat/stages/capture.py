"""What a session gives to stages: photographs, lights, cameras, masks, and their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from olat.engine.capture import Unit
from olat.engine.keys import digest
from olat.errors import FileError, SessionError
from olat.io.content_hash import ContentHashes
from olat.io.frame_expression import format_frames
from olat.io.photograph import photograph_size, read_photograph
from olat.model.condition import Olat, role
from olat.model.session import Camera, Frame, Session

GIVEN = frozenset({"photo", "frame", "camera", "rig", "mask"})
"""Names that the ``run`` of a stage may ask for besides products."""


class SessionCapture:
    """A session as the engine's `Capture`."""

    def __init__(self, session: Session, hashes: Path) -> None:
        self.session = session
        self.hashes = ContentHashes(hashes)
        self._frames = {camera.name: session.frames_of(camera.name) for camera in session.cameras}

    def cameras(self) -> Sequence[str]:
        """Return the cameras' names."""
        return list(self._frames)

    def frames(self, camera: str) -> Mapping[int, Frame]:
        """Return a camera's frames by number."""
        return self._frames[camera]

    def given(self) -> frozenset[str]:
        """Return the names that stages may ask for."""
        return GIVEN

    def key(self, name: str, unit: Unit) -> str:
        """Return a digest of the content of something given."""
        match name:
            case "photo":
                return self.hashes.of(self._frame(unit).path)
            case "frame":
                frame = self._frame(unit)
                light = frame.condition.light if isinstance(frame.condition, Olat) else None
                return digest([frame.index, role(frame.condition), light, frame.gain])
            case "camera":
                content = asdict(self.session.camera(unit.camera)) | {"mask": None}
                return digest(content)
            case "rig":
                return self._rig_key
            case "mask":
                mask = self.session.camera(unit.camera).mask
                return "none" if mask is None else self.hashes.of(mask)
        raise KeyError(name)

    def value(self, name: str, unit: Unit) -> Any:
        """Return something given."""
        match name:
            case "photo":
                return self._photograph(self._frame(unit))
            case "frame":
                return self._frame(unit)
            case "camera":
                return self.session.camera(unit.camera)
            case "rig":
                return self.session.rig
            case "mask":
                return _mask(self.session.camera(unit.camera))
        raise KeyError(name)

    def duplicates(self) -> list[str]:
        """Tell which lights share one photograph: a frame that was stored twice."""
        told = []
        for camera, frames in self._frames.items():
            by_content: dict[str, list[int]] = {}
            for frame in frames.values():
                if isinstance(frame.condition, Olat):
                    with suppress(FileError):
                        by_content.setdefault(self.hashes.of(frame.path), []).append(frame.index)
            told += [
                f"Frames {format_frames(same)} (camera {camera}) are the same photograph under "
                "different lights; one was stored twice or shot by mistake."
                for same in by_content.values()
                if len(same) > 1
            ]
        return told

    def check_sizes(self) -> None:
        """Check from headers that the photographs of each camera have one size.

        Raises
        ------
        SessionError
            Naming the frames that differ. What cannot be read is left to its own task.
        """
        for camera, frames in self._frames.items():
            by_size: dict[tuple[int, int], list[int]] = {}
            for frame in frames.values():
                with suppress(FileError):
                    by_size.setdefault(photograph_size(frame.path), []).append(frame.index)
            if len(by_size) < 2:
                continue
            (height, width), *others = sorted(by_size, key=lambda size: -len(by_size[size]))
            told = "; ".join(
                f"frames {format_frames(by_size[size])} have {size[1]} x {size[0]} px"
                for size in others
            )
            odd = format_frames([index for size in others for index in by_size[size]])
            raise SessionError(
                f"camera {camera!r}: most frames have {width} x {height} px, but {told}. One size "
                f'is needed. To go on without them, add [[override]] frames = "{odd}", '
                "skip = true to session.toml."
            )

    @cached_property
    def _rig_key(self) -> str:
        rig = self.session.rig
        hasher = hashlib.sha256()
        for array in (rig.directions, rig.intensities, rig.positions):
            hasher.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()

    def _frame(self, unit: Unit) -> Frame:
        if unit.frame is None:
            raise KeyError(f"camera {unit.camera} is not one frame")
        return self._frames[unit.camera][unit.frame]

    def _photograph(self, frame: Frame) -> Any:
        try:
            return read_photograph(frame.path)
        except FileError as error:
            raise FileError(
                f"camera {frame.camera!r}, frame {frame.index} ({role(frame.condition)}): {error} "
                f'To go on without it, add [[override]] frames = "{frame.index}", skip = true to '
                "session.toml."
            ) from error


def _mask(camera: Camera) -> Any:
    from olat.io.display import read_mask

    if camera.mask is None:
        return None
    mask = read_mask(camera.mask)
    if not mask.any():
        raise SessionError(
            f"{camera.mask}: the mask of camera {camera.name!r} is empty; needed are bright pixels "
            "inside the subject."
        )
    return mask
