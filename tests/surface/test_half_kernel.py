"""Halves decoded inside compiled loops, by the processor and without its help."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_array_equal

from olat.surface.half_kernel import FINITE, decoded


@njit(error_model="numpy")
def decode(stored, numbers):
    for i in range(stored.size):
        numbers[i] = decoded(stored[i])


def every_half():
    """Decode all 65536 halves; return their bits as float32, and what numpy makes of them."""
    stored = np.arange(65536, dtype=np.uint16)
    numbers = np.empty(65536, np.float32)
    decode(stored, numbers)
    return numbers, stored.view(np.float16).astype(np.float32)


def assert_decoded(numbers, expected):
    finite = np.isfinite(expected)
    assert_array_equal(numbers[finite].view(np.uint32), expected[finite].view(np.uint32))
    assert_array_equal(np.isnan(numbers), np.isnan(expected))
    assert not (np.abs(numbers[~finite]) < FINITE).any()
    assert (np.abs(numbers[finite]) < FINITE).all()


def test_every_half_is_decoded_to_the_bit():
    assert_decoded(*every_half())


@pytest.mark.slow
def test_a_processor_that_knows_no_halves_decodes_every_one_too():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tests.surface.test_half_kernel import *\n"
            "assert_decoded(*every_half())\n"
            "print('vcvtph2ps' in decode.inspect_asm(decode.signatures[0]))",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": ".",
            "NUMBA_CPU_NAME": "generic",
            "NUMBA_CPU_FEATURES": "",
        },
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == "False"


def test_single_precision_is_left_as_it_is():
    stored = np.array([0.0, -1.5, 1e-40, 3e38, np.inf], np.float32)
    numbers = np.empty_like(stored)
    decode(stored, numbers)
    assert_array_equal(numbers, stored)
