"""Merged brackets in the dark, channel by channel: where they lie, and how far they scatter."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.calibration import SensorCalibration
from olat.model.color import ColorSpace
from olat.model.image import RadianceImage, RawMosaic
from olat.sensor.bracket_merge import merged
from olat.sensor.demosaic import Demosaic
from olat.sensor.develop import developed
from olat.sensor.developed_color import in_color
from olat.sensor.working_space import in_space, variance_in_space

MATRIX = np.array([[1.9, -0.7, -0.2], [-0.25, 1.6, -0.35], [0.02, -0.6, 1.58]])
"""Camera color to linear Rec.709, with the strong corrections of a real sensor."""
SECONDS = (16.0, 4.0, 1.0)
GAIN, READ, BLACK, FULL = 2.0, 4.0, 512.0, 16_383.0
"""Of the sensor [DN/electron, DN]."""
LEVELS = (1.0, 3.0, 10.0, 30.0, 300.0, 5000.0)
"""Grays, in counts of the shortest exposure [DN]; of the last one the longest clips."""
MOST = 0.02
"""Spreads of a merged reading by which readings may be off on average."""
SPACES: list[ColorSpace] = ["camera", "rec709", "acescg"]


def exposed(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return counts above black, clipped [DN]."""
    counts = GAIN * rng.poisson(light / GAIN) + rng.normal(0, READ, light.shape)
    return np.clip(np.rint(counts), -BLACK, FULL)


def plain(
    color: np.ndarray, seconds: float, rng: np.random.Generator, space: ColorSpace
) -> RadianceImage:
    """Photograph an even color with three sensors, one for each channel."""
    counts = exposed(np.broadcast_to(color * seconds, (500, 600, 3)), rng)
    variance = np.maximum(GAIN * counts + READ**2, READ**2 / 2) / seconds**2
    return RadianceImage(
        in_space((counts / seconds).astype(np.float32), matrix=MATRIX, space=space),
        (counts >= 0.98 * FULL).any(axis=2).view(np.uint8),
        variance_in_space(variance.astype(np.float32), matrix=MATRIX, space=space),
        space,
    )


def mosaicked(
    color: np.ndarray,
    seconds: float,
    rng: np.random.Generator,
    space: ColorSpace,
    demosaic: Demosaic,
) -> RadianceImage:
    """Photograph an even color through a Bayer filter."""
    y, x = np.indices((700, 800))
    pattern = np.array([[0, 1], [1, 2]], np.uint8)
    counts = exposed(color[pattern[y % 2, x % 2]] * seconds, rng) + BLACK
    mosaic = RawMosaic(
        counts.astype(np.uint16), pattern, np.full((2, 2), BLACK, np.float32), FULL + BLACK
    )
    ones = np.ones((*counts.shape, 1), np.float32)
    read = float(np.hypot(READ, np.sqrt(1 / 12)))
    sensor = SensorCalibration(BLACK * ones, ones, ones > 1, GAIN, read)
    made = {"gain": FULL / seconds, "sensor": sensor, "demosaic": demosaic}
    return in_color(developed(mosaic, **made), mosaic, matrix=MATRIX, space=space, **made)


def seen_of(samples: list[RadianceImage], truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return bias in spreads of the merged reading, and scatter over variance, by channel."""
    image, ghosts = merged(samples, exposures_s=SECONDS)
    inner = np.s_[4:-4, 4:-4]
    assert ghosts.mean() < 1e-3
    assert not image.flags[inner].any()
    error = image.radiance[inner].astype(float) - truth
    told = image.variance[inner].mean(axis=(0, 1), dtype=float)
    return error.mean(axis=(0, 1)) / error.std(axis=(0, 1)), (error**2).mean(axis=(0, 1)) / told


def brackets(rng: np.random.Generator, space: ColorSpace, demosaic: Demosaic | None):
    """Return level, bias and scatter over variance of grays; of all channels."""
    name = "three sensors" if demosaic is None else demosaic
    for level in LEVELS:
        color = np.linalg.solve(MATRIX, np.full(3, level))
        samples = [
            plain(color, seconds, rng, space)
            if demosaic is None
            else mosaicked(color, seconds, rng, space, demosaic)
            for seconds in SECONDS
        ]
        bias, ratio = seen_of(samples, color if space == "camera" else np.full(3, level))
        told = f"{name}, {space}, {level:g} DN/s: bias {np.round(bias, 4)} spreads"
        print(f"{told}, scatter over variance {np.round(ratio, 3)}")
        yield level, bias, ratio


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES)
def test_no_channel_is_brighter_or_darker_than_it_was(
    rng: np.random.Generator, space: ColorSpace
) -> None:
    """The standard error of 300 000 readings is 0.002 spreads."""
    for _, bias, ratio in brackets(rng, space, None):
        assert np.abs(bias).max() < MOST
        np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("demosaic", ["bilinear", "malvar"])
def test_no_channel_of_a_mosaic_is_brighter_or_darker_than_it_was(
    rng: np.random.Generator, demosaic: Demosaic, space: ColorSpace
) -> None:
    """Neighbors are alike, so that the standard error is about three times 0.0013 spreads."""
    for _, bias, ratio in brackets(rng, space, demosaic):
        assert np.abs(bias).max() < MOST
        np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=0.03)
