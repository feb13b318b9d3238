"""Full color from Bayer mosaics, in megapixels a second of one core.

Budget: Malvar at 200 Mpx/s, so that a frame costs less to demosaic than to decode; about 1.3 times
as long with dark, flat and defects. Beside it, on the same counts: OpenCV's bilinear and edge-aware
methods (integers, clipped at black) and Malvar in plain numpy. Run with
``pytest benchmarks/bench_develop.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy import ndimage

from olat.model.calibration import SensorCalibration
from olat.model.image import RawMosaic
from olat.sensor.demosaic import (
    bilinear_from_mosaic,
    edge_aware_from_mosaic,
    half_from_mosaic,
    malvar_from_mosaic,
)
from olat.sensor.develop import developed, radiance_from_mosaic

SHAPE = (2000, 3000)


@pytest.fixture(scope="module")
def mosaic() -> RawMosaic:
    """Six megapixels of noise: the kernels do not look at what they see."""
    counts = np.random.default_rng(1).integers(500, 16000, SHAPE, dtype=np.uint16)
    pattern = np.array([[0, 1], [1, 2]], np.uint8)
    return RawMosaic(counts, pattern, np.full((2, 2), 512, np.float32), 16383.0)


def _malvar_in_numpy(mosaic: RawMosaic) -> np.ndarray:
    """Convolve everywhere and choose per site, as a textbook would (red first)."""
    values = (mosaic.counts - np.float32(512)) / np.float32(16383 - 512)
    cross = np.array(
        [[0, 0, -1, 0, 0], [0, 0, 2, 0, 0], [-1, 2, 4, 2, -1], [0, 0, 2, 0, 0], [0, 0, -1, 0, 0]]
    )
    along = np.array(
        [
            [0, 0, 0.5, 0, 0],
            [0, -1, 0, -1, 0],
            [-1, 4, 5, 4, -1],
            [0, -1, 0, -1, 0],
            [0, 0, 0.5, 0, 0],
        ]
    )
    diagonal = np.array(
        [
            [0, 0, -1.5, 0, 0],
            [0, 2, 0, 2, 0],
            [-1.5, 0, 6, 0, -1.5],
            [0, 2, 0, 2, 0],
            [0, 0, -1.5, 0, 0],
        ]
    )
    green, row, column, other = (
        ndimage.correlate(values, kernel.astype(np.float32) / 8, mode="mirror")
        for kernel in (cross, along, along.T, diagonal)
    )
    out = np.stack([values] * 3, axis=-1)
    out[::2, ::2, 1], out[1::2, 1::2, 1] = green[::2, ::2], green[1::2, 1::2]
    out[::2, 1::2, 0], out[1::2, ::2, 0] = row[::2, 1::2], column[1::2, ::2]
    out[1::2, ::2, 2], out[::2, 1::2, 2] = row[1::2, ::2], column[::2, 1::2]
    out[1::2, 1::2, 0], out[::2, ::2, 2] = other[1::2, 1::2], other[::2, ::2]
    return out


def _opencv(code: int) -> Callable[[RawMosaic], np.ndarray]:
    return lambda mosaic: cv2.demosaicing(mosaic.counts, code)


METHODS: dict[str, Callable[[RawMosaic], object]] = {
    "malvar": malvar_from_mosaic,
    "malvar with flags": radiance_from_mosaic,
    "bilinear": bilinear_from_mosaic,
    "edge-aware": edge_aware_from_mosaic,
    "half size": half_from_mosaic,
    "opencv bilinear": _opencv(cv2.COLOR_BayerRGGB2RGB),
    "opencv edge-aware": _opencv(cv2.COLOR_BayerRGGB2RGB_EA),
    "malvar in numpy": _malvar_in_numpy,
}


@pytest.mark.parametrize("method", METHODS)
def bench_demosaic(benchmark: BenchmarkFixture, mosaic: RawMosaic, method: str) -> None:
    cv2.setNumThreads(1)
    rounds = 1 if "numpy" in method else 5
    benchmark.pedantic(METHODS[method], args=(mosaic,), rounds=rounds, warmup_rounds=1)
    if benchmark.stats:
        rate = np.prod(SHAPE) / 1e6 / benchmark.stats.stats.min
        benchmark.extra_info["Mpx/s"] = round(rate)
        print(f"{method}: {rate:.0f} Mpx/s")


@pytest.fixture(scope="module")
def sensor() -> SensorCalibration:
    """Make a calibration with one defect in 5000 sites, and without noise."""
    rng = np.random.default_rng(2)
    shape = (*SHAPE, 1)
    dark = rng.normal(512.0, 1.0, shape).astype(np.float32)
    flat = rng.uniform(0.7, 1.0, shape).astype(np.float32)
    return SensorCalibration(dark, flat, rng.random(shape) < 2e-4)


@pytest.mark.parametrize("with_variance", [False, True], ids=["corrected", "with variance"])
@pytest.mark.parametrize("method", ["malvar", "bilinear", "half", "edge_aware"])
def bench_calibrated(
    benchmark: BenchmarkFixture,
    mosaic: RawMosaic,
    sensor: SensorCalibration,
    method: str,
    with_variance: bool,
) -> None:
    """Develop in turns with and without a calibration, so that a busy machine is fair to both."""
    cv2.setNumThreads(1)
    noise = {"dn_per_electron": 1.0, "read_noise_dn": 3.0} if with_variance else {}
    calibrated = SensorCalibration(sensor.dark, sensor.flat, sensor.defects, **noise)
    plain = []

    def corrected() -> None:
        developed(mosaic, demosaic=method, sensor=calibrated)

    def before() -> None:
        started = time.perf_counter()
        developed(mosaic, demosaic=method)
        plain.append(time.perf_counter() - started)

    benchmark.pedantic(corrected, setup=before, rounds=7, warmup_rounds=1)
    if benchmark.stats:
        ratio = benchmark.stats.stats.min / min(plain)
        benchmark.extra_info["ratio"] = round(ratio, 2)
        what = "with variance" if with_variance else "corrected"
        print(f"{method}, {what}: {ratio:.2f} times as long as without a calibration")
