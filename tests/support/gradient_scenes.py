"""A subject that moves between a full-on frame, a gradient and its complement, with true flows."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np

from olat.model.condition import ColorGradient, Tracking
from olat.synthetic.capture import view_of
from olat.synthetic.render import flow_between, radiance_under
from olat.synthetic.scene import Pose
from olat.synthetic.stage import EYE_DEPTH, SyntheticStage
from tests.support.texture import pixel_centers

Grid = np.ndarray[Any, Any]

PATTERNS = ("color", "axis", "binary")
"""Color gradients; the same gradient in all channels; half spheres of lights."""
OPTICS_PX = 0.7
"""Blur of a lens; without it the outlines of the simulated head are stairs."""


class Triple(NamedTuple):
    """Three frames, the true motion from the first to the others, and where the subject is."""

    full_on: Grid
    gradient: Grid
    complement: Grid
    to_gradient: Grid
    to_complement: Grid
    mask: Grid

    def noisy(self, rng: np.random.Generator, share: float = 0.004) -> Triple:
        """Return the triple with read noise, as a share of white."""
        shots = [
            (shot + rng.normal(0.0, share, shot.shape)).astype(np.float32) for shot in self[:3]
        ]
        return Triple(*shots, *self[3:])


class BumpySphere:
    """A textured sphere with relief, by Lambert and a little gloss; seen where it is put."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size, self.radius, self.middle = size, 0.38 * size, (size - 1) / 2.0
        lengths = np.exp(rng.uniform(np.log(5.0), np.log(60.0), 100))
        angles = rng.uniform(0.0, 2.0 * np.pi, 100)
        self.waves = 2.0 * np.pi / lengths * np.array([np.cos(angles), np.sin(angles)])
        self.heights = 0.25 * lengths / np.linalg.norm(lengths)
        self.phases = rng.uniform(0.0, 2.0 * np.pi, 100)
        self.bump_angles = rng.uniform(0.0, 2.0 * np.pi, 12)
        bumps = np.array([np.cos(self.bump_angles), np.sin(self.bump_angles)])
        self.bumps = 2.0 * np.pi / rng.uniform(14.0, 40.0, 12) * bumps
        self.bump_phases = rng.uniform(0.0, 2.0 * np.pi, 12)
        self.tint = rng.uniform(0.6, 1.0, 3)

    def seen(self, places: Grid, axes: tuple[int, ...], sign: float, *, is_binary: bool) -> Grid:
        """Return the radiance of places on the sphere (x, y) [px]; sign 0 is all lights on."""
        x, y = ((places - self.middle) / self.radius).transpose(2, 0, 1)
        square = x * x + y * y
        inside = 1.0 / (1.0 + np.exp((np.sqrt(square) - 1.0) * self.radius * 2.0))
        slopes = 0.2 * np.cos(places @ self.bumps + self.bump_phases)
        normals = np.stack(
            [
                x - slopes @ np.cos(self.bump_angles),
                -y + slopes @ np.sin(self.bump_angles),
                np.sqrt(np.clip(1.0 - square, 0.0025, 1.0)),
            ],
            axis=-1,
        )
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        mirrored = 2.0 * normals[..., 2:] * normals - np.array([0.0, 0.0, 1.0])
        albedo = 0.4 * np.exp(np.cos(places @ self.waves + self.phases) @ self.heights)
        radiance = np.empty((self.size, self.size, 3))
        for channel, axis in enumerate(axes):
            shade, gloss = normals[..., axis], mirrored[..., axis]
            # A half sphere lights by (1 + n)/2, a gradient by (1 + 2 n/3)/2.
            diffuse = 0.5 * (1.0 + sign * (shade if is_binary else shade * 2.0 / 3.0))
            glossy = 0.5 * (1.0 + sign * (np.tanh(4.0 * gloss) if is_binary else 0.85 * gloss))
            both = albedo * self.tint[channel] * diffuse + 0.1 * glossy
            radiance[..., channel] = inside * both * (2.0 if sign == 0.0 else 1.0)
        return radiance.astype(np.float32)


def affine(moment: float, shift_px: float) -> tuple[Grid, Grid]:
    """Return the matrix and the shift of a motion that is steady in time."""
    angle, scale = np.deg2rad(0.6 * moment), 1.0 + 0.003 * moment
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * turn, moment * shift_px * np.array([0.85, 0.53])


def moving_sphere(
    rng: np.random.Generator,
    *,
    size: int = 320,
    pattern: str = "color",
    shift_px: float = 3.0,
    moments: tuple[float, float] = (1.0, -1.0),
) -> Triple:
    """Move a bumpy sphere in the picture; its shading moves along, so that light adds up."""
    sphere, centers = BumpySphere(size, rng), pixel_centers(size, size)
    axes = (0, 1, 2) if pattern == "color" else (0, 0, 0)
    shots, flows = [], []
    for moment, sign in zip((0.0, *moments), (0.0, 1.0, -1.0), strict=True):
        matrix, shift = affine(moment, shift_px)
        own = (centers - sphere.middle - shift) @ np.linalg.inv(matrix).T + sphere.middle
        shots.append(sphere.seen(own, axes, sign, is_binary=pattern == "binary"))
        there = (centers - sphere.middle) @ matrix.T + sphere.middle + shift
        flows.append((there - centers).astype(np.float32))
    mask = np.linalg.norm(centers - sphere.middle, axis=2) < sphere.radius - 1.0
    return Triple(*shots, *flows[1:], mask)


def moving_head(*, size: int = 320, shift_px: float = 3.0, turn: float = 0.0) -> Triple:
    """Move a head forth and back; a turn of 1 swings the face by the shift as well."""
    stage = SyntheticStage(size=size, lights=60, near_lights=False)
    step = stage.camera.footprint * shift_px

    def pose(moment: float) -> Pose:
        swing = moment * turn * step / EYE_DEPTH
        shift = (moment * step * 0.85, moment * step * 0.53, 0.0)
        return Pose(angles=(0.4 * swing, 0.8 * swing, 0.0), shift=shift)

    shots, flows, mask = [], [], None
    for moment, condition in (
        (0.0, Tracking()),
        (1.0, ColorGradient()),
        (-1.0, ColorGradient(complement=True)),
    ):
        view = view_of(stage, pose(moment))
        if mask is None:
            mask = view.mask
            flows = [flow_between(view, pose(later), stage.camera) for later in (1.0, -1.0)]
        shot = radiance_under(view, stage.rig, stage.rig.pattern(condition))
        shots.append(cv2.GaussianBlur(shot, (0, 0), OPTICS_PX))
    white = np.float32(np.percentile(shots[0], 99.5))
    return Triple(*(shot / white for shot in shots), *flows, mask)
