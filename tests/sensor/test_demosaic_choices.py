"""Bilinear and edge-directed demosaicing against numpy, and all methods against pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from olat.io.photograph import read_photograph
from olat.model.image import RawMosaic
from olat.sensor.demosaic import (
    bilinear_from_mosaic,
    edge_aware_from_mosaic,
    half_from_mosaic,
    malvar_from_mosaic,
)
from olat.sensor.encoding import display_from_linear, linear_from_codes
from tests.support.dng import BAYER

SHAPES = [(5, 5), (16, 22), (17, 23), (6, 41)]
WHITE, BLACK = 61_000.0, 1000.0


def mosaic_of(counts: np.ndarray, phase: str = "RGGB") -> RawMosaic:
    pattern = np.array(BAYER[phase], np.uint8).reshape(2, 2)
    return RawMosaic(counts.astype(np.uint16), pattern, np.full((2, 2), BLACK, np.float32), WHITE)


def mosaicked(picture: np.ndarray, phase: str = "RGGB") -> RawMosaic:
    y, x = np.indices(picture.shape[:2])
    pattern = np.reshape(BAYER[phase], (2, 2))
    light = picture[y, x, pattern[y % 2, x % 2]]
    return mosaic_of(np.rint(light * (WHITE - BLACK) + BLACK), phase)


def site_channels(mosaic: RawMosaic) -> np.ndarray:
    y, x = np.indices(mosaic.counts.shape)
    return mosaic.pattern[y % 2, x % 2]


def bilinear_by_convolution(mosaic: RawMosaic) -> np.ndarray:
    """Spread each color's sites by a tent, and divide by the tent's share of sites."""
    light = (mosaic.counts - BLACK) / (WHITE - BLACK)
    channels = site_channels(mosaic)
    tents = {1: np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4}
    tents[0] = tents[2] = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    return np.stack(
        [ndimage.correlate(light * (channels == c), tents[c], mode="mirror") for c in range(3)],
        axis=-1,
    )


@pytest.mark.parametrize("phase", BAYER)
@pytest.mark.parametrize("shape", SHAPES)
def test_bilinear_is_the_mean_of_the_nearest_to_the_border(rng, phase, shape) -> None:
    mosaic = mosaic_of(rng.integers(0, 61_000, shape), phase)
    expected = bilinear_by_convolution(mosaic)
    np.testing.assert_allclose(bilinear_from_mosaic(mosaic), expected, rtol=0, atol=1e-6)


def shifted(plane: np.ndarray, j: int, i: int) -> np.ndarray:
    return np.roll(plane, (-j, -i), axis=(0, 1))


def edge_aware_in_numpy(mosaic: RawMosaic) -> np.ndarray:
    """Follow the paper with whole arrays, which wrap far outside of what is kept."""
    margin = 12
    light = np.pad((mosaic.counts - BLACK) / (WHITE - BLACK), margin, mode="reflect")
    y, x = np.indices(light.shape)
    channel = mosaic.pattern[y % 2, x % 2]
    is_green = channel == 1
    ways = {}
    for j, i in ((0, 1), (1, 0)):
        near = (shifted(light, -j, -i) + shifted(light, j, i)) / 2
        far = (2 * light - shifted(light, -2 * j, -2 * i) - shifted(light, 2 * j, 2 * i)) / 4
        ways[j, i] = np.where(is_green, 0.0, light - near - far)
    changes = {}
    for (j, i), difference in ways.items():
        step = np.abs(shifted(difference, 2 * j, 2 * i) - difference)
        before = shifted(step, -2 * j, -2 * i)
        middle = shifted(step, -j, -i)
        changes[j, i] = 3 * (step + before) + sum(
            shifted(step + before, 2 * k * i, 2 * k * j) + shifted(middle, k * i, k * j)
            for k in (-1, 1)
        )
    by_row = changes[0, 1] <= changes[1, 0]
    difference = np.where(by_row, ways[0, 1], ways[1, 0])
    green = light - difference
    out = np.stack([light, green, light], axis=-1)
    row, column = (
        green + (shifted(difference, -j, -i) + shifted(difference, j, i)) / 2
        for j, i in ((0, 1), (1, 0))
    )
    beside = mosaic.pattern[y % 2, (x + 1) % 2]
    for c in (0, 2):
        out[..., c] = np.where(is_green, np.where(beside == c, row, column), out[..., c])
    gap = out[..., 2] - out[..., 0]
    across = {(j, i): (shifted(gap, -j, -i) + shifted(gap, j, i)) / 2 for j, i in ((0, 1), (1, 0))}
    gap = np.where(by_row, across[0, 1], across[1, 0])
    out[..., 2] = np.where(channel == 0, light + gap, out[..., 2])
    out[..., 0] = np.where(channel == 2, light - gap, out[..., 0])
    return out[margin:-margin, margin:-margin]


@pytest.mark.parametrize("phase", BAYER)
@pytest.mark.parametrize("shape", SHAPES)
def test_edge_aware_is_what_whole_arrays_say_to_the_border(rng, phase, shape) -> None:
    mosaic = mosaic_of(rng.integers(0, 61_000, shape), phase)
    expected = edge_aware_in_numpy(mosaic)
    np.testing.assert_allclose(edge_aware_from_mosaic(mosaic), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("method", [bilinear_from_mosaic, edge_aware_from_mosaic])
@pytest.mark.parametrize("phase", BAYER)
def test_a_flat_color_stays_flat_and_a_measured_color_stays_itself(rng, method, phase) -> None:
    color = np.array([0.2, 0.5, -0.01])
    flat = mosaicked(np.broadcast_to(color, (12, 14, 3)), phase)
    np.testing.assert_allclose(method(flat) - color, 0, rtol=0, atol=2e-5)
    mosaic = mosaic_of(rng.integers(0, 61_000, (12, 14)), phase)
    own = np.take_along_axis(method(mosaic), site_channels(mosaic)[..., None].astype(int), axis=2)
    light = (mosaic.counts - BLACK) / (WHITE - BLACK)
    np.testing.assert_allclose(own[..., 0], light, rtol=0, atol=1e-6)


def test_edge_aware_keeps_what_lies_below_black_and_adds_no_bias_in_the_dark(rng) -> None:
    darks = [mosaic_of(np.rint(BLACK + 30 * rng.standard_normal((60, 80)))) for _ in range(40)]
    made = [edge_aware_from_mosaic(dark) for dark in darks]
    assert min(one.min() for one in made) < 0
    error = 30 / 60_000 / np.sqrt(40 * 60 * 80 / 4)
    assert np.abs(np.mean(made, axis=(0, 1, 2))).max() < 5 * error


def test_edge_aware_follows_an_edge_without_a_fringe() -> None:
    x = np.arange(40)[None, :, None]
    picture = np.where(x < 21, [0.7, 0.6, 0.5], [0.1, 0.05, 0.02]) * np.ones((30, 1, 1))
    errors = {
        method.__name__: np.abs(method(mosaicked(picture)) - picture)[4:-4, 4:-4].max()
        for method in (malvar_from_mosaic, bilinear_from_mosaic, edge_aware_from_mosaic)
    }
    print({name: round(float(error), 4) for name, error in errors.items()})
    assert errors["edge_aware_from_mosaic"] < 0.25 * errors["malvar_from_mosaic"]


def zone_plate(size: int = 384) -> np.ndarray:
    """Rings that get finer outwards, up to the finest that pixels hold at the border's middle."""
    y, x = np.indices((size, size)) - size / 2
    rings = 0.5 + 0.45 * np.cos(np.pi * (x * x + y * y) / (2 * size))
    return np.stack([rings, 0.9 * rings + 0.05, 0.8 * rings + 0.1], axis=-1)


