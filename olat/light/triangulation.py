"""Where lights are, from rays towards them that start at several places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from scipy.optimize import least_squares

from olat.light.rig_bundle import Bundle
from olat.model.shapes import Array, Directions

DEEPEST = 0.1
"""Standard error along the ray, relative to the distance, above which a place is not told."""
FLAT = 0.02
"""Thickness of a rig, relative to its width, below which its lights lie in a plane."""

Rays = Float64[Array, "pose light 3"]
Sigmas = Float64[Array, "pose light"]
Distances = Float64[Array, " light"]


@dataclass(frozen=True)
class Triangulation:
    """Places of lights."""

    positions: Directions
    """Not a number where fewer than two rays meet, or they meet at too small an angle."""
    residuals: Distances
    """Root mean square distance of the place from its rays [unit of the positions]."""
    sigmas: Distances
    """Standard error of the place [unit of the positions]."""


def triangulated(origins: Rays, directions: Rays, sigmas: Sigmas) -> Triangulation:
    r"""Intersect rays by least squares, light by light.

    The place :math:`X` nearest to the rays :math:`o_k + s\,\omega_k` solves

    .. math:: \sum_k w_k\,(I - \omega_k \omega_k^T)\,(X - o_k) = 0 , \quad w_k = \sigma_k^{-2} .

    Parameters
    ----------
    origins, directions
        Rays from each pose of the ball to each light; not a number where it was not seen.
    sigmas
        Standard errors of the directions [rad].

    Raises
    ------
    ValueError
        If no light is seen from two places that are far enough apart.

    Notes
    -----
    Assumes that the distances to a light are alike from all poses. A ray's standard error grows
    with the distance, which is taken from a first solution with equal distances.

    References
    ----------
    .. [1] Hartley and Sturm, Triangulation, CVIU 1997, sec. 5.
    """
    seen = np.isfinite(directions).all(axis=2) & np.isfinite(sigmas)
    weights = np.where(seen, 1.0 / np.where(seen, sigmas, 1.0) ** 2, 0.0)
    rays, starts = (
        np.where(seen[..., None], directions, 0.0),
        np.where(seen[..., None], origins, 0.0),
    )
    across = np.eye(3) - rays[..., :, np.newaxis] * rays[..., np.newaxis, :]
    normal = np.einsum("kl,klij->lij", weights, across)
    pull = np.einsum("kl,klij,klj->li", weights, across, starts)
    spread, axes = np.linalg.eigh(normal)
    # Along the rays a place is known the less, the smaller the angle at which they meet.
    relative = 1.0 / np.sqrt(np.maximum(spread[:, 0], 1e-30))
    known = (seen.sum(axis=0) >= 2) & (relative < DEEPEST)
    if not known.any():
        told = _said(relative[seen.sum(axis=0) >= 2])
        raise ValueError(f"positions: {told}. Move the ball farther between the sweeps.")
    inverse = np.where(known[:, None], 1.0 / np.where(known[:, None], spread, 1.0), np.nan)
    positions = np.einsum("lij,lj,lkj,lk->li", axes, inverse, axes, pull)
    gaps = np.einsum("klij,klj->kli", across, positions - starts)
    square = np.where(seen, np.einsum("kli,kli->kl", gaps, gaps), 0.0)
    residuals = np.sqrt(square.sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    distance = np.linalg.norm(positions - _mean_start(starts, seen), axis=1)
    return Triangulation(positions, residuals, relative * distance)


def _said(relative: Distances) -> str:
    """Say why no place can be told."""
    if len(relative) == 0:
        return "no light is seen in two poses of the ball; two are needed"
    return (
        f"the poses of the ball are so near to each other that distances are known to "
        f"{np.median(relative):.0%}; {DEEPEST:.0%} is needed"
    )


def _mean_start(starts: Rays, seen: Bool[Array, "pose light"]) -> Directions:
    """Return where the rays of each light start, on average."""
    count = np.maximum(seen.sum(axis=0), 1)[:, np.newaxis]
    return np.asarray(starts.sum(axis=0) / count)


@dataclass(frozen=True)
class RigSphere:
    """Lights refined to lie on a sphere."""

    positions: Directions
    center: Float64[Array, " 3"]
    rms: float
    """Of the lights' distances from the sphere [unit of the positions]."""
    ray_rms: float
    """Of the places' distances from their rays [unit of the positions]."""


