"""Intensities of the lights from the subject itself: semi-calibrated photometric stereo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.shapes import Array, Directions

Samples: TypeAlias = Float32[Array, "light pixel"]
"""Mean over the channels of each reading [diffuse white = 1]."""
Lit: TypeAlias = Bool[Array, "light pixel"]
"""Readings that may be used."""

LEAST_PIXELS = 50
"""Pixels below which one wrong reading is seen in an intensity."""
LEAST_TURN = 0.01
"""Smallest eigenvalue of the mean outer product of normals that tell intensities: on a plane, a
brighter light cannot be told from a surface turned towards it."""
LEAST_FACING = 0.25
"""Cosine between normal and light below which a reading says nothing of the intensity."""
PASSES, SETTLED = 300, 1e-5
"""Most turns, and the change of an intensity that ends them."""
TRUSTING = 5
"""Turns that doubt nothing."""
_LEAST_DOUBTED, _SHORTFALL = 0.02, 0.6

_Values: TypeAlias = Float64[Array, "light pixel"]
_Surface: TypeAlias = Float64[Array, "pixel 3"]


@dataclass(frozen=True)
class Intensities:
    """What lights send, relative to what they are told to send."""

    relative: Float64[Array, " light"]
    """Geometric mean 1 over the lights that were seen; 1 for those that were not [1]."""
    was_seen: Bool[Array, " light"]
    """Whether each lit enough pixels; one that did not should be left out of any solve."""

    @property
    def largest_correction(self) -> float:
        """Largest deviation from what was told [1]."""
        return float(np.abs(self.relative - 1.0).max())


def intensities_from_olats(readings: Samples, lit: Lit, directions: Directions) -> Intensities:
    r"""Find how bright each light is, together with normals, from pixels of a matte surface.

    Light i of relative intensity :math:`\phi_i` reads :math:`R_{ip} = \phi_i\, \omega_i \cdot m_p`
    where :math:`m` is albedo times normal. Given intensities, all :math:`m` follow from linear
    least squares; given these, each intensity does,

    .. math:: \phi_i = \frac{\sum_p w_{ip} R_{ip}\, \omega_i \cdot m_p}
                            {\sum_p w_{ip} (\omega_i \cdot m_p)^2} ,

    in turn until they settle, with the geometric mean of the intensities fixed at one. Readings
    are doubted as `olat.surface.lambert` does, so that highlights and cast shadows have no say.

    Parameters
    ----------
    readings
        Of pixels from all over the subject; a few thousand are plenty.
    lit
        Which of them are in the light and usable.
    directions
        The lights, in the order of the readings.

    Returns
    -------
    intensities
        Relative to those the readings were divided by.

    Raises
    ------
    ValueError
        If fewer than 50 pixels are lit by four lights or more, if the lights lie in a plane, or if
        the pixels face so nearly the same way that intensities cannot be told from a tilt.

    Notes
    -----
    Assumes distant lights and a subject that is matte under most of them. Known directions leave
    only the common scale open (Cho et al., section 3), provided that normals differ.

    References
    ----------
    .. [1] Cho, Matsushita, Tai and Kweon, Semi-calibrated photometric stereo, IEEE TPAMI 42(1),
       2020 (first ECCV 2016).
    .. [2] Quéau, Wu and Cremers, Semi-calibrated near-light photometric stereo, SSVM 2017.
    """
    used = lit.sum(axis=0) >= 4
    weights = lit[:, used].astype(np.float64)
    values = np.where(lit[:, used], readings[:, used], 0.0).astype(np.float64)
    if used.sum() < LEAST_PIXELS:
        raise ValueError(
            f"semi-calibrated intensities: {used.sum()} pixels are lit by four lights or more; "
            f"{LEAST_PIXELS} were needed. Use the intensities of the light file."
        )
    if np.linalg.eigvalsh(directions.T @ directions / len(directions))[0] < 1e-4:
        raise ValueError(
            f"semi-calibrated intensities: the {len(directions)} lights lie in a plane; one off it "
            "was needed. Use the intensities of the light file."
        )
    return _settled(values, weights, directions)


def _settled(values: _Values, lit: _Values, directions: Directions) -> Intensities:
    """Find surface and intensities in turn, doubting what is left over, until they settle."""
    relative = np.ones(len(directions))
    weights = lit
    for turn in range(PASSES):
        scaled = _surface(values / relative[:, np.newaxis], weights, directions)
        shading = directions @ scaled.T
        if turn == 0:
            _require_turns(scaled)
        # At first a light that is far too bright would be doubted as a whole.
        if turn >= TRUSTING:
            weights = lit * _doubt(values / relative[:, np.newaxis] - shading, scaled, weights)
        # Of pixels that graze the light, those are lit that shine: the others fell in shadow.
        told = weights * (shading > LEAST_FACING * np.linalg.norm(scaled, axis=1))
        seen = (told > 0.5).sum(axis=1) >= LEAST_PIXELS
        products, squares = (told * values * shading).sum(axis=1), (told * shading**2).sum(axis=1)
        found = np.divide(products, squares, out=np.ones_like(products), where=seen)
        found[seen] /= np.exp(np.log(found[seen]).mean())
        # Each turn goes part of the way, so the step is stretched.
        step = np.where(seen, found / relative, 1.0) ** 1.6
        weights = weights * seen[:, np.newaxis]
        relative *= step
        if turn > TRUSTING and np.abs(step - 1.0).max(initial=0.0) < SETTLED:
            break
    if np.count_nonzero(seen) < 4:
        raise ValueError(
            f"semi-calibrated intensities: {np.count_nonzero(seen)} lights shine on enough pixels; "
            "four were needed. Use the intensities of the light file."
        )
    relative[seen] /= np.exp(np.log(relative[seen]).mean())
    relative[~seen] = 1.0
    return Intensities(relative, seen)


def _surface(values: _Values, weights: _Values, directions: Directions) -> _Surface:
    """Solve albedo times normal of all pixels; a trace of ridge keeps lone ones finite."""
    outer = (directions[:, :, np.newaxis] * directions[:, np.newaxis]).reshape(-1, 9)
    system = (weights.T @ outer).reshape(-1, 3, 3) + 1e-9 * np.eye(3)
    right = (weights * values).T @ directions
    return np.asarray(np.linalg.solve(system, right[..., np.newaxis])[..., 0])


def _doubt(residual: _Values, scaled: _Surface, weights: _Values) -> _Values:
    """Return the weights of Geman and McClure, as `olat.surface.lambert` has them."""
    total = np.maximum(weights.sum(axis=0), 1e-12)
    rms = np.sqrt((weights * residual**2).sum(axis=0) / total)
    scale = np.maximum(rms, _LEAST_DOUBTED * np.linalg.norm(scaled, axis=1))
    doubt = np.where(residual > 0.0, residual, _SHORTFALL * residual) / np.maximum(scale, 1e-12)
    return np.asarray(1.0 / (1.0 + doubt**2) ** 2)


def _require_turns(scaled: _Surface) -> None:
    """Refuse pixels that face so nearly the same way that a bright light looks like a tilt."""
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    normals = scaled / np.maximum(length, 1e-12)
    spread = max(np.linalg.eigvalsh(normals.T @ normals / len(normals))[0], 0.0)
    if spread < LEAST_TURN:
        raise ValueError(
            f"semi-calibrated intensities: the surface turns by {np.degrees(np.sqrt(spread)):.1f} "
            f"degrees; {np.degrees(np.sqrt(LEAST_TURN)):.0f} were needed, because on a plane a "
            "brighter light looks like a tilt. Use the intensities of the light file."
        )
