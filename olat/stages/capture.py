"""What a session gives to stages: photographs, lights, cameras, masks, and their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from olat.engine.capture import Unit
from olat.engine.keys import digest
from olat.errors import FileError, SessionError
from olat.io.calibration_file import values_digest
from olat.io.content_hash import ContentHashes
from olat.io.manifest_text import skip_advice
from olat.io.photograph import read_photograph
from olat.model.calibration import Kind, LensCalibration
from olat.model.motion import TrackingFlow
from olat.model.roles import role
from olat.model.session import Camera, Frame, Session
from olat.model.shapes import Mask
from olat.stages.calibrations import CAMERA_KINDS, Calibrations

MEASURED: Mapping[str, Kind] = {"sensor": "sensor", "color": "color", "lens": "lens"}
"""Certified calibrations of a camera, by the name under which stages ask for them."""
GIVEN = frozenset(
    {"photo", "frame", "camera", "rig", "mask", "photo_mask", "known_flow", *MEASURED}
)
"""Names that the ``run`` of a stage may ask for besides products."""


class SessionCapture:
    """A session as the engine's `Capture`."""

    def __init__(
        self, session: Session, hashes: Path, calibrations: Calibrations | None = None
    ) -> None:
        self.session = session
        self.calibrations = calibrations or Calibrations(session)
        self.hashes = ContentHashes(hashes)
        self._planned: dict[Path, str] = {}
        self._measured: dict[tuple[Kind, str, str], str] = {}
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
        """Return a digest of the content of something given; of a calibration, its values alone."""
        match name:
            case "photo" | "frame" | "known_flow":
                return self._frame_key(name, unit)
            case "camera" | "camera.distance_m":
                return self._camera_key(unit.camera, has_distance=name != "camera")
            case "rig":
                return self._rig_key
            case "mask" | "photo_mask":
                return self._mask_key(unit.camera, is_straight=name == "mask")
        kind, _, part = name.partition(".")
        return self._calibration_key(MEASURED[kind], unit.camera, part)

    def value(self, name: str, unit: Unit) -> Any:
        """Return something given."""
        match name:
            case "photo" | "frame" | "known_flow":
                return self._frame_value(name, unit)
            case "camera":
                return self.session.camera(unit.camera)
            case "rig":
                return self.session.rig
            case "mask" | "photo_mask":
                return self._mask(unit.camera, is_straight=name == "mask")
        return self.calibrations.calibration(MEASURED[name], unit.camera)

    def digest(self) -> str:
        """Return a digest of all that the session says, photographs aside."""
        frames = [
            [
                camera,
                frame.index,
                str(frame.condition),
                frame.gain,
                frame.exposure_s,
                str(frame.path),
            ]
            for camera, shot in self._frames.items()
            for frame in shot.values()
        ]
        cameras = [str(camera) for camera in self.session.cameras]
        measured = [
            self._calibration_key(kind, camera) for camera in self._frames for kind in CAMERA_KINDS
        ]
        return digest([frames, cameras, self._rig_key, measured])

    @cached_property
    def _rig_key(self) -> str:
        rig = self.session.rig
        hasher = hashlib.sha256(str(rig.space).encode())
        for array in (rig.directions, rig.intensities, rig.positions):
            hasher.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()

    def _camera_key(self, camera: str, *, has_distance: bool) -> str:
        """Return the digest of what a camera's files mean, and perhaps of how far away it is."""
        content = asdict(self.session.camera(camera)) | {"mask": None, "flows": None}
        distance_m = content.pop("distance_m")
        return digest(content | {"distance_m": distance_m} if has_distance else content)

    def _calibration_key(self, kind: Kind, camera: str, part: str = "") -> str:
        place = kind, camera, part
        if place not in self._measured:
            path = self.calibrations.document(kind, camera)
            values = "none" if path is None else values_digest(path, self.hashes, part=part)
            self._measured[place] = values
        return self._measured[place]

    def _mask_key(self, camera: str, *, is_straight: bool) -> str:
        mask = self.session.camera(camera).mask
        if mask is None:
            return "none"
        lens = self._calibration_key("lens", camera) if is_straight else "none"
        return digest([self.hashes.of(mask), lens])

    def _mask(self, camera: str, *, is_straight: bool) -> Mask | None:
        """Read a mask: as photographed, or straightened if the lens is known, as all maps are."""
        from olat.geometry.undistortion import undistorted_mask

        mask = mask_of(self.session.camera(camera))
        lens = self.calibrations.calibration("lens", camera)
        if mask is None or not is_straight or not isinstance(lens, LensCalibration):
            return mask
        try:
            return undistorted_mask(mask, lens)
        except ValueError as error:
            raise SessionError(f"{self.session.camera(camera).mask}: {error}") from error

    def _frame(self, unit: Unit) -> Frame:
        if unit.frame is None:
            raise KeyError(f"camera {unit.camera} is not one frame")
        return self._frames[unit.camera][unit.frame]

    def _frame_key(self, name: str, unit: Unit) -> str:
        """Return a digest of what is given of one frame."""
        frame = self._frame(unit)
        if name == "photo":
            self._planned[frame.path] = self.hashes.of(frame.path)
            return self._planned[frame.path]
        if name == "known_flow":
            path = self._flow_path(frame)
            return "none" if path is None else self.hashes.of(path)
        told = [frame.index, str(frame.condition), frame.gain, frame.exposure_s]
        return digest([*told, frame.bracket])

    def _frame_value(self, name: str, unit: Unit) -> Any:
        """Return what is given of one frame."""
        frame = self._frame(unit)
        if name == "photo":
            return self._photograph(frame)
        return frame if name == "frame" else self._known_flow(frame)

    def _flow_path(self, frame: Frame) -> Path | None:
        """Return the file of motion that was found before, where there is one."""
        return self.session.camera(frame.camera).flows.get(frame.index)

    def _known_flow(self, frame: Frame) -> TrackingFlow | None:
        """Read motion that was found before."""
        from olat.io.flow_file import read_flow_file

        path = self._flow_path(frame)
        return None if path is None else read_flow_file(path)

    def _photograph(self, frame: Frame) -> Any:
        planned = self._planned.get(frame.path)
        if planned is not None and self.hashes.of(frame.path) != planned:
            raise SessionError(
                f"{frame.path}: the photograph changed during the run. Run `olat process` again; "
                "what is done is kept."
            )
        try:
            return read_photograph(frame.path)
        except FileError as error:
            told = f"camera {frame.camera!r}, frame {frame.index} ({role(frame.condition)})"
            advice = skip_advice(str(frame.index), frame.camera)
            raise FileError(f"{told}: {error}\n{advice}") from error


def mask_of(camera: Camera) -> Mask | None:
    """Read the mask of a camera, if it has one; `SessionError` if nothing is inside."""
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