def refined_to_sphere(
    origins: Rays,
    directions: Rays,
    sigmas: Sigmas,
    first: Triangulation,
    *,
    radius: float,
    tolerance: float,
) -> RigSphere:
    r"""Refine places to rays and to a sphere of known radius about an unknown center.

    Minimizes, over all places :math:`X_i`, the center :math:`C` and small shifts :math:`s_k` of
    all poses but the first, with Huber's loss,

    .. math:: \sum_{ki} \Big|\frac{(I - \omega \omega^T)(X_i - o - s_k)}
              {\sigma\,|X_i - o - s_k|}\Big|^2
              + \sum_i \Big(\frac{|X_i - C| - r}{\tau}\Big)^2
              + \sum_k \Big|\frac{s_k}{\tau}\Big|^2 + \Big|\frac{C}{r/10}\Big|^2 .

    The shifts are there since the size of an outline tells the distance of a ball only to about
    a thousandth, which would turn all its rays together. The last term keeps the center near the
    origin where the rays tell nothing of it.

    Parameters
    ----------
    origins, directions, sigmas
        Rays, as for `triangulated`.
    first
        First guess; places that are unknown stay so.
    radius, tolerance
        :math:`r` of the rig, and how far lights hang off it and balls stand off their places,
        :math:`\tau` [unit of the positions].

    Raises
    ------
    ValueError
        If fewer than four lights are known, or they lie in a plane: then the center may be on
        either side of it.

    References
    ----------
    .. [1] Triggs, McLauchlan, Hartley and Fitzgibbon, Bundle adjustment: a modern synthesis,
       Vision Algorithms 1999, sec. 6.1 for the reduced system.
    """
    known = np.isfinite(first.positions).all(axis=1)
    start = first.positions[known]
    if len(start) < 4:
        raise ValueError(
            f"rig sphere: {len(start)} lights have places; at least 4 are needed to find a center."
        )
    widths = np.linalg.svd(start - start.mean(axis=0), compute_uv=False)
    unsure = 2.0 * float(np.median(first.sigmas[known])) * len(start) ** 0.5
    if widths[2] < max(FLAT * widths[0], unsure):
        raise ValueError(
            f"rig sphere: the {len(start)} lights lie in a plane as far as can be told (thickness "
            f"{widths[2] / widths[0]:.1%} of their width); its center can be on either side of it. "
            "Leave light_distance out."
        )
    bundle = Bundle(origins[:, known], directions[:, known], sigmas[:, known], radius, tolerance)
    solved = bundle.solved(start, _sphere_center(start, radius))
    found, center = solved.places, solved.center
    refined = first.positions.copy()
    refined[known] = found
    off = np.linalg.norm(found - center, axis=1) - radius
    gaps = bundle.gaps(solved)[bundle.seen]
    return RigSphere(
        refined,
        center,
        float(np.sqrt(np.mean(off**2))),
        float(np.sqrt(np.mean(np.sum(gaps**2, axis=1)))),
    )


def _sphere_center(points: Directions, radius: float) -> Float64[Array, " 3"]:
    """Return the center of a sphere of known radius through points."""

    def off(center: Float64[Array, " 3"]) -> Distances:
        return np.asarray(np.linalg.norm(points - center, axis=1) - radius)

    # Linear in the center when the radius is free: |x|^2 = 2 c.x + rest.
    rows = np.column_stack([2.0 * points, np.ones(len(points))])
    first = np.linalg.lstsq(rows, np.sum(points**2, axis=1))[0][:3]
    return np.asarray(least_squares(off, first, loss="huber", f_scale=0.02 * radius).x)
