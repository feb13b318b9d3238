"""Small gray copies of the OLAT frames of a sweep, one held at full size at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from olat.errors import SolveError
from olat.model.image import Frames, RadianceImage
from olat.model.shapes import Array, Mask, Plane
from olat.stages.sketches import reduced
from olat.stages.subject import inside


@dataclass(frozen=True)
class SmallSweep:
    """A sweep, made small."""

    frames: tuple[int, ...]
    pictures: Float32[Array, "frame h w"]
    """Linear gray; not a number where saturated or defective [diffuse white = 1]."""
    mask: Mask
    """True inside the subject, or what any light reaches."""
    shape: tuple[int, int]
    """Height and width of the photographs [px]."""

    @property
    def to_full(self) -> Float32[Array, " 2"]:
        """Return pixels of the photographs for a pixel across and down."""
        height, width = self.mask.shape
        return np.array([self.shape[1] / width, self.shape[0] / height], np.float32)

    @classmethod
    def of(
        cls, radiance: Frames[RadianceImage], mask: Mask | None, *, megapixels: float
    ) -> SmallSweep:
        """Develop frames one by one and keep what is small of them."""
        from olat.motion.looks import lit_in

        frames = tuple(radiance)
        pictures: list[Plane] = []
        shape = (0, 0)
        for frame in frames:
            photo = radiance[frame]
            if pictures and photo.flags.shape != shape:
                raise SolveError(
                    f"register_sweep: frame {frame} is {photo.flags.shape[1]} x "
                    f"{photo.flags.shape[0]} px, frame {frames[0]} {shape[1]} x {shape[0]} px; one "
                    "size is needed. Leave out what is of another camera mode."
                )
            shape = photo.flags.shape
            factor = max(1.0, float(np.sqrt(shape[0] * shape[1] / (1e6 * megapixels))))
            picture, is_known = reduced(photo, (round(shape[0] / factor), round(shape[1] / factor)))
            pictures.append(np.where(is_known, picture, np.float32(np.nan)))
        stack = np.asarray(pictures, np.float32)
        small = stack.shape[1:]
        if mask is None:
            subject = lit_in(np.nan_to_num(stack, nan=0.0).mean(axis=0, dtype=np.float32))
        else:
            subject = inside(inside(mask, shape), small)
        return cls(frames, stack, subject, shape)
