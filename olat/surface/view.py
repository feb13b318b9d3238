"""Where the camera is, seen from each pixel."""

from __future__ import annotations

import math

import numpy as np

from olat.model.shapes import UnitVectors


def view_directions(height: int, width: int, field_of_view_deg: float | None) -> UnitVectors:
    """Return the direction from what each pixel shows to the camera.

    Parameters
    ----------
    height, width
        Size of the picture [px].
    field_of_view_deg
        Horizontal field of view [degree]; none for an orthographic camera.

    Returns
    -------
    view
        World-frame unit vectors; +z everywhere for an orthographic camera.

    Raises
    ------
    ValueError
        If the field of view is not between 0 and 180 degrees.

    Notes
    -----
    Assumes a reference camera on +z looking along -z, square pixels and a principal point in
    the middle.
    """
    view = np.zeros((height, width, 3), np.float32)
    view[..., 2] = 1.0
    if field_of_view_deg is None:
        return view
    if not 0.0 < field_of_view_deg < 180.0:
        raise ValueError(
            f"field of view: {field_of_view_deg} degrees; between 0 and 180 were needed. "
            "Leave it out for an orthographic camera."
        )
    pixels_to_tangent = 2.0 * math.tan(math.radians(field_of_view_deg) / 2.0) / width
    view[..., 0] = ((width - 1) / 2.0 - np.arange(width)) * pixels_to_tangent
    view[..., 1] = ((np.arange(height) - (height - 1) / 2.0) * pixels_to_tangent)[:, np.newaxis]
    view /= np.linalg.norm(view, axis=-1, keepdims=True)
    return view


def mirrored(normals: UnitVectors, view: UnitVectors) -> UnitVectors:
    """Return the directions whose light a mirror with these normals sends to the camera."""
    facing = np.einsum("hwk,hwk->hw", normals, view)
    return np.asarray(2.0 * facing[..., np.newaxis] * normals - view, np.float32)
