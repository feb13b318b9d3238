"""Interpolation by radial functions through all lights: one system for all directions."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array

LEAST = 1e-10
"""Least over largest eigenvalue that is solved for; below it lights are one light."""


def radial_weights_of(
    among_lights: Float64[Array, "light light"], to_lights: Float64[Array, "n light"]
) -> Float64[Array, "n light"]:
    r"""Return what each light counts in the sum of radial functions and a constant through all.

    The function :math:`f(\omega) = \sum_i a_i \phi(\omega, \omega_i) + c` with
    :math:`\sum_i a_i = 0` that passes through the readings R of all lights is
    :math:`f(\omega) = w(\omega)^T R` with

    .. math:: \begin{pmatrix} \Phi & 1 \\ 1^T & 0 \end{pmatrix}
              \begin{pmatrix} w \\ \lambda \end{pmatrix} =
              \begin{pmatrix} \phi(\omega) \\ 1 \end{pmatrix} .

    Parameters
    ----------
    among_lights
        :math:`\Phi`, the radial function between lights; symmetric.
    to_lights
        :math:`\phi(\omega)`, between each direction and all lights.

    Returns
    -------
    weights
        May be negative; they sum to 1.

    References
    ----------
    .. [1] Fasshauer, Meshfree approximation methods with Matlab, World Scientific 2007, ch. 6.
    """
    count = len(among_lights)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = among_lights
    system[count, count] = 0.0
    wanted = np.column_stack([to_lights, np.ones(len(to_lights))])
    solved = wanted @ np.linalg.pinv(system, rcond=LEAST, hermitian=True)
    weights = solved[:, :count]
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
