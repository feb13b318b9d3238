from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.io.photograph import read_photograph
from olat.model.encoding import ResponseCurve
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.sensor.bracket_merge import merged
from olat.sensor.encoding import linear_from_codes
from olat.sensor.response import response_from_ratios, spread_pixels
from olat.sensor.response_debevec import response_debevec
from olat.sensor.response_robertson import response_robertson

BOTH = pytest.mark.parametrize("recover", [response_debevec, response_robertson])
SECONDS = tuple(2.0**-stop for stop in range(7))


def film(light: np.ndarray) -> np.ndarray:
    """Return the codes of a made-up camera: a power and a shoulder, another in each channel."""
    value = light[..., None] ** np.array([1 / 2.2, 1 / 2.0, 1 / 1.8])
    return np.clip(np.rint(255 * value * (1.4 - 0.4 * value)), 0, 255).astype(np.uint8)


@pytest.fixture
def photographs(rng: np.random.Generator) -> list[np.ndarray]:
    """Return a scene of smooth blobs over eight stops, at seven exposures."""
    blobs = cv2.GaussianBlur(rng.normal(size=(200, 300)), (0, 0), 8)
    light = 2.0 ** (8 * (blobs - blobs.min()) / np.ptp(blobs) - 3)
    return [film(np.minimum(light * seconds, 1.0)) for seconds in SECONDS]


@BOTH
def test_a_known_response_is_recovered(
    recover: Callable[..., np.ndarray], photographs: list[np.ndarray]
) -> None:
    found = recover(photographs, exposures_s=SECONDS)
    light = np.linspace(0, 1, 100_001)
    codes = film(light)
    inside = slice(40, 231)  # the scene is hardly darker
    for channel in range(3):
        truth = np.array([light[codes[:, channel] == z].mean() for z in range(40, 231)])
        error = np.log2(found[inside, channel] / truth)
        error -= np.median(error)
        print(f"{recover.__name__} {channel}: {np.abs(error).max():.3f} stop at most")
        assert np.abs(error).max() < 0.1


@BOTH
def test_a_response_rises_and_keeps_middle_gray_gray(
    recover: Callable[..., np.ndarray], photographs: list[np.ndarray]
) -> None:
    found = recover(photographs, exposures_s=SECONDS)
    assert (np.diff(found, axis=0) >= 0).all()
    np.testing.assert_allclose(found[128], found[128, 1], rtol=1e-12)
    assert found[255, 1] == 1.0


@BOTH
def test_exposures_in_the_wrong_order_are_refused(
    recover: Callable[..., np.ndarray], photographs: list[np.ndarray]
) -> None:
    with pytest.raises(ValueError, match=r"falls by|can be told"):
        recover(photographs, exposures_s=SECONDS[::-1])


def test_photographs_that_do_not_go_together_are_refused() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="two or more"):
        response_debevec([picture], exposures_s=[1.0])
    with pytest.raises(ValueError, match="several sizes"):
        response_debevec([picture, picture[:4]], exposures_s=[1.0, 2.0])
    with pytest.raises(ValueError, match="different ones above 0"):
        response_robertson([picture, picture], exposures_s=[1.0, 1.0])
    with pytest.raises(ValueError, match="0 pixels are usable"):
        spread_pixels([picture, picture], [1.0, 2.0], side=4, is_usable=np.zeros((8, 8), bool))


def test_a_small_dip_is_ironed_out_and_gaps_are_filled() -> None:
    curve = np.linspace(0.01, 2.55, 256)
    curve[100] = curve[98]
    curve[140:150] = np.nan
    found = response_from_ratios(np.stack([curve] * 3, axis=1))
    assert (np.diff(found, axis=0) >= 0).all()
    np.testing.assert_allclose(found[145], found[[139, 150]].mean(axis=0), rtol=0.01)


@BOTH
def test_odd_and_even_exposures_of_the_church_agree(
    recover: Callable[..., np.ndarray], shared_data: Path
) -> None:
    """Film scans at 32 s to 1/4 s; pure blue and the black rim hold no scene."""
    paths = sorted((shared_data / "bracket").glob("*.png"))
    seconds = [32.0 / 2**place for place in range(len(paths))]
    codes = [np.ascontiguousarray(read_photograph(path).codes) for path in paths]
    empty = [_near((c[..., :2] < 8).all(axis=2) & (c[..., 2] > 247)) for c in codes]
    rim = _near(np.any([(c < 10).all(axis=2) for c in codes], axis=0))
    table = recover(codes, exposures_s=seconds, is_usable=~np.any([*empty, rim], axis=0))
    response = ResponseCurve(tuple(map(tuple, table.tolist())))
    samples = [
        RadianceImage(
            linear_from_codes(c, white=255.0, encoding=response) / np.float32(time),
            (c >= 250).any(axis=2) * np.uint8(PixelFlag.SATURATED)
            | nothing * np.uint8(PixelFlag.OUT_OF_FRAME),
        )
        for c, nothing, time in zip(codes, empty, seconds, strict=True)
    ]
    halves, well = [], []
    for first in (0, 1):
        image, _ = merged(samples[first::2], exposures_s=seconds[first::2])
        halves.append(image.radiance)
        good = [
            ((c >= 16) & (c < 235)).all(axis=2) & ~nothing
            for c, nothing in zip(codes[first::2], empty[first::2], strict=True)
        ]
        well.append(np.any(good, axis=0))
    both = well[0] & well[1]
    stops = np.log2(np.maximum(halves[0][both], 1e-9) / np.maximum(halves[1][both], 1e-9))
    apart = np.abs(stops - np.median(stops))
    print(
        f"bracket/, {recover.__name__}: odd and even agree to {np.median(apart):.3f} stop "
        f"(median of {both.mean():.0%} of the pixels), after {np.median(stops):+.3f} stop"
    )
    assert both.mean() > 0.9
    assert np.median(apart) < 0.1


def _near(mask: np.ndarray) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
