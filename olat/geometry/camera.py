"""The pinhole camera with distortion, forward and backward."""

from __future__ import annotations

import functools
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64
from numpy.polynomial import polynomial

from olat.model.calibration import LensCalibration
from olat.model.shapes import Array

Pixels: TypeAlias = Float64[Array, "point 2"]
"""Places (x, y) in a picture, pixel centers at integers [px]."""
Slopes: TypeAlias = Float64[Array, "point 2"]
"""Places X/Z, Y/Z on the plane one unit in front of a camera [1]."""
Points: TypeAlias = Float64[Array, "point 3"]
"""Places in space [m]."""
Coefficients: TypeAlias = Float64[Array, " coefficient"]

COUNTS_OF_COEFFICIENTS = (0, 4, 5, 8, 12)
"""What OpenCV knows besides tilted sensors: k1 k2 p1 p2, k3, k4 k5 k6, s1 s2 s3 s4."""


def in_camera(points: Points, lens: LensCalibration) -> Points:
    """Return world points in the axes of a camera, ``R X + t``.

    Raises
    ------
    ValueError
        If it is not known where the camera stands.
    """
    if lens.rotation is None or lens.translation is None:
        raise ValueError(
            "camera: it is not known where it stands; a rotation and a translation were needed. "
            "Place the cameras with `in_reference_frame`, or give points in the camera's axes."
        )
    return np.asarray(points @ lens.rotation.T + lens.translation)


def projected(points: Points, lens: LensCalibration) -> Pixels:
    r"""Return where a camera sees points.

    .. math:: x = K\, D(X/Z,\, Y/Z)

    Parameters
    ----------
    points
        In the camera's axes: x right, y down, z forward [any unit].
    lens
        Its pose is not used.

    Returns
    -------
    pixels
        Not a number where the point lies behind the camera, or farther out than the distortion
        polynomial can be trusted.

    Notes
    -----
    Assumes Brown's model in OpenCV's order of coefficients, without a tilted sensor.

    References
    ----------
    .. [1] Brown, Close-range camera calibration, Photogrammetric Engineering 1971.
    .. [2] Zhang, A flexible new technique for camera calibration, PAMI 2000, section 3.3.
    """
    depth = np.where(points[:, 2] > 0.0, points[:, 2], np.nan)
    return to_pixels(distorted(points[:, :2] / depth[:, np.newaxis], lens.distortion), lens)


def rays(pixels: Pixels, lens: LensCalibration) -> Points:
    """Return the unit vectors, in the camera's axes, along which pixels look.

    The inverse of `projected`; not a number where no direction is seen at a pixel.
    """
    slopes = undistorted(to_slopes(pixels, lens), lens.distortion)
    forward = np.column_stack([slopes, np.ones(len(slopes))])
    return np.asarray(forward / np.linalg.norm(forward, axis=1, keepdims=True))


def distorted(slopes: Slopes, distortion: Coefficients) -> Slopes:
    r"""Return where a lens images the slopes of a pinhole camera.

    .. math::

        D_x = x \frac{1 + k_1 r^2 + k_2 r^4 + k_3 r^6}{1 + k_4 r^2 + k_5 r^4 + k_6 r^6}
              + 2 p_1 x y + p_2 (r^2 + 2 x^2) + s_1 r^2 + s_2 r^4

    and likewise for y with p1, p2 exchanged and s3, s4. Beyond the radius at which the polynomial
    turns back, and would image one place twice, the result is not a number.

    Raises
    ------
    ValueError
        If there are not 0, 4, 5, 8 or 12 coefficients.
    """
    k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4 = _twelve(distortion)
    x, y = slopes[:, 0], slopes[:, 1]
    r2 = x * x + y * y
    r4 = r2 * r2
    radial = (1.0 + k1 * r2 + k2 * r4 + k3 * r2 * r4) / (1.0 + k4 * r2 + k5 * r4 + k6 * r2 * r4)
    out = np.empty_like(slopes)
    out[:, 0] = x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x) + s1 * r2 + s2 * r4
    out[:, 1] = y * radial + 2.0 * p2 * x * y + p1 * (r2 + 2.0 * y * y) + s3 * r2 + s4 * r4
    out[r2 > turning_radius(distortion) ** 2] = np.nan
    return out


def undistorted(slopes: Slopes, distortion: Coefficients) -> Slopes:
    """Return the pinhole slopes that a lens images at given ones; the inverse of `distorted`.

    Not a number where nothing is imaged, or where the iteration does not settle.
    """
    found = slopes.copy()
    for _ in range(200):
        with np.errstate(invalid="ignore", over="ignore"):
            step = slopes - distorted(found, distortion)
            found += step
        if not np.any(np.abs(step) > 1e-13):
            break
    settled = np.max(np.abs(step), axis=1, initial=0.0) < 1e-9
    found[~settled] = np.nan
    return found


def turning_radius(distortion: Coefficients) -> float:
    r"""Return the slope at which a lens images farther in again what lies farther out.

    With :math:`s = r^2` and the radial factor :math:`N(s) / M(s)` of `distorted`, that is the first
    root of

    .. math:: N M + 2 s\, (N' M - N M')

    or of M, where the image would lie at infinity. Infinite where there is none.
    """
    return _turning_radius(_twelve(distortion))


@functools.lru_cache(maxsize=64)  # asked for in each step of an iteration on one lens
def _turning_radius(coefficients: tuple[float, ...]) -> float:
    k1, k2, _, _, k3, k4, k5, k6, *_ = coefficients
    above, below = np.array([1.0, k1, k2, k3]), np.array([1.0, k4, k5, k6])
    apart = polynomial.polysub(
        polynomial.polymul(polynomial.polyder(above), below),
        polynomial.polymul(above, polynomial.polyder(below)),
    )
    rise = polynomial.polyadd(polynomial.polymul(above, below), 2.0 * polynomial.polymulx(apart))
    # Solved for 1 / s: both polynomials begin with 1, and may end with as many zeros as they like.
    inverse = np.concatenate([polynomial.polyroots(one[::-1]) for one in (rise, below)])
    real = inverse.real[(inverse.imag == 0.0) & (inverse.real > 0.0)]
    return float(1.0 / np.sqrt(real.max())) if len(real) else np.inf


def to_pixels(slopes: Slopes, lens: LensCalibration) -> Pixels:
    """Return the pixels of slopes, ``K (x, y, 1)``."""
    return np.asarray(slopes @ lens.matrix[:2, :2].T + lens.matrix[:2, 2])


def to_slopes(pixels: Pixels, lens: LensCalibration) -> Slopes:
    """Return the slopes that pixels of a pinhole stand for, ``K^-1 (x, y, 1)``."""
    inverse = np.linalg.inv(lens.matrix)
    return np.asarray(pixels @ inverse[:2, :2].T + inverse[:2, 2])


def _twelve(distortion: Coefficients) -> tuple[float, ...]:
    """Return all coefficients of the model, zero where there are fewer."""
    if len(distortion) not in COUNTS_OF_COEFFICIENTS:
        raise ValueError(
            f"distortion: {len(distortion)} coefficients; 4, 5, 8 or 12 in OpenCV's order were "
            "needed: k1 k2 p1 p2, k3, k4 k5 k6, s1 s2 s3 s4."
        )
    return tuple(float(value) for value in np.pad(distortion, (0, 12 - len(distortion))))
