"""Angles between normals."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from olat.measure.result import Measure
from olat.measure.usable import usable
from olat.model.shapes import Array

Vectors = Float[Array, "h w 3"]


def angles_between(first: Vectors, second: Vectors) -> Float64[Array, "h w"]:
    r"""Return the angle of each pair of vectors; not a number where one of them is zero [degree].

    .. math:: \mathrm{atan2}(|a \times b|,\ a \cdot b)

    Accurate for small angles, which the inverse cosine is not; lengths do not count.
    """
    a, b = (np.asarray(part, np.float64) for part in (first, second))
    angles = np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(axis=-1)))
    return np.where(a.any(axis=-1) & b.any(axis=-1), angles, np.nan)


def angular_error(
    first: Vectors, second: Vectors, mask: Bool[Array, "h w"] | None = None
) -> tuple[Measure, ...]:
    """Return mean, median, 95th percentile and maximum of the angle between normals [degree].

    Parameters
    ----------
    first, second
        Normals in one frame; zero where unknown, which is left out.
    mask
        What counts.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel is left at which both are known.

    Notes
    -----
    Nothing is aligned: frames and handedness must be one. Each pixel counts the same, however
    much of the surface it sees.
    """
    used = usable(first, second, mask)
    with np.errstate(invalid="ignore"):
        angles = angles_between(np.where(used[..., np.newaxis], first, 0.0), second)
    known = used & np.isfinite(angles)
    if not known.any():
        raise ValueError("angular: no pixel has a normal in both; at least one was needed")
    found, share = angles[known], float(known.mean())
    figures = {
        "angle_mean": found.mean(),
        "angle_median": np.median(found),
        "angle_95": np.percentile(found, 95.0),
        "angle_max": found.max(),
    }
    return tuple(
        Measure(name, float(value), unit="deg", used=share) for name, value in figures.items()
    )
