"""Small gray copies of a sweep, as photographed, and its motion at their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from olat.model.condition import Olat
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import SweepMotion, SweepRegistration, TrackingFlow
from olat.model.shapes import Flow, Mask, Plane

if TYPE_CHECKING:
    from olat.motion.refinement import Refinement
    from olat.motion.refinement_field import InterpolatedMotion, SweepPictures

UNUSABLE = PixelFlag.SATURATED | PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME
SPOILED = 0.25
"""Part of a small pixel that may be unusable [1]."""
CORRECTION_STEP = 4
"""Small pixels between two places that a correction is told for; it is smoother than that."""


@dataclass(frozen=True)
class Sketches:
    """A sweep, made small."""

    sweep: SweepPictures
    frames: tuple[int, ...]
    shape: tuple[int, int]
    """Height and width of the photographs [px]."""

    @classmethod
    def of(
        cls,
        radiance: Frames[RadianceImage],
        full_on: RadianceImage,
        mask: Mask | None,
        *,
        megapixels: float,
    ) -> Sketches:
        """Reduce the OLAT frames one by one, and their reference."""
        from olat.motion.looks import gray_of, lit_in
        from olat.motion.refinement_field import SweepPictures

        shape = full_on.flags.shape
        factor = max(1.0, float(np.sqrt(shape[0] * shape[1] / (1e6 * megapixels))))
        small = round(shape[0] / factor), round(shape[1] / factor)
        if mask is None:
            mask = lit_in(gray_of(full_on.radiance))
        frames = tuple(radiance.under(Olat))
        pictures = np.empty((len(frames), *small), np.float32)
        usable = np.empty(pictures.shape, bool)
        for row, frame in enumerate(frames):
            pictures[row], usable[row] = reduced(radiance[frame], small)
        inside = _resized(mask.astype(np.float32), small) > 0.5
        seen, is_seen = reduced(full_on, small)
        seen[~is_seen] = np.nan
        sweep = SweepPictures(pictures, usable, inside, seen)
        return cls(sweep, frames, shape)

    def motion(self, flow: Frames[TrackingFlow], sweep: SweepMotion) -> InterpolatedMotion:
        """Return the interpolated motion at the size of the sketches."""
        from olat.motion.flow import upsampled
        from olat.motion.refinement_field import InterpolatedMotion
        from olat.motion.refinement_prior import knot_shares
        from olat.motion.tracking import flow_at

        small = self.sweep.mask.shape
        half = -(-small[0] // 2), -(-small[1] // 2)
        to_small = np.array([small[1] / self.shape[1], small[0] / self.shape[0]], np.float32)
        used = flow.only(sweep.used)
        known = {
            time: _resized(flow_at(time, used, sweep.reference).flow, half) * to_small
            for time in {*self.frames, *sweep.used}
        }

        def at(time: int) -> Flow:
            return upsampled(known[time], small)

        weights = knot_shares(self.frames, sweep.used)
        return InterpolatedMotion(self.frames, sweep.used, sweep.reference, weights, at)

    def correction(self, found: Refinement, reference: int) -> SweepRegistration:
        """Return a refinement in pixels of the photographs."""
        height, width = self.sweep.mask.shape
        grid = -(-height // CORRECTION_STEP), -(-width // CORRECTION_STEP)
        to_full = np.array([self.shape[1] / width, self.shape[0] / height], np.float32)
        flows = np.stack(
            [_resized(found.flow(row), grid) * to_full for row in range(len(self.frames))]
        )
        confidence = np.ones(flows.shape[:3], np.float32)
        return SweepRegistration(reference, self.frames, flows, confidence, self.shape)


def reduced(photo: RadianceImage, shape: tuple[int, int]) -> tuple[Plane, Mask]:
    """Average over area and channels; say where that means something."""
    bad = ((photo.flags & UNUSABLE) != 0) | ~np.isfinite(photo.radiance).all(axis=2)
    gray = np.where(bad[..., None], np.float32(0.0), photo.radiance).mean(axis=2)
    kept = _resized((~bad).astype(np.float32), shape)
    mean = _resized(gray, shape) / np.maximum(kept, np.float32(1e-3))
    return mean, kept > 1.0 - SPOILED


def _resized(plane: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    import cv2

    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=cv2.INTER_AREA))