def psnr(made: np.ndarray, truth: np.ndarray) -> float:
    """Return the ratio of white to the error in display codes, away from the border [dB]."""
    apart = display_from_linear(made).astype(float) - display_from_linear(truth.astype(np.float32))
    return float(20 * np.log10(255 / np.sqrt(np.mean(apart[8:-8, 8:-8] ** 2))))


def ratios(picture: np.ndarray) -> dict[str, float]:
    mosaic = mosaicked(picture)
    methods = (bilinear_from_mosaic, malvar_from_mosaic, edge_aware_from_mosaic)
    return {
        method.__name__.removesuffix("_from_mosaic"): psnr(method(mosaic), picture)
        for method in methods
    }


def test_on_fine_rings_each_method_is_better_than_the_one_before() -> None:
    found = ratios(zone_plate())
    print("zone plate:", ", ".join(f"{name} {value:.1f} dB" for name, value in found.items()))
    assert found["malvar"] > found["bilinear"] + 3
    assert found["edge_aware"] > found["malvar"] + 2


def test_on_a_real_photograph_each_method_is_better_than_the_one_before(shared_data: Path) -> None:
    photo = read_photograph(shared_data / "gradient" / "test_ALL.jpg")
    linear = linear_from_codes(photo.codes, white=photo.white, encoding="srgb")
    rows, columns = (length // 2 for length in linear.shape[:2])
    # Halved, so that the demosaicing of the camera that took it has no part in it.
    halved = linear[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, 3).mean(axis=(1, 3))
    found = ratios(halved)
    print("jacket:", ", ".join(f"{name} {value:.1f} dB" for name, value in found.items()))
    assert found["malvar"] > found["bilinear"] + 1
    assert found["edge_aware"] > found["malvar"] + 0.5


def test_a_mosaic_smaller_than_a_method_needs_is_refused() -> None:
    small = mosaic_of(np.zeros((4, 9)))
    assert half_from_mosaic(small).shape == (2, 4, 3)
    assert bilinear_from_mosaic(small).shape == (4, 9, 3)
    with pytest.raises(ValueError, match="4 x 9 sites is too small; 5 x 5 are needed"):
        edge_aware_from_mosaic(small)


@pytest.mark.parametrize("phase", BAYER)
@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_calibration_malvar_is_the_same_to_the_bit_as_single_steps(
    rng, phase, shape
) -> None:
    """The order of the sums is part of the promise: float32 sums are not associative."""
    mosaic = mosaic_of(rng.integers(0, 61_000, shape), phase)
    scale = np.float32(1.0 / (WHITE - BLACK))
    light = (mosaic.counts.astype(np.float32) - np.float32(BLACK)) * scale
    p = np.pad(light, 2, mode="reflect")

    def at(j: int, i: int) -> np.ndarray:
        return p[2 + j : p.shape[0] - 2 + j, 2 + i : p.shape[1] - 2 + i]

    f = np.float32
    near_h, near_v = at(0, -1) + at(0, 1), at(-1, 0) + at(1, 0)
    far_h, far_v = at(0, -2) + at(0, 2), at(-2, 0) + at(2, 0)
    corners = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
    far = far_h + far_v
    cross = f(0.5) * light + f(0.25) * (near_h + near_v) - f(0.125) * far
    diagonal = f(0.75) * light + f(0.25) * corners - f(0.1875) * far
    along, across = (
        f(0.625) * light + f(0.5) * near - f(0.125) * (corners + own) + f(0.0625) * other
        for near, own, other in ((near_h, far_h, far_v), (near_v, far_v, far_h))
    )
    channel = site_channels(mosaic)
    y, x = np.indices(shape)
    beside = mosaic.pattern[y % 2, (x + 1) % 2]
    expected = np.empty((*shape, 3), np.float32)
    expected[..., 1] = np.where(channel == 1, light, cross)
    for c in (0, 2):
        at_green = np.where(beside == c, along, across)
        expected[..., c] = np.select([channel == c, channel == 1], [light, at_green], diagonal)
    np.testing.assert_array_equal(malvar_from_mosaic(mosaic), expected)
