"""What the normals of neighbors tell of their depths, and the depth that fits them best."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array, Plane, UnitVectors
from olat.model.view import ViewGeometry
from olat.surface import normal_integration_kernel as kernel
from olat.surface.grid_solve import field_of_differences

GRAZING = 0.02
"""Cosine to the ray below which a normal tells nothing of depth: steeper than 89 degrees."""
LEAST_DOUBTED_PX = 0.1
"""What a link must leave over, at right angles to the surface, to lose half of its weight."""
USUAL, DOUBTED_TIMES = 90.0, 3.0
"""The same as a multiple of this percentile of what links leave over, where that is more.

Then what is wrong all over is borne by all: normals that lean a little do not tear the surface.
Where it really is torn, the rest falls with every round, and doubt sharpens by itself.
"""
ROUNDS = 20
FINER_ROUNDS = 6
"""Of pictures that begin with the depth of those of half their size."""
SMALLEST_PX = 48
"""Shorter side up to which a picture begins with no depth."""
DRAFT, FINAL = 1e-3, 1e-6
"""Errors of slope at which the rounds and the last one stop [1]."""
STEPS = 16
"""Of conjugate gradients in one round, at most; where nothing is torn ten are enough."""
HALF_CONFIDENCE_PX = 0.25
"""What the links of a pixel leave over where it is trusted half."""


@dataclass
class NormalNet:
    """What neighbors tell of each other's depth, and the depth so far [px]."""

    trust: Plane
    steps: tuple[Plane, Plane]
    scales: tuple[Plane, Plane]
    links: tuple[Plane, Plane]
    depth: Float64[Array, "h w"]

    @classmethod
    def of(cls, normals: UnitVectors, trust: Plane, geometry: ViewGeometry) -> NormalNet:
        """Ask each two neighbors; the depth begins level."""
        steps, scales, links = ((np.zeros_like(trust), np.zeros_like(trust)) for _ in range(3))
        view = np.stack([geometry.corner, geometry.across, geometry.down, geometry.axis])
        limits = (geometry.is_perspective, geometry.spacing, GRAZING)
        kernel.tell_steps(np.ascontiguousarray(normals), trust, view, limits, steps, scales)
        return cls(trust, steps, scales, links, np.zeros(trust.shape))

    def solve(self, rounds: int, normals: UnitVectors, geometry: ViewGeometry) -> None:
        """Find the depth, doubting in every round what the last one leaves over.

        It begins with that of a picture of half the size, where tears are twice as steep.
        """
        has_start = rounds > 0 and min(self.trust.shape) > SMALLEST_PX
        if has_start:
            self.depth = self._from_half(rounds, normals, geometry)
            rounds = min(rounds, FINER_ROUNDS)
        for number in range(rounds):
            if not self.improve(has_start or number > 0, DRAFT):
                break
        self.improve(rounds > 0, FINAL)

    def _from_half(
        self, rounds: int, normals: UnitVectors, geometry: ViewGeometry
    ) -> Float64[Array, "h w"]:
        height, width = self.trust.shape
        coarse_normals, trust = halved(normals, self.trust)
        smaller = geometry.halved()
        net = NormalNet.of(coarse_normals, trust, smaller)
        net.solve(rounds, coarse_normals, smaller)
        # A place in between is weighed by what is known around it.
        size = 2 * trust.shape[1], 2 * trust.shape[0]
        known = (trust > 0.0).astype(np.float64)
        around = cv2.resize(known, size, interpolation=cv2.INTER_LINEAR)[:height, :width]
        depth = cv2.resize(2.0 * known * net.depth, size, interpolation=cv2.INTER_LINEAR)
        depth = depth[:height, :width]
        found = np.divide(depth, around, out=np.zeros_like(self.depth), where=around > 0.0)
        return np.asarray(found)

    def improve(self, is_doubting: bool, tolerance: float) -> int:
        """Weigh the links by the depth so far, and solve; return the steps that it took."""
        doubt = 1.0 / self.doubted() ** 2 if is_doubting else 0.0
        side = np.empty_like(self.depth)
        kernel.weigh(self.depth, self.trust, self.steps, self.scales, doubt, self.links)
        kernel.gather_steps(self.steps, self.links, side)
        self.depth, steps = field_of_differences(
            self.links, side, self.depth, tolerance=tolerance, steps=STEPS
        )
        return steps

    def doubted(self) -> float:
        """Return what a link leaves over that loses half of its weight [px]."""
        rows = slice(None, None, 1 + self.trust.shape[0] // 256)
        told = np.diff(self.depth[rows], axis=1) - self.steps[0][rows, :-1]
        scale = self.scales[0][rows, :-1]
        rest = np.abs(told[scale > 0.0]) * np.sqrt(scale[scale > 0.0])
        usual = float(np.percentile(rest, USUAL)) if rest.size else 0.0
        return max(LEAST_DOUBTED_PX, DOUBTED_TIMES * usual)

    def confidence(self) -> Plane:
        """Return how far each pixel is trusted."""
        rest = np.empty_like(self.trust)
        kernel.left_over(self.depth, self.steps, self.scales, self.links, rest)
        return np.asarray(self.trust / (1.0 + rest / HALF_CONFIDENCE_PX**2), np.float32)


def halved(
    normals: UnitVectors, trust: Plane
) -> tuple[Float32[Array, "h2 w2 3"], Float32[Array, "h2 w2"]]:
    """Return the mean normals of 2 x 2 pixels, by trust, and the mean trust of those known."""
    height, width = trust.shape
    even = ((0, height % 2), (0, width % 2))
    weights = np.pad(trust, even)
    told = np.where(trust[..., None] > 0.0, normals, 0.0) * trust[..., None]
    sums = _summed(np.pad(told, (*even, (0, 0))))
    length = np.linalg.norm(sums, axis=-1, keepdims=True)
    count = _summed((weights > 0.0).astype(np.float32))
    mean = np.divide(_summed(weights), count, out=np.zeros_like(count), where=count > 0.0)
    mean[length[..., 0] <= 1e-6] = 0.0
    found = np.divide(sums, length, out=np.zeros_like(sums), where=length > 1e-6)
    return found.astype(np.float32), mean.astype(np.float32)


def _summed(
    pixels: Float32[Array, "h w *parts"],
) -> Float32[Array, "h2 w2 *parts"]:
    """Sum over 2 x 2 pixels."""
    rows = pixels[::2] + pixels[1::2]
    return np.asarray(rows[:, ::2] + rows[:, 1::2])
