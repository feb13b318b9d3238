from __future__ import annotations

import numpy as np
import pytest

from olat.sensor.photon_transfer import TransferPoints, photon_transfer, transfer_points
from olat.sensor.readings import levels_of, readings_of
from tests.sensor.simulated_sensor import SimulatedSensor


def points_of(sensor: SimulatedSensor, *electrons: float) -> TransferPoints:
    parts = []
    for level in electrons:
        pair = sensor.flats(2, level)
        first, second = (readings_of(shot) - np.float32(sensor.black) for shot in pair)
        usable = np.maximum(first, second) < 0.95 * sensor.white
        parts.append(transfer_points(first, second, usable, levels_of(pair[0]).colors))
    return TransferPoints(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("signal", "variance", "freedom")
        )
    )


def fitted(sensor: SimulatedSensor, *electrons: float):
    variance = sensor.read_noise_dn**2 + 1 / 12
    freedom = 15.0 * np.prod(sensor.shape)
    return photon_transfer(
        points_of(sensor, *electrons), dark_variance=variance, dark_freedom=freedom
    )


@pytest.mark.parametrize(
    ("gain", "noise", "levels"),
    [
        (1.0, 3.0, (1000.0, 4000.0, 12_000.0)),
        (0.25, 1.5, (5000.0, 20_000.0, 50_000.0)),
        (4.0, 9.0, (300.0, 1000.0, 3000.0)),
        (1.0, 3.0, (8000.0,)),
    ],
    ids=["1 DN/e", "base ISO", "high ISO", "one exposure"],
)
def test_gain_within_2_and_read_noise_within_5_percent(gain, noise, levels) -> None:
    fit = fitted(SimulatedSensor(gain=gain, read_noise_dn=noise), *levels)
    # What is rounded to whole counts is a little noisier.
    whole = np.hypot(noise, np.sqrt(1 / 12))
    print(
        f"gain {fit.dn_per_electron:.4f} of {gain} DN/e, read noise {fit.read_noise_dn:.3f} of "
        f"{whole:.3f} DN, fit {fit.fit_percent:.2f} %"
    )
    assert fit.dn_per_electron == pytest.approx(gain, rel=0.02)
    assert fit.read_noise_dn == pytest.approx(whole, rel=0.05)
    # Twelve steps of 4000 differences each are known to 2.2 %.
    assert fit.fit_percent < 4.0


def test_neither_dust_nor_vignetting_nor_unequal_sites_pass_for_noise() -> None:
    sensor = SimulatedSensor(site_pattern=0.05, vignetting=(0.8, 0.8, 0.8))
    assert fitted(sensor, 2000.0, 10_000.0).dn_per_electron == pytest.approx(1.0, rel=0.02)


def test_a_lamp_that_flickers_between_the_frames_of_a_pair_does_not_pass_for_noise() -> None:
    sensor = SimulatedSensor()
    first, second = (
        readings_of(sensor.expose(e, is_flat=True)) - np.float32(sensor.black)
        for e in (10_000.0, 10_300.0)
    )
    usable = np.ones_like(first, bool)
    points = transfer_points(first, second, usable, levels_of(sensor.expose(0.0)).colors)
    fit = photon_transfer(points, dark_variance=9.08, dark_freedom=1e6)
    assert fit.dn_per_electron == pytest.approx(1.0, rel=0.02)


def test_something_that_moved_between_the_frames_is_left_out() -> None:
    sensor = SimulatedSensor()
    pair = [readings_of(shot) - np.float32(sensor.black) for shot in sensor.flats(2, 9000.0)]
    pair[1][40:80, 60:100] *= 0.5 + 0.5 * (np.arange(40) % 7 < 3)[:, None, None]
    usable = np.ones_like(pair[0], bool)
    points = transfer_points(*pair, usable, levels_of(sensor.expose(0.0)).colors)
    fit = photon_transfer(points, dark_variance=9.08, dark_freedom=1e6)
    assert fit.dn_per_electron == pytest.approx(1.0, rel=0.02)


def test_noise_that_does_not_grow_with_light_is_refused(rng) -> None:
    signal = np.linspace(100.0, 9000.0, 200)
    points = TransferPoints(signal, rng.uniform(8.9, 9.0, 200), np.full(200, 100.0))
    with pytest.raises(ValueError, match="does not grow with light: its slope is -"):
        photon_transfer(points, dark_variance=9.5, dark_freedom=1e5)


def test_too_few_patches_are_refused() -> None:
    empty = np.zeros(0)
    with pytest.raises(ValueError, match=r"0 patches of light .*; 8 or more are needed"):
        photon_transfer(TransferPoints(empty, empty, empty), dark_variance=9.0, dark_freedom=1e5)


def test_noise_that_was_smoothed_away_shows_as_a_bad_fit() -> None:
    sensor = SimulatedSensor(site_pattern=0.0)
    fit = fitted(sensor, 500.0, 2000.0, 8000.0)
    points = points_of(sensor, 500.0, 2000.0, 8000.0)
    smoothed = TransferPoints(points.signal, 2.0 * np.sqrt(points.variance), points.freedom)
    bent = photon_transfer(smoothed, dark_variance=9.08, dark_freedom=1.0)
    assert bent.fit_percent > 10.0 > fit.fit_percent
