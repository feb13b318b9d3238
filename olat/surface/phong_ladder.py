"""Phong terms from one light at a time: a ladder of exponents, least squares on every rung."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from olat.model.field import ConfidenceStrip
from olat.model.maps import PhongMaps
from olat.model.shapes import Array, Directions, UnitVectors
from olat.surface import phong_ladder_kernel
from olat.surface.near_light import NearLights
from olat.surface.strip import REFUSED, Strip, StripFlags, pixels_under_lights
from olat.surface.view import mirrored


def phong_from_olats(  # noqa: PLR0913 - what is known of the readings, of the pixels and of shadow
    reflectance: Strip,
    flags: StripFlags,
    lights: Directions | NearLights,
    normals: UnitVectors,
    view: UnitVectors,
    *,
    confidence: ConfidenceStrip | None = None,
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
    largest: float | None = None,
) -> PhongMaps:
    r"""Fit matte and glossy reflection to the readings of each pixel under every light.

    .. math:: R_i = d\,(n \cdot \omega_i)^+ + s\,\big((r \cdot \omega_i)^+\big)^m, \qquad
              r = 2 (n \cdot v)\, n - v

    For each exponent of 4, 5.5, 8, 11 ... 256, all reached by multiplication, d and s solve a
    2 x 2 non-negative least squares on the channel mean; a parabola in log m through the best
    and its neighbors gives m. The lobe is white, so the channels share s and m, and d per
    channel follows in closed form. Every reading weighs as much as its confidence.

    Cast shadows with soft edges pass the threshold. So a matte surface is fitted first, three times
    over, to the readings that agree on one, doubted from a fifth of the albedo on,
    :math:`(1 + (e/\sigma)^2)^{-2}`. Then what lies below it is doubted so in every rung, and what
    lies above it is gloss. Where less than half of the shading agrees, nothing is doubted.

    Under a near light, :math:`\omega_i` is the direction to it from where the pixel is, and the
    reading is divided by what the light sends there, relative to the origin. Shadow is told by the
    readings before that.

    Parameters
    ----------
    reflectance, flags, lights, confidence, shadow_fraction, shadow_floor
        As in `olat.surface.lambert.normals_from_olats`.
    normals
        Unit vectors in world axes, zero where unknown.
    view
        From what each pixel shows to the camera.
    largest
        The sharpest lobe that is believed; `largest_exponent` of the lights if none is given.

    Returns
    -------
    terms
        Where no lobe is found, the specular albedo, the exponent and the confidence are 0. The
        confidence speaks of the lobe: :math:`1/(1 + (\epsilon/\ln 1.5)^2)` with :math:`\epsilon`
        the standard error of log m, from the residual (three lights' worth of 2 % model error is
        added to it) and the curvature of the cost; where m is clamped, a factor of two more.
        Below m = 8, where a lobe passes for matte reflection, it is multiplied by
        :math:`(m/8)^2`, and everywhere by the mean confidence of the readings, weighted as they
        are in the matte part.

        Flags: UNDERDETERMINED where the normal is unknown, the usable lights count less than four
        (each as much as its confidence), no light lies near enough to the mirrored view to see a
        highlight, or m is below 8; CLAMPED where m ran into an end of the ladder or into
        `largest`; SHADOWED where no reading exceeds the floor.

    Raises
    ------
    ValueError
        If lights or pixels of the arguments differ.

    Notes
    -----
    Assumes no interreflection, and normals that the lobe has not bent. A lobe counts only where
    some light has seen a quarter of its peak; between lights, the peak is extrapolated along the
    fitted lobe.

    References
    ----------
    .. [1] Phong, Illumination for computer generated pictures, CACM 18(6), 1975.
    .. [2] Geman and McClure, Statistical methods for tomographic image reconstruction, Bulletin of
       the International Statistical Institute 52(4), 1987.
    """
    if normals.shape != view.shape or normals.shape[:2] != reflectance.shape[2:]:
        raise ValueError(
            f"normals {normals.shape} and view {view.shape}: a strip of {reflectance.shape[2:]} "
            "pixels was given; one vector for each was needed. Cut the same rows from all three."
        )
    strip, codes, told = pixels_under_lights(reflectance, flags, lights, confidence)
    pixels = strip.shape[2]
    diffuse = np.empty((3, pixels), np.float32)
    specular, exponent, trust = (np.empty(pixels, np.float32) for _ in range(3))
    doubts = np.empty(pixels, np.uint8)
    sharpest = largest_exponent(lights) if largest is None else float(largest)
    phong_ladder_kernel.solve(
        strip,
        codes,
        told,
        (pixel_vectors(normals), pixel_vectors(mirrored(normals, view))),
        (float(shadow_fraction), float(shadow_floor), sharpest, int(REFUSED)),
        (diffuse, specular, exponent),
        (trust, doubts),
    )
    shape = normals.shape[:2]
    return PhongMaps(
        diffuse_albedo=np.ascontiguousarray(diffuse.T).reshape(*shape, 3),
        specular_albedo=np.repeat(specular, 3).reshape(*shape, 3),
        exponent=exponent.reshape(shape),
        confidence=trust.reshape(shape),
        flags=doubts.reshape(shape),
    )


def largest_exponent(lights: Directions | NearLights) -> float:
    r"""Return the sharpest lobe that lights this far apart, seen from the origin, can measure.

    It is :math:`4/\delta^2` with :math:`\delta` the median angle [rad] from a light to its nearest
    neighbor, kept between 8 and 256: the lobe falls to 0.6 of its peak half way to the neighbor.
    """
    directions = lights.lamps.directions if isinstance(lights, NearLights) else lights
    if len(directions) < 2:
        return 8.0
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -1.0)
    spacing = np.median(np.arccos(np.clip(cosines.max(axis=1), -1.0, 1.0)))
    return float(np.clip(4.0 / max(spacing, 1e-3) ** 2, 8.0, 256.0))


def pixel_vectors(vectors: UnitVectors) -> Float32[Array, "pixel 3"]:
    """Return vectors as one row of pixels without gaps in memory."""
    return np.ascontiguousarray(vectors, np.float32).reshape(-1, 3)
