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
BLOCK = 65536
"""Pixels that are split at a time."""
SAMPLE = 20000
"""Pixels that tell the noise of all."""
LEAN = np.radians(4.0)
"""Error of the given normals: gloss of exponent 20 and peak 0.4 leans them by as much [rad]."""
HALF_SURE = np.radians(5.0)
"""Doubt of a normal that halves the confidence [rad]."""
HALF_CONFIDENCE = float(np.log(1.5))
"""Error of log m that halves the confidence."""
MATTE_DOUBT = 0.05
"""Doubt of the matte part, as a share of the light, beyond which it is flagged."""
MOST_GLOSS = 0.3
"""Share of the light that a lobe has at most, as a rule."""
LEAST_NOISE = 1e-4
"""Noise of photographs that the rules count against at least, as a share of the light."""
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
       :math:`y_c` less their mean gives n. It is drawn to the given normal as far as its error,
       for the noise that channels disagree by, exceeds the 4 degrees of that one.
    2. Across :math:`\mu(n)`, all channels see the same lobe: B and log m by least squares,
       drawn to nothing and to ``exponent`` where photographs say little against the noise that
       their channels disagree by (surfaces that face the camera, for which r is n; lobes that
       point to where the rig has no lights).
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
        is smaller than its doubt or points to where the rig has no lights, where m is below 3,
        and where the matte part is open by more than 5 % of the light, above all where the
        surface faces the camera; CLAMPED where a matte part would be below zero, or the exponent
        below 1.2 or above 200; SHADOWED and DEAD, with zeros.

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
    rows, white = lights.rows, lights.tint[:, np.newaxis]
    seen, given, toward = moments[lit], normals[lit], view[lit]
    some = slice(None, None, max(1, len(seen) // SAMPLE))
    sample = np.ascontiguousarray(seen[some] / white, np.float64)
    noise = _noise_of(rows, sample, _from_color(sample, rows, given[some]))
    prior = (float(np.log(exponent)), MOST_GLOSS, noise)
    blocks = [
        _block(np.ascontiguousarray(seen[part] / white, np.float64), rows, given[part],
               toward[part], prior)
        for part in _parts(len(seen))
    ]  # fmt: skip
    turned, doubt, found = (
        np.concatenate([block[column] for block in blocks]) for column in range(3)
    )
    return _maps(lit, shadowed, dead, turned, doubt, found)


def _parts(count: int) -> list[slice]:
    """Return slices of as many pixels as fit in memory at double precision."""
    return [slice(start, start + BLOCK) for start in range(0, max(count, 1), BLOCK)]


def _block(
    seen: Float64[Array, "n 3 4"],
    rows: Float64[Array, "light 7"],
    given: Float32[Array, "n 3"],
    toward: Float32[Array, "n 3"],
    prior: tuple[float, float, float],
) -> tuple[Float64[Array, "n 3"], Float64[Array, " n"], Float64[Array, "n 9"]]:
    """Return normals, their doubts, and what the kernel finds, of some pixels."""
    turned, doubt = _from_color(seen, rows, given)
    turned = _drawn(turned, given, doubt * prior[2] / NOISE)
    known = turned.any(axis=1)
    # A normal that is off lets as much of the matte part pass for gloss.
    noise = np.hypot(NOISE, 0.5 * np.minimum(doubt, SURE_OF_NORMAL))
    found = np.zeros((len(seen), kernel.COLUMNS))
    rest = np.zeros((int(known.sum()), kernel.COLUMNS))
    view = np.ascontiguousarray(toward[known], np.float64)
    kernel.separate(rows, seen[known], turned[known], view, prior, noise[known], rest)
    found[known] = rest
    return turned, doubt, found


def _noise_of(
    rows: Float64[Array, "light 7"],
    seen: Float64[Array, "n 3 4"],
    solved: tuple[Float64[Array, "n 3"], Float64[Array, " n"]],
) -> float:
    """Return the noise of photographs that channels typically differ by, as a share of the light.

    Of a single pixel it is told too badly: some would seem free of noise by chance.
    """
    known = solved[0].any(axis=1)
    squares = np.zeros(int(known.sum()))
    kernel.disagreement(rows, seen[known], solved[0][known], squares)
    return float(max(np.sqrt(np.median(squares)) if len(squares) else 0.0, LEAST_NOISE))


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


def _drawn(
    turned: Float64[Array, "n 3"], given: Float32[Array, "n 3"], error: Float64[Array, " n"]
) -> Float64[Array, "n 3"]:
    """Return normals from colors drawn to the given ones, by the squares of their errors [rad]."""
    share = error**2 / (error**2 + LEAN**2) * given.any(axis=1)
    mean = (1.0 - share[:, np.newaxis]) * turned + share[:, np.newaxis] * given
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    return np.asarray(np.divide(mean, length, out=np.zeros_like(mean), where=length > 0))


def _maps(
    lit: Mask,
    shadowed: Mask,
    dead: Mask,
    turned: Float64[Array, "n 3"],
    doubt: Float64[Array, " n"],
    found: Float64[Array, "n 9"],
) -> Separation:
    """Return maps of what was found, with its flags."""
    sure, known = doubt < SURE_OF_NORMAL, turned.any(axis=1)
    integral, place = found[:, kernel.INTEGRAL], found[:, kernel.EXPONENT]
    matte = found[:, kernel.MATTE : kernel.MATTE + 3]
    lobe = integral > 0.0
    open_ = ~known | ~sure | (found[:, kernel.SEEN] < kernel.LEAST_SEEN)
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
