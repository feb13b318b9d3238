"""The pictures of a sweep, moved onto the reference and looked at for what is beside its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from olat.model.shapes import Array, Flow, Mask, Plane
from olat.motion.cubic_kernel import read_plane
from olat.motion.refinement_prediction import prediction_residual, prediction_weights
from olat.motion.refinement_prior import Coefficients, Knots, Modes
from olat.motion.refinement_step import Evidence
from olat.motion.warp import source_positions

WINDOW = 4.0
"""Standard deviation of the neighborhood whose mean is taken out, so that shading that is
predicted wrongly does not count as motion [px]."""
SOFTENING = 1.0
"""Standard deviation of the blur before slopes are taken [px]."""
STRIDE = 2
"""After that blur, every second pixel tells as much as all of them."""
RIM = 2
"""Pixels along the outline that are left out: another background lies behind them."""
FEWEST_PIXELS = 16
"""Pixels that have to be looked at."""
FLOOR = 0.002
"""Part of the white level below which residuals are noise."""
OUTLIER = 3.0
"""Residual, in local standard deviations, from which on it counts half."""
SPOILED = 0.01
"""Share of unusable pixels around a place that spoils it."""
SPOILED_MIX = 0.1
"""Share of unusable readings in what is mixed that spoils the prediction."""


@dataclass(frozen=True)
class SweepPictures:
    """Small pictures of a sweep, as photographed."""

    pictures: Float32[Array, "frame h w"]
    """Linear, one gray a pixel [diffuse white = 1]."""
    usable: Bool[Array, "frame h w"]
    """False where saturated, dead or not a number; a number is needed there all the same."""
    mask: Mask
    """True inside the subject, in the reference."""
    full_on: Plane | None = None
    """The reference: all lights of the sweep at once, at any level; NaN where unusable."""


@dataclass(frozen=True)
class InterpolatedMotion:
    """Motion of a sweep as the tracking frames tell it."""

    times: tuple[int, ...]
    """Moment of each picture."""
    knots: tuple[int, ...]
    """Moments of the tracking frames."""
    reference: int
    """That of the reference, one of the knots."""
    weights: Knots
    flow: Callable[[int], Flow]
    """From the reference to a moment, on the pictures' grid and in its pixels."""


