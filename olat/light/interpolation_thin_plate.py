"""A light between those of a rig: thin-plate splines through all lights."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.light.radial_system import radial_weights_of
from olat.model.shapes import Array, Directions


def thin_plate_weights(
    directions: Directions, toward: Float64[Array, "n 3"]
) -> Float64[Array, "n light"]:
    r"""Interpolate by the splines of thin plates, and a constant.

    .. math:: \phi(\omega, \omega_i) = r^2 \log r , \qquad r = |\omega - \omega_i| ;

    see `olat.light.radial_system.radial_weights_of`.

    Parameters
    ----------
    directions
        Distinct unit vectors to the lights.
    toward
        Unit vectors to the wanted ones.

    Notes
    -----
    Has no width, so that uneven rigs do not matter. Nearly as good as Gaussians for matte surfaces,
    better for narrow highlights; it rings less at shadow edges, but it does. All lights count, some
    negatively. Signed sums are right; clamp the final picture only, and only to show it.

    References
    ----------
    .. [1] Duchon, Splines minimizing rotation-invariant semi-norms in Sobolev spaces, Constructive
       Theory of Functions of Several Variables, LNM 571, 1977.
    """

    def plate(cosine: Float64[Array, "n light"]) -> Float64[Array, "n light"]:
        squared = 2.0 * np.maximum(1.0 - cosine, np.finfo(float).tiny)
        return np.asarray(0.5 * squared * np.log(squared))

    return radial_weights_of(plate(directions @ directions.T), plate(toward @ directions.T))
