"""Logarithm and power to base 2, beside those of the standard library."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit

from olat.surface.powers_kernel import exp2_of, log2_of


@njit
def of_all(numbers, logarithm):
    out = np.empty(numbers.size, np.float32)
    for i in range(numbers.size):
        out[i] = log2_of(numbers[i]) if logarithm else exp2_of(numbers[i])
    return out


def test_logarithms_are_those_of_the_standard_library(rng):
    numbers = np.concatenate(
        [
            np.linspace(1e-6, 2.0, 100_001),
            1.0 - 2.0 ** rng.uniform(-24.0, -1.0, 10_000),
            2.0 ** rng.uniform(-100.0, 100.0, 10_000),
            [0.5, math.sqrt(0.5), 1.0, math.sqrt(2.0), 2.0],
        ]
    ).astype(np.float32)
    exact = np.array([math.log2(number) for number in numbers.tolist()])
    error = np.abs(of_all(numbers, True) - exact) / np.maximum(np.abs(exact), 1.0)
    near_one = np.abs(numbers - 1.0) < 0.2
    relative = np.abs(of_all(numbers, True) - exact)[near_one & (exact != 0.0)]
    relative /= np.abs(exact[near_one & (exact != 0.0)])
    print(f"log2: error {error.max():.1e}; near 1, of itself: {relative.max():.1e}")
    assert error.max() < 1e-6
    assert relative.max() < 1e-6


def test_powers_are_those_of_the_standard_library(rng):
    powers = np.concatenate([np.linspace(-120.0, 120.0, 100_001), [-126.0, 0.0, 0.5, -0.5, 126.0]])
    powers = powers.astype(np.float32)
    exact = np.array([math.pow(2.0, power) for power in powers.tolist()])
    error = np.abs(of_all(powers, False) / exact - 1.0)
    print(f"exp2: error {error.max():.1e} of itself")
    assert error.max() < 1e-6
    assert of_all(np.array([-1e6], np.float32), False)[0] == pytest.approx(2.0**-126)
