"""Frames of a sweep as small gray pictures, one held at full size at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32

from olat.errors import SolveError
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.shapes import Array, Flow, Mask, Plane

UNUSABLE = PixelFlag.SATURATED | PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME
SPOILED = 0.25
"""Part of a small pixel that may be unusable [1]."""


@dataclass(frozen=True)
class SmallSweep:
    """Frames of a sweep, made small."""

    frames: tuple[int, ...]
    pictures: Float32[Array, "frame h w"]
    """Linear, averaged over area and channels; a number everywhere [diffuse white = 1]."""
    usable: Bool[Array, "frame h w"]
    """False where much of a small pixel is saturated, defective or not a number."""
    photo_shape: tuple[int, int]
    """Height and width of the photographs [px]."""

    @classmethod
    def of(cls, radiance: Frames[RadianceImage], *, megapixels: float) -> SmallSweep:
        """Reduce frames one by one.

        Raises
        ------
        SolveError
            If they differ in size.
        """
        frames = tuple(radiance)
        shape = radiance[frames[0]].flags.shape
        factor = max(1.0, float(np.sqrt(shape[0] * shape[1] / (1e6 * megapixels))))
        grid = len(frames), round(shape[0] / factor), round(shape[1] / factor)
        small = cls(frames, np.empty(grid, np.float32), np.empty(grid, bool), shape)
        for row, frame in enumerate(frames):
            small.pictures[row], small.usable[row] = small.reduced(frame, radiance[frame])
        return small

    @property
    def shape(self) -> tuple[int, int]:
        """Return height and width of the pictures [px]."""
        return self.pictures.shape[1:]

    @property
    def to_photo(self) -> Float32[Array, " 2"]:
        """Return pixels of the photographs for a pixel across and down."""
        (height, width), (full_height, full_width) = self.shape, self.photo_shape
        return np.array([full_width / width, full_height / height], np.float32)

    def reduced(self, frame: int, photo: RadianceImage) -> tuple[Plane, Mask]:
        """Return a photograph as a picture, and where that can be used.

        Raises
        ------
        SolveError
            If it has another size than the photographs of the sweep.
        """
        if photo.flags.shape != self.photo_shape:
            (height, width), (full_height, full_width) = photo.flags.shape, self.photo_shape
            raise SolveError(
                f"sweep: frame {frame} is {width} x {height} px, frame {self.frames[0]} "
                f"{full_width} x {full_height} px; one size is needed. Leave frames of another "
                "camera mode out (skip under [[override]])."
            )
        bad = ((photo.flags & UNUSABLE) != 0) | ~np.isfinite(photo.radiance).all(axis=2)
        gray = np.where(bad[..., None], np.float32(0.0), photo.radiance).mean(axis=2)
        kept = averaged((~bad).astype(np.float32), self.shape)
        mean = averaged(gray, self.shape) / np.maximum(kept, np.float32(1e-3))
        return mean, kept > 1.0 - SPOILED

    def reduced_mask(self, mask: Mask) -> Mask:
        """Return where more than half of a small pixel lies inside a mask of the photographs."""
        return averaged(mask.astype(np.float32), self.shape) > 0.5


def averaged(plane: Plane | Flow, shape: tuple[int, int]) -> np.ndarray:
    """Return a plane or flow at another size, averaged over area."""
    import cv2

    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA))
