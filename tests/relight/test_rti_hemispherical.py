"""Hemispherical harmonics against their definition."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.relight.rti_hemispherical import LEAST_ELEVATION, hemispherical_basis


def test_harmonics_are_orthonormal_over_the_hemisphere() -> None:
    # Gauss over cos(theta) above the clamp would miss its rim: there z is substituted freely.
    nodes, weights = np.polynomial.legendre.leggauss(24)
    least = np.sin(LEAST_ELEVATION)
    z = (1 + least) / 2 + (1 - least) / 2 * nodes
    phi = np.arange(16) * 2 * np.pi / 16
    zz, pp = np.meshgrid(z, phi, indexing="ij")
    rim = np.sqrt(1 - zz**2)
    toward = np.stack([rim * np.cos(pp), rim * np.sin(pp), zz], axis=-1).reshape(-1, 3)
    area = np.repeat(weights * (1 - least) / 2, 16) * 2 * np.pi / 16
    basis = hemispherical_basis(toward)
    gram = (basis * area[:, None]).T @ basis
    # Closed form of the part between horizon and clamp, as polynomials of c = cos(theta).
    c, w = (nodes + 1) / 2 * least, weights * least / 2
    one, two = 2 * c - 1, 1 - 6 * c + 6 * c * c
    first, second = np.sqrt(3.0) * one, np.sqrt(5.0) * two
    side = {0: w.sum(), 2: (w * first**2).sum(), 6: (w * second**2).sum()}
    side |= dict.fromkeys((1, 3), (w * 6 * (c - c * c)).sum())
    side |= dict.fromkeys((5, 7), (w * 30 * one**2 * (c - c * c)).sum())
    side |= dict.fromkeys((4, 8), (w * 30 * (c * c - c) ** 2).sum())
    gram += np.diag([side[k] for k in range(9)])
    for k, (a, b) in {
        (0, 2): (np.ones_like(c), first),
        (0, 6): (np.ones_like(c), second),
        (2, 6): (first, second),
        (1, 5): (np.sqrt(6 * (c - c * c)), np.sqrt(30 * (c - c * c)) * one),
        (3, 7): (np.sqrt(6 * (c - c * c)), np.sqrt(30 * (c - c * c)) * one),
    }.items():
        gram[k] += (w * a * b).sum()
        gram[k[::-1]] += (w * a * b).sum()
    assert_allclose(gram, np.eye(9), rtol=0, atol=1e-12)


def test_lights_at_the_horizon_are_taken_to_be_higher() -> None:
    grazing = np.array([[np.cos(0.05), 0.0, np.sin(0.05)]])
    clamped = np.array([[np.cos(LEAST_ELEVATION), 0.0, np.sin(LEAST_ELEVATION)]])
    assert_allclose(hemispherical_basis(grazing), hemispherical_basis(clamped), atol=1e-12)
