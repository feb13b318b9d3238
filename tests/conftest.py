"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

from olat.cli.kernel_cache import kernel_cache

# Set before numba is loaded; commands that tests start then use the same kernels.
os.environ.setdefault("NUMBA_CACHE_DIR", kernel_cache())

# Where others use the machine too, time says nothing about an example.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded randomness, so that a failure can be seen again."""
    return np.random.default_rng(20260101)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real photographs with known answers; not part of the project."""
    folder = Path(os.environ.get("OLAT_TEST_DATA", DATA))
    if not folder.is_dir():
        pytest.skip(f"no real photographs at {folder}; set OLAT_TEST_DATA to their folder")
    return folder


def _checked_modules() -> list[str]:
    """Name the modules whose array shapes are checked at every call during tests.

    Numba compiles what it is given, so the modules that end in ``_kernel`` stay unwrapped.
    """
    package = Path(__file__).resolve().parents[1] / "olat"
    science = ("sensor", "motion", "surface", "light", "geometry", "measure", "relight", "gpu")
    return [
        f"olat.{folder}.{module.stem}"
        for folder in science
        for module in (package / folder).glob("*.py")
        if module.stem != "__init__" and not module.stem.endswith("_kernel")
    ]


install_import_hook(_checked_modules(), "beartype.beartype")
