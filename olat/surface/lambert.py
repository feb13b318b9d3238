"""Normals and albedo from one light at a time: photometric stereo (Woodham 1980), made robust."""

from __future__ import annotations

import numpy as np

from olat.model.field import ConfidenceStrip
from olat.model.shapes import Directions, Flags, Plane, Radiance, UnitVectors
from olat.surface import lambert_kernel
from olat.surface.strip import REFUSED, Strip, StripFlags, pixels_under_lights


def normals_from_olats(
    reflectance: Strip,
    flags: StripFlags,
    directions: Directions,
    *,
    confidence: ConfidenceStrip | None = None,
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
    reweightings: int = 6,
) -> tuple[UnitVectors, Radiance, Plane, Flags]:
    r"""Solve one surface normal and albedo per pixel from its readings under every light.

    On a Lambertian surface light i reads :math:`R_i = \rho\, (n \cdot \omega_i)^+`, so that over
    the lights that reach the pixel

    .. math:: \Big(\sum_i w_i \omega_i \omega_i^T\Big)\, \rho n = \sum_i w_i R_i \omega_i .

    First all weights are the confidence :math:`c_i` of the readings, or one. Then each pass doubts
    the readings that the last fit left over: :math:`w_i = c_i (1 + (e_i/\sigma)^2)^{-2}` with
    :math:`\sigma` the weighted root mean square of the residuals, at least 2 % of the albedo.
    Shadows that are left count 0.6 as much as highlights of the same size. The mean of the channels
    drives the solve; the albedo of each channel follows in closed form from the same weights.

    Parameters
    ----------
    reflectance
        Reading of each pixel under each light [diffuse white = 1].
    flags
        Readings that are SATURATED, DEAD, OUT_OF_FRAME, OCCLUDED or CLAMPED are left out, and so
        are those that are not finite.
    directions
        The lights, in the order of the strip.
    confidence
        Trust in the motion that brought each reading to its pixel, 255 for 1; without it all are
        certain.
    shadow_fraction
        Readings below this share of the pixel's third brightest are shadow [1].
    shadow_floor
        Readings below this are shadow in any case [diffuse white = 1].
    reweightings
        Passes that doubt highlights and cast shadows; 0 is plain least squares.

    Returns
    -------
    normals
        Unit vectors in world axes; zero where flagged.
    albedo
        Red, green and blue [diffuse white = 1]; zero where flagged.
    confidence
        :math:`1/(1 + (\epsilon/5°)^2)` with :math:`\epsilon` the standard error of the normal:
        the residual, propagated through the light set in use. Three lights' worth of 5 % model
        error is added to the residual, so that three lights that fit perfectly, as any three
        do, are not certain. It is multiplied by the mean confidence of the readings, weighted
        as they are in the albedo, since those of one moment are wrong together. 0 where flagged.
    flags
        SHADOWED where no reading exceeds the floor. UNDERDETERMINED where fewer than three
        do, or their lights lie in a plane. Either comes with the flags that cost the pixel its
        readings; where the normal is found, they are not repeated.

    Raises
    ------
    ValueError
        If lights or pixels of the arguments differ, or `reweightings` is negative.

    Notes
    -----
    Assumes distant lights and a convex surface that is matte under most of the lights that reach
    it. Broad lobes (exponent below about 8) bend the normal towards the mirror direction; the
    reweighting needs a majority of readings without them.

    References
    ----------
    .. [1] Woodham, Photometric method for determining surface orientation from multiple images,
       Optical Engineering 19(1), 1980.
    .. [2] Geman and McClure, Statistical methods for tomographic image reconstruction, Bulletin of
       the International Statistical Institute 52(4), 1987.
    """
    if reweightings < 0:
        raise ValueError(
            f"reweightings: {reweightings}; 0 or more were needed. Use 0 for plain least squares."
        )
    strip, codes, lights = pixels_under_lights(reflectance, flags, directions, confidence)
    shape = reflectance.shape[2:]
    pixels = strip.shape[2]
    normals = np.empty((pixels, 3), np.float32)
    albedo = np.empty((3, pixels), np.float32)
    trust = np.empty(pixels, np.float32)
    doubts = np.empty(pixels, np.uint8)
    limits = (float(shadow_fraction), float(shadow_floor), int(reweightings), int(REFUSED))
    lambert_kernel.solve(strip, codes, lights, limits, (normals, albedo), (trust, doubts))
    return (
        normals.reshape(*shape, 3),
        np.ascontiguousarray(albedo.T).reshape(*shape, 3),
        trust.reshape(shape),
        doubts.reshape(shape),
    )
