"""Phong terms and normal of each pixel refined together, from what the ladder found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from olat.model.field import ConfidenceStrip
from olat.model.maps import PhongMaps
from olat.model.shapes import Directions, UnitVectors
from olat.surface import phong_refinement_kernel
from olat.surface.near_light import NearLights
from olat.surface.phong_ladder import largest_exponent, pixel_vectors
from olat.surface.strip import REFUSED, Strip, StripFlags, pixels_under_lights

STEPS = 6
"""Steps of Levenberg and Marquardt at most."""


def refined_phong(  # noqa: PLR0913 - as `phong_from_olats`, and where to begin
    reflectance: Strip,
    flags: StripFlags,
    lights: Directions | NearLights,
    terms: PhongMaps,
    normals: UnitVectors,
    view: UnitVectors,
    *,
    confidence: ConfidenceStrip | None = None,
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
    largest: float | None = None,
) -> PhongMaps:
    r"""Descend from the terms of the ladder to the least cost in d, s, log m and the normal.

    .. math:: \sum_i c_i\, \frac{e_i^2}{1 + (e_i / \sigma_i)^2}, \qquad
              e_i = R_i - d\,(n \cdot \omega_i)^+ - s\,\big((r \cdot \omega_i)^+\big)^m

    by at most six damped steps. The scale of doubt is twice the weighted root mean square of what
    the start leaves over, at least 2 % of the albedo; above the fit it is twice as wide as below,
    since what lies far below is a shadow. To the cost is added how far the terms are from where
    they began, over 5 degrees, a factor of two in m, and the sum of both albedos, squared, times
    the square of the scale: so no lobe grows where its peak lies beyond all lights. The channel
    mean drives the descent; the albedo of each channel follows in closed form, by the same weights.

    Parameters
    ----------
    reflectance, flags, lights, confidence, shadow_fraction, shadow_floor, normals, view
        As `olat.surface.phong_ladder.phong_from_olats` had them.
    terms
        What it returned.
    largest
        The sharpest lobe that is believed; `largest_exponent` of the lights if none is given.

    Returns
    -------
    terms
        Refined, with `normals` and `normal_confidence`. The latter is
        :math:`1/(1 + (\epsilon/5°)^2)` with :math:`\epsilon` the standard error of the normal,
        times the mean confidence of the readings. Where the ladder found no lobe, or fewer than
        seven readings count, terms and normal are as they were, and `normal_confidence` is 0.
        Flags and the confidence of the lobe are as those of the ladder, the latter from the
        covariance of all five unknowns. Confidence is what the readings tell; the start adds none.

    Raises
    ------
    ValueError
        If lights or pixels of the arguments differ.

    Notes
    -----
    Assumes no interreflection, and a start near the truth: it descends into the
    nearest minimum.

    References
    ----------
    .. [1] Marquardt, An algorithm for least-squares estimation of nonlinear parameters, Journal
       of the Society for Industrial and Applied Mathematics 11(2), 1963.
    .. [2] Geman and McClure, Statistical methods for tomographic image reconstruction, Bulletin of
       the International Statistical Institute 52(4), 1987.
    """
    shape = terms.flags.shape
    if not normals.shape[:2] == view.shape[:2] == shape == reflectance.shape[2:]:
        raise ValueError(
            f"terms {shape}, normals {normals.shape} and view {view.shape}: a strip of "
            f"{reflectance.shape[2:]} pixels was given; one of each was needed for every pixel. "
            "Cut the same rows from all."
        )
    strip, codes, told = pixels_under_lights(reflectance, flags, lights, confidence)
    found = pixel_vectors(normals).copy()
    diffuse = np.ascontiguousarray(pixel_vectors(terms.diffuse_albedo).T)
    specular = terms.specular_albedo.mean(axis=-1, dtype=np.float32).ravel()
    exponent, trust, doubts = (
        plane.flatten() for plane in (terms.exponent, terms.confidence, terms.flags)
    )
    normal_trust = np.zeros_like(trust)
    highest = largest_exponent(lights) if largest is None else float(largest)
    phong_refinement_kernel.solve(
        strip,
        codes,
        told,
        (float(shadow_fraction), float(shadow_floor), highest, STEPS, int(REFUSED)),
        pixel_vectors(view),
        (found, diffuse, specular, exponent),
        (trust, normal_trust, doubts),
    )
    return replace(
        terms,
        diffuse_albedo=np.ascontiguousarray(diffuse.T).reshape(*shape, 3),
        specular_albedo=np.repeat(specular, 3).reshape(*shape, 3),
        exponent=exponent.reshape(shape),
        confidence=trust.reshape(shape),
        flags=doubts.reshape(shape),
        normals=found.reshape(*shape, 3),
        normal_confidence=normal_trust.reshape(shape),
    )
