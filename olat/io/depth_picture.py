"""The picture of a depth map: how the surface looks as clay, and how deep it is."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from olat.io.contact_sheet import DisplayPicture, labelled, panel_sized
from olat.model.maps import DepthMap
from olat.model.shapes import Array, Mask

LAMP = (-0.60, 0.60, 0.53)
"""Direction of the light on the clay, from the upper left, world frame."""
AMBIENT = 0.04
_SPREAD = (1.0, 99.0)
"""Percentiles of depth that are the ends of its colors."""


def picture_from_depth(depth: DepthMap) -> DisplayPicture:
    """Show depth twice: as clay lit from the upper left, and in colors, near ones bright."""
    known = depth.depth != 0.0
    unit = "m" if depth.is_metric else "px"
    near, far = np.percentile(depth.depth[known], _SPREAD) if known.any() else (0.0, 1.0)
    level = (far - depth.depth) / max(float(far - near), 1e-30)
    codes = np.rint(level.clip(0, 1) * 255).astype(np.uint8)
    colors = np.asarray(cv2.applyColorMap(codes, cv2.COLORMAP_VIRIDIS)[..., ::-1])
    colors = np.where(known[..., None], colors, 0).astype(np.uint8)
    clay = np.repeat(_clay(depth.places, known)[..., None], 3, axis=2)
    digits = 3 if depth.is_metric else 0
    words = f"depth {near:.{digits}f} (bright) .. {far:.{digits}f} {unit}"
    panels = labelled("relief", panel_sized(clay)), labelled(words, panel_sized(colors))
    return np.hstack(panels)


def _clay(places: Float32[Array, "h w 3"], known: Mask) -> UInt8[Array, "h w"]:
    """Light the surface that the places span, not the normals that they came from."""
    normals = _facing(places, known)
    lamp = np.array(LAMP) / np.linalg.norm(LAMP)
    shading = AMBIENT + (1.0 - AMBIENT) * np.maximum(normals @ lamp, 0.0)
    codes = np.rint(255.0 * shading ** (1.0 / 2.2))
    return np.asarray(np.where(normals.any(axis=-1), codes, 0).astype(np.uint8))


def _facing(places: Float32[Array, "h w 3"], known: Mask) -> Float32[Array, "h w 3"]:
    """Return the unit normals of the surface between neighbors; 0 where there are none."""
    right, below = _slope(places, known, axis=1), _slope(places, known, axis=0)
    normals = np.cross(below, right)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.asarray(np.divide(normals, length, out=np.zeros_like(normals), where=length > 0))


def _slope(places: Float32[Array, "h w 3"], known: Mask, *, axis: int) -> Float32[Array, "h w 3"]:
    """Return the difference between neighbors along an axis: of both sides, or of the known one."""
    ahead, before = np.zeros_like(places), np.zeros_like(places)
    first = tuple(slice(None, -1) if k == axis else slice(None) for k in range(2))
    second = tuple(slice(1, None) if k == axis else slice(None) for k in range(2))
    both = (known[first] & known[second])[..., None]
    step = np.where(both, places[second] - places[first], 0.0)
    ahead[first], before[second] = step, step
    return np.asarray(ahead + before)
