"""Coarse albedo of a single picture: one ambient and one distant light fitted, and divided out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Mask, Plane, Radiance, UnitVectors

MEAN_ALBEDO = 0.5
"""Brightness of the median albedo: one picture cannot tell a dark surface from a weak light."""
ROUNDS = 20
LEAST_SHADING = 0.05
"""Share of the median shading below which nothing is divided by less."""
MOST_FITTED = 200_000
"""Pixels that are fitted; more tell no more of four numbers."""


@dataclass(frozen=True, slots=True)
class CoarseAlbedo:
    """A picture taken apart into albedo and light."""

    albedo: Radiance
    """Zero outside the mask and where there is no normal."""
    shading: Plane
    """What a white surface with these normals would read."""
    ambient: float
    """Light from everywhere."""
    direction: Float64[Array, " 3"]
    """To the distant light; zero if none is found."""
    strength: float
    """Of the distant light."""


def coarse_albedo(image: Radiance, normals: UnitVectors, mask: Mask | None = None) -> CoarseAlbedo:
    r"""Divide the light out of one picture whose surface is roughly known.

    With a constant albedo for the time being, ambient light a and a distant light b are fitted to
    the channel mean,

    .. math:: \min_{a \ge 0,\, b} \sum_p \rho\big(Y_p / \bar{d} - a - (n_p \cdot b)^+\big),

    by reweighted least squares on the pixels that b reaches and those that it does not, with
    Huber's :math:`\rho` at 1.5 times the usual residual. The picture over
    :math:`a + (n \cdot b)^+` is the albedo, scaled to a median of 0.5.

    Parameters
    ----------
    image
        Linear, not gamma-encoded; any exposure.
    normals
        Coarse unit vectors; zero where unknown.
    mask
        The subject; all pixels with a normal if none is given.

    Returns
    -------
    parts
        Albedo, shading and light. Albedo times shading is the picture, but where shading is less
        than a twentieth of its median.

    Raises
    ------
    ValueError
        If sizes differ, or fewer than four pixels have a normal and a finite, positive reading.

    Notes
    -----
    Assumes that albedo varies without regard to where the surface faces, a matte surface, and one
    distant light. Cast shadows and highlights stay in the albedo, and so does its true scale, which
    one picture does not tell. For captures, `flat_lit` measures what this guesses.

    References
    ----------
    .. [1] Wimbauer, Wu and Rupprecht, De-rendering 3D objects in the wild, CVPR 2022, whose
       pictures start from such a fit; the fit itself is not published, and this is not theirs.
    .. [2] Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics
       35(1), 1964.
    """
    if normals.shape != image.shape or (mask is not None and mask.shape != image.shape[:2]):
        raise ValueError(
            f"image {image.shape}, normals {normals.shape}: the same size was needed, and so for "
            "the mask. Resize normals and mask to the picture."
        )
    brightness = image.mean(axis=-1, dtype=np.float64)
    subject = normals.any(axis=-1) & np.isfinite(brightness)
    subject &= True if mask is None else mask
    is_read = subject & (brightness > 0.0)
    count = np.count_nonzero(is_read)
    if count < 4:
        raise ValueError(
            f"image and normals: {count} pixels of the subject are bright and have a normal; 4 at "
            "least were needed. Is the mask inverted, or the picture black?"
        )
    every = 1 + count // MOST_FITTED
    facing, value = normals[is_read][::every].astype(np.float64), brightness[is_read][::every]
    ambient, light = _fitted_light(facing, value / MEAN_ALBEDO)
    shading = ambient + np.maximum(normals @ light, 0.0)
    held = np.maximum(shading, LEAST_SHADING * np.median(shading[is_read]))
    albedo = np.where(subject[..., np.newaxis], image, 0.0) / held[..., np.newaxis]
    gain = float(np.median(albedo[is_read].mean(axis=-1))) / MEAN_ALBEDO
    strength = float(np.linalg.norm(light))
    return CoarseAlbedo(
        albedo=(albedo / gain).astype(np.float32),
        shading=np.where(subject, gain * shading, 0.0).astype(np.float32),
        ambient=gain * ambient,
        direction=light / strength if strength > 0.0 else np.zeros(3),
        strength=gain * strength,
    )


def _fitted_light(
    normals: Float64[Array, "pixel 3"], value: Float64[Array, " pixel"]
) -> tuple[float, Float64[Array, " 3"]]:
    """Return ambient and distant light that explain what most pixels read."""
    weight = np.ones_like(value)
    ambient, light = _least_squares(normals, value, weight)
    for _ in range(ROUNDS):
        shading = normals @ light
        is_lit = shading > 0.0
        error = np.abs(value - ambient - np.where(is_lit, shading, 0.0))
        usual = 1.5 * 1.4826 * np.median(error)
        weight = np.minimum(1.0, usual / np.maximum(error, 1e-12)) if usual > 0.0 else weight
        ambient, light = _least_squares(normals * is_lit[:, np.newaxis], value, weight)
    return ambient, light


def _least_squares(
    lit: Float64[Array, "pixel 3"],
    value: Float64[Array, " pixel"],
    weight: Float64[Array, " pixel"],
) -> tuple[float, Float64[Array, " 3"]]:
    """Fit ambient and distant light, the former at least zero; unlit pixels have zero vectors."""
    root = np.sqrt(weight)
    rows = np.column_stack([np.ones_like(value), lit]) * root[:, np.newaxis]
    solved = np.linalg.lstsq(rows, root * value)[0]
    if solved[0] >= 0.0:
        return float(solved[0]), solved[1:]
    return 0.0, np.linalg.lstsq(rows[:, 1:], root * value)[0]
