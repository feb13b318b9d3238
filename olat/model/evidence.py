"""What calibrations were read from, for the picture beside each; no document holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from jaxtyping import Float32, Float64, Int64

from olat.model.shapes import Array, Plane, Radiance

Points: TypeAlias = Float64[Array, "point 2"]
"""Column and row, pixel centers at integers [px]."""

Verdict: TypeAlias = Literal["taken", "doubted", "refused"]
"""Whether a spot is the light; doubted ones are taken, but clipped, cut or nearly outshone."""

Doubt: TypeAlias = Literal["clipped", "cut", "rivaled"]
"""What speaks against a spot: clipped, touches the outline, or is nearly outshone."""

Source: TypeAlias = Literal["gray", "mirror", "dead", "unseen"]
"""What tells how bright a light is: the ball that shows it, or none; unseen ones are a guess."""


@dataclass(frozen=True)
class Spot:
    """Something bright on a mirror ball, under one light."""

    light: int
    x: float
    """[px]"""
    y: float
    """[px]"""
    radius: float
    """Root mean square distance of its light from its center [px]."""
    verdict: Verdict
    doubts: tuple[Doubt, ...] = ()
    """Of a doubted one."""


@dataclass(frozen=True)
class BallEvidence:
    """A mirror ball in one place, and what was found on it."""

    picture: Plane
    """The most that each pixel shows under any light, around the ball [diffuse white = 1]."""
    outline: Points
    """Of the ball as it was fitted, in that picture."""
    spots: tuple[Spot, ...]
    """In that picture."""
    unseen: tuple[int, ...]
    """Lights of the sweep without a highlight."""


@dataclass(frozen=True)
class ChartEvidence:
    """A color chart, and what the matrix makes of it; linear Rec.709 at the chart's exposure."""

    frame: Radiance
    """The photograph, made small."""
    patches: Float64[Array, "24 4 2"]
    """Corners of what was read of each patch, in that picture [px]."""
    straight: Float32[Array, "rows columns 3"]
    """The chart seen from straight ahead, in 6 x 4 square cells."""
    measured: Float64[Array, "24 3"]
    """What was read of each patch, after the matrix."""
    reference: Float64[Array, "24 3"]
    """What it should be."""
    delta_e: Float64[Array, "24"]
    """CIEDE2000 between the two."""
    names: tuple[str, ...]
    """Of the patches, row by row."""


@dataclass(frozen=True)
class BoardEvidence:
    """A board in one photograph."""

    frame: int
    corners: Points
    """As they were found."""
    misses: Points | None
    """From where the lens puts each corner to where it was found; none if the view was left out."""


@dataclass(frozen=True)
class SensorEvidence:
    """What flat frames of several exposures read; empty where there were none."""

    channels: Int64[Array, " reading"]
    """Color of each reading: 0 red, 1 green, 2 blue."""
    counts: Float64[Array, " reading"]
    """What was read in the middle of the frames of one exposure [DN]."""
    departures: Float64[Array, " reading"]
    """From a straight line through the dark [%]."""
    signal: Float64[Array, " point"]
    """Mean of small patches of light above the dark [DN]."""
    variance: Float64[Array, " point"]
    """Of each patch in time [DN^2]."""


@dataclass(frozen=True)
class LevelEvidence:
    """What the intensities of a rig were read off."""

    ball: BallEvidence | None
    """The gray ball in its first place; none without one."""
    relative_sigmas: Float64[Array, " light"]
    """Standard error over the intensity; not a number where it was not measured [1]."""
    sources: tuple[Source, ...]
    """Of each light."""
