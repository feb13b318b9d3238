"""Sweeps over a gray ball in one or several places, read light by light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.light.ball_view import BallView, PerspectiveBall, ball_box
from olat.light.beam import Falloff, fit_falloff
from olat.light.gray_ball import gray_reading
from olat.model.image import RadianceImage
from olat.model.rig import LightRig
from olat.model.shapes import Array, LightColors


@dataclass(frozen=True)
class GrayPlace:
    """A gray ball in one place."""

    view: BallView
    frames: Mapping[int, int]
    """Number of the frame under each light."""


@dataclass(frozen=True)
class GrayLevels:
    """What gray balls read of every light."""

    levels: LightColors
    """Intensity times albedo; not a number where too little is lit."""
    sigmas: LightColors
    falloff: Falloff | None = None
    notes: tuple[str, ...] = ()


def gray_levels(
    photos: Mapping[int, RadianceImage],
    places: Sequence[GrayPlace],
    rig: LightRig,
    *,
    ball_radius: float | None = None,
    gains: Mapping[int, Float64[Array, " 3"]] | None = None,
) -> GrayLevels:
    """Read every light off a gray ball; with several places, also how lights dim off their axes.

    Parameters
    ----------
    photos
        By frame number; loaded one at a time.
    places
        The first one is the origin of the rig.
    rig
        Where the lights are; taken as near if it has positions and the ball's radius is known.
    ball_radius
        Of the gray ball [m].
    gains
        Level of all lights during a frame (`drift_gains`); divided out.

    Returns
    -------
    levels
        Means over the places, weighted by their standard errors.

    Notes
    -----
    Assumes that the ball stands in the middle of the rig first, and an unmoved camera.
    """
    near = rig.positions is not None and ball_radius is not None
    shape = (len(places), len(rig), 3)
    levels, sigmas = np.full(shape, np.nan), np.full(shape, np.nan)
    emission = np.ones(shape[:2])
    first = places[0].view
    for row, place in enumerate(places):
        box, center = None, _center(place.view, first, ball_radius)
        for light, frame in place.frames.items():
            photo = photos[frame]
            box = box or ball_box(place.view, photo.flags.shape)
            read = gray_reading(
                photo,
                box,
                rig.directions[light],
                position=rig.positions[light] if near and rig.positions is not None else None,
                center=center,
                radius=ball_radius or 0.0,
            )
            gain = np.ones(3) if gains is None else gains.get(frame, np.ones(3))
            levels[row, light], sigmas[row, light] = read.level / gain, read.sigma / gain
            emission[row, light] = read.emission
    falloff, notes = None, []
    if len(places) > 1 and near:
        try:
            falloff = _falloff(levels, emission)
        except ValueError as error:
            notes.append(str(error))
        else:
            dimmed = emission[..., np.newaxis] ** falloff.exponent
            levels, sigmas = levels / dimmed, sigmas / dimmed
    elif len(places) > 1:
        notes.append(
            f"the gray ball was read in {len(places)} places, but without positions of the lights "
            "and ball_radius: only the first one counts."
        )
        levels, sigmas = levels[:1], sigmas[:1]
    return GrayLevels(*_mean(levels, sigmas), falloff, tuple(notes))


def _center(view: BallView, first: BallView, ball_radius: float | None) -> Float64[Array, " 3"]:
    """Return where a ball is, from the first one [m]."""
    if isinstance(view, PerspectiveBall) and isinstance(first, PerspectiveBall):
        return np.asarray((view.center - first.center) * (ball_radius or 0.0))
    return np.zeros(3)


def _falloff(
    levels: Float64[Array, "place light 3"], emission: Float64[Array, "place light"]
) -> Falloff:
    """Fit the fall-off to all readings."""
    lights = np.broadcast_to(np.arange(levels.shape[1]), levels.shape[:2])
    mean = levels.mean(axis=2)
    read = np.isfinite(mean)
    return fit_falloff(mean[read], emission[read], lights[read].astype(np.int64))


def _mean(
    levels: Float64[Array, "place light 3"], sigmas: Float64[Array, "place light 3"]
) -> tuple[LightColors, LightColors]:
    """Return means weighted by standard errors."""
    read = np.isfinite(levels) & np.isfinite(sigmas)
    floor = np.maximum(np.where(read, sigmas, 1.0), 1e-6)
    weights = np.where(read, 1.0 / floor**2, 0.0)
    total = weights.sum(axis=0)
    known = np.where(total > 0.0, total, np.nan)
    mean = (weights * np.where(read, levels, 0.0)).sum(axis=0) / known
    return mean, 1.0 / np.sqrt(known)
