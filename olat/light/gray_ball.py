"""How bright each light is, from a matte gray ball under one light at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from scipy.optimize import least_squares

from olat.light.ball_view import BallBox
from olat.light.beam import near_shading
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array, LightColors

GRAZING = 0.15
"""Cosine below which neither view nor light tell anything: 81 degrees."""
RIM_PX = 2.0
"""Nearer to the outline, blur and demosaicing mix the ball with what is behind it [px]."""
FEWEST_PIXELS = 40
ALIKE = 100
"""Neighboring pixels that err together, by stains and by the outline."""
DEAD = 0.02
"""Level relative to the median of the rig below which a light is dead."""
FEWEST_SHARED = 5
"""Lights that both balls must show before one can stand in for the other."""

Vector = Float64[Array, " 3"]
Values = Float64[Array, "h w"]


@dataclass(frozen=True)
class GrayReading:
    """What a gray ball tells of one light."""

    level: Vector
    """Intensity times albedo, red, green, blue; not a number where too little is lit."""
    sigma: Vector
    """Standard error of the level."""
    pixels: int
    """How many were lit, seen and usable."""
    emission: float = 1.0
    """Mean cosine of the angle at which the light left, off its axis."""


def gray_reading(
    photo: RadianceImage,
    box: BallBox,
    direction: Vector,
    *,
    position: Vector | None = None,
    center: Vector | None = None,
    radius: float = 0.0,
) -> GrayReading:
    r"""Read the level of one light off a matte ball.

    A matte ball of albedo :math:`\rho` reads :math:`I = \rho\,e\,s` with
    :math:`s = (n \cdot \omega)^+`, or the shading of a near light (`near_shading`). Over the
    pixels that are lit and seen at less than 81 degrees, 2 px off the outline,

    .. math:: \rho\,e = \sum w\,s\,I \,/ \sum w\,s^2

    with Tukey's weights, which leave out highlights, stains and cast shadows.

    Parameters
    ----------
    photo
        Under the light alone.
    box
        The pixels of the ball.
    direction
        To the light.
    position
        Of the light, from the origin of the rig [m]; none for a distant light.
    center, radius
        Of the ball [m]; for a light with a position.

    Returns
    -------
    reading
        The standard error counts 100 neighboring pixels as one.

    Notes
    -----
    Assumes Lambert's law, and no light from anywhere else.
    """
    normals = np.nan_to_num(box.normals)
    if position is None:
        shading = incidence = normals @ direction
        emission = np.ones_like(shading)
    else:
        middle = np.zeros(3) if center is None else center
        shading, incidence, emission = near_shading(middle + radius * normals, normals, position)
    flags = photo.flags[box.span]
    doubtful = PixelFlag.SATURATED | PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME
    used = _off_the_rim(box)
    used &= (incidence > GRAZING) & ((flags & doubtful) == 0)
    count = int(used.sum())
    if count < FEWEST_PIXELS:
        unknown = np.full(3, np.nan)
        return GrayReading(unknown, unknown, count)
    values = np.asarray(photo.radiance[box.span][used], np.float64)
    fitted = [_level(values[:, channel], shading[used]) for channel in range(3)]
    level, sigma = (np.array(part) for part in zip(*fitted, strict=True))
    return GrayReading(
        level, sigma, count, float(np.average(emission[used], weights=shading[used]))
    )


def _off_the_rim(box: BallBox) -> Bool[Array, "h w"]:
    """Return the pixels that face the camera and mix with nothing behind the ball."""
    facing = np.nan_to_num(box.facing)
    radius = float(np.sqrt(np.isfinite(box.facing).sum() / np.pi))
    reach = np.sqrt(np.maximum(1.0 - facing**2, 0.0))
    return np.asarray((facing > GRAZING) & (reach < 1.0 - RIM_PX / radius))


def _level(
    values: Float64[Array, " pixel"], shading: Float64[Array, " pixel"]
) -> tuple[float, float]:
    """Fit a line through zero robustly; return its slope and the standard error."""
    slope = float(np.median(values / shading))
    weights = np.ones_like(values)
    for _ in range(30):
        residual = values - slope * shading
        scale = max(1.4826 * float(np.median(np.abs(residual))), 1e-9)
        weights = np.maximum(1.0 - (residual / (4.685 * scale)) ** 2, 0.0) ** 2
        renewed = float(np.sum(weights * values * shading) / np.sum(weights * shading**2))
        step, slope = abs(renewed - slope), renewed
        if step <= 1e-9 * abs(slope):
            break
    residual = values - slope * shading
    total = float(np.sum(weights * shading**2))
    scatter = float(np.sqrt(np.sum(weights * residual**2) / np.sum(weights)))
    return slope, scatter * np.sqrt(ALIKE / max(total, 1e-12))


@dataclass(frozen=True)
class Intensities:
    """How bright the lights of a rig are."""

    intensities: LightColors
    """Mean 1 in each color, or absolute if the albedo is known; not a number where unknown."""
    relative_sigmas: Float64[Array, " light"]
    """Standard error over the intensity [1]."""
    white: Vector
    """Level of the rig's white: what intensity 1 reads on the ball."""
    dead: tuple[int, ...]
    unseen: tuple[int, ...]


