"""Phong terms from full-on light and one color gradient, given the normals."""

from __future__ import annotations

import numpy as np

from olat.model.flags import PixelFlag
from olat.model.maps import PhongMaps
from olat.model.shapes import Plane, Radiance, UnitVectors
from olat.surface.view import mirrored

MODEL_ERROR = 0.01
"""Doubt of a first moment, relative to full-on light: noise, uneven lights, interreflection."""


def phong_from_gradients(
    full_on: Radiance,
    gradient: Radiance,
    normals: UnitVectors,
    view: UnitVectors,
    *,
    light_solid_angle: float,
    exponent: float = 20.0,
    shadow_floor: float = 1e-3,
) -> PhongMaps:
    r"""Split each pixel into a matte part and a white lobe of given exponent.

    With B the integral of the lobe over the sphere and :math:`r = 2 (n \cdot v)\, n - v`,

    .. math:: F_c = \pi d_c + B, \qquad A_c = \tfrac{2\pi}{3} d_c n_c + q B r_c, \qquad
              q = \frac{m + 1}{m + 2} .

    Taking d out of the second with the first leaves three equations for B alone,

    .. math:: A_c - \tfrac23 F_c n_c = B\,(q r_c - \tfrac23 n_c) ,

    solved by least squares with :math:`0 \le B \le \min_c F_c`. Then :math:`d_c = (F_c - B)/\pi`
    and :math:`s = B (m + 1) / 2\pi`.

    Parameters
    ----------
    full_on
        Aligned radiance under all N lights [diffuse white = 1].
    gradient
        Aligned radiance under the color gradient, at the exposure of `full_on`.
    normals
        Unit vectors in world axes, zero where unknown. They must come from elsewhere, such as the
        OLATs: the ratio normals of the same photographs already lean towards the lobe, and
        the split finds next to nothing left of it.
    view
        From what each pixel shows to the camera.
    light_solid_angle
        What turns the sum over the lights into an integral; 4π/N for an even sphere [sr].
    exponent
        The exponent m, which is **assumed**. It hardly moves d and B, but s goes with m + 1.
    shadow_floor
        Full-on radiance below which a pixel is unlit [diffuse white = 1].

    Returns
    -------
    terms
        Where no lobe is found, specular albedo, exponent and confidence are 0. Confidence:
        :math:`\tfrac12 B^2/(B^2 + \epsilon^2)` with :math:`\epsilon` what 1 % of F in
        the first moment does to B; never above one half, as the exponent is not measured.

        Flags: UNDERDETERMINED where the normal is unknown, and where :math:`\epsilon > B > 0`,
        above all where the surface faces the camera; CLAMPED where the moment asks for a lobe
        more negative than :math:`2\epsilon` (interreflection, subsurface scattering) or as large
        as a channel; SHADOWED where full-on light is below the floor or not a number.

    Raises
    ------
    ValueError
        If the arrays differ in shape.

    Notes
    -----
    Assumes a convex subject under a full, even sphere of lights. q runs only from 0.90 (m = 8) to
    0.98 (m = 50), less than what 1 % of noise does to it where the lobe carries a tenth of the
    light. Hence the exponent is not solved for; where OLATs were shot, they tell it
    (`olat.surface.phong_ladder`).

    References
    ----------
    .. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    .. [2] Ma et al., Rapid acquisition of specular and diffuse normal maps from polarized
       spherical gradient illumination, EGSR 2007.
    """
    shapes = {array.shape for array in (full_on, gradient, normals, view)}
    if len(shapes) > 1:
        raise ValueError(
            f"full-on, gradient, normals, view: the shapes {sorted(shapes)} differ; "
            "one was needed. Pass maps of one camera."
        )
    integral = full_on * light_solid_angle
    moment = (2.0 * gradient - full_on) * light_solid_angle
    lit = (full_on > shadow_floor).all(axis=-1) & np.isfinite(gradient).all(axis=-1)
    known = lit & normals.any(axis=-1)
    asked, doubt = _lobe_integral(integral, moment, normals, mirrored(normals, view), exponent)
    lobe = np.clip(asked, 0.0, np.where(known, integral.min(axis=-1), 0.0))
    lobe = np.where(known, lobe, 0.0).astype(np.float32)
    found = lobe > 0
    matte = np.where(lit[..., np.newaxis], integral - lobe[..., np.newaxis], 0.0) / np.pi
    confidence = np.where(found, 0.5 * lobe**2 / np.where(found, lobe**2 + doubt**2, 1.0), 0.0)
    clamped = (known & (asked < -2.0 * doubt)) | (found & (lobe < asked))
    open_ = lit & (~known | (found & (doubt > lobe)))
    flags = (
        PixelFlag.CLAMPED * clamped + PixelFlag.UNDERDETERMINED * open_ + PixelFlag.SHADOWED * ~lit
    ).astype(np.uint8)
    specular = lobe * (exponent + 1.0) / (2.0 * np.pi)
    return PhongMaps(
        diffuse_albedo=matte.astype(np.float32),
        specular_albedo=np.repeat(specular[..., np.newaxis], 3, axis=-1).astype(np.float32),
        exponent=np.where(found, exponent, 0.0).astype(np.float32),
        confidence=confidence.astype(np.float32),
        flags=flags,
    )


def _lobe_integral(
    integral: Radiance,
    moment: Radiance,
    normals: UnitVectors,
    mirror: UnitVectors,
    exponent: float,
) -> tuple[Plane, Plane]:
    """Return the unclamped integral of the lobe and its doubt."""
    q = (exponent + 1.0) / (exponent + 2.0)
    lobe = q * mirror - normals * 2.0 / 3.0
    excess = moment - integral * normals * 2.0 / 3.0
    squares = np.maximum(np.einsum("hwc,hwc->hw", lobe, lobe), 1e-6)
    asked = np.einsum("hwc,hwc->hw", lobe, excess) / squares
    doubt = MODEL_ERROR * integral.mean(axis=-1) / np.sqrt(squares)
    return np.asarray(asked, np.float32), np.asarray(doubt, np.float32)
