"""Where the lights are, from the highlights of a mirror ball in one or several places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from olat.light.ball_view import PerspectiveBall
from olat.light.mirror_ball_rays import (
    BallSweep,
    LightRays,
    followed,
    light_rays,
    or_infinity,
)
from olat.light.triangulation import (
    FLAT,
    RigSphere,
    Triangulation,
    refined_to_sphere,
    triangulated,
)
from olat.model.shapes import Array, Directions

TOLERANCE = 0.003
"""How far the lights of a rig hang off its sphere, relative to the radius [1]."""
NO_CENTER = (
    "The center of the rig's sphere is asked for; needed are two places of the ball, a perspective "
    "camera, ball_radius and light_distance."
)


@dataclass(frozen=True)
class LocatedLights:
    """Directions, and places where those can be told."""

    directions: Directions
    """From the center of the first ball; not a number where nothing was seen."""
    sigmas: Float64[Array, " light"]
    """Standard errors of the directions [rad]."""
    positions: Directions | None
    """From the center of the first ball [m]; none where they cannot be told."""
    residuals: Mapping[str, float]
    notes: tuple[str, ...] = field(default=())
    """What could not be done as asked, in words."""


def locate_lights(
    sweeps: Sequence[BallSweep],
    count: int,
    *,
    ball_radius: float | None = None,
    light_distance: float | None = None,
    is_centered: bool = False,
) -> LocatedLights:
    r"""Tell where lights are.

    Each highlight is a ray from the ball to the light (`mirrored_rays`). One ball gives the
    ray's direction, as if lights were distant; if the distance :math:`L` of the lights from the
    ball's center is given, the ray is followed to there. Two places of the ball and a
    perspective camera give the place where the rays meet (`triangulated`); if :math:`L` is given,
    it is the radius of the rig about an unknown center (`refined_to_sphere`).

    Parameters
    ----------
    sweeps
        One for each place of the ball; the first stands where the subject will be.
    count
        Number of lights of the rig.
    ball_radius
        [m]; needed for positions.
    light_distance
        Distance of the lights from the subject's place [m]; needs the ball's radius.
    is_centered
        Whether the subject will stand in the center of the rig's sphere, rather than where the
        first ball stood.

    Raises
    ------
    ValueError
        If a distance is not larger than the ball, or the rig's center is asked for and not found.

    Notes
    -----
    Assumes balls of one size, an unmoved camera, and lights whose middle the highlight shows.
    """
    unit = _distance_in_radii(ball_radius, light_distance)
    rays = light_rays(sweeps, count)
    residuals = _outline_residuals(sweeps)
    notes: list[str] = []
    if len(sweeps) > 1:
        if all(isinstance(sweep.view, PerspectiveBall) for sweep in sweeps):
            try:
                found, center = _from_several(rays, ball_radius, unit, residuals)
                return _centered(found, center * (ball_radius or 1.0)) if is_centered else found
            except ValueError as error:
                notes.append(f"{error} Directions are told as if lights were far away.")
        else:
            notes.append(
                f"positions: the ball was photographed in {len(sweeps)} places, but the camera "
                "has neither a field of view nor a lens calibration; one is needed to tell where "
                "those places are. Directions are the mean over them."
            )
    if is_centered:
        raise ValueError(" ".join([*notes, NO_CENTER]))
    return _from_directions(rays, ball_radius, unit, residuals, notes)


def _centered(found: LocatedLights, center: Float64[Array, " 3"]) -> LocatedLights:
    """Return the lights as seen from the center of the rig's sphere."""
    if found.positions is None or not center.any():
        raise ValueError(" ".join([*found.notes, NO_CENTER]))
    positions = found.positions - center
    length = np.linalg.norm(positions, axis=1, keepdims=True)
    return replace(found, directions=positions / length, positions=positions)


def _distance_in_radii(ball_radius: float | None, light_distance: float | None) -> float | None:
    """Return the distance of the lights in radii of the ball, if it is known."""
    if light_distance is None:
        return None
    if ball_radius is None:
        raise ValueError(
            f"light_distance: {light_distance:g} m is given without a radius of the ball; both "
            "are needed to follow a ray to its light. Give ball_radius."
        )
    if light_distance <= 2.0 * ball_radius:
        raise ValueError(
            f"light_distance: {light_distance:g} m, with a ball of {ball_radius:g} m radius; "
            "lights outside of the ball are needed. Both are meters."
        )
    return light_distance / ball_radius


def _outline_residuals(sweeps: Sequence[BallSweep]) -> dict[str, float]:
    """Return how well outlines and highlights are known."""
    seen = [highlight for sweep in sweeps for highlight in sweep.highlights.values()]
    return {
        "outline_rms_px": max(sweep.rms_px for sweep in sweeps),
        "highlight_sigma_px": float(np.median([one.sigma_px for one in seen])) if seen else 0.0,
        "saturated_highlights": float(sum(one.is_saturated for one in seen)),
    }


