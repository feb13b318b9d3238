"""Small captures of a white sphere, made to be looked at by inspections."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np


def spread_directions(count: int, *, hemisphere: bool = False) -> np.ndarray:
    """Return unit vectors spread evenly over the sphere, or over the half towards the camera."""
    step = np.arange(count) + 0.5
    z = 1.0 - step / count if hemisphere else 1.0 - 2.0 * step / count
    angle, ring = np.pi * (1.0 + 5**0.5) * step, np.sqrt(1.0 - z * z)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)


def sphere_pictures(directions: np.ndarray, *, size: int = 32, glow: float = 0.02) -> np.ndarray:
    """Return linear pictures of a tinted Lambert sphere, one a light, with a little stray light."""
    y, x = (np.mgrid[0:size, 0:size] - (size - 1) / 2) * (2 / size)
    z = np.sqrt(np.clip(1.0 - x * x - y * y, 0.0, None))
    normals = np.stack([x, -y, z], axis=2)
    cosine = np.einsum("hwc,lc->lhw", normals, directions)
    shade = (np.clip(cosine, 0.0, None) + glow * (1.0 + cosine)) * (z > 0)
    return shade[..., None] * np.array([0.8, 0.5, 0.4])


def write_pictures(paths: Iterable[Path], pictures: np.ndarray, *, bits: int = 16) -> None:
    """Write linear pictures as they are into files of 8 or 16 bits."""
    white = 2**bits - 1
    for path, picture in zip(paths, pictures, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        codes = np.rint(np.clip(picture, 0.0, 1.0) * white)
        kind = np.uint8 if bits == 8 else np.uint16
        assert cv2.imwrite(str(path), codes[..., ::-1].astype(kind))
