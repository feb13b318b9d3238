"""How the subject moved during a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from jaxtyping import Float32

from olat.model.shapes import Array, Flow, Plane

MotionSource: TypeAlias = Literal["none", "tracking", "gradients", "registration"]
"""What a frame's motion was found from: nothing, tracking frames, joint alignment, the sweep."""


@dataclass(frozen=True, slots=True)
class TrackingFlow:
    """Motion from the reference tracking frame to another frame, on the reference grid."""

    flow: Flow
    """At the resolution it was solved at, in pixels of the full-size frame."""
    confidence: Plane
    """1 where forward and backward flow agree, falling to 0 where they do not."""
    shape: tuple[int, int]
    """Height and width of the full-size frame [px]."""


@dataclass(frozen=True, slots=True)
class FrameMotion:
    """Motion from the reference to one frame of the sweep, however it came to be known."""

    flow: Flow
    """At the resolution it was solved at, in pixels of the full-size frame."""
    confidence: Plane
    """From 0 to 1."""
    shape: tuple[int, int] | None
    """Height and width of the full-size frame [px]; none where nothing is known."""
    source: MotionSource = "tracking"
    is_covered: bool = True
    """False where no tracking frame tells of this moment."""


@dataclass(frozen=True, slots=True)
class TrackingLook:
    """What one tracking frame looks like, before any motion is sought."""

    frame: int
    lit: float
    """Share of the picture that the subject fills [1]."""
    saturated: float
    """Share of the lit pixels that are full [1]."""
    sharpness: float
    """Contrast of the finest detail of what is lit; higher is sharper [1]."""
    spread: float = 1.0
    """Contrast of all that is lit: 0 where it is one gray [1]."""


@dataclass(frozen=True, slots=True)
class ReferenceFrame:
    """The tracking frame that all others are moved to."""

    frame: int
    reason: str
    """Why this one: ``middle``, ``sharpest``, ``told``, or what was wrong with those before it."""
    looks: tuple[TrackingLook, ...] = ()
    """Of the frames that were looked at."""


@dataclass(frozen=True, slots=True)
class TrackedFrame:
    """How well one tracking frame could be followed."""

    frame: int
    agreement: float
    """Share of the subject's pixels whose flow is sure [1]."""
    median_px: float
    """Half of the subject moved less [px]."""
    largest_px: float
    """99 % of the subject moved less [px]."""
    refusal: str = ""
    """Why it is not used; empty for one that is."""
    outside: float = 0.0
    """Share of the subject's pixels that lie outside of it [1]."""
    departure_px: float | None = None
    """How far its motion is from what its neighbors in time tell; none where nothing tells [px]."""
    is_sudden: bool = False
    """Used, but much farther off its neighbors in time than the others: the subject twitched."""

    @property
    def is_used(self) -> bool:
        """Tell whether motion is interpolated through this frame."""
        return not self.refusal


@dataclass(frozen=True, slots=True)
class DoubtfulInterval:
    """A part of the picture that for a while is not what the reference shows: a blink, a hand."""

    first: int | None
    """Frame; none from the beginning of the sweep on."""
    last: int | None
    """Frame, included; none up to the end of the sweep."""
    box: tuple[int, int, int, int]
    """Top, left, bottom, right in the reference [px]; bottom and right are excluded."""
    share: float
    """Part of the subject's pixels [1]."""


@dataclass(frozen=True, slots=True)
class UnsureInterval:
    """Frames between two tracking frames that tell less of them than tracking frames usually do."""

    first: int
    """Tracking frame before."""
    last: int
    """Tracking frame after."""
    error_px: float
    """What interpolation is expected to leave, rms over the frames between [px]."""


@dataclass(frozen=True, slots=True)
class SweepMotion:
    """What the tracking frames tell of the motion over a sweep."""

    reference: int
    frames: tuple[TrackedFrame, ...]
    """Every tracking frame, in order."""
    doubts: tuple[DoubtfulInterval, ...] = ()
    frequency: float | None = None
    """Of the motion of which interpolation leaves most; none if it is not told [1/frame]."""
    interval: float = 0.0
    """Usual distance between tracking frames [frames]."""
    residual_px: float | None = None
    """Error that interpolation is expected to leave between those used, rms; mostly too
    high without a frequency; none if nothing tells [px]."""
    unsure: tuple[UnsureInterval, ...] = ()
    """Where a tracking frame is missing or not used, or the subject twitched."""

    def error_px(self, time: float) -> float:
        """Return what interpolation is expected to leave around a moment more than elsewhere."""
        around = (each for each in self.unsure if each.first < time < each.last)
        return max((each.error_px for each in around), default=0.0)

    @property
    def used(self) -> tuple[int, ...]:
        """Numbers of the tracking frames that motion is interpolated through."""
        return tuple(tracked.frame for tracked in self.frames if tracked.is_used)

    @property
    def share(self) -> float:
        """Return the part of the subject's pixels and moments that is followed; 1 if none is asked.

        Frames that are not used count as followed nowhere, the reference does not count.
        """
        others = [each for each in self.frames if each.frame != self.reference]
        agreed = sum(each.agreement for each in others if each.is_used)
        return agreed / len(others) if others else 1.0


@dataclass(frozen=True, slots=True)
class SweepRegistration:
    """Motion of a sweep without tracking frames, found from the OLAT frames themselves."""

    reference: int
    """Frame whose pose all others are moved to."""
    frames: tuple[int, ...]
    """Numbers of the registered frames, increasing."""
    flows: Float32[Array, "frame grid_h grid_w 2"]
    """From the reference to each frame, on a coarse grid that spans the picture [full-size px]."""
    confidence: Float32[Array, "frame grid_h grid_w"]
    """From 0 to 1."""
    shape: tuple[int, int]
    """Height and width of the full-size frame [px]."""


@dataclass(frozen=True, slots=True)
class MotionCorrection:
    """What is to be added to the interpolated motion of a sweep."""

    frames: tuple[int, ...]
    """Numbers of the corrected frames, increasing; none where there is nothing to correct."""
    flows: Float32[Array, "frame grid_h grid_w 2"]
    """For each frame, on a coarse grid that spans the reference [full-size px]."""
    shape: tuple[int, int]
    """Height and width of the full-size frame [px]."""
