"""Phong terms from full-on light and one color gradient, given the normals."""

from __future__ import annotations

import numpy as np

from olat.model.flags import PixelFlag
from olat.model.maps import PhongMaps
from olat.model.shapes import Mask, Plane, Radiance, UnitVectors
from olat.surface.cosine_lobe import CosineLobes, lobes_from_moments, scale_from_integral
from olat.surface.rig_moments import ColorLights, Moments, ideal_moments, moments_under
from olat.surface.rig_table import rig_table
from olat.surface.view import mirrored

MODEL_ERROR = 0.01
"""Doubt of a first moment, relative to full-on light: noise, uneven lights, interreflection."""
LEAST_LIGHT = 0.05
"""Integral of a white matte surface below which a rig tells nothing of it [sr]."""
HALF_CONFIDENCE = float(np.log(1.5))
"""Error of log m that halves the confidence."""
MIRRORED = np.radians(10.0)
"""Angle to the mirrored view within which an axis is that of gloss, not of a narrow fold."""


def phong_from_gradients(
    full_on: Radiance,
    gradient: Radiance,
    normals: UnitVectors,
    view: UnitVectors,
    *,
    exponent: float = 20.0,
    shadow_floor: float = 1e-3,
    lights: ColorLights | None = None,
) -> PhongMaps:
    r"""Split each pixel into a matte part and a white lobe of given exponent.

    With B the integral of the lobe over the sphere and :math:`r = 2 (n \cdot v)\, n - v`,

    .. math:: F_c = \pi d_c + B, \qquad A_c = \tfrac{2\pi}{3} d_c n_c + q B r_c, \qquad
              q = \frac{m + 1}{m + 2} .

    Taking d out of the second with the first leaves three equations for B alone,

    .. math:: A_c - \tfrac23 F_c n_c = B\,(q r_c - \tfrac23 n_c) ,

    solved by least squares with :math:`0 \le B \le \min_c F_c`. Then :math:`d_c = (F_c - B)/\pi`
    and :math:`s = B (m + 1) / 2\pi`. Under the lights of a rig, :math:`\pi`, 2/3 n, 1 and q r are
    what they sum to there (`olat.surface.rig_moments`).

    No such pair has a first moment longer than :math:`q F`. Where it is longer, and within 10
    degrees of r, the one lobe that explains both photographs (`olat.surface.cosine_lobe`) is
    the whole pixel: :math:`d = 0`, and m and :math:`s_c` are its own.

    Parameters
    ----------
    full_on
        Aligned radiance, integrated over the full sphere of lights: the photograph times 4π
        over the sum of their intensities [sr].
    gradient
        The same under the color gradient [sr].
    normals
        Unit vectors in world axes, zero where unknown. They must come from elsewhere, such as the
        OLATs: the ratio normals of the same photographs already lean towards the lobe, and
        the split finds next to nothing left of it.
    view
        From what each pixel shows to the camera.
    exponent
        The least exponent m, **assumed** wherever the lobe is not the whole pixel. It hardly
        moves d and B, but s goes with m + 1.
    shadow_floor
        Full-on integral at or below which a pixel is unlit [sr].
    lights
        Those of the rig; none for a full, even sphere.

    Returns
    -------
    terms
        Where no lobe is found, specular albedo, exponent and confidence are 0. Confidence:
        :math:`\tfrac12 B^2/(B^2 + \epsilon^2)` with :math:`\epsilon` what 1 % of F in
        the first moment does to B; never above one half, as the exponent is not measured. Where
        one lobe is the whole pixel, :math:`\tfrac12/(1 + (\epsilon/\ln 1.5)^2)` with
        :math:`\epsilon` what 1 % does to log m.

        Flags: UNDERDETERMINED where the normal is unknown, and where :math:`\epsilon > B > 0`,
        above all where the surface faces the camera; CLAMPED where the moment asks for a lobe
        more negative than :math:`2\epsilon` (interreflection, subsurface scattering) or as large
        as a channel, and where the only lobe is too sharp to be told; SHADOWED where full-on light
        is below the floor or not a number.

    Raises
    ------
    ValueError
        If the arrays differ in shape.

    Notes
    -----
    Assumes a convex subject and distant lights. q runs only from 0.90 (m = 8) to
    0.98 (m = 50), less than what 1 % of noise does to it where the lobe carries a tenth of the
    light. Hence the exponent of a part is not solved for; where OLATs were shot, they tell it
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
    moment = 2.0 * gradient - full_on
    mirror = mirrored(normals, view)
    if lights is None:
        given = ideal_moments(normals, mirror, exponent)
    else:
        given = moments_under(lights, normals, mirror, exponent)
    known = np.asarray(normals.any(axis=-1))
    terms = _matte_and_lobe(full_on, moment, known, given, exponent, shadow_floor)
    seen = moment if lights is None else _as_on_a_sphere(full_on, moment, lights)
    lobes = lobes_from_moments(full_on, seen, shadow_floor=shadow_floor)
    is_gloss = np.einsum("hwc,hwc->hw", lobes.axis, mirror) > np.cos(MIRRORED)
    is_sharper = lobes.exponent("hemispherical") > exponent
    is_one = is_gloss & is_sharper & known
    _take_whole(terms, lobes, is_one)
    return terms


def _as_on_a_sphere(integral: Radiance, moment: Radiance, lights: ColorLights) -> Radiance:
    """Return the first moment that a full, even sphere would have given, for one lobe a pixel."""
    table = rig_table(lights.directions, lights.differences, lights.light)
    ratio = np.divide(moment, integral, out=np.zeros_like(moment), where=integral > 0)
    ideal = table.ideal(np.where(np.isfinite(ratio), ratio, 0)).ratio
    return np.asarray(np.where(np.isfinite(moment), ideal * integral, moment))


def _matte_and_lobe(
    integral: Radiance,
    moment: Radiance,
    known: Mask,
    given: Moments,
    exponent: float,
    shadow_floor: float,
) -> PhongMaps:
    """Split pixels into a matte part and a white lobe of given exponent."""
    lit = (integral > shadow_floor).all(axis=-1) & np.isfinite(moment).all(axis=-1)
    # Where hardly any light arrives that a matte surface could reflect, nothing is told.
    known = lit & known & (given.matte_integral > LEAST_LIGHT).all(axis=-1)
    white = np.where(known[..., np.newaxis], given.matte_integral, np.float32(np.pi))
    asked, doubt = _lobe_integral(integral, moment, given, white)
    most = (integral / np.maximum(given.lobe_integral, 1e-3)).min(axis=-1)
    lobe = np.clip(asked, 0.0, np.where(known, most, 0.0))
    lobe = np.where(known, lobe, 0.0).astype(np.float32)
    found = lobe > 0
    rest = integral - lobe[..., np.newaxis] * given.lobe_integral
    matte = np.where(lit[..., np.newaxis], rest, 0.0) / white
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


def _take_whole(terms: PhongMaps, lobes: CosineLobes, where: Mask) -> None:
    """Let a single lobe be the whole of some pixels."""
    sharp = lobes.exponent("hemispherical")[where]
    integral = lobes.integral[where]
    exponents = np.broadcast_to(sharp[:, np.newaxis], integral.shape)
    terms.diffuse_albedo[where] = 0.0
    terms.specular_albedo[where] = scale_from_integral(integral, exponents, shape="hemispherical")
    terms.exponent[where] = sharp
    # The derivative of log m with respect to the ratio is (m + 2)^2 / m.
    error = MODEL_ERROR * (sharp + 2.0) ** 2 / sharp
    terms.confidence[where] = 0.5 / (1.0 + (error / HALF_CONFIDENCE) ** 2)
    terms.flags[where] = lobes.flags[where] & np.uint8(PixelFlag.CLAMPED)


def _lobe_integral(
    integral: Radiance, moment: Radiance, given: Moments, white: Radiance
) -> tuple[Plane, Plane]:
    """Return the unclamped integral of the lobe and its doubt."""
    ratio = given.matte_moment / white
    lobe = given.lobe_moment - given.lobe_integral * ratio
    excess = moment - integral * ratio
    squares = np.maximum(np.einsum("hwc,hwc->hw", lobe, lobe), 1e-6)
    asked = np.einsum("hwc,hwc->hw", lobe, excess) / squares
    doubt = MODEL_ERROR * integral.mean(axis=-1) / np.sqrt(squares)
    return np.asarray(asked, np.float32), np.asarray(doubt, np.float32)
