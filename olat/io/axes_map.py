"""A map that says where its axes are: drop it into a renderer and read."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float64

from olat.io.rig_canvas import BOLD, Canvas
from olat.light.latlong import directions_of_pixels
from olat.light.latlong_resampling import averaged, between_conventions
from olat.model.shapes import Array, Radiance

Texture: TypeAlias = Float64[Array, "side side 3"]

AXES = ("+X", "-X", "+Y", "-Y", "+Z", "-Z")
"""In the order of the faces of OpenEXR's cube."""
COLORS = (
    (1.0, 0.06, 0.04),
    (0.06, 0.9, 0.9),
    (0.08, 0.9, 0.06),
    (0.9, 0.08, 0.8),
    (0.06, 0.16, 1.0),
    (0.95, 0.8, 0.05),
)
"""Of the patch around each axis; opposite axes have opposite colors."""
PATCH_RADIANCE = 2.0
"""Of the brightest channel of a patch [diffuse white = 1]."""
PATCH_DEG = 32.0
"""Angular radius of a patch [degree]."""
_WORDS = ("image right", "image left", "up", "down", "camera side", "behind")
_ELSEWHERE = {
    # How a program calls our axes, once its map is in place and its own up is up.
    "blender": ("Blender +X", "Blender -X", "Blender +Z", "Blender -Z", "Blender -Y", "Blender +Y"),
}
_GROUND = 0.03
_GRID = 0.25
_MAIN = 1.0
"""Radiance of what lies between the patches, of lines and of the main lines."""
_STEP_DEG = 15.0
_HALF_LINE_DEG = 0.3
_SIDE = 512
"""Of a face, before it is laid on the sphere [px]."""
_HALF_TURNED = (2, 3)
"""The faces +Y and -Y: OpenEXR's are upright for who looks along -Z."""
_FINER = 3
"""Lines and edges are drawn so many times as fine, and averaged."""


def axes_map(*, width: int = 1024, convention: str = "openexr") -> Radiance:
    """Draw a latitude-longitude map with a labelled patch around each axis of the world.

    Parameters
    ----------
    width
        A multiple of 4; the map is half as high [px].
    convention
        Whose orientation the map has. The labels stay those of our axes; for Blender each has
        Blender's own name below it.

    Notes
    -----
    The labels are written for an eye inside the sphere: in a renderer's background they read as
    written, on a chrome ball mirrored. +Y and -Y are upright for who looks along +Z and lifts or
    lowers the head, and on a chrome ball.
    """
    height = width // 2
    faces = np.concatenate([_face(face, convention) for face in range(6)])
    drawn = averaged(faces, "cube", height, width)
    patch = _smooth(_patches(_FINER * height, _FINER * width))[..., None]
    lines = _smooth(_lined(_FINER * height, _FINER * width))[..., None]
    radiance = patch * drawn + (1.0 - patch) * lines
    return between_conventions(radiance.astype(np.float32), "openexr", convention)[0]


def _face(face: int, convention: str) -> Texture:
    """Return a face in the color of its axis, with its name upright in the middle."""
    canvas = Canvas(_SIDE, _SIDE)
    canvas.picture[:] = 0
    white, middle = (255, 255, 255), _SIDE / 2.0
    canvas.words(
        AXES[face],
        (middle, middle - 0.04 * _SIDE),
        size=round(0.26 * _SIDE),
        color=white,
        weight=BOLD,
        anchor=(0.5, 0.5),
    )
    words = _ELSEWHERE.get(convention, _WORDS)[face]
    canvas.words(
        words,
        (middle, middle + 0.165 * _SIDE),
        size=round(0.062 * _SIDE),
        color=white,
        weight=BOLD,
        anchor=(0.5, 0.5),
    )
    ink = canvas.picture[..., :1] / 255.0
    color = PATCH_RADIANCE * np.array(COLORS[face])
    # Dark letters on bright patches, bright ones on dark patches.
    letters = 0.02 if color @ (0.21, 0.72, 0.07) > 0.5 else 1.5 * PATCH_RADIANCE
    textured: Texture = (1.0 - ink) * color + ink * letters
    return textured[::-1, ::-1] if face in _HALF_TURNED else textured


def _patches(height: int, width: int) -> Float64[Array, "h w"]:
    """Return 1 where the patches are."""
    nearest = np.abs(directions_of_pixels(height, width)).max(axis=-1)
    return np.asarray(nearest > np.cos(np.deg2rad(PATCH_DEG)), np.float64)


def _smooth(fine: Float64[Array, "h w"]) -> Float64[Array, "h2 w2"]:
    """Average a finer plane."""
    height, width = (length // _FINER for length in fine.shape)
    mean: Float64[Array, "h2 w2"] = fine.reshape(height, _FINER, width, _FINER).mean(axis=(1, 3))
    return mean


def _lined(height: int, width: int) -> Float64[Array, "h w"]:
    """Return the ground with lines of latitude and longitude, the main ones brighter."""
    ways = directions_of_pixels(height, width)
    latitude = np.rad2deg(np.arcsin(np.clip(ways[..., 1], -1.0, 1.0)))
    longitude = np.rad2deg(np.arctan2(ways[..., 0], ways[..., 2]))
    across = np.hypot(ways[..., 0], ways[..., 2])
    half = max(_HALF_LINE_DEG, _FINER * 90.0 / height)
    ground = np.full((height, width), _GROUND)
    for step, value in ((_STEP_DEG, _GRID), (90.0, _MAIN)):
        near = np.abs((latitude + step / 2.0) % step - step / 2.0) < half
        near |= np.abs((longitude + step / 2.0) % step - step / 2.0) * across < half
        ground[near] = value
    return ground
