"""Where the camera is, seen from each pixel."""

from __future__ import annotations

import math

import numpy as np

from olat.model.calibration import LensCalibration
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


def view_directions_of_lens(lens: LensCalibration, *, height: int, width: int) -> UnitVectors:
    r"""Return the direction from what each pixel of an undistorted picture shows to the camera.

    .. math:: v(p) = -R^T K^{-1} p \, / \, |K^{-1} p|

    Parameters
    ----------
    lens
        Its matrix, scaled if the size differs, and its rotation; +z is toward the reference
        camera, which has none.
    height, width
        Size of the undistorted picture [px].

    Returns
    -------
    view
        World-frame unit vectors.

    Raises
    ------
    ValueError
        If the size has another aspect ratio than the lens.

    Notes
    -----
    Assumes that the picture was undistorted: the coefficients of distortion are not used.
    """
    lens = lens.at(height, width)
    # Rows of camera @ axes are R^T times columns.
    turn = -(np.linalg.inv(lens.matrix).T @ lens.axes)
    columns = np.arange(width, dtype=float)
    view = np.empty((height, width, 3), np.float32)
    for row in range(height):
        pixels = np.column_stack([columns, np.full(width, float(row)), np.ones(width)])
        toward = pixels @ turn
        view[row] = toward / np.linalg.norm(toward, axis=1, keepdims=True)
    return view


def mirrored(normals: UnitVectors, view: UnitVectors) -> UnitVectors:
    """Return the directions whose light a mirror with these normals sends to the camera."""
    facing = np.einsum("hwk,hwk->hw", normals, view)
    return np.asarray(2.0 * facing[..., np.newaxis] * normals - view, np.float32)
