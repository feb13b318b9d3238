"""What the compiled loops promise beyond the mathematics: the same bits from every compilation."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SOLVE = """
import hashlib
from dataclasses import astuple

import numpy as np

from olat.surface.lambert import normals_from_olats
from olat.surface.phong_ladder import phong_from_olats
from olat.surface.phong_refinement import refined_phong
from olat.surface.view import view_directions
from tests.surface.readings import glossy_surface, no_flags, noisy, sphere_of_lights

rng = np.random.default_rng(5)
lights = sphere_of_lights(53)
surface = glossy_surface(rng, (9, 31), exponent=20.0, lobe=0.4)
readings = noisy(surface.readings(lights), rng).astype(np.float16)
flags = no_flags(readings)
solved = normals_from_olats(readings, flags, lights)
view = view_directions(9, 31, None)
terms = phong_from_olats(readings, flags, lights, solved[0], view)
refined = refined_phong(readings, flags, lights, terms, solved[0], view)
found = (plane for plane in astuple(refined) if isinstance(plane, np.ndarray))
for array in (*solved, terms.diffuse_albedo, terms.exponent, *found):
    print(array.shape, hashlib.sha256(np.ascontiguousarray(array)).hexdigest())
"""


@pytest.mark.slow
def test_kernels_just_compiled_and_kernels_from_the_cache_give_the_same_bits(tmp_path):
    told = [
        subprocess.run(
            [sys.executable, "-c", SOLVE],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": "."},
        ).stdout
        for _ in ("cold", "warm")
    ]
    assert list(tmp_path.rglob("*.nbc"))
    assert told[0].count("\n") == 13
    assert told[0] == told[1]
