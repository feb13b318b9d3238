from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.inspection.encoding_guess import guess_encoding, lambert_misfit
from olat.io.light_file import read_lights
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures

LIGHTS = spread_directions(24, hemisphere=True)


def srgb(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def capture(
    folder: Path, pictures: np.ndarray, *, suffix: str = ".png", bits: int = 8
) -> list[Path]:
    paths = [folder / f"{index}{suffix}" for index in range(len(pictures))]
    write_pictures(paths, pictures, bits=bits)
    return paths


def test_a_linear_sphere_is_taken_for_linear(tmp_path: Path) -> None:
    encoding, finding = guess_encoding(capture(tmp_path, 0.9 * sphere_pictures(LIGHTS)), LIGHTS)
    assert (encoding, finding.confidence) == ("linear", "likely")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_srgb_coded_sphere_is_taken_for_srgb(tmp_path: Path, suffix: str) -> None:
    pictures = srgb(0.9 * sphere_pictures(LIGHTS, size=64))
    encoding, finding = guess_encoding(capture(tmp_path, pictures, suffix=suffix), LIGHTS)
    assert (encoding, finding.confidence) == ("srgb", "likely")


def test_sixteen_bits_are_mostly_linear(tmp_path: Path) -> None:
    paths = capture(tmp_path, sphere_pictures(LIGHTS[:1]), bits=16)
    encoding, finding = guess_encoding(paths, LIGHTS[:1])
    assert (encoding, finding.confidence) == ("linear", "likely")


def test_a_few_8_bit_pictures_say_that_nobody_can_know(tmp_path: Path) -> None:
    paths = capture(tmp_path, sphere_pictures(LIGHTS[:3]))
    encoding, finding = guess_encoding(paths, LIGHTS[:3])
    assert (encoding, finding.confidence) == ("srgb", "guess")
    assert "cannot be known for certain" in finding.reason


def test_a_lambert_surface_obeys_lambert_s_law() -> None:
    values = sphere_pictures(LIGHTS, size=64, glow=0.0).mean(axis=3).reshape(24, -1)
    misfit = lambert_misfit(values[:, values.max(axis=0) > 0.1].astype(np.float32), LIGHTS)
    assert misfit is not None
    assert misfit < 1e-6


@pytest.mark.parametrize("subject", ["gray", "cat", "buddha"])
def test_real_linear_photographs_fit_best_as_what_they_are(shared_data: Path, subject: str) -> None:
    folder = shared_data / "uw" / subject
    lights = read_lights(shared_data / "uw" / "lights.txt").vectors
    inside = cv2.imread(str(folder / f"{subject}.mask.png"), 0)[::2, ::2] > 128
    codes = np.stack([cv2.imread(str(folder / f"{subject}.{n}.png"))[::2, ::2] for n in range(12)])
    linear = codes[:, inside].mean(axis=2).astype(np.float32) / 255

    def misfit(values: np.ndarray) -> float:
        share = lambert_misfit(values.astype(np.float32), lights)
        assert share is not None
        return share

    decoded_twice = np.interp(linear, srgb(np.linspace(0, 1, 4096)), np.linspace(0, 1, 4096))
    assert misfit(linear) < misfit(decoded_twice)
    assert misfit(linear) < 0.8 * misfit(srgb(linear))
