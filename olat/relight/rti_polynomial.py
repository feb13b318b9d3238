"""The biquadratic polynomial of polynomial texture maps."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array

TERMS = 6


def polynomial_basis(directions: Float64[Array, "light 3"]) -> Float64[Array, "light 6"]:
    """Return 1, x, y, x², xy, y² of unit vectors to lights in front of the subject.

    References
    ----------
    .. [1] Malzbender, Gelb and Wolters, Polynomial texture maps, SIGGRAPH 2001, equation 1.
    """
    x, y = directions[:, 0], directions[:, 1]
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
