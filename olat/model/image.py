"""Photographs on their way from file to radiance."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Float32, UInt8

from olat.model.color import ColorSpace
from olat.model.condition import Condition, is_under
from olat.model.session import Frame
from olat.model.shapes import Array, Flags, Mosaic, Plane, Radiance

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RawMosaic:
    """Sensor counts behind a 2 x 2 Bayer filter."""

    counts: Mosaic
    """Counts [DN]."""
    pattern: UInt8[Array, "2 2"]
    """Channel (0 red, 1 green, 2 blue) of each site; the site of pixel (y, x) is (y % 2, x % 2)."""
    black: Float32[Array, "2 2"]
    """Black level of each site [DN]."""
    white: float
    """Count at which the sensor is full [DN]."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph that is a picture already: PNG, TIFF, PGM, JPEG, EXR."""

    codes: np.ndarray[Any, Any]
    """Values as stored, ``h w`` or ``h w 3``; integers or floats."""
    white: float
    """Code at which the file is full; infinity for floats."""


@dataclass(frozen=True, slots=True)
class RadianceImage:
    """Scene-linear radiance and what is doubtful about it."""

    radiance: Radiance
    """Signed, linear [diffuse white = 1]."""
    flags: Flags
    variance: Radiance | None = None
    """Of the noise, where the sensor is calibrated [(diffuse white)^2]."""
    space: ColorSpace = "camera"
    """What its red, green and blue are."""
    confidence: Plane | None = None
    """Trust in the motion that brought it here, from 0 to 1; none where nothing was moved."""


class Frames(Mapping[int, T], Generic[T]):
    """One product of many frames of a camera, computed or read when asked for."""

    def __init__(self, frames: Mapping[int, Frame], load: Callable[[Frame], T]) -> None:
        self._frames = dict(sorted(frames.items()))
        self._load = load

    def __getitem__(self, index: int) -> T:
        return self._load(self._frames[index])

    def __iter__(self) -> Iterator[int]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def shots(self) -> Mapping[int, Frame]:
        """Return what is known of each frame, by its number, without computing anything."""
        return dict(self._frames)

    def under(self, *conditions: type | Condition) -> Frames[T]:
        """Return the frames under the given conditions (types, or exact values)."""
        kept = {
            index: frame
            for index, frame in self._frames.items()
            if any(is_under(frame.condition, wanted) for wanted in conditions)
        }
        return Frames(kept, self._load)

    def only(self, indices: Collection[int]) -> Frames[T]:
        """Return the frames with these numbers."""
        kept = {index: frame for index, frame in self._frames.items() if index in indices}
        return Frames(kept, self._load)
