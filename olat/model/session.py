"""A capture: who was photographed by which cameras under which lights, frame by frame."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from olat.model.condition import Condition, Olat
from olat.model.encoding import Encoding
from olat.model.rig import LightRig


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of the stage, and what its files mean."""

    name: str
    encoding: Encoding = "linear"
    """``linear``, ``srgb``, the exponent of a power law over the codes, or a measured response."""
    white_patch: float = 1.0
    """What a white Lambert patch facing a light of intensity 1 reads [fraction of full scale]."""
    field_of_view_deg: float | None = None
    """Horizontal field of view [degree]; none means an orthographic view along -z."""
    mask: Path | None = None
    """Picture that is bright inside the subject."""
    distance_m: float | None = None
    """From the center of projection to the subject's center, the origin [m]; none: not told.

    A stage that reads it says so by ``Part("distance_m")``: what others make rests not on it.
    """
    serial: str = ""
    """Serial number of the body; empty where it is not known."""
    lens: str = ""
    """What lens is on it, with focal length and focus, in the user's words; empty if not told."""
    reference: int | None = None
    """Number of the tracking frame that all frames are moved to, where the user tells it."""
    flows: Mapping[int, Path] = field(default_factory=dict)
    """Files of motion from the reference to tracking frames, by number, that were found before."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One photograph."""

    camera: str
    index: int
    """Number of the frame in the capture, as in its file name or table."""
    condition: Condition
    path: Path
    gain: float = 1.0
    """Brings this frame to the exposure and drive level of the OLAT frames."""
    exposure_s: float | None = None
    """Exposure time, where the manifest or the file tells it [s]."""
    bracket: tuple[int, ...] = ()
    """Numbers of all frames of its exposure bracket, itself among them; empty if it is alone."""

    @property
    def leads(self) -> bool:
        """Whether this frame stands for its bracket: the first of it, or alone."""
        return not self.bracket or self.bracket[0] == self.index


@dataclass(frozen=True)
class Session:
    """A capture, resolved: every frame has a file, a condition and a gain."""

    name: str
    folder: Path
    """Where ``session.toml`` lies; products go to ``olat/`` below it."""
    rig: LightRig
    cameras: tuple[Camera, ...]
    frames: tuple[Frame, ...] = field(repr=False)
    date: datetime.date | None = None
    """Day of the capture."""
    calibration: Path | None = None
    """Folder of certified calibrations besides the session's own."""

    def camera(self, name: str) -> Camera:
        """Return a camera by name; `KeyError` if there is none."""
        return {camera.name: camera for camera in self.cameras}[name]

    def frames_of(self, camera: str) -> dict[int, Frame]:
        """Return the frames of a camera by number, in capture order."""
        return {frame.index: frame for frame in self.frames if frame.camera == camera}

    def olat_frames(self, camera: str) -> tuple[Frame, ...]:
        """Return a camera's OLAT frames in the order of their lights, of a bracket the first."""
        lit = [
            (frame.condition.light, frame)
            for frame in self.frames_of(camera).values()
            if isinstance(frame.condition, Olat) and frame.leads
        ]
        return tuple(frame for _, frame in sorted(lit, key=lambda pair: pair[0]))