def intensities_from_levels(
    levels: LightColors, sigmas: LightColors, *, albedo: float | None = None
) -> Intensities:
    """Scale levels to intensities.

    Parameters
    ----------
    levels, sigmas
        Of `gray_reading`, light by light; not a number where the ball showed nothing.
    albedo
        Of the ball. If known, a white patch that faces a light of intensity 1 reads 1 in each
        color. Else intensities are relative to the rig's white: the mean over the lights that
        shine is 1 in each color.

    Raises
    ------
    ValueError
        If no light could be read, or the albedo is not positive.
    """
    seen = np.isfinite(levels).all(axis=1)
    if not seen.any():
        raise ValueError("intensities: no light shows on the gray ball; one at least is needed.")
    if albedo is not None and not albedo > 0.0:
        raise ValueError(f"albedo of the ball: {albedo:g}; more than 0 was needed.")
    mean = np.where(seen, levels.mean(axis=1), np.nan)
    usual = float(np.nanmedian(mean))
    if not usual > 0.0:
        raise ValueError(
            f"intensities: the gray ball reads {usual:.3g} under the usual light; more than 0 is "
            "needed. Look whether the sweep is of the ball and the dark level is right."
        )
    error = np.sqrt(np.sum(sigmas**2, axis=1)) / 3.0
    dark = seen & ((mean < DEAD * usual) | (mean < 3.0 * error))
    alive = seen & ~dark
    white = levels[alive].mean(axis=0) if albedo is None else np.full(3, albedo)
    intensities = levels / white
    intensities[dark] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(alive, error / mean, np.where(dark, 0.0, np.nan))
    return Intensities(
        intensities,
        relative,
        white,
        tuple(int(light) for light in np.flatnonzero(dark)),
        tuple(int(light) for light in np.flatnonzero(~seen)),
    )


def completed_by_mirror(
    levels: LightColors, irradiance: LightColors, cosines: Float64[Array, " light"]
) -> tuple[LightColors, float]:
    r"""Read lights that a gray ball does not show off a mirror ball.

    The highlight's irradiance is that of the light times the mirror's reflectance, which grows
    towards grazing angles (Schlick):

    .. math:: E_i = k_c\,\rho\,e_i\,\big(1 + b\,(1 - \cos\theta_i)^5\big) , \quad b \ge 0 .

    The constants are fitted to the lights that both balls show.

    Parameters
    ----------
    levels
        Of the gray ball; not a number where it shows nothing.
    irradiance
        Of the highlights; not a number where missing, clipped or cut.
    cosines
        Between the mirror's normal at the highlight and the view.

    Returns
    -------
    levels
        Completed where the mirror shows the light; the others as they were.
    rms
        Relative disagreement of both balls over the lights that both show.

    Raises
    ------
    ValueError
        If both balls show fewer than five lights.

    Notes
    -----
    Assumes a clean mirror of one material, and lights whose whole mirror image is seen.

    References
    ----------
    .. [1] Schlick, An inexpensive BRDF model for physically-based rendering, Computer Graphics
       Forum 13(3), 1994, eq. 15.
    """
    mirror = np.isfinite(irradiance).all(axis=1) & (irradiance > 0.0).all(axis=1)
    gray = np.isfinite(levels).all(axis=1) & (levels > 0.0).all(axis=1)
    both = mirror & gray
    if both.sum() < FEWEST_SHARED:
        raise ValueError(
            f"mirror ball: {both.sum()} lights show unclipped on it and on the gray ball; "
            f"{FEWEST_SHARED} are needed to compare them."
        )
    grazing = (1.0 - cosines) ** 5
    ratio = np.log(irradiance[both] / levels[both])
    start = np.concatenate([np.median(ratio, axis=0), [0.1]])

    def off(unknown: Float64[Array, " 4"]) -> Float64[Array, " residual"]:
        mirrored = np.log1p(unknown[3] * grazing[both])[:, np.newaxis]
        return np.asarray((ratio - unknown[:3] - mirrored).ravel())

    limits = ([-np.inf] * 3 + [0.0], [np.inf] * 3 + [4.0])
    solved = least_squares(off, start, bounds=limits, loss="soft_l1", f_scale=0.02)
    completed = levels.copy()
    rest = mirror & np.isnan(levels).any(axis=1)
    gain = np.exp(solved.x[:3]) * (1.0 + solved.x[3] * grazing[rest])[:, np.newaxis]
    completed[rest] = irradiance[rest] / gain
    return completed, float(np.sqrt(np.mean(off(solved.x) ** 2)))
