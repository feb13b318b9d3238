"""Rays to the lights, from the highlights on a mirror ball."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.light.ball_view import BallView, PerspectiveBall, mirrored_rays
from olat.light.highlight import Highlight
from olat.model.shapes import Array, Plane

FARTHEST_DEG = 90.0
"""Standard error from which on a direction is none [degree]."""


@dataclass(frozen=True)
class BallSweep:
    """What one sweep over a mirror ball showed."""

    view: BallView
    rms_px: float
    """Of the outline about its fit [px]."""
    highlights: Mapping[int, Highlight]
    """By light."""
    missing: Mapping[int, str]
    """Why a light that was lit shows no highlight, by light."""
    faint: Mapping[int, Highlight]
    """What glints under lights that are missing, but is too faint for a lamp."""
    brightest: Plane
    """The most that each pixel shows under any light, around the ball [diffuse white = 1]."""
    corner_px: tuple[int, int]
    """Column and row of the first pixel of that picture [px]."""


@dataclass(frozen=True)
class LightRays:
    """Rays from balls to lights, in radii of the ball, from the center of the first."""

    origins: Float64[Array, "pose light 3"]
    directions: Float64[Array, "pose light 3"]
    sigmas: Float64[Array, "pose light"]


def light_rays(sweeps: Sequence[BallSweep], count: int) -> LightRays:
    """Return the rays of all sweeps; not a number where a highlight is missing."""
    shape = (len(sweeps), count, 3)
    origins, directions = np.full(shape, np.nan), np.full(shape, np.nan)
    sigmas = np.full(shape[:2], np.nan)
    first = sweeps[0].view
    for pose, sweep in enumerate(sweeps):
        view = sweep.view
        shift = np.zeros(3)
        if isinstance(view, PerspectiveBall) and isinstance(first, PerspectiveBall):
            shift = view.center - first.center
        for light, highlight in sweep.highlights.items():
            towards, normals, sigma = ray_of_highlight(view, highlight)
            if math.degrees(sigma) < FARTHEST_DEG:
                origins[pose, light] = shift + normals
                directions[pose, light] = towards
                sigmas[pose, light] = sigma
    return LightRays(origins, directions, sigmas)


def ray_of_highlight(
    view: BallView, highlight: Highlight
) -> tuple[Float64[Array, " 3"], Float64[Array, " 3"], float]:
    """Return direction and origin of the ray to a light, and its standard error [rad].

    The origin is measured from the center of the ball, in its radii. The standard error is that
    of the highlight's center, times how fast the mirrored ray turns; infinite if the center lies
    off the ball.
    """
    step = min(0.25, max(highlight.sigma_px, 0.01))
    shifts = step * np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], np.float64)
    directions, normals = mirrored_rays(view, highlight.center_px + shifts)
    middle = directions[0]
    turned = np.linalg.norm(directions[1:] - middle, axis=1) / step
    # At the outline one neighbor is off the ball; the other one tells.
    fastest = float(np.nanmax(turned)) if np.isfinite(turned).any() else math.inf
    sigma = highlight.sigma_px * fastest if np.isfinite(middle).all() else math.inf
    return middle, normals[0], sigma


def followed(
    origins: Float64[Array, "pose light 3"],
    directions: Float64[Array, "pose light 3"],
    distance: float,
    center: Float64[Array, " 3"] | None = None,
) -> Float64[Array, "pose light 3"]:
    """Return where rays that start inside of a sphere leave it."""
    starts = origins if center is None else origins - center
    along = np.einsum("kli,kli->kl", starts, directions)
    square = along**2 - np.einsum("kli,kli->kl", starts, starts) + distance**2
    reach = np.sqrt(np.where(square > 0.0, square, np.nan)) - along
    return np.asarray(origins + reach[..., np.newaxis] * directions)


def or_infinity(sigmas: Float64[Array, "pose light"]) -> Float64[Array, "pose light"]:
    """Return standard errors with infinity where there is none."""
    return np.where(np.isnan(sigmas), np.inf, sigmas)


def irradiance_at_center(
    view: BallView, highlight: Highlight, place: Float64[Array, " 3"]
) -> Float64[Array, " 3"]:
    r"""Return what a near light sends to the center of the ball, times the ball's reflectance.

    `Highlight.irradiance` takes the light for distant. Seen from the surface of the ball, a light
    at :math:`P` is left behind by the mirrored direction, and by the place it is seen from, too:
    a pixel sees the solid angle :math:`|\partial_x f \times \partial_y f|` of it, with
    :math:`f = \omega - (P - n)/|P - n|`. To the center of the ball, irradiance falls by
    :math:`|P - n|^2/|P|^2`.

    Parameters
    ----------
    view, highlight
        Of the ball.
    place
        Of the light, from the center of the ball [radii of the ball].
    """
    step = 0.02
    shifts = np.array([[0.0, 0.0], [step, 0.0], [0.0, step]])
    directions, normals = mirrored_rays(view, highlight.center_px + shifts)
    away = place - normals
    seen = directions - away / np.linalg.norm(away, axis=1, keepdims=True)
    near, far = (np.linalg.norm(np.cross(*(part[1:] - part[0]))) for part in (seen, directions))
    fall = np.sum(away[0] ** 2) / np.sum(place**2)
    return np.asarray(highlight.irradiance * near / far * fall)
