"""The variance of demosaiced color behind a matrix, against numpy and against scatter."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.calibration import SensorCalibration
from olat.model.color import ColorSpace
from olat.model.image import RawMosaic
from olat.sensor.demosaic import Demosaic, malvar_from_mosaic
from olat.sensor.develop import developed
from olat.sensor.developed_color import in_color
from olat.sensor.mixed_noise import malvar_filters, mixed_variance
from olat.sensor.noise import variance_from_mosaic
from tests.support.dng import BAYER

MATRIX = np.array([[1.9, -0.7, -0.2], [-0.25, 1.6, -0.35], [0.02, -0.6, 1.58]])
"""Camera color to linear Rec.709, with the strong corrections of a real sensor."""
GAIN, READ, BLACK, FULL = 2.0, 4.0, 512.0, 16_383.0
"""Of the sensor [DN/electron, DN]."""


def mosaic_of(counts: np.ndarray, phase: str = "RGGB") -> RawMosaic:
    pattern = np.array(BAYER[phase], np.uint8).reshape(2, 2)
    black = np.full((2, 2), BLACK, np.float32)
    return RawMosaic(np.rint(counts).astype(np.uint16), pattern, black, FULL + BLACK)


def sensor_of(rng: np.random.Generator, shape: tuple[int, int]) -> SensorCalibration:
    flat = rng.uniform(0.7, 1.0, (*shape, 1)).astype(np.float32)
    defects = rng.random((*shape, 1)) < 0.02
    return SensorCalibration(np.full_like(flat, BLACK), flat, defects, GAIN, READ)


@pytest.mark.parametrize("phase", BAYER)
@pytest.mark.parametrize("shape", [(5, 6), (16, 22), (17, 23), (6, 41)])
def test_without_mixing_it_is_the_variance_of_the_channels_to_the_border(rng, shape, phase) -> None:
    mosaic, sensor = mosaic_of(rng.uniform(BLACK, 9000, shape), phase), sensor_of(rng, shape)
    mixed = mixed_variance(mosaic, sensor=sensor, matrix=np.eye(3), gain=1.7)
    plain = variance_from_mosaic(mosaic, sensor=sensor, gain=1.7)
    np.testing.assert_allclose(mixed, plain, rtol=2e-6)


@pytest.mark.parametrize("phase", BAYER)
def test_the_filters_are_those_that_pictures_are_made_with(rng, phase) -> None:
    mosaic = mosaic_of(rng.uniform(BLACK, 9000, (9, 12)), phase)
    light = np.pad((mosaic.counts - BLACK) / FULL, 2, mode="reflect")
    around = np.lib.stride_tricks.sliding_window_view(light, (5, 5))
    filters = malvar_filters(mosaic.pattern)
    y, x = np.indices(mosaic.counts.shape)
    made = np.einsum("yxji,yxcji->yxc", around, filters[y % 2, x % 2])
    np.testing.assert_allclose(malvar_from_mosaic(mosaic), made, rtol=0, atol=1e-6)


@pytest.mark.parametrize("phase", BAYER)
def test_the_compiled_loop_is_the_formula_of_its_docstring(rng, phase) -> None:
    mosaic = mosaic_of(rng.uniform(BLACK, 9000, (11, 14)), phase)
    ones = np.ones((11, 14, 1), np.float32)
    sensor = SensorCalibration(BLACK * ones, ones, ones > 1, GAIN, READ)
    sites = (GAIN * (mosaic.counts - BLACK) + READ**2) / FULL**2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(sites, 2, mode="reflect"), (5, 5))
    y, x = np.indices(sites.shape)
    mixed = np.einsum("ic,yxckl->yxikl", MATRIX, malvar_filters(mosaic.pattern)[y % 2, x % 2])
    expected = (mixed**2 * around[:, :, None]).sum(axis=(3, 4))
    found = mixed_variance(mosaic, sensor=sensor, matrix=MATRIX)
    np.testing.assert_allclose(found, expected, rtol=2e-6)


@pytest.mark.parametrize("space", ["camera", "rec709", "acescg"])
@pytest.mark.parametrize("demosaic", ["malvar", "bilinear", "half", "edge_aware"])
def test_each_channel_of_an_even_color_scatters_as_is_told(
    rng, demosaic: Demosaic, space: ColorSpace
) -> None:
    """Of the edge-directed method, too little is told of green, and of some mixed colors too much.

    Its standard errors are below 0.01 of the variance.
    """
    shape, level = (500, 600), 300.0
    color = np.linalg.solve(MATRIX, np.full(3, level))
    y, x = np.indices(shape)
    light = color[np.array([[0, 1], [1, 2]])[y % 2, x % 2]]
    mosaic = mosaic_of(GAIN * rng.poisson(light / GAIN) + rng.normal(BLACK, READ, shape))
    ones = np.ones((*shape, 1), np.float32)
    read = float(np.hypot(READ, np.sqrt(1 / 12)))
    sensor = SensorCalibration(BLACK * ones, ones, ones > 1, GAIN, read)
    made = {"gain": FULL, "sensor": sensor, "demosaic": demosaic}
    seen = in_color(developed(mosaic, **made), mosaic, matrix=MATRIX, space=space, **made)
    inner = np.s_[8:-8, 8:-8]
    error = seen.radiance[inner] - (color if space == "camera" else level)
    ratio = seen.variance[inner].mean(axis=(0, 1)) / (error.astype(float) ** 2).mean(axis=(0, 1))
    print(f"{demosaic}, {space}: told over seen variance {np.round(ratio, 2)}")
    if demosaic == "edge_aware":
        assert 0.8 < ratio.min() < ratio.max() < 1.2
    else:
        np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("space", ["camera", "rec709", "acescg"])
@pytest.mark.parametrize("demosaic", ["malvar", "edge_aware"])
def test_of_the_edge_directed_method_too_little_is_told_at_edges(
    rng, demosaic: Demosaic, space: ColorSpace
) -> None:
    """Where the way along which it interpolates flips from frame to frame, that is noise too.

    A variance that is seen in 300 frames has a standard error of 8 %.
    """
    shape, times = (61, 83), 300
    y, x = np.indices(shape)
    light = np.where((x // 9 + y // 7) % 2, 3000.0, 200.0) + 20.0 * x
    light *= np.array([0.5, 1.0, 0.6])[np.array(BAYER["RGGB"]).reshape(2, 2)[y % 2, x % 2]]
    sensor = sensor_of(rng, shape)
    light *= sensor.flat[..., 0]
    seen, told = [], np.zeros((*shape, 3))
    made = {"gain": 1.0, "sensor": sensor, "demosaic": demosaic}
    for _ in range(times):
        shot = mosaic_of(GAIN * rng.poisson(light / GAIN) + rng.normal(BLACK, READ, shape))
        one = in_color(developed(shot, **made), shot, matrix=MATRIX, space=space, **made)
        seen.append(one.radiance)
        told += one.variance / times
    ratio = (np.var(seen, axis=0, ddof=1) / told)[3:-3, 3:-3]
    mean, rare = ratio.mean(axis=(0, 1)), np.percentile(ratio, 99, axis=(0, 1))
    print(
        f"{demosaic}, {space}, at edges: seen over told variance {np.round(mean, 2)} on average, "
        f"{np.round(rare, 1)} at the 99th percentile"
    )
    if demosaic == "edge_aware":
        assert 1.2 < mean.min() < mean.max() < 2.5
        assert rare.min() > 3.0
    else:
        assert 0.93 < mean.min() < mean.max() < 1.07
        assert rare.max() < 1.5
