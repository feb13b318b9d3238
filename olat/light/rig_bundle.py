"""Lights, the sphere they hang on and the places of the ball, solved together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Directions

CENTERED = 0.1
"""How far from the first ball the center of the rig may be expected, relative to its radius [1]."""
STEPS = 200
"""At most; a dozen are usual."""

Rays = Float64[Array, "pose light 3"]
Sigmas = Float64[Array, "pose light"]
Shifts = Float64[Array, "pose 3"]


@dataclass(frozen=True)
class Layout:
    """A guess of all unknowns."""

    places: Directions
    """Of the lights."""
    center: Float64[Array, " 3"]
    """Of the sphere."""
    shifts: Shifts
    """Of the balls off where their outlines have them; zero for the first."""


@dataclass(frozen=True)
class _Normal:
    """The normal equations: a block for each light, one for the rest, and what joins them."""

    lights: Float64[Array, "light 3 3"]
    lights_pull: Float64[Array, "light 3"]
    joint: Float64[Array, "light 3 rest"]
    rest: Float64[Array, "rest rest"]
    rest_pull: Float64[Array, " rest"]
    cost: float


class Bundle:
    """The least squares problem of `refined_to_sphere`."""

    def __init__(
        self, origins: Rays, directions: Rays, sigmas: Sigmas, radius: float, tolerance: float
    ) -> None:
        self.seen = np.isfinite(directions).all(axis=2) & np.isfinite(sigmas)
        self._origins = np.where(self.seen[..., np.newaxis], origins, 0.0)
        rays = np.where(self.seen[..., np.newaxis], directions, 0.0)
        self._across = np.eye(3) - rays[..., :, np.newaxis] * rays[..., np.newaxis, :]
        self._sigmas = np.where(self.seen, sigmas, 1.0)
        self._radius, self._tolerance = radius, tolerance

    def gaps(self, layout: Layout) -> Rays:
        """Return the way from each ray to its light."""
        away = layout.places - self._origins - layout.shifts[:, np.newaxis]
        return np.asarray(np.einsum("klij,klj->kli", self._across, away))

    def solved(self, places: Directions, center: Float64[Array, " 3"]) -> Layout:
        """Return the best layout, by damped Gauss-Newton steps (Levenberg, Marquardt)."""
        layout = Layout(places, center, np.zeros((len(self.seen), 3)))
        normal, damping = self._normal(layout), 1e-6
        for _ in range(STEPS):
            tried = self._stepped(layout, normal, damping)
            after = self._normal(tried)
            if after.cost > normal.cost:
                damping *= 10.0
                if damping > 1e6:
                    break
                continue
            gained = normal.cost - after.cost
            layout, normal, damping = tried, after, max(0.1 * damping, 1e-9)
            if gained <= 1e-9 * normal.cost + 1e-15:
                break
        return layout

    def _normal(self, layout: Layout) -> _Normal:
        """Return the equations about a layout, with Huber's weights."""
        away = layout.places - self._origins - layout.shifts[:, np.newaxis]
        scale = self._sigmas * np.maximum(np.linalg.norm(away, axis=2), 1e-12)
        gaps = self.gaps(layout) / scale[..., np.newaxis]
        weights = _huber(np.linalg.norm(gaps, axis=2)) * self.seen
        out = layout.places - layout.center
        distance = np.linalg.norm(out, axis=1, keepdims=True)
        out = out / distance
        off = (distance[:, 0] - self._radius) / self._tolerance
        held = _huber(np.abs(off)) / self._tolerance**2
        rays = (weights / scale**2)[..., np.newaxis, np.newaxis] * self._across
        pull = (weights / scale)[..., np.newaxis] * gaps
        sphere = held[:, np.newaxis, np.newaxis] * out[:, :, np.newaxis] * out[:, np.newaxis]
        sphere_pull = (held * off * self._tolerance)[:, np.newaxis] * out
        poses = len(self.seen) - 1
        rest = np.zeros((3 + 3 * poses, 3 + 3 * poses))
        loose = (CENTERED * self._radius) ** -2
        rest[:3, :3] = sphere.sum(axis=0) + loose * np.eye(3)
        rest_pull = [loose * layout.center - sphere_pull.sum(axis=0)]
        for pose in range(poses):
            block = slice(3 + 3 * pose, 6 + 3 * pose)
            rest[block, block] = rays[pose + 1].sum(axis=0) + np.eye(3) / self._tolerance**2
            shift = layout.shifts[pose + 1] / self._tolerance**2
            rest_pull.append(shift - pull[pose + 1].sum(axis=0))
        cost = _cost(np.linalg.norm(gaps, axis=2)[self.seen]) + _cost(np.abs(off))
        return _Normal(
            rays.sum(axis=0) + sphere,
            pull.sum(axis=0) + sphere_pull,
            -np.concatenate([sphere, *rays[1:]], axis=2),
            rest,
            np.concatenate(rest_pull),
            cost
            + float(np.sum(layout.shifts**2)) / self._tolerance**2
            + loose * float(np.sum(layout.center**2)),
        )

    @staticmethod
    def _stepped(layout: Layout, normal: _Normal, damping: float) -> Layout:
        """Take a step: first all but the lights, whose blocks are eliminated, then the lights."""
        blocks = normal.lights + damping * _diagonal(normal.lights)
        inverse = np.linalg.inv(blocks)
        joined = np.einsum("lir,lij->lrj", normal.joint, inverse)
        reduced = normal.rest + damping * np.diag(np.diag(normal.rest))
        reduced -= np.einsum("lrj,ljs->rs", joined, normal.joint)
        pull = normal.rest_pull - np.einsum("lrj,lj->r", joined, normal.lights_pull)
        rest = -np.linalg.solve(reduced, pull)
        left = normal.lights_pull + np.einsum("lir,r->li", normal.joint, rest)
        shifts = layout.shifts.copy()
        shifts[1:] += rest[3:].reshape(-1, 3)
        return Layout(
            layout.places - np.einsum("lij,lj->li", inverse, left), layout.center + rest[:3], shifts
        )


def _huber(size: Float64[Array, "*axes"]) -> Float64[Array, "*axes"]:
    """Return the weights of Huber's loss, which is linear beyond 1."""
    return np.asarray(1.0 / np.maximum(size, 1.0))


def _cost(size: Float64[Array, " residual"]) -> float:
    """Return the sum of Huber's loss, twice over."""
    return float(np.sum(np.where(size < 1.0, size**2, 2.0 * size - 1.0)))


def _diagonal(blocks: Float64[Array, "light 3 3"]) -> Float64[Array, "light 3 3"]:
    """Return the diagonals of blocks, as blocks."""
    return blocks * np.eye(3)
