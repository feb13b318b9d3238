r"""What gradients of light say about a pixel, whatever completes them: differences over totals.

======================  =====================  ===================
shot along an axis      difference             total
======================  =====================  ===================
gradient, complement    :math:`g - \bar g`     :math:`g + \bar g`
gradient, full-on       :math:`2g - f`         :math:`f`
complement, full-on     :math:`f - 2\bar g`    :math:`f`
======================  =====================  ===================

Half spheres of light (binary gradients) are gradients like others.

References
----------
.. [1] Ma et al., Rapid acquisition of specular and diffuse normal maps from polarized spherical
   gradient illumination, EGSR 2007, sec. 3.
.. [2] Kampouris et al., Diffuse-specular separation using binary spherical gradient illumination,
   EGSR 2018.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from olat.model.shapes import Array, Radiance

Numbers: TypeAlias = Float[Array, "..."]

MISMATCH = 0.03
"""Share by which sums that should be equal may differ before it is told."""
FEWEST = 16
"""Readings that tell a mismatch."""


def contrast(
    gradient: Numbers | None, complement: Numbers | None, full_on: Numbers | None
) -> tuple[Numbers, Numbers]:
    """Return the difference and the total along an axis: of photographs, or of lights.

    A pair comes before full-on light: a gain error of 1 % shifts the ratio of a gradient to
    full-on light by 0.01, where that of a pair only by half of it.

    Parameters
    ----------
    gradient, complement, full_on
        What was shot, two of three at least; aligned, at the same level of the lights.

    Raises
    ------
    ValueError
        If fewer than two are there, or if their shapes differ.
    """
    given = [shot for shot in (gradient, complement, full_on) if shot is not None]
    if len(given) < 2:
        raise ValueError(
            "gradient: nothing completes it; its complement or full-on light was needed. Shoot one."
        )
    if len({shot.shape for shot in given}) > 1:
        raise ValueError(
            f"gradient: shapes {', '.join(str(shot.shape) for shot in given)}; one was needed. "
            "Pass photographs of one camera."
        )
    first, second = given[:2]
    if gradient is None:
        return second - 2 * first, second
    if complement is None:
        return 2 * first - second, second
    return first - second, first + second


def mismatch(first: Radiance, second: Radiance, *, shadow_floor: float = 1e-3) -> float:
    """Return by what share one sum of light exceeds another that should equal it.

    Such as gradient plus complement against full-on light, or against the pair of another axis:
    exposures, gains or lights that differ inside a set show here.

    Parameters
    ----------
    first, second
        The sums [diffuse white = 1].
    shadow_floor
        Readings at or below it say nothing [diffuse white = 1].

    Returns
    -------
    mismatch
        Median of first over second, less 1; 0 where fewer than `FEWEST` readings say something.
    """
    lit = (second > shadow_floor) & np.isfinite(first) & np.isfinite(second)
    if np.count_nonzero(lit) < FEWEST:
        return 0.0
    return float(np.median(first[lit] / second[lit]) - 1.0)
