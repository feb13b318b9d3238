from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from olat.model.image import RawMosaic
from olat.sensor.demosaic import half_from_mosaic, malvar_from_mosaic, saturated_sites
from tests.support.dng import BAYER

BLACK = (100.0, 90.0, 110.0, 105.0)
WHITE = 4100.0


def _mosaic(counts: np.ndarray, phase: str = "RGGB", black: tuple = BLACK) -> RawMosaic:
    pattern = np.array(BAYER[phase], np.uint8).reshape(2, 2)
    levels = np.array(black, np.float32).reshape(2, 2)
    return RawMosaic(counts.astype(np.uint16), pattern, levels, WHITE)


def _scaled(mosaic: RawMosaic) -> np.ndarray:
    """Scale counts by plain numpy in double precision."""
    shape = [-(-n // 2) for n in mosaic.counts.shape]
    black = np.tile(mosaic.black.astype(float), shape)[: mosaic.counts.shape[0]]
    black = black[:, : mosaic.counts.shape[1]]
    return (mosaic.counts - black) / (mosaic.white - black)


# Figure 2 of the paper, in eighths.
GREEN_AT_RED_OR_BLUE = [
    [0, 0, -1, 0, 0],
    [0, 0, 2, 0, 0],
    [-1, 2, 4, 2, -1],
    [0, 0, 2, 0, 0],
    [0, 0, -1, 0, 0],
]
ALONG_THE_ROW_AT_GREEN = [
    [0, 0, 0.5, 0, 0],
    [0, -1, 0, -1, 0],
    [-1, 4, 5, 4, -1],
    [0, -1, 0, -1, 0],
    [0, 0, 0.5, 0, 0],
]
RED_AT_BLUE = [
    [0, 0, -1.5, 0, 0],
    [0, 2, 0, 2, 0],
    [-1.5, 0, 6, 0, -1.5],
    [0, 2, 0, 2, 0],
    [0, 0, -1.5, 0, 0],
]


def _malvar_by_convolution(mosaic: RawMosaic) -> np.ndarray:
    """Convolve the whole mosaic with every kernel and choose per site."""
    values = _scaled(mosaic)
    cross, along, across, diagonal = (
        # scipy calls mirroring about the outermost pixel "mirror".
        ndimage.correlate(values, np.array(kernel) / 8.0, mode="mirror")
        for kernel in (
            GREEN_AT_RED_OR_BLUE,
            ALONG_THE_ROW_AT_GREEN,
            np.transpose(ALONG_THE_ROW_AT_GREEN),
            RED_AT_BLUE,
        )
    )
    y, x = np.indices(values.shape)
    site = mosaic.pattern[y % 2, x % 2]
    beside = mosaic.pattern[y % 2, (x + 1) % 2]
    out = np.empty((*values.shape, 3))
    out[..., 1] = np.where(site == 1, values, cross)
    for color in (0, 2):
        at_green = np.where(beside == color, along, across)
        out[..., color] = np.select([site == color, site == 1], [values, at_green], diagonal)
    return out


@pytest.mark.parametrize("phase", BAYER)
@pytest.mark.parametrize("shape", [(3, 3), (16, 22), (17, 23), (4, 41)])
def test_malvar_equals_the_papers_kernels_to_the_border(
    rng: np.random.Generator, phase: str, shape: tuple[int, int]
) -> None:
    mosaic = _mosaic(rng.integers(0, 4100, shape), phase)
    expected = _malvar_by_convolution(mosaic)
    np.testing.assert_allclose(malvar_from_mosaic(mosaic), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("phase", BAYER)
def test_a_gray_ramp_is_interpolated_exactly_away_from_the_border(phase: str) -> None:
    y, x = np.indices((20, 24))
    mosaic = _mosaic(100 + 10 * x + 20 * y, phase, black=(100.0,) * 4)
    expected = (10 * x + 20 * y) / 4000.0
    for channel in range(3):
        inner = malvar_from_mosaic(mosaic)[2:-2, 2:-2, channel]
        np.testing.assert_allclose(inner, expected[2:-2, 2:-2], rtol=0, atol=1e-6)


@pytest.mark.parametrize("phase", BAYER)
def test_a_flat_color_stays_flat_up_to_the_border(phase: str) -> None:
    color = np.array([700, 1500, 300])
    sites = np.tile(np.reshape(BAYER[phase], (2, 2)), (4, 5))
    radiance = malvar_from_mosaic(_mosaic(100 + color[sites], phase, (100.0,) * 4), gain=2.0)
    np.testing.assert_allclose(radiance - 2 * color / 4000.0, 0, rtol=0, atol=1e-6)


@settings(max_examples=20)
@given(weights=st.lists(st.integers(0, 5), min_size=3, max_size=3), seed=st.integers(0, 99))
def test_developing_a_sum_is_summing_what_was_developed(weights: list[int], seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, 4000, (3, 14, 18))
    black = (0.0,) * 4
    total = _mosaic(np.tensordot(weights, counts, 1), black=black)
    for develop in (malvar_from_mosaic, half_from_mosaic):
        summed = sum(
            w * develop(_mosaic(c, black=black)) for w, c in zip(weights, counts, strict=True)
        )
        np.testing.assert_allclose(develop(total), summed, rtol=0, atol=1e-5)


@pytest.mark.parametrize("develop", [malvar_from_mosaic, half_from_mosaic])
def test_darkness_stays_zero_on_average(rng: np.random.Generator, develop) -> None:
    sigma, frames, shape = 3.0, 40, (60, 80)
    level = np.reshape(BLACK, (2, 2))
    means = [
        develop(_mosaic(np.rint(np.tile(level, (30, 40)) + sigma * rng.standard_normal(shape))))
        for _ in range(frames)
    ]
    spread = sigma / (WHITE - 100.0) / np.sqrt(frames * shape[0] * shape[1] / 4)
    bias = np.mean(means, axis=(0, 1, 2))
    clipped = np.mean(np.maximum(means, 0))
    # Interpolated channels weigh sites unequally: their mean is a little noisier than a plain one.
    assert np.abs(bias).max() < 5 * spread
    assert clipped > 20 * spread, "clipping at black would have lifted the dark"


@pytest.mark.parametrize("phase", BAYER)
def test_half_size_reads_every_site_once(phase: str) -> None:
    counts = np.tile([[1100, 2090], [3110, 4105]], (3, 4))
    radiance = half_from_mosaic(_mosaic(counts, phase))
    values = _scaled(_mosaic(counts, phase))[:2, :2].ravel()
    order = np.array(BAYER[phase])
    expected = [values[order == channel].mean() for channel in range(3)]
    assert radiance.shape == (3, 4, 3)
    np.testing.assert_allclose(radiance - expected, 0, rtol=0, atol=1e-6)


def test_half_size_leaves_an_odd_edge_out(rng: np.random.Generator) -> None:
    counts = rng.integers(0, 4100, (7, 9))
    np.testing.assert_array_equal(
        half_from_mosaic(_mosaic(counts)), half_from_mosaic(_mosaic(counts[:6, :8]))
    )


def test_a_site_saturates_at_its_own_share_of_the_way_from_black_to_white() -> None:
    black = (0.0, 2100.0, 100.0, 4000.0)
    limits = np.array([2050.0, 3100.0, 2100.0, 4050.0]).reshape(2, 2)
    for offset, expected in ((0, True), (-1, False)):
        mosaic = _mosaic(np.tile(limits + offset, (3, 3)), black=black)
        assert (saturated_sites(mosaic, saturation=0.5) == expected).all()


@pytest.mark.parametrize(
    ("pattern", "black", "words"),
    [
        ([[0, 1], [2, 1]], 0.0, "not red, green, green, blue of Bayer"),
        ([[0, 1], [1, 1]], 0.0, "not red, green, green, blue of Bayer"),
        ([[0, 1], [1, 2]], 4100.0, "is not below white 4100.0"),
    ],
)
def test_mosaics_that_cannot_be_meant_are_refused(pattern: list, black: float, words: str) -> None:
    mosaic = RawMosaic(
        np.zeros((4, 4), np.uint16),
        np.array(pattern, np.uint8),
        np.full((2, 2), black, np.float32),
        WHITE,
    )
    for develop in (malvar_from_mosaic, half_from_mosaic):
        with pytest.raises(ValueError, match=words):
            develop(mosaic)


def test_a_mosaic_smaller_than_the_kernel_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="2 x 8 sites is too small; 3 x 3 are needed"):
        malvar_from_mosaic(_mosaic(np.zeros((2, 8))))
