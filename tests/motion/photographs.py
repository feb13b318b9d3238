"""Real photographs moved by known smooth motion."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import skimage

Array = np.ndarray[Any, Any]

BUNDLED = Path(skimage.__file__).parent / "data"
SUBJECTS = ("astronaut", "chelsea", "coffee", "camera", "ihc", "rocket", "gravel", "brick")
ENLARGED = 1.5
"""Small pictures are sharper from pixel to pixel than those of a camera."""
GAMMA = 2.2


class Pair(NamedTuple):
    """Two frames of linear light, the motion between them, and where the subject is."""

    reference: Array
    moving: Array
    flow: Array
    inside: Array


def bundled(name: str) -> Array:
    """Read one of scikit-image's photographs, in linear light."""
    path = next(BUNDLED.glob(f"{name}.*"))
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    return ((picture / np.float32(255.0)) ** np.float32(GAMMA)).astype(np.float32)


def mosaic(
    height: int, width: int, enlarged: float = ENLARGED, subjects: tuple[str, ...] = SUBJECTS
) -> Array:
    """Fill a frame with photographs, each mirrored so that it has no seam with itself."""
    out = np.zeros((height, width, 3), np.float32)
    side = round(512 * enlarged)
    for number, (top, left) in enumerate(np.ndindex(-(-height // side), -(-width // side))):
        tile = bundled(subjects[(number + top) % len(subjects)])
        size = (round(tile.shape[1] * enlarged), round(tile.shape[0] * enlarged))
        tile = np.maximum(cv2.resize(tile, size, interpolation=cv2.INTER_CUBIC), 0.0)
        rows, columns = max(0, side - size[1]), max(0, side - size[0])
        tile = cv2.copyMakeBorder(tile, 0, rows, 0, columns, cv2.BORDER_REFLECT_101)[:side, :side]
        place = out[top * side : (top + 1) * side, left * side : (left + 1) * side]
        place[...] = tile[: place.shape[0], : place.shape[1]]
    return out


def smooth_motion(height: int, width: int, longest: float, rng: np.random.Generator) -> Array:
    """Add up a shift, a turn, a change of size, two waves and six bumps; ``longest`` in px."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    u, v = x / width - 0.5, (y - height / 2) / width
    parts = [np.stack([np.full_like(u, c), np.full_like(u, s)], -1) for c, s in [(0.4, 0.25)]]
    parts += [0.6 * np.stack([-v, u], -1), 0.5 * np.stack([u, v], -1)]
    parts.append(0.25 * np.stack([np.sin(9 * v + 1), np.sin(7 * u + 2)], -1))
    for _ in range(6):
        at, spread = rng.uniform(-0.4, 0.4, 2), rng.uniform(0.04, 0.12)
        bump = np.exp(-((u - at[0]) ** 2 + (v - 0.75 * at[1]) ** 2) / (2 * spread**2))
        parts.append(bump[..., None] * rng.uniform(-0.35, 0.35, 2).astype(np.float32))
    flow = np.sum(parts, axis=0, dtype=np.float32)
    return flow * np.float32(longest / np.linalg.norm(flow, axis=2).max())


def photographed(
    radiance: Array, rng: np.random.Generator, electrons: float = 10000.0, read: float = 0.001
) -> Array:
    """Add shot noise, with so many electrons at white, and read noise as a share of white."""
    spread = np.sqrt(np.maximum(radiance, 0.0) / electrons + read * read)
    noise = rng.standard_normal(radiance.shape, np.float32)
    return (radiance + spread * noise).astype(np.float32)


def moved_pair(picture: Array, flow: Array, *, is_on_black: bool = False) -> Pair:
    """Photograph a picture before and after the motion, both off whole pixels."""
    height, width = flow.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    at_x, at_y = x + flow[..., 0], y + flow[..., 1]
    inside = (at_x > 0) & (at_x < width - 1) & (at_y > 0) & (at_y < height - 1)
    if is_on_black:
        away = np.hypot((x - 0.5 * width) / (0.30 * width), (y - 0.5 * height) / (0.42 * height))
        inside = away < 1.0
        edge = np.clip((1.0 - away) * 0.3 * width / 4.0, 0.0, 1.0)
        picture = picture * edge[..., None]

    def seen(at_x: Array, at_y: Array) -> Array:
        return cv2.remap(picture, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)

    # The picture is that of the moving frame, half a pixel off so that it is no sharper.
    moving = seen(x + 0.5, y + 0.5)
    reference = seen(at_x + 0.5, at_y + 0.5)
    if is_on_black:
        inside = cv2.remap(inside.astype(np.float32), at_x, at_y, cv2.INTER_LINEAR) > 0.5
    return Pair(reference, moving, flow, inside)
