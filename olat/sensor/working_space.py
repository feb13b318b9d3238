r"""Linear color from a camera's own to the primaries that pictures are exchanged in.

Linear Rec.709 has the primaries of sRGB and white D65. ACEScg has the primaries AP1 and a white
near D60. Between the two, Bradford's adaptation takes one white to the other, so that what is
neutral stays neutral.

References
----------
.. [1] ITU-R BT.709-6, Parameter values for the HDTV standards for production and international
   programme exchange, 2015, table 1.
.. [2] Academy of Motion Picture Arts and Sciences, S-2014-004, ACEScg: a working space for CGI
   render and compositing, 2014.
.. [3] Lam, Metamerism and colour constancy, PhD thesis, University of Bradford, 1985.
.. [4] Lindbloom, Chromatic adaptation, brucelindbloom.com.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from olat.model.color import ColorSpace
from olat.model.shapes import Matrix3, Radiance

Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of red, green, blue and white, in this order."""

CHROMATICITIES: Final[dict[ColorSpace, Chromaticities]] = {
    "rec709": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "acescg": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
}
"""Of the spaces that have some: a camera's own color has none that hold for every light."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
"""XYZ to sharpened cone responses."""


def xyz_from_rgb(chromaticities: Chromaticities) -> Matrix3:
    """Return the matrix from linear color to CIE XYZ; equal red, green and blue 1 have Y = 1."""
    corners = np.array(chromaticities).reshape(4, 2)
    xyz = np.column_stack([corners, 1.0 - corners.sum(axis=1)]).T
    white = xyz[:, 3] / xyz[1, 3]
    return np.asarray(xyz[:, :3] * np.linalg.solve(xyz[:, :3], white))


def white_xyz(x: float, y: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the XYZ of a white of given chromaticity, Y = 1."""
    return np.array([x / y, 1.0, (1.0 - x - y) / y])


def adaptation(
    source: np.ndarray[tuple[int], np.dtype[np.float64]],
    target: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> Matrix3:
    """Return Bradford's adaptation of XYZ from one white to another."""
    gain = (_BRADFORD @ target) / (_BRADFORD @ source)
    return np.asarray(np.linalg.solve(_BRADFORD, gain[:, np.newaxis] * _BRADFORD))


def _acescg_from_rec709() -> Matrix3:
    """Return the matrix between the two, through XYZ."""
    rec709, acescg = CHROMATICITIES["rec709"], CHROMATICITIES["acescg"]
    adapted = adaptation(white_xyz(*rec709[6:]), white_xyz(*acescg[6:]))
    return np.asarray(
        np.linalg.solve(xyz_from_rgb(acescg), adapted @ xyz_from_rgb(rec709)), np.float64
    )


ACESCG_FROM_REC709: Final[Matrix3] = _acescg_from_rec709()
"""Linear Rec.709 to ACEScg."""


def matrix_to(space: ColorSpace, *, matrix: Matrix3) -> Matrix3:
    """Return what multiplies camera color.

    Parameters
    ----------
    space
        Where to; ``camera`` gives the identity.
    matrix
        Camera color to linear Rec.709.
    """
    if space == "camera":
        return np.eye(3)
    return matrix if space == "rec709" else np.asarray(ACESCG_FROM_REC709 @ matrix)


def in_space(radiance: Radiance, *, matrix: Matrix3, space: ColorSpace) -> Radiance:
    r"""Take camera color to a working space.

    .. math:: r' = A C\, r

    with C the camera's matrix and A the identity (Rec.709) or the change to ACEScg.

    Parameters
    ----------
    radiance
        Camera color, signed [diffuse white = 1].
    matrix
        C, camera color to linear Rec.709.
    space
        Where to; ``camera`` returns the radiance itself.

    Returns
    -------
    radiance
        Signed, never clipped: a color outside of the primaries has a negative channel. What is
        not a number in one channel is not a number in any.

    Notes
    -----
    Assumes that the light has the spectrum under which C was measured.
    """
    if space == "camera":
        return radiance
    return _multiplied(radiance, matrix_to(space, matrix=matrix))


def variance_in_space(variance: Radiance, *, matrix: Matrix3, space: ColorSpace) -> Radiance:
    r"""Take the variance of camera color to a working space.

    .. math:: \sigma'^2_i = \sum_k (A C)_{ik}^2\, \sigma_k^2

    Parameters
    ----------
    variance
        Of camera color [(diffuse white)^2].
    matrix, space
        As in `in_space`.

    Returns
    -------
    variance
        Infinite in every channel of a pixel where it is not finite in one.

    Notes
    -----
    Assumes that the noise of the channels is independent; after a matrix it no longer is, and
    only the diagonal of its covariance is kept.
    """
    if space == "camera":
        return variance
    out = _multiplied(variance, matrix_to(space, matrix=matrix) ** 2)
    # Infinity times a coefficient of 0 would be no number, and a diagonal would not spread it.
    out[~np.isfinite(variance).all(axis=2)] = np.inf
    return out


def converted(radiance: Radiance, *, source: ColorSpace, target: ColorSpace) -> Radiance:
    """Take color from one space to another; where either is a camera's own, it stays as it is."""
    if source == target or "camera" in (source, target):
        return radiance
    matrix = ACESCG_FROM_REC709 if target == "acescg" else np.linalg.inv(ACESCG_FROM_REC709)
    return _multiplied(radiance, matrix)


def _multiplied(pixels: Radiance, matrix: Matrix3) -> Radiance:
    """Multiply every pixel by a matrix."""
    # Many times as fast as numpy's product with a thin matrix, and no threads of BLAS.
    return np.asarray(cv2.transform(np.ascontiguousarray(pixels), matrix), np.float32)
