"""The highlight of one light on a mirror ball: found, told from others, centered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from olat.light.ball_view import BallBox
from olat.light.bright_spots import Inside, Values, second_reflection, weighed_spots
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array

RIM_PX = 0.75
"""What lies nearer to the outline than this may be seen past the ball [px]."""
RIVAL = 0.5
"""Weight of the runner-up, relative to the highlight, from which on the choice is doubtful."""
BLUR_PX = 3
"""How far beyond the outline a highlight may be blurred [px]."""
CLIPPED_FLOOR = 0.3
"""Share of the clipped level above which light counts for the center of a clipped highlight."""
CLIPPED_SHARE = 0.15
"""Share of its radius to which the center of a clipped or cut highlight is known."""


@dataclass(frozen=True)
class Highlight:
    """One light, as a mirror ball shows it."""

    center_px: Float64[Array, " 2"]
    """Column and row [px]."""
    sigma_px: float
    """Standard error of the center, along each axis [px]."""
    irradiance: Float64[Array, " 3"]
    """Radiance times mirrored solid angle: what the ball reflects of the light [sr]."""
    radius_px: float
    """Root mean square distance of its light from the center [px]."""
    rival: float
    """Weight of the runner-up relative to this one, 0 to 1."""
    second_px: Float64[Array, " 2"] | None
    """Column and row of the brightest thing beside it, however faint; none without one [px]."""
    is_saturated: bool
    """Clipped: the center is less sure, and the irradiance too low."""
    is_at_rim: bool
    """Touches the outline: part of it may be hidden."""

    @property
    def is_sure(self) -> bool:
        """Whether nothing speaks against it."""
        return not (self.is_saturated or self.is_at_rim or self.rival > RIVAL)


def find_highlight(
    photo: RadianceImage, box: BallBox, *, ambient: Float32[Array, "h w 3"] | None = None
) -> Highlight:
    r"""Find the mirror image of the only light that is on.

    Bright parts of the ball are weighed by

    .. math:: W = \frac{\kappa}{1 + \Omega/\Omega_0} \sum v^2 , \quad
              \kappa = \frac{\Omega}{2\pi\sigma^2} ,

    with :math:`v` the radiance above the surroundings, :math:`\Omega` the solid angle that is
    seen mirrored, :math:`\Omega_0` that of a large lamp, and :math:`\kappa` how compact it is:
    solid angle by mean square spread, 1 for a disc. A lamp is bright, small and compact; what it
    lights up in the room is faint or spread out. The center is

    .. math:: c = \sum v\,x \,/ \sum v

    over a window that shrinks about the brightest part, with the standard error
    :math:`\sigma_c^2 = \sum \sigma_v^2 (x - c)^2 / (\sum v)^2`. Towards the outline a disc is
    drawn out to an arc, whose center of gravity lies inwards of its middle; it is moved there.

    Parameters
    ----------
    photo
        Signed and linear.
    box
        The pixels of the ball.
    ambient
        What the ball shows in every frame of the sweep, over the box: it is subtracted
        [diffuse white = 1].

    Raises
    ------
    ValueError
        If nothing stands out of the noise.

    Notes
    -----
    Assumes that the lamp is the brightest thing around, and small: its mirror image is compact.
    """
    radiance = np.asarray(photo.radiance[box.span], np.float64)
    flags = photo.flags[box.span]
    if ambient is not None:
        radiance = radiance - ambient
    usable = (flags & (PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME)) == 0
    rim = np.sqrt(np.maximum(1.0 - np.nan_to_num(box.facing) ** 2, 0.0))
    spread = 1.0 / max(float(np.sqrt(np.isfinite(box.facing).sum() / np.pi)), 1.0)
    ball = np.isfinite(box.facing)
    radiance[~usable] = np.median(radiance[ball & usable], axis=0) if (ball & usable).any() else 0.0
    inside = ball & (rim < 1.0 - RIM_PX * spread)
    value, noise = _above_surroundings(radiance, inside & usable, ball)
    spots, rival = weighed_spots(value, noise, inside, box)
    clipped = bool((spots & ((flags & PixelFlag.SATURATED) != 0)).any())
    # The glare around a clipped highlight is lopsided, and outweighs what was cut off.
    floor = max(3.0 * noise, (CLIPPED_FLOOR if clipped else 0.02) * float(value[spots].max()))
    # Blur carries light across the outline: without it the center would lean inwards.
    around = _grown(ball, BLUR_PX)
    center, near, extent = _centered(value, floor, spots & usable, around & usable)
    center = center + _arch(value, near & (value > floor), center, box)
    variance = np.full(value.shape, noise**2)
    if photo.variance is not None:
        variance += np.mean(photo.variance[box.span], axis=2, dtype=np.float64) / 3.0
    # Pixels at the floor flicker in and out of the sum.
    lit = _grown(near & (value > floor), 1)
    sigma = _standard_error(value, variance, lit & near, center)
    at_rim = bool((_grown(spots, 1) & ~inside).any())
    if clipped or at_rim:
        sigma = float(np.hypot(sigma, CLIPPED_SHARE * max(extent, 1.0)))
    whole = _part_at(value > floor, near & spots) & around & usable
    flux = _sum_above(radiance, whole, inside & usable, ball) * _solid_angle_at(box, center)
    return Highlight(
        center_px=center + box.corner,
        sigma_px=sigma,
        irradiance=np.asarray(flux),
        radius_px=extent,
        rival=rival,
        second_px=second_reflection(value, noise, inside, spots, box),
        is_saturated=clipped,
        is_at_rim=at_rim,
    )


def _above_surroundings(
    radiance: Float64[Array, "h w 3"], inside: Inside, ball: Inside
) -> tuple[Values, float]:
    """Return the mean of the channels over the median of ball or background, and its noise."""
    mean = radiance.mean(axis=2)
    if not inside.any():
        raise ValueError("no pixel of the ball is usable; needed is a ball in full view.")
    level = float(np.median(mean[inside]))
    behind = float(np.median(mean[~ball])) if not ball.all() else 0.0
    value = mean - np.where(ball, level, behind)
    noise = 1.4826 * float(np.median(np.abs(value[inside])))
    # Photographs in few bits have no noise in the dark, but steps.
    steps = np.unique(mean[inside])
    step = float(np.diff(steps).min()) if len(steps) > 1 else 0.0
    return value, max(noise, 0.3 * step, 1e-12)


def _arch(
    value: Values, light: Inside, center: Float64[Array, " 2"], box: BallBox
) -> Float64[Array, " 2"]:
    r"""Return the way from the center of gravity of an arc to its middle [px].

    A disc of variance :math:`s^2` at the angle :math:`\theta` from the view is an arc of variance
    :math:`t^2` along the circle of radius :math:`\rho` about the middle of the ball: outwards by
    :math:`\frac{t^2}{2\rho}\,\frac{2 - \cos\theta\,(1 + \cos\theta)}{2}`.
    """
    rows, columns = np.nonzero(np.isfinite(box.facing))
    outward = center - np.array([columns.mean(), rows.mean()])
    radius = float(np.linalg.norm(outward))
    if radius < 1.0:
        return np.zeros(2)
    outward /= radius
    rows, columns = np.nonzero(light)
    along = (rows - center[1]) * outward[0] - (columns - center[0]) * outward[1]
    weight = value[light]
    square = float(np.sum(weight * along**2) / np.sum(weight))
    share = min(radius / float(np.sqrt(np.isfinite(box.facing).sum() / np.pi)), 1.0)
    cosine = 1.0 - 2.0 * share**2
    return np.asarray(outward * square / (2.0 * radius) * (2.0 - cosine * (1.0 + cosine)) / 2.0)


def _part_at(lit: Inside, seed: Inside) -> Inside:
    """Return what hangs together with a seed, and the blur around it.

    Close to the outline a lamp is drawn out to an arc longer than any window about its center.
    """
    _, labels = cv2.connectedComponents((lit | seed).astype(np.uint8), connectivity=8)
    return _grown(np.isin(labels, np.unique(labels[seed])), BLUR_PX)


def _grown(part: Inside, margin_px: int) -> Inside:
    """Return a part of the picture with a margin around it."""
    square = np.ones((2 * margin_px + 1, 2 * margin_px + 1), np.uint8)
    return np.asarray(cv2.dilate(part.astype(np.uint8), square) > 0)


def _sum_above(
    radiance: Float64[Array, "h w 3"], near: Inside, inside: Inside, ball: Inside
) -> Float64[Array, " 3"]:
    """Return the sum over a window of what lies above ball and background around it."""
    total = np.zeros(3)
    # Dust on the ball is lit, too: its haze differs from place to place.
    ring = _grown(near, 4)
    for part, around in ((ball, inside), (~ball, ~ball)):
        here, there = near & part, ring & around & ~near
        if here.any():
            level = np.median(radiance[there], axis=0) if there.any() else 0.0
            total += (radiance[here] - level).sum(axis=0)
    return total


def _solid_angle_at(box: BallBox, center: Float64[Array, " 2"]) -> float:
    """Return the mirrored solid angle of a pixel at a place, or of the nearest on the ball."""
    rows, columns = np.nonzero(box.solid_angles)
    if not rows.size:
        return 0.0
    away = np.maximum(np.abs(columns - center[0]), np.abs(rows - center[1]))
    # Between neighbors, as it grows fast towards the outline.
    near = away < max(1.0, away.min() + 1e-9)
    weights = (1.0 - np.abs(columns[near] - center[0])) * (1.0 - np.abs(rows[near] - center[1]))
    weights = np.maximum(weights, 1e-9)
    return float(np.average(box.solid_angles[rows[near], columns[near]], weights=weights))


def _centered(
    value: Values, floor: float, spot: Inside, usable: Inside
) -> tuple[Float64[Array, " 2"], Inside, float]:
    """Return column and row of the center, the window about it, and the spread of the light."""
    rows, columns = np.nonzero(spot)
    weight = value[spot]
    center = np.array([columns @ weight, rows @ weight]) / weight.sum()
    radius = 3.0 * float(np.sqrt(spot.sum() / np.pi)) + 2.0
    grid_y, grid_x = np.indices(value.shape)
    for _ in range(20):
        distance = np.hypot(grid_x - center[0], grid_y - center[1])
        near = usable & (distance < radius)
        light = np.where(near & (value > floor), value, 0.0)
        total = light.sum()
        moved = np.array([np.sum(light * grid_x), np.sum(light * grid_y)]) / total
        extent = float(np.sqrt(np.sum(light * distance**2) / total))
        step, center = np.linalg.norm(moved - center), moved
        radius = max(2.5, min(radius, 3.0 * extent + 1.0))
        if step < 1e-4:
            break
    return center, near, extent


def _standard_error(
    value: Values, variance: Values, near: Inside, center: Float64[Array, " 2"]
) -> float:
    """Return the standard error of the center along each axis [px]."""
    rows, columns = np.nonzero(near)
    square = (columns - center[0]) ** 2 + (rows - center[1]) ** 2
    total = float(np.sum(value[near]))
    scatter = float(np.sqrt(np.sum(variance[near] * square) / 2.0)) / max(total, 1e-12)
    # A pixel samples the spot: one as sharp as a pixel is known to a few hundredths at best.
    return float(np.hypot(scatter, 0.03))