def _from_directions(
    rays: LightRays,
    ball_radius: float | None,
    distance: float | None,
    residuals: dict[str, float],
    notes: list[str],
) -> LocatedLights:
    """Return the mean over poses of directions; each followed to its light if that is known."""
    ends = rays.directions
    if distance is not None:
        ends = followed(rays.origins, rays.directions, distance)
    length = np.linalg.norm(ends, axis=2, keepdims=True)
    towards = ends / length
    seen = np.isfinite(towards).all(axis=2)
    weights = np.where(seen, 1.0 / np.where(seen, rays.sigmas, 1.0) ** 2, 0.0)
    total = weights.sum(axis=0)
    mean = np.einsum("kl,kli->li", weights, np.where(seen[..., np.newaxis], towards, 0.0))
    norm = np.linalg.norm(mean, axis=1, keepdims=True)
    directions = np.where(norm > 0.0, mean / np.where(norm > 0.0, norm, 1.0), np.nan)
    sigmas = np.where(total > 0.0, 1.0 / np.sqrt(np.where(total > 0.0, total, 1.0)), np.nan)
    residuals["mean_sigma_deg"] = _mean_deg(sigmas)
    if len(rays.sigmas) > 1:
        cosine = np.clip(np.einsum("kli,li->kl", towards, directions), -1.0, 1.0)
        residuals["mean_pose_spread_deg"] = _mean_deg(np.arccos(cosine))
    positions = None
    if ball_radius is not None and distance is not None:
        positions = directions * distance * ball_radius
    return LocatedLights(directions, sigmas, positions, residuals, tuple(notes))


def _from_several(
    rays: LightRays, ball_radius: float | None, distance: float | None, residuals: dict[str, float]
) -> tuple[LocatedLights, Float64[Array, " 3"]]:
    """Return where the rays of several poses meet, and the center of their sphere [radii]."""
    found = triangulated(rays.origins, rays.directions, rays.sigmas)
    sphere, notes = None, []
    if distance is not None:
        try:
            sphere = refined_to_sphere(
                rays.origins,
                rays.directions,
                rays.sigmas,
                found,
                radius=distance,
                tolerance=TOLERANCE * distance,
            )
        except ValueError as error:
            notes.append(f"{error} Positions are those of the rays alone.")
    residuals |= _place_residuals(found, sphere, ball_radius)
    center = np.zeros(3) if sphere is None else sphere.center
    places = found.positions if sphere is None else sphere.positions
    usual = float(np.nanmedian(np.linalg.norm(found.positions, axis=1)))
    reach = usual if sphere is None or distance is None else distance
    positions, alone = _completed(places, rays, center, reach)
    if alone:
        notes.append(
            f"Seen by one ball only, or at too small an angle: {named(alone)}. Their distance is "
            "taken to be that of the others."
        )
    length = np.linalg.norm(positions, axis=1)
    # Most of what is not known of a place is its distance: a ray alone tells the direction.
    sigmas = np.fmin(found.sigmas / length, np.min(or_infinity(rays.sigmas), axis=0))
    sigmas[np.isnan(length)] = np.nan
    residuals["mean_sigma_deg"] = _mean_deg(sigmas)
    scaled = positions * ball_radius if ball_radius is not None else None
    directions = positions / length[:, np.newaxis]
    return LocatedLights(directions, sigmas, scaled, residuals, tuple(notes)), center


def _place_residuals(
    found: Triangulation, sphere: RigSphere | None, ball_radius: float | None
) -> dict[str, float]:
    """Return how well rays meet, and lights lie on their sphere."""
    unit = 1000.0 * (ball_radius or 1.0)
    name = "mm" if ball_radius is not None else "milliradii"
    residuals = {f"ray_rms_{name}": unit * _rms(found.residuals)}
    if sphere is not None:
        residuals[f"sphere_rms_{name}"] = unit * sphere.rms
        residuals[f"sphere_ray_rms_{name}"] = unit * sphere.ray_rms
        residuals[f"sphere_center_{name}"] = unit * float(np.linalg.norm(sphere.center))
    return residuals


def _completed(
    positions: Directions, rays: LightRays, center: Float64[Array, " 3"], reach: float
) -> tuple[Directions, list[int]]:
    """Follow the best ray of lights without a place to the sphere of the others."""
    ends = followed(rays.origins, rays.directions, reach, center)
    best = np.argmin(or_infinity(rays.sigmas), axis=0)
    single = ends[best, np.arange(len(positions))]
    alone = np.isnan(positions[:, 0]) & np.isfinite(single[:, 0])
    return np.where(alone[:, np.newaxis], single, positions), [
        int(i) for i in np.flatnonzero(alone)
    ]


def _mean_deg(angles: Float64[Array, "..."]) -> float:
    """Return the mean of those angles that are known [degree]."""
    known = angles[np.isfinite(angles)]
    return float(np.degrees(known.mean())) if known.size else 0.0


def _rms(values: Float64[Array, " light"]) -> float:
    """Return the root mean square of what is known."""
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if known.size else 0.0


def named(lights: Sequence[int]) -> str:
    """Return lights in words, the first few of them: ``light 3``, ``lights 3, 5 and 20 more``."""
    if len(lights) == 1:
        return f"light {lights[0]}"
    shown = ", ".join(str(light) for light in lights[:8])
    return f"lights {shown}" if len(lights) <= 8 else f"lights {shown} and {len(lights) - 8} more"


def lies_flat(directions: Directions) -> bool:
    """Tell whether lights lie in a plane with the subject, so that no normal can be told."""
    known = directions[np.isfinite(directions).all(axis=1)]
    widths = np.linalg.svd(known, compute_uv=False)
    return len(widths) < 3 or bool(widths[2] < FLAT * widths[0])
