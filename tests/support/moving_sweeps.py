"""Simulated sweeps of a moving head, small and gray, with the motion that is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

from olat.model.condition import Olat, Tracking
from olat.motion.cubic_kernel import read_plane
from olat.motion.flow import flow_between as solved_flow
from olat.motion.flow import upsampled
from olat.motion.refinement_field import InterpolatedMotion, SweepPictures
from olat.motion.refinement_prior import knot_shares
from olat.motion.time_curve import Interpolation
from olat.sensor.develop import radiance_from_mosaic
from olat.synthetic.render import flow_between, radiance_under, see
from olat.synthetic.stage import SyntheticStage

Planes = np.ndarray[Any, Any]


@dataclass(frozen=True)
class MovingSweep:
    """A sweep, photographed through the simulated sensor, and where everything really was."""

    stage: SyntheticStage
    sweep: SweepPictures
    lights: tuple[int, ...]
    times: tuple[int, ...]
    true: Planes
    """Flow of each picture [px]."""
    knots: tuple[int, ...]
    tracking: dict[int, Planes]
    """Radiance of each tracking frame."""
    true_at_knots: dict[int, Planes]
    normals: Planes

    def known_motion(
        self, *, scatter: float = 0.1, interpolation: Interpolation = "sway"
    ) -> InterpolatedMotion:
        """Interpolate true flows with smooth errors of a given rms [px]."""
        rng, reference = np.random.default_rng(self.stage.seed), self.stage.reference
        flows = {
            knot: _beyond_outline(flow, self.sweep.mask)
            + _smooth_error(rng, flow.shape[:2], scatter) * (knot != reference)
            for knot, flow in self.true_at_knots.items()
        }
        return self._interpolated(flows, interpolation)

    def tracked_motion(self, *, interpolation: Interpolation = "sway") -> InterpolatedMotion:
        """Interpolate flows as the pipeline finds them."""
        reference = self.stage.reference
        seen = self.tracking[reference]
        flows = {}
        for knot, moving in self.tracking.items():
            flow, _ = solved_flow(seen, moving, preset="standard")
            flows[knot] = upsampled(flow, seen.shape[:2]) * np.float32(knot != reference)
        return self._interpolated(flows, interpolation)

    def _interpolated(
        self, flows: dict[int, Planes], interpolation: Interpolation
    ) -> InterpolatedMotion:
        knots = sorted(flows)
        weights = knot_shares(self.times, knots, interpolation=interpolation)

        def flow(time: int) -> Planes:
            row = knot_shares([time], knots, interpolation=interpolation)[0]
            parts = (np.float32(row[k]) * flows[knots[k]] for k in np.flatnonzero(row))
            return np.asarray(sum(parts), np.float32)

        return InterpolatedMotion(self.times, tuple(knots), self.stage.reference, weights, flow)

    def error_px(self, motion: InterpolatedMotion, rest: Any = None) -> float:
        """Return the rms error of a motion inside the subject [px]."""
        total = 0.0
        for frame, time in enumerate(self.times):
            flow = motion.flow(time) + (0.0 if rest is None else rest(frame))
            wrong = (flow - self.true[frame])[self.sweep.mask]
            total += float(np.mean(np.sum(wrong**2, axis=1)))
        return float(np.sqrt(total / len(self.times)))

    def aligned(self, motion: InterpolatedMotion, rest: Any = None) -> Planes:
        """Return all pictures in the pose of the reference."""
        height, width = self.sweep.mask.shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        out = np.empty_like(self.sweep.pictures)
        for frame, time in enumerate(self.times):
            flow = motion.flow(time) + (0.0 if rest is None else rest(frame))
            source = (x + flow[..., 0]).astype(np.float32), (y + flow[..., 1]).astype(np.float32)
            places = (each.ravel() for each in source)
            out[frame] = read_plane(self.sweep.pictures[frame], *places).reshape(x.shape)
        return out


def moving_sweep(*, is_spiral: bool = False, **changes: object) -> MovingSweep:
    """Photograph a sweep of the simulated head.

    Parameters
    ----------
    is_spiral
        Fire each light next to the last one, as some stages do, so that neighbors in time light
        alike; else the next light is a third of the way around.
    changes
        Of the stage, whose lights are distant.
    """
    stage = SyntheticStage.model_validate({"near_lights": False, **changes})
    view = see(stage.body, stage.camera, stage.pose(stage.reference))
    order = _around(stage) if is_spiral else np.arange(stage.lights)
    pictures, lights, times, true = [], [], [], []
    tracking, true_at_knots = {}, {}
    for frame, condition in enumerate(stage.conditions):
        if not isinstance(condition, (Olat, Tracking)):
            continue
        pose = stage.pose(frame)
        flow = flow_between(view, pose, stage.camera)
        if isinstance(condition, Olat):
            light = int(order[condition.light])
            pictures.append(_photographed(stage, frame, Olat(light)).mean(axis=2))
            lights.append(light)
            times.append(frame)
            true.append(flow)
        else:
            tracking[frame] = _photographed(stage, frame, condition)
            true_at_knots[frame] = flow
    stack = np.stack(pictures)
    full_on = tracking[stage.reference].mean(axis=2)
    sweep = SweepPictures(stack, np.ones(stack.shape, bool), view.mask, full_on)
    return MovingSweep(
        stage,
        sweep,
        tuple(lights),
        tuple(times),
        np.stack(true),
        tuple(tracking),
        tracking,
        true_at_knots,
        view.picture(view.normals),
    )


def _photographed(stage: SyntheticStage, frame: int, condition: Olat | Tracking) -> Planes:
    view = see(stage.body, stage.camera, stage.pose(frame))
    drive = stage.rig.pattern(condition) * stage.drive(condition)
    radiance = radiance_under(view, stage.rig, drive)
    rng = np.random.default_rng([stage.seed, 2, frame])
    mosaic = stage.sensor.expose(radiance, rng)
    return radiance_from_mosaic(mosaic, white_patch=stage.white_patch)[0]


def _around(stage: SyntheticStage) -> Planes:
    """Order lights in rings from the top, each ring around the axis."""
    up, side, front = stage.rig.directions[:, [1, 0, 2]].T
    ring = np.floor((1.0 - up) * np.sqrt(stage.lights) / 4.0)
    return np.lexsort((np.arctan2(side, front), ring))


def _smooth_error(rng: np.random.Generator, shape: tuple[int, int], rms: float) -> Planes:
    error = np.stack([gaussian_filter(rng.normal(size=shape), 24.0) for _ in range(2)], axis=-1)
    return np.asarray(error * (rms / np.sqrt(2.0) / error.std()), np.float32)


def _beyond_outline(flow: Planes, mask: Planes) -> Planes:
    """Let the background move as the subject beside it does."""
    inside = mask.astype(np.float32)
    share = np.maximum(cv2.GaussianBlur(inside, (0, 0), 12.0), 1e-3)
    around = cv2.GaussianBlur(flow * inside[..., None], (0, 0), 12.0) / share[..., None]
    return np.where(mask[..., None], flow, around).astype(np.float32)
