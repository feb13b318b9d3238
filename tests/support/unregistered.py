"""Sweeps without tracking frames, whose motion is known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter

Planes = np.ndarray[Any, Any]


def patterned_sweep(rng: np.random.Generator, shape: tuple[int, int], frames: int) -> Planes:
    """Light a Lambert relief with a pattern by one light after the other, and add noise."""

    def smooth(width: float) -> Planes:
        plane = gaussian_filter(rng.standard_normal(shape), width, mode="wrap")
        return np.asarray(plane / plane.std())

    albedo = 0.5 * np.exp(0.15 * smooth(1.2) + 0.1 * smooth(4.0))
    down, across = np.gradient(6.0 * smooth(14.0) + 0.15 * smooth(2.0))
    normals = np.stack([-across, down, np.ones(shape)]) / np.sqrt(1.0 + across**2 + down**2)
    lights = rng.standard_normal((frames, 3))
    lights[:, 2] = np.abs(lights[:, 2]) + 0.3
    lights /= np.linalg.norm(lights, axis=1, keepdims=True)
    shading = np.maximum(np.einsum("fk,khw->fhw", lights, normals), 0.0)
    noise = 0.003 * rng.standard_normal((frames, *shape))
    return np.asarray(albedo * shading + noise, np.float32)


def sway(shape: tuple[int, int], frames: int, amplitude: float, *, bends: bool = False) -> Planes:
    """Return a slow motion whose rms over the picture is `amplitude` [px]; 0 in the middle frame.

    Affine, or with waves over the picture besides.
    """
    rng = np.random.default_rng(1)
    y, x = (np.linspace(-1.0, 1.0, length) for length in shape)
    x, y = np.meshgrid(x, y)
    modes = [np.ones(shape), 0.4 * x, 0.4 * y]
    if bends:
        modes += [
            0.4 * np.sin(np.pi * x) * np.cos(np.pi * y / 2.0),
            0.4 * np.cos(np.pi * x) * np.sin(np.pi * y),
        ]
    flow = np.zeros((frames, *shape, 2))
    for axis in range(2):
        for mode in modes:
            phase = rng.uniform(0.0, 2.0 * np.pi)
            rate = 2.0 * np.pi * rng.uniform(0.5, 1.2) / 60.0
            course = np.sin(rate * np.arange(frames) + phase)
            course -= course[frames // 2]
            flow[..., axis] += course[:, None, None] * mode
    return np.asarray(flow * (amplitude / np.sqrt((flow**2).sum(axis=-1).mean())), np.float32)


def moved_pictures(pictures: Planes, flows: Planes) -> Planes:
    """Move each picture so that what was at x lies at ``x + flow(x)``."""
    height, width = pictures.shape[1:]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moved = np.empty_like(pictures)
    for picture, flow, out in zip(pictures, flows, moved, strict=True):
        back = np.zeros_like(flow)
        for _ in range(8):  # the place that comes here, by fixed-point iteration
            back = _pulled(flow, x - back[..., 0], y - back[..., 1], cv2.INTER_LINEAR)
        out[...] = _pulled(picture, x - back[..., 0], y - back[..., 1], cv2.INTER_LANCZOS4)
    return moved


def _pulled(plane: Planes, x: Planes, y: Planes, kind: int) -> Planes:
    return np.asarray(cv2.remap(plane, x, y, kind, borderMode=cv2.BORDER_REPLICATE))
