from __future__ import annotations

import numpy as np
import pytest

from olat.synthetic.sensor import BLACK, FULL_WELL, READ_NOISE, WHITE, Sensor


def gray(level: float, size: int = 200) -> np.ndarray:
    return np.full((size, size, 3), level, np.float32)


def sites(values: np.ndarray) -> list[np.ndarray]:
    return [values[y::2, x::2] for y in (0, 1) for x in (0, 1)]


def test_darkness_reads_the_black_level_of_each_site(rng: np.random.Generator) -> None:
    counts = Sensor(noisy=False).expose(gray(0.0), rng).counts
    assert [set(site.ravel()) for site in sites(counts)] == [{int(b)} for b in BLACK.ravel()]


def test_counts_are_linear_in_radiance(rng: np.random.Generator) -> None:
    sensor = Sensor(white_patch=0.8, noisy=False)
    for level in (0.1, 0.5, 1.0):
        share = (sensor.expose(gray(level, 2), rng).counts - BLACK) / (WHITE - BLACK)
        # Half a count.
        np.testing.assert_allclose(share, 0.8 * level, rtol=0, atol=0.5 / (WHITE - BLACK.max()))


def test_each_site_sees_its_own_color(rng: np.random.Generator) -> None:
    radiance = np.broadcast_to(np.float32([0.1, 0.2, 0.3]), (4, 4, 3))
    counts = Sensor(white_patch=1.0, noisy=False).expose(radiance, rng).counts
    share = (counts[:2, :2] - BLACK) / (WHITE - BLACK)
    np.testing.assert_allclose(share, [[0.1, 0.2], [0.2, 0.3]], rtol=0, atol=1e-4)


def test_too_much_light_clips_at_white(rng: np.random.Generator) -> None:
    assert (Sensor().expose(gray(5.0, 8), rng).counts == WHITE).all()


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_noise_is_that_of_photons_and_electronics(level: float, rng: np.random.Generator) -> None:
    counts = Sensor(white_patch=1.0).expose(gray(level), rng).counts
    electrons_per_count = FULL_WELL / (WHITE - BLACK[0, 0])
    red = counts[::2, ::2] * electrons_per_count
    expected = np.sqrt(level * FULL_WELL + READ_NOISE**2)
    # Ten thousand samples tell a deviation to one percent.
    assert red.std() == pytest.approx(expected, rel=0.04)
    assert red.mean() - BLACK[0, 0] * electrons_per_count == pytest.approx(
        level * FULL_WELL, abs=4.0 * expected / 100.0
    )


def test_corners_lose_what_vignetting_takes(rng: np.random.Generator) -> None:
    counts = Sensor(white_patch=1.0, vignetting=0.2, noisy=False).expose(gray(0.5, 41), rng).counts
    share = (counts - np.tile(BLACK, (21, 21))[:41, :41]) / (WHITE - BLACK[0, 0])
    assert share[20, 20] == pytest.approx(0.5, abs=2e-4)
    assert share[0, 0] == pytest.approx(0.4, abs=2e-4)


def test_blur_keeps_the_light(rng: np.random.Generator) -> None:
    radiance = gray(0.0, 32)
    radiance[16, 16] = 1.0
    sensor = Sensor(white_patch=1.0, blur_px=1.5, noisy=False)
    counts = sensor.expose(radiance, rng).counts
    green = (counts[::2, 1::2] - BLACK[0, 1]).sum() + (counts[1::2, ::2] - BLACK[1, 0]).sum()
    assert green / (WHITE - BLACK[0, 1]) == pytest.approx(0.5, abs=0.01)
