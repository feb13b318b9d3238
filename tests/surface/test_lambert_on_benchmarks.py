"""Photometric stereo where highlights and cast shadows are many, and on a data set with truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from olat.surface.lambert import normals_from_olats
from tests.surface.readings import (
    Surface,
    degrees_between,
    no_flags,
    noisy,
    normals_facing,
    with_cast_shadows,
)

SHAPE = (40, 50)


def lights_in_front(count):
    """Return directions spread evenly over a cap that reaches 73 degrees from the view."""
    z = 1.0 - 0.7 * (np.arange(count) + 0.5) / count
    turn = np.pi * (1.0 + 5.0**0.5) * np.arange(count)
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=1)


def middle_band(readings, lights, lowest, highest):
    """Solve from the readings between two ranks, in plain numpy."""
    value = readings.mean(axis=1).reshape(len(lights), -1).astype(float)
    lit = value > np.maximum(0.05 * np.sort(value, axis=0)[-3], 1e-3)
    rank = np.argsort(np.argsort(np.where(lit, value, np.inf), axis=0), axis=0)
    count = lit.sum(axis=0)
    weight = (lit & (rank >= lowest * count) & (rank < highest * count)).astype(float)
    system = np.einsum("lp,li,lj->pij", weight, lights, lights) + 1e-9 * np.eye(3)
    right = np.einsum("lp,lp,li->pi", weight, value, lights)
    scaled = np.linalg.solve(system, right[..., np.newaxis])[..., 0]
    return (scaled / np.linalg.norm(scaled, axis=1, keepdims=True)).reshape(*SHAPE, 3)


def test_robust_methods_stand_highlights_and_shadows_that_spoil_least_squares(rng):
    """As much is spoiled as in the specular bunny of 50 lights (LS 18.5, robust below 5)."""
    lights = lights_in_front(50)
    surface = Surface(
        normals_facing(rng, SHAPE, 65.0),
        rng.uniform(0.2, 0.8, (*SHAPE, 1)) * np.ones(3),
        rng.uniform(4.0, 8.0, SHAPE),
        np.exp(rng.uniform(np.log(10.0), np.log(25.0), SHAPE)),
    )
    readings = surface.readings(lights)
    for _ in range(2):
        readings = with_cast_shadows(readings, lights, rng)
    readings = noisy(readings, rng).astype(np.float32)
    errors = {
        method: degrees_between(
            normals_from_olats(readings, no_flags(readings), lights, method=method)[0],
            surface.normals,
        )
        for method in ("least_squares", "robust", "sparse_bayesian")
    }
    trimmed = middle_band(readings, lights, 0.3, 0.7)
    errors["ranks 0.3 to 0.7"] = degrees_between(trimmed, surface.normals)
    for name, error in errors.items():
        print(f"spoiled, {name}: mean {error.mean():.2f}, median {np.median(error):.2f} degrees")
    assert errors["least_squares"].mean() > 15.0
    assert max(errors[name].mean() for name in ("robust", "sparse_bayesian")) < 5.0
    assert errors["robust"].mean() < errors["ranks 0.3 to 0.7"].mean()


OBJECTS = {
    "ball": 4.10,
    "cat": 8.41,
    "pot1": 8.89,
    "bear": 8.39,
    "pot2": 14.65,
    "buddha": 14.92,
    "goblet": 18.50,
    "reading": 19.80,
    "cow": 25.60,
    "harvest": 30.62,
}
"""Mean error of least squares as published (Shi et al. 2019, table 3) [degree]."""


@pytest.fixture(scope="module")
def diligent(shared_data):
    """Folder of the DiLiGenT data set, ``diligent`` among the real photographs."""
    folder = shared_data / "diligent"
    inside = folder / "pmsData"
    if not folder.is_dir():
        pytest.skip(f"no DiLiGenT data set at {folder}: unpack its pmsData there")
    return inside if inside.is_dir() else folder


def diligent_object(folder: Path):
    """Read the photographs of an object over the intensities of their lights, and the truth."""
    names = (folder / "filenames.txt").read_text(encoding="utf-8").split()
    lights = np.loadtxt(folder / "light_directions.txt")
    intensities = np.loadtxt(folder / "light_intensities.txt")
    mask = cv2.imread(str(folder / "mask.png"), cv2.IMREAD_GRAYSCALE) > 0
    readings = np.empty((len(names), 3, 1, np.count_nonzero(mask)), np.float32)
    for light, name in enumerate(names):
        shot = cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)[..., ::-1]
        readings[light, :, 0] = (shot[mask] / 65535.0 / intensities[light]).T
    truth = loadmat(folder / "Normal_gt.mat")["Normal_gt"][mask]
    return readings, lights / np.linalg.norm(lights, axis=1, keepdims=True), truth


def test_a_folder_laid_out_as_diligent_is_read(rng, tmp_path):
    """So that the next test does what it says on the day that the data are there."""
    lights = lights_in_front(12)
    surface = Surface(normals_facing(rng, SHAPE, 15.0), rng.uniform(0.3, 0.8, (*SHAPE, 3)))
    intensities = rng.uniform(0.5, 1.5, (12, 3))
    shots = surface.readings(lights) * intensities[:, :, np.newaxis, np.newaxis] / 1.5
    for light, shot in enumerate(shots):
        codes = np.rint(65535.0 * shot).astype(np.uint16)
        cv2.imwrite(str(tmp_path / f"{light + 1:03}.png"), codes[::-1].transpose(1, 2, 0))
    names = "\n".join(f"{light + 1:03}.png" for light in range(12))
    (tmp_path / "filenames.txt").write_text(names, encoding="utf-8")
    np.savetxt(tmp_path / "light_directions.txt", lights)
    np.savetxt(tmp_path / "light_intensities.txt", intensities)
    mask = np.zeros(SHAPE, np.uint8)
    mask[5:-5, 5:-5] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    savemat(tmp_path / "Normal_gt.mat", {"Normal_gt": surface.normals})
    readings, found, truth = diligent_object(tmp_path)
    normals, *_ = normals_from_olats(readings, no_flags(readings), found, method="least_squares")
    assert degrees_between(normals[0], truth).max() < 0.05


@pytest.mark.slow
def test_least_squares_on_diligent_errs_as_published(diligent):
    mean = {}
    for name in OBJECTS:
        readings, lights, truth = diligent_object(diligent / f"{name}PNG")
        for method in ("least_squares", "robust", "sparse_bayesian"):
            # The published baseline keeps every reading, shadows as well.
            share, floor = (-1.0, -1.0) if method == "least_squares" else (0.05, 1e-4)
            normals, *_ = normals_from_olats(
                readings,
                no_flags(readings),
                lights,
                method=method,
                shadow_fraction=share,
                shadow_floor=floor,
            )
            mean[name, method] = degrees_between(normals[0], truth).mean()
        print(name, {key[1]: round(error, 2) for key, error in mean.items() if key[0] == name})
    average = {
        method: np.mean([error for key, error in mean.items() if key[1] == method])
        for method in ("least_squares", "robust", "sparse_bayesian")
    }
    print("average", {name: round(error, 2) for name, error in average.items()})
    assert abs(average["least_squares"] - 15.39) < 0.1
    assert max(abs(mean[name, "least_squares"] - OBJECTS[name]) for name in OBJECTS) < 0.3
    assert average["robust"] < average["least_squares"]
    assert average["sparse_bayesian"] < average["least_squares"]
