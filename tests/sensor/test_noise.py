from __future__ import annotations

import numpy as np
import pytest

from olat.model.calibration import SensorCalibration
from olat.model.image import Picture
from olat.sensor.develop import developed, radiance_from_mosaic
from olat.sensor.noise import variance_from_mosaic, variance_from_picture
from tests.sensor.simulated_sensor import SimulatedSensor

SHAPE = (48, 64)
REPEATS = 400


def calibrated(sensor: SimulatedSensor, defects: tuple = ()) -> SensorCalibration:
    """Return what would be measured with endless frames."""
    dark, flat = (array[..., None].astype(np.float32) for array in (sensor.dark, sensor.response))
    bad = np.zeros(dark.shape, bool)
    for site in defects:
        bad[site] = True
    return SensorCalibration(
        dark, flat, bad, sensor.gain, float(np.hypot(sensor.read_noise_dn, np.sqrt(1 / 12)))
    )


def scene(sensor: SimulatedSensor) -> np.ndarray:
    """Return electrons from darkness to bright, left to right."""
    return np.linspace(0.0, 9000.0, sensor.shape[1]) ** 2 / 9000.0 * np.ones(sensor.shape)


@pytest.fixture(scope="module")
def sensor() -> SimulatedSensor:
    return SimulatedSensor(shape=SHAPE, hot={(20, 31): 500.0}, gain=0.5, read_noise_dn=4.0)


@pytest.fixture(scope="module")
def shots(sensor: SimulatedSensor) -> list:
    return [sensor.expose(scene(sensor)) for _ in range(REPEATS)]


def ratio_of(told: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return told over seen variance by eighths of the brightness, all channels together."""
    inner = np.s_[:, 3:-3, 3:-3]
    told, seen = told[inner], seen[inner]
    parts = zip(np.array_split(told, 8, axis=2), np.array_split(seen, 8, axis=2), strict=True)
    return np.array([t.mean() / s.mean() for t, s in parts])


@pytest.mark.parametrize(
    ("demosaic", "tolerance"),
    [("malvar", 0.05), ("bilinear", 0.05), ("half", 0.05), ("edge_aware", 0.35)],
)
def test_the_variance_is_that_of_repeated_exposures(sensor, shots, demosaic, tolerance) -> None:
    calibration = calibrated(sensor, ((20, 31),))
    levels = {"demosaic": demosaic, "sensor": calibration}
    made = np.array([radiance_from_mosaic(shot, gain=1.7, **levels)[0] for shot in shots])
    told = np.mean([variance_from_mosaic(shot, gain=1.7, **levels) for shot in shots[:40]], axis=0)
    ratio = ratio_of(told[None], made.var(axis=0, ddof=1)[None])
    print(f"{demosaic}: told over seen variance, dark to bright: {np.round(ratio, 3)}")
    np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=tolerance)


def test_a_repaired_site_has_the_variance_of_its_repair(sensor, shots) -> None:
    levels = {"demosaic": "half", "sensor": calibrated(sensor, ((20, 30),))}
    made = np.array([radiance_from_mosaic(shot, **levels)[0][10, 15, 0] for shot in shots])
    told = np.mean([variance_from_mosaic(shot, **levels)[10, 15, 0] for shot in shots[:40]])
    # 400 exposures tell a variance to 7 %.
    assert told / made.var(ddof=1) == pytest.approx(1.0, abs=0.21)


def test_darkness_has_the_read_noise_and_never_less_than_half_of_its_variance(sensor) -> None:
    calibration = calibrated(sensor)
    shots = [sensor.expose(0.0) for _ in range(20)]
    told = np.array([variance_from_mosaic(s, sensor=calibration, demosaic="half") for s in shots])
    unit = np.float32(calibration.read_noise_dn / (sensor.white - sensor.black)) ** 2
    sites = (unit / sensor.response**2)[::2, ::2]
    assert (told[..., 0] >= 0.499 * sites).all()
    mean = (told[..., 0] / sites).mean()
    print(f"mean variance told in darkness over the read noise's: {mean:.4f}")
    assert mean == pytest.approx(1.0, abs=0.02)


def test_a_pictures_variance_is_that_of_repeated_exposures(rng) -> None:
    mean = np.linspace(0.0, 40_000.0, 60)[None, :, None] * np.ones((40, 60, 3))
    dark, flat = np.full((40, 60, 3), 300.0, np.float32), np.full((40, 60, 3), 0.8, np.float32)
    sensor = SensorCalibration(dark, flat, np.zeros((40, 60, 3), bool), 2.0, 9.0)

    def shot() -> Picture:
        codes = dark + rng.normal(mean, np.sqrt(2.0 * mean + 81.0))
        return Picture(np.rint(codes).clip(0, 65535).astype(np.uint16), 65535.0)

    shots = [developed(shot(), white_patch=0.5, gain=2.0, sensor=sensor) for _ in range(120)]
    seen = np.array([one.radiance for one in shots]).var(axis=0, ddof=1)
    told = np.mean([one.variance for one in shots], axis=0)
    ratio = ratio_of(told[None], seen[None])
    print(f"picture: told over seen variance, dark to bright: {np.round(ratio, 3)}")
    np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=0.05)


@pytest.mark.parametrize("demosaic", ["malvar", "half"])
def test_gray_and_small_pictures_have_a_variance_of_their_own_shape(rng, demosaic) -> None:
    sensor = SensorCalibration(
        np.zeros((6, 8, 1), np.float32),
        np.ones((6, 8, 1), np.float32),
        np.zeros((6, 8, 1), bool),
        1.0,
        2.0,
    )
    codes = rng.integers(0, 255, (6, 8), dtype=np.uint8)
    made = developed(Picture(codes, 255.0), demosaic=demosaic, sensor=sensor)
    assert made.variance is not None
    assert made.variance.shape == made.radiance.shape
    if demosaic == "half":
        expected = (codes[:2, :2].astype(float) + 4.0).sum() / 16 / 255**2
        assert made.variance[0, 0] == pytest.approx([expected] * 3, rel=1e-4)


def test_where_there_is_no_number_the_variance_is_infinite() -> None:
    ones = np.ones((2, 2, 3), np.float32)
    sensor = SensorCalibration(0 * ones, ones, np.zeros((2, 2, 3), bool), 1.0, 1.0)
    codes = ones.copy()
    codes[0, 1, 2] = np.nan
    variance = variance_from_picture(Picture(codes, np.inf), sensor=sensor)
    assert np.isinf(variance[0, 1, 2])
    assert np.isfinite(variance).sum() == 11


def test_without_gain_or_noise_there_is_no_variance(sensor) -> None:
    calibration = calibrated(sensor)
    for left_out in ("dn_per_electron", "read_noise_dn"):
        poor = SensorCalibration(
            **{
                name: None if name == left_out else getattr(calibration, name)
                for name in ("dark", "flat", "defects", "dn_per_electron", "read_noise_dn")
            }
        )
        assert developed(sensor.expose(100.0), sensor=poor).variance is None
        with pytest.raises(ValueError, match="no gain and read noise; a variance needs both"):
            variance_from_mosaic(sensor.expose(100.0), sensor=poor)