class MovedSweep:
    """All pictures in the pose of the reference, at the pixels that are looked at."""

    def __init__(self, sweep: SweepPictures, motion: InterpolatedMotion, modes: Modes) -> None:
        self._sweep, self._motion, self._modes = sweep, motion, modes
        kernel = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
        inside = cv2.erode(sweep.mask.astype(np.uint8), kernel, borderValue=0) > 0
        every = np.zeros(inside.shape, bool)
        every[::STRIDE, ::STRIDE] = True
        self._inside, self._looked_at = inside, inside & every
        _check_looked_at(self._looked_at)
        self._share = np.maximum(_blurred(inside.astype(np.float32), WINDOW), np.float32(1e-3))
        here = _blurred(self._looked_at.astype(np.float32), WINDOW)
        self._share_looked_at = np.maximum(here, np.float32(1e-6))
        self._white = float(np.percentile(sweep.pictures[:, inside], 99.5))
        self._modes_here = np.ascontiguousarray(modes[:, self._looked_at])

    def move(self, coefficients: Coefficients) -> float:
        """Move all pictures by the interpolated motion and some of each mode.

        Returns
        -------
        residual
            Error of leaving one light out [1].
        """
        shape = (len(self._motion.times), self._modes_here.shape[1])
        readings, self._usable = np.empty(shape, np.float32), np.empty(shape, bool)
        self._detail, self._right, self._down = (np.empty(shape, np.float32) for _ in range(3))
        self._sum = np.zeros(self._inside.shape, np.float32)
        for frame, time in enumerate(self._motion.times):
            rest = np.einsum("mk,mhw->hwk", coefficients[frame], self._modes)
            picture, usable = self._moved(frame, self._motion.flow(time) + rest)
            self._sum += picture
            readings[frame], self._usable[frame] = picture[self._looked_at], usable[self._looked_at]
            soft = _blurred(picture, SOFTENING)
            self._detail[frame] = self._details(soft)
            self._right[frame] = self._details(_slope(soft, across=1, down=0))
            self._down[frame] = self._details(_slope(soft, across=0, down=1))
        self._mix = prediction_weights(readings)
        return prediction_residual(readings, self._mix)

    def evidence(self) -> Evidence:
        """Return what the pictures say about motion where they are now."""
        mix = np.eye(len(self._mix), dtype=np.float32) - self._mix
        residual, usable = mix @ self._detail, self._usable & self._is_told(mix)
        if self._sweep.full_on is not None:
            anchor, beside, is_seen = self._anchor(self._sweep.full_on)
            mix, residual = np.vstack([mix, anchor]), np.vstack([residual, beside])
            usable = np.vstack([usable, is_seen & self._is_told(anchor)])
        weights = np.stack([self._weights(row) for row in residual]) * usable
        return Evidence(residual, mix, self._right, self._down, weights, self._modes_here)

    def _moved(self, frame: int, flow: Flow) -> tuple[Plane, Mask]:
        x, y = source_positions(flow)
        bad = ~self._sweep.usable[frame]
        photo = _filled(self._sweep.pictures[frame], ~bad)
        picture = read_plane(photo, x.ravel(), y.ravel()).reshape(photo.shape)
        if not bad.any():
            return picture, ~bad
        spread = _blurred(bad.astype(np.float32), SOFTENING)
        edge = cv2.BORDER_REPLICATE
        spread = np.asarray(cv2.remap(spread, x, y, cv2.INTER_LINEAR, borderMode=edge))
        return picture, spread < SPOILED

    def _anchor(
        self, full_on: Plane
    ) -> tuple[Float32[Array, "1 frame"], Float32[Array, "1 pixel"], Bool[Array, " pixel"]]:
        """Return what the sum of all lights is beside the full-on frame, and where that counts."""
        is_seen = np.isfinite(full_on)
        inside = self._inside & is_seen
        seen = full_on[inside]
        level = float(np.vdot(self._sum[inside], seen)) / float(np.vdot(seen, seen))
        row = np.full((1, len(self._mix)), 1.0 / level, np.float32)
        soft = _blurred(_filled(full_on, is_seen), SOFTENING)
        return row, row @ self._detail - self._details(soft), is_seen[self._looked_at]

    def _is_told(self, mix: Float32[Array, "row frame"]) -> Bool[Array, "row pixel"]:
        """Say where what a row mixes could be read."""
        parts = np.abs(mix)
        spoiled = parts @ (~self._usable).astype(np.float32)
        return np.asarray(spoiled <= SPOILED_MIX * parts.sum(axis=1, keepdims=True))

    def _details(self, plane: Plane) -> Float32[Array, " pixel"]:
        """Take the mean of the neighborhood inside the subject out."""
        mean = _blurred(plane * self._inside, WINDOW) / self._share
        return np.asarray((plane - mean)[self._looked_at])

    def _weights(self, residual: Float32[Array, " pixel"]) -> Float32[Array, " pixel"]:
        """Return inverse variances, from the residuals around; less for outliers."""
        square = np.zeros(self._inside.shape, np.float32)
        square[self._looked_at] = residual**2
        local = (_blurred(square, WINDOW) / self._share_looked_at)[self._looked_at]
        variance = local + np.float32((FLOOR * self._white) ** 2)
        variance += residual**2 / np.float32(OUTLIER**2)
        return np.asarray(np.float32(STRIDE**2) / variance)


def _check_looked_at(looked_at: Mask) -> None:
    count, (height, width) = int(looked_at.sum()), looked_at.shape
    if count < FEWEST_PIXELS:
        raise ValueError(
            f"refinement: {count} pixels of {width} x {height} that are looked at, one in "
            f"{STRIDE**2}, lie more than {RIM} px inside of the subject; {FEWEST_PIXELS} are "
            "needed. Check the mask."
        )


def _blurred(plane: Plane, deviation: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), deviation))


def _filled(plane: Plane, usable: Mask) -> Plane:
    """Put what is around in the place of unusable readings."""
    if usable.all():
        return plane
    known = np.where(usable, plane, np.float32(0.0))
    share = np.maximum(_blurred(usable.astype(np.float32), WINDOW), np.float32(1e-3))
    return np.where(usable, plane, _blurred(known, WINDOW) / share)


def _slope(plane: Plane, *, across: int, down: int) -> Plane:
    return np.asarray(cv2.Sobel(plane, cv2.CV_32F, across, down, ksize=3, scale=1 / 8))
