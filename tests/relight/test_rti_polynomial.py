"""The polynomial of texture maps."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.relight.rti_fit import least_squares_fit
from olat.relight.rti_polynomial import TERMS, polynomial_basis
from tests.support.lambert_sphere import spread_directions


def test_a_biquadratic_is_found_by_its_coefficients() -> None:
    directions = spread_directions(40, hemisphere=True)
    x, y = directions[:, 0], directions[:, 1]
    values = 0.4 + 0.1 * x - 0.2 * y + 0.05 * x**2 + 0.3 * x * y - 0.15 * y**2
    basis = polynomial_basis(directions)
    assert basis.shape == (40, TERMS)
    found = least_squares_fit(basis, np.full(40, 0.15)) @ values
    # The ridge holds them back by a few thousandths.
    assert_allclose(found, [0.4, 0.1, -0.2, 0.05, 0.3, -0.15], rtol=0, atol=2e-3)
