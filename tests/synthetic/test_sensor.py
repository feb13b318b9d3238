from __future__ import annotations

import numpy as np
import pytest

from olat.synthetic.flaws import sensor_flaws
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


FLAWED = Sensor(
    white_patch=1.0, vignetting=0.1, vignetting_by_color=(1.2, 1.0, 1.4), black_error_dn=8.0,
    flaws=sensor_flaws((200, 200), seed=1),
)  # fmt: skip


def averaged(radiance: np.ndarray, exposure: float, *, frames: int = 24) -> np.ndarray:
    """Return the mean of several exposures [DN]."""
    rng = np.random.default_rng(5)
    shots = [FLAWED.expose(radiance, rng, exposure=exposure).counts for _ in range(frames)]
    return np.mean(shots, axis=0)


@pytest.mark.parametrize("exposure", [0.25, 1.0, 3.0])
def test_dark_frames_scatter_about_the_dark_that_is_told(exposure: float) -> None:
    off = averaged(gray(0.0), exposure) - FLAWED.dark((200, 200), exposure=exposure)
    assert FLAWED.flaws is not None
    calm = FLAWED.flaws.hot_dn == 0.0
    assert abs(off[calm].mean()) < 0.02
    # Read noise and rounding, averaged over 24 frames.
    assert off[calm].std() == pytest.approx(np.hypot(3.0 * 1.058, 0.29) / np.sqrt(24), rel=0.05)
    hot = FLAWED.dark((200, 200), exposure=exposure)[~calm] - BLACK.mean()
    np.testing.assert_allclose(off[~calm] / np.sqrt(hot + 20.0), 0.0, rtol=0, atol=1.2)


def test_hot_sites_fill_up_with_time_and_columns_do_not() -> None:
    short, long = (FLAWED.dark((200, 200), exposure=time) for time in (1.0, 2.0))
    assert FLAWED.flaws is not None
    np.testing.assert_allclose(long - short, FLAWED.flaws.hot_dn, rtol=1e-4, atol=1e-3)
    assert 5 <= np.count_nonzero(FLAWED.flaws.hot_dn) <= 20
    columns = (short - np.tile(BLACK, (100, 100)))[FLAWED.flaws.hot_dn.max(axis=1) == 0]
    assert 1.0 < np.median(columns, axis=0).std() < 3.0


def test_a_flat_frame_shows_the_response_that_is_told() -> None:
    light = averaged(gray(0.5), 1.0) - FLAWED.dark((200, 200))
    expected = FLAWED.flat((200, 200)) * 0.5 * FULL_WELL * FLAWED.dn_per_electron((200, 200))
    assert FLAWED.flaws is not None
    sound = ~FLAWED.flaws.lost
    # Noise of 24 frames: 0.24 percent.
    share = light[sound] / expected[sound] - 1.0
    assert abs(share.mean()) < 2e-4
    assert share.std() == pytest.approx(np.sqrt(1.0 / (24 * 0.5 * FULL_WELL * 0.95)), rel=0.1)


def test_each_color_loses_its_own_share_in_the_corners() -> None:
    flat = Sensor(vignetting=0.1, vignetting_by_color=(1.2, 1.0, 1.4)).flat((200, 200))
    red, green, _, blue = (site[0, 0] for site in sites(flat))
    assert (red, green) == pytest.approx((0.88, 0.90), abs=2e-3)
    assert blue == pytest.approx(0.86, abs=3e-3)
    assert flat[100, 100] == pytest.approx(1.0, abs=1e-4)


def test_lost_sites_follow_no_light_and_dust_takes_a_tenth() -> None:
    assert FLAWED.flaws is not None
    stuck, dead = FLAWED.flaws.stuck, FLAWED.flaws.lost & ~FLAWED.flaws.stuck
    assert stuck.sum() == dead.sum() == 2
    bright = averaged(gray(0.6), 1.0, frames=2)
    assert (bright[stuck] == WHITE).all()
    assert (bright[dead] < 530.0).all()
    assert FLAWED.flaws.response[124, 60] == pytest.approx(0.88, abs=0.025)


def test_files_declare_a_black_level_that_is_off(rng: np.random.Generator) -> None:
    mosaic = FLAWED.expose(gray(0.0), rng)
    np.testing.assert_array_equal(mosaic.black, BLACK + 8.0)
    assert np.median(mosaic.counts) == pytest.approx(512.5, abs=1.5)


def test_the_variance_of_flat_pairs_grows_with_the_gain() -> None:
    sensor, rng = Sensor(white_patch=1.0), np.random.default_rng(3)
    means, variances = [], []
    for exposure in (0.05, 0.2, 0.5, 1.0, 1.6):
        first, second = (
            sensor.expose(gray(0.5), rng, exposure=exposure).counts[::2, ::2].astype(float)
            for _ in range(2)
        )
        means.append((first + second).mean() / 2.0 - BLACK[0, 0])
        variances.append((first - second).var() / 2.0)
    slope, _ = np.polyfit(means, variances, 1)
    gain = (WHITE - BLACK[0, 0]) / FULL_WELL
    print(f"photon transfer: {slope:.4f} DN/electron, true {gain:.4f}")
    assert slope == pytest.approx(gain, rel=0.03)
    np.testing.assert_allclose(means, np.array([0.05, 0.2, 0.5, 1.0, 1.6]) * 7500 * gain, rtol=3e-3)
