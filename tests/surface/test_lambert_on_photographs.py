"""Photometric stereo of real objects with known directions to the lights."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.surface.lambert import normals_from_olats
from tests.surface.readings import degrees_between, no_flags


def photographs(folder: Path):
    """Read twelve linear 8-bit photographs and the mask of an object of the set."""
    shots = [
        cv2.imread(str(folder / f"{folder.name}.{light}.png"))[..., ::-1] for light in range(12)
    ]
    mask = cv2.imread(str(folder / f"{folder.name}.mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    readings = (np.stack(shots).transpose(0, 3, 1, 2) / 255.0).astype(np.float16)
    lights = np.loadtxt(folder.parent / "lights.txt", skiprows=1)
    return readings, mask, lights / np.linalg.norm(lights, axis=1, keepdims=True)


def sphere_normals(mask):
    """Return the normals of a sphere with this outline, and where they are real."""
    rows, columns = np.nonzero(mask)
    radius = ((np.ptp(rows) + 1) + (np.ptp(columns) + 1)) / 4.0
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    x = (x - (columns.min() + columns.max()) / 2.0) / radius
    y = ((rows.min() + rows.max()) / 2.0 - y) / radius
    inside = mask & (x * x + y * y < 1.0)
    z = np.sqrt(np.maximum(1.0 - x * x - y * y, 0.0))
    return np.stack([x, y, z], axis=-1), inside


def test_a_gray_sphere_has_the_normals_of_its_outline(shared_data):
    readings, mask, lights = photographs(shared_data / "uw" / "gray")
    truth, inside = sphere_normals(mask)
    mean = {}
    for method in ("least_squares", "robust", "sparse_bayesian"):
        normals, _, confidence, flags = normals_from_olats(
            readings, no_flags(readings), lights, method=method
        )
        known = inside & (flags == 0)
        assert known.sum() > 0.99 * inside.sum()
        error = degrees_between(normals, truth)[known]
        mean[method] = error.mean()
        sure = confidence[known] > np.median(confidence[known])
        print(
            f"gray sphere, {method}: mean {error.mean():.2f}, median {np.median(error):.2f}, "
            f"confident half {error[sure].mean():.2f} degrees"
        )
    assert mean["least_squares"] <= 6.2
    assert mean["robust"] < mean["least_squares"]
    assert mean["sparse_bayesian"] < mean["least_squares"]


def outline(mask):
    """Return the pixels near the edge of a mask and which way out of it points."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 4.0)
    outwards = np.stack([-cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)], -1)
    outwards /= np.linalg.norm(outwards, axis=-1, keepdims=True) + 1e-9
    return mask & (soft < 0.8), outwards


@pytest.mark.parametrize("name", ["buddha", "cat"])
def test_real_objects_face_the_camera_and_curve_away_at_their_outline(shared_data, name):
    readings, mask, lights = photographs(shared_data / "uw" / name)
    normals, albedo, _, flags = normals_from_olats(readings, no_flags(readings), lights)
    known = mask & (flags == 0)
    assert known.sum() > 0.95 * mask.sum()
    assert np.mean(normals[known][:, 2] > 0) > 0.98
    assert np.isfinite(albedo).all()
    edge, outwards = outline(mask)
    sideways = normals[..., :2] * outwards
    assert sideways[edge & (np.abs(outwards[..., 0]) > 0.8)].sum(axis=-1).mean() > 0.2
    assert sideways[edge & (outwards[..., 1] > 0.8)].sum(axis=-1).mean() > 0.2


def test_a_real_face_is_rounded_left_to_right(shared_data):
    name = re.compile(r"A([+-]\d+)E([+-]\d+)\.pgm$")
    shots, lights = [], []
    for path in sorted((shared_data / "yale" / "yaleB01").glob("*.pgm")):
        angles = name.search(path.name)
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if angles is None or image is None:
            continue
        azimuth, elevation = (np.radians(float(angle)) for angle in angles.groups())
        lights.append(
            [
                -np.sin(azimuth) * np.cos(elevation),
                np.sin(elevation),
                np.cos(azimuth) * np.cos(elevation),
            ]
        )
        shots.append(image / 255.0)
    readings = np.repeat(np.stack(shots)[:, np.newaxis], 3, axis=1).astype(np.float16)
    assert len(readings) > 50
    flags = np.where(readings[:, 0] >= 0.98, np.uint8(1), np.uint8(0))
    normals, _, confidence, doubt = normals_from_olats(readings, flags, np.array(lights))
    assert np.mean(doubt == 0) > 0.98
    assert np.mean(normals[..., 2] > 0) > 0.95
    columns = np.broadcast_to(np.arange(normals.shape[1]), normals.shape[:2])
    assert np.corrcoef(normals[..., 0].ravel(), columns.ravel())[0, 1] > 0.6
    assert np.median(confidence) > 0.8
