r"""Matte and glossy reflection from full-on light and three white gradients, over a rig's lights.

After Ma et al. 2007 and Fyffe and Debevec 2012; gloss keeps the color of the light, so that what
differs between channels is matte.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.flags import PixelFlag
from olat.model.maps import PhongMaps
from olat.model.shapes import Array, Directions, LightColors, Mask, Plane, Radiance, UnitVectors
from olat.surface import specular_separation_kernel as kernel

SURE_OF_NORMAL = np.radians(10.0)
"""Doubt of a normal from colors beyond which the given one takes its place [rad]."""
HALF_SURE = np.radians(5.0)
"""Doubt of a normal that halves the confidence [rad]."""
HALF_CONFIDENCE = float(np.log(1.5))
"""Error of log m that halves the confidence."""
MATTE_DOUBT = 0.05
"""Doubt of the matte part, as a share of the light, beyond which it is flagged."""
BROAD = 3.0
"""Exponent below which a lobe is easily taken for a matte part."""
NOISE = 0.005
"""Noise of a photograph, as a share of full-on light, that doubts are told for at least."""


@dataclass(frozen=True, slots=True)
class Separation:
    """What a pixel is under: its normal, matte part and lobe."""

    normals: UnitVectors
    """From the differences of the channels; the given ones where these say too little."""
    from_color: Mask
    """Where the differences of the channels told the normal."""
    terms: PhongMaps


@dataclass(frozen=True, slots=True)
class WhiteLights:
    """The lights of a rig and what they gave in the three differences."""

    directions: Directions
    intensities: LightColors
    differences: Float64[Array, "light 3"]
    """Drive of each light in gradient less complement, along x, y, z; full-on light is 1."""

    @property
    def tint(self) -> Float64[Array, " 3"]:
        """Mean intensity by channel."""
        return np.asarray(self.intensities.mean(axis=0))

    @property
    def rows(self) -> Float64[Array, "light 7"]:
        """Directions, and the white light of each lamp at full and in the differences."""
        white = (self.intensities / self.tint).mean(axis=1, keepdims=True)
        return np.ascontiguousarray(
            np.hstack([self.directions, white, white * self.differences]), np.float64
        )


def separate_specular(
    moments: Float32[Array, "h w 3 4"],
    normals: UnitVectors,
    view: UnitVectors,
    lights: WhiteLights,
    *,
    exponent: float = 20.0,
    shadow_floor: float = 1e-3,
) -> Separation:
    r"""Split each pixel into a matte part of any color and a white lobe, with a normal of its own.

    Model: :math:`R_c(\omega) = d_c (n \cdot \omega)^+ + s\,((r \cdot \omega)^+)^m` with
    :math:`r = 2 (n \cdot v)\,n - v`. Each channel has four moments, full-on light and three
    differences, :math:`y_c = d_c\,\mu(n) + B\,\gamma(r, m)`; :math:`\mu` and :math:`\gamma` are
    summed over the lights of the rig.

    1. Differences of channels hold :math:`\mu(n)` alone: the first singular vector of the
       :math:`y_c` less their mean gives n.
    2. Across :math:`\mu(n)`, all channels see the same lobe: B and log m by least squares,
       the latter drawn to ``exponent`` where photographs say little (surfaces that face the
       camera, for which r is n).
    3. :math:`d_c` from what is left along :math:`\mu(n)`, and
       :math:`s = B\,(m + 1)/2\pi`.

    Parameters
    ----------
    moments
        Of each channel: full-on radiance, then gradient less complement (or twice the gradient
        less full-on) along x, y, z [diffuse white = 1 a light].
    normals
        Taken where colors are too gray to tell; zero where unknown.
    view
        From what each pixel shows to the camera.
    lights
        What shone.
    exponent
        Expected where the photographs leave it open, within a factor of e.
    shadow_floor
        Full-on radiance at or below which a pixel is unlit [diffuse white = 1 a light].

    Returns
    -------
    separation
        Confidence of the terms: :math:`1/(1 + (\epsilon_{\ln m}/\ln 1.5)^2)
        /(1 + (\epsilon_B/B)^2)/(1 + (\epsilon_n/5°)^2)` for noise of 0.5 % of full-on
        light, or of what channels disagree by where that is more; 0 where there is no lobe.

        Flags: UNDERDETERMINED where colors are too gray for a normal of their own, where the lobe
        is smaller than its doubt, where m is below 3, and where the matte part is open by more
        than 5 % of the light, above all where the surface faces the camera; CLAMPED where a matte
        part would be below zero, or the exponent below 1.2 or above 200; SHADOWED and DEAD, with
        zeros.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Assumes a convex subject, lights that share a tint, and gloss of the color of the light. Light
    that scatters beneath skin is softer in red than in blue: then differences of channels tell
    the normal worse than their confidence says.

    References
    ----------
    .. [1] Ma et al., Rapid acquisition of specular and diffuse normal maps from polarized
       spherical gradient illumination, EGSR 2007.
    .. [2] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    .. [3] Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares
       problems whose variables separate, SIAM Journal on Numerical Analysis 10, 1973.
    """
    shape = normals.shape[:2]
    if not (moments.shape == (*shape, 3, 4) and view.shape == normals.shape):
        raise ValueError(
            f"separation: moments {moments.shape}, normals {normals.shape}, view {view.shape}; "
            "(h, w, 3, 4) and (h, w, 3) were needed. Pass maps of one camera."
        )
    dead = ~np.isfinite(moments).all(axis=(2, 3))
    shadowed = ~dead & (moments[..., 0] <= shadow_floor).any(axis=2)
    lit = ~(dead | shadowed)
    rows = lights.rows
    seen = np.ascontiguousarray(moments[lit] / lights.tint[:, np.newaxis], np.float64)
    turned, doubt = _from_color(seen, rows, normals[lit])
    known = turned.any(axis=1)
    # A normal that is off lets as much of the matte part pass for gloss.
    noise = np.hypot(NOISE, 0.5 * np.minimum(doubt, SURE_OF_NORMAL))
    found = np.zeros((len(seen), kernel.COLUMNS))
    kernel.separate(
        rows,
        seen[known],
        turned[known],
        np.ascontiguousarray(view[lit][known], np.float64),
        (float(np.log(exponent)), 1.0),
        noise[known],
        rest := np.zeros((int(known.sum()), kernel.COLUMNS)),
    )
    found[known] = rest
    return _maps(lit, shadowed, dead, turned, doubt, found)


def _from_color(
    seen: Float64[Array, "n 3 4"], rows: Float64[Array, "light 7"], given: Float32[Array, "n 3"]
) -> tuple[Float64[Array, "n 3"], Float64[Array, " n"]]:
    """Return normals, and the doubt of those that came from the differences of channels [rad]."""
    centered = seen - seen.mean(axis=1, keepdims=True)
    squares, vectors = np.linalg.eigh(np.einsum("nci,ncj->nij", centered, centered))
    signal, first = np.sqrt(np.maximum(squares[:, -1], 0.0)), vectors[:, :, -1]
    first = np.where(first[:, :1] < 0.0, -first, first)
    along = first[:, 1:]
    length = np.maximum(np.linalg.norm(along, axis=1), 1e-12)
    doubt = np.minimum(
        NOISE * seen[:, :, 0].mean(axis=1) / np.maximum(signal * length, 1e-12), np.pi
    )
    normals = given.astype(np.float64)
    sure = doubt < SURE_OF_NORMAL
    told = along[sure] / length[sure, np.newaxis]
    kernel.turn_normals(rows, np.ascontiguousarray(first[sure]), told)
    normals[sure] = told
    return normals, doubt


def _maps(
    lit: Mask,
    shadowed: Mask,
    dead: Mask,
    turned: Float64[Array, "n 3"],
    doubt: Float64[Array, " n"],
    found: Float64[Array, "n 8"],
) -> Separation:
    """Return maps of what was found, with its flags."""
    sure, known = doubt < SURE_OF_NORMAL, turned.any(axis=1)
    integral, place = found[:, kernel.INTEGRAL], found[:, kernel.EXPONENT]
    matte = found[:, kernel.MATTE : kernel.MATTE + 3]
    lobe = integral > 0.0
    open_ = ~known | ~sure
    open_ |= lobe & (found[:, kernel.LOBE_DOUBT] > 1.0)
    open_ |= lobe & (found[:, kernel.MATTE_DOUBT] > MATTE_DOUBT)
    open_ |= lobe & (place < np.log(BROAD))
    clamped = (matte < 0.0).any(axis=1)
    clamped |= lobe & ((place <= kernel.LEAST) | (place >= kernel.MOST))
    of_lobe = 1.0 / (1.0 + found[:, kernel.LOBE_DOUBT] ** 2)
    of_exponent = 1.0 / (1.0 + (found[:, kernel.EXPONENT_DOUBT] / HALF_CONFIDENCE) ** 2)
    of_normal = 1.0 / (1.0 + (np.minimum(doubt, SURE_OF_NORMAL) / HALF_SURE) ** 2)
    exponent = np.where(lobe, np.exp(place), 0.0)
    specular = integral * (exponent + 1.0) / (2.0 * np.pi)
    flags = np.zeros(lit.shape, np.uint8)
    flags[lit] = PixelFlag.UNDERDETERMINED * open_ + PixelFlag.CLAMPED * clamped
    flags[shadowed], flags[dead] = PixelFlag.SHADOWED, PixelFlag.DEAD
    terms = PhongMaps(
        diffuse_albedo=_spread(lit, np.maximum(matte, 0.0)),
        specular_albedo=_spread(lit, np.repeat(specular[:, np.newaxis], 3, axis=1)),
        exponent=_spread(lit, exponent),
        confidence=_spread(lit, np.where(lobe, of_lobe * of_exponent * of_normal, 0.0)),
        flags=flags,
    )
    from_color = np.zeros(lit.shape, bool)
    from_color[lit] = sure & known
    return Separation(_spread(lit, turned), from_color, terms)


def _spread(where: Mask, values: Float64[Array, "n ..."]) -> Radiance | Plane:
    """Return a map with these values at some pixels, 0 elsewhere."""
    full = np.zeros((*where.shape, *values.shape[1:]), np.float32)
    full[where] = values
    return full
