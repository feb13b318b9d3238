"""Gradients of every kind from RAW to normals, on a simulated stage without a floor."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from olat.api.processing import process
from olat.io.map_files import read_normals, read_phong
from olat.light.arrangements import fibonacci_sphere
from tests.support.sessions import CLEAN, normal_error_deg, simulated

AXES = ("x", "y", "z")
SETS = {
    "color": (),
    "six white": [f"{kind}_{axis}" for kind, axis in product(("gradient", "complement"), AXES)],
    "white and full-on": [f"gradient_{axis}" for axis in AXES],
    "binary": [f"binary_{kind}{axis}" for kind, axis in product(("", "complement_"), AXES)],
}
POLARIZED = [
    f"{shot}_{polarizer}"
    for polarizer, shot in product(
        ("crossed", "parallel"), ("full_on", *(f"gradient_{axis}" for axis in AXES))
    )
]
FLOORLESS = {**CLEAN, "lights": 150, "lowest_light": -0.5}
GRADIENTS = ["solve_normals.source=gradients"]


def summary(errors: np.ndarray) -> str:
    return f"median {np.median(errors):.3f}, mean {errors.mean():.3f} degrees"


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_each_set_gives_normals_on_a_stage_without_a_floor(tmp_path: Path, name: str) -> None:
    truth = simulated(
        tmp_path, **FLOORLESS, size=64, subject="sphere", material="lambert",
        patterns=tuple(SETS[name]), tracking_every=200,
    )  # fmt: skip
    lights = fibonacci_sphere(150)
    assert (lights[:, 1] < -0.5).sum() > 30
    assert not process(tmp_path, pipeline="normals", settings=GRADIENTS, workers=0).failures
    normals = read_normals(tmp_path / "olat" / "A" / "normals.exr")
    error = normal_error_deg(normals, truth, margin=2)
    print(f"{name}: {summary(error)}, confidence {np.median(normals.confidence[truth.mask]):.2f}")
    assert error.mean() < 0.6
    assert np.median(error) < 0.3


@pytest.mark.slow
def test_polarized_gradients_give_two_kinds_of_normals(tmp_path: Path) -> None:
    truth = simulated(
        tmp_path, **CLEAN, lights=331, size=96, subject="head", patterns=tuple(POLARIZED),
        tracking_every=400,
    )  # fmt: skip
    assert not process(tmp_path, pipeline="polarized", workers=0).failures
    for product_name, most in (("normals", 3.0), ("specular_normals", 1.5)):
        normals = read_normals(tmp_path / "olat" / "A" / f"{product_name}.exr")
        error = normal_error_deg(normals, truth, margin=3)
        print(f"{product_name}: {summary(error)}")
        # Noses and hair hide lights; gloss sees where it looks, and the matte part everywhere.
        assert np.median(error) < most


@pytest.mark.slow
def test_white_gradients_give_phong_terms(tmp_path: Path) -> None:
    truth = simulated(
        tmp_path, **FLOORLESS, size=96, subject="head", patterns=tuple(SETS["white and full-on"]),
        tracking_every=200,
    )  # fmt: skip
    settings = [*GRADIENTS, "fit_phong.source=gradients"]
    assert not process(tmp_path, pipeline="standard", settings=settings, workers=0).failures
    terms = read_phong(tmp_path / "olat" / "A" / "phong.exr")
    sure = truth.mask & (terms.flags == 0)
    albedo = abs(terms.diffuse_albedo / np.maximum(truth.diffuse_albedo, 1e-3) - 1.0)[sure]
    print(f"sure in {sure.sum() / truth.mask.sum():.0%}, albedo off by {np.median(albedo):.1%}")
    assert np.median(albedo) < 0.1
