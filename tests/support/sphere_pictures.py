"""Pictures of the sphere whose color tells the direction, made from definitions of their own.

Nothing here is shared with `olat.light.map_projections`: each way goes from pixels to directions.
"""

from __future__ import annotations

import numpy as np

COLORS_OF_DIRECTIONS = "red, green, blue are (1 + x)/2, (1 + y)/2, (1 + z)/2"


def colored(directions: np.ndarray) -> np.ndarray:
    """Return the color of directions."""
    return ((1.0 + directions) / 2.0).astype(np.float32)


def mirror_ball(size: int) -> np.ndarray:
    """Photograph a chrome ball: mirror the view direction at each normal; black outside."""
    x, y = _plane(size)
    inside = np.hypot(x, y) < 1.0
    z = np.sqrt(np.maximum(1.0 - x * x - y * y, 0.0))
    normals = np.stack([x, y, z], axis=-1)
    mirrored = 2.0 * normals * normals[..., 2:] - np.array([0.0, 0.0, 1.0])
    return colored(mirrored) * inside[..., None].astype(np.float32)


def angular(size: int) -> np.ndarray:
    """Draw a light probe: turn (0, 0, -1) by pi r towards the place; black outside."""
    x, y = _plane(size)
    radius, around = np.hypot(x, y), np.arctan2(y, x)
    angle = np.pi * np.minimum(radius, 1.0)
    ways = np.stack(
        [np.sin(angle) * np.cos(around), np.sin(angle) * np.sin(around), -np.cos(angle)], axis=-1
    )
    return colored(ways) * (radius < 1.0)[..., None].astype(np.float32)


def cube(side: int) -> np.ndarray:
    """Stack OpenEXR's faces: which coordinate grows along columns and rows, from its sources."""
    grow, _ = _plane(side)  # -1 to 1 from left to right
    one = np.ones((side, side))
    fall = grow.T  # -1 to 1 from top to bottom
    faces = [
        (one, -fall, grow),  # +x: columns along z, rows along -y
        (-one, -fall, -grow),  # -x: columns along -z
        (grow, one, -fall),  # +y: columns along x, rows along -z
        (grow, -one, fall),  # -y: columns along x, rows along z
        (-grow, -fall, one),  # +z: columns along -x
        (grow, -fall, -one),  # -z: columns along x
    ]
    ways = np.concatenate([np.stack(face, axis=-1) for face in faces])
    return colored(ways / np.linalg.norm(ways, axis=-1, keepdims=True))


def cross(side: int, *, is_upright: bool) -> np.ndarray:
    """Unfold a cube around -z, its back below and upside down, or at the right."""
    faces = dict(zip(("+x", "-x", "+y", "-y", "+z", "-z"), np.split(cube(side), 6), strict=True))
    sheet = np.zeros((4 * side, 3 * side, 3) if is_upright else (3 * side, 4 * side, 3), np.float32)
    rows = {"+y": (0, 1), "-x": (1, 0), "-z": (1, 1), "+x": (1, 2), "-y": (2, 1)}
    back = faces["+z"][::-1, ::-1] if is_upright else faces["+z"]
    for name, (row, column) in rows.items():
        sheet[row * side : (row + 1) * side, column * side : (column + 1) * side] = faces[name]
    row, column = (3, 1) if is_upright else (1, 3)
    sheet[row * side : (row + 1) * side, column * side : (column + 1) * side] = back
    return sheet


def _plane(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places from -1 to 1, to the right and up, at pixel centers."""
    right = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    return np.meshgrid(right, -right)
