from __future__ import annotations

import numpy as np
import pytest

from olat.sensor.defects import defects_in_darkness, defects_in_light
from olat.sensor.master_dark import master_dark
from olat.sensor.readings import levels_of, readings_of
from tests.sensor.simulated_sensor import SimulatedSensor

SITES = {"a lone one": (40, 51), "in the corner": (0, 0), "at the border": (199, 100)}


def found_in_darkness(sensor: SimulatedSensor, *, count: int = 16, spreads: float = 8.0):
    frames = sensor.darks(count)
    dark = master_dark(readings_of(frame) for frame in frames)
    return defects_in_darkness(dark, levels_of(frames[0]).colors, spreads=spreads)[..., 0]


@pytest.mark.parametrize("count", [4, 16])
def test_a_clean_sensor_has_no_defects(count: int) -> None:
    assert not found_in_darkness(SimulatedSensor(), count=count).any()


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
@pytest.mark.parametrize("extra", [30.0, 12000.0])
def test_a_hot_site_is_found_and_no_other(site: tuple[int, int], extra: float) -> None:
    found = found_in_darkness(SimulatedSensor(hot={site: extra}))
    assert np.argwhere(found).tolist() == [list(site)]


def test_a_site_that_flickers_is_found_though_its_mean_is_usual() -> None:
    found = found_in_darkness(SimulatedSensor(noisy=((60, 61),)))
    assert np.argwhere(found).tolist() == [[60, 61]]


def test_a_glow_in_the_corner_is_no_defect() -> None:
    sensor = SimulatedSensor()
    sensor.dark += 60.0 * sensor.radius2**4
    assert not found_in_darkness(sensor).any()


def response(sensor: SimulatedSensor, *, electrons: float = 9000.0, count: int = 4):
    frames = sensor.flats(count, electrons)
    signal = np.mean([readings_of(frame) for frame in frames], axis=0) - np.float32(sensor.black)
    return signal.astype(np.float32), levels_of(frames[0]).colors


def test_dead_and_deaf_sites_are_found_under_light() -> None:
    sensor = SimulatedSensor(dead=((31, 44), (0, 239)))
    sensor.sites[100, 7] *= 0.6
    found = defects_in_light(*response(sensor), spreads=8.0)[..., 0]
    assert np.argwhere(found).tolist() == [[0, 239], [31, 44], [100, 7]]


def test_dust_and_vignetting_are_left_to_the_flat() -> None:
    sensor = SimulatedSensor()
    y, x = np.indices(sensor.shape)
    sensor.sites *= 1.0 - 0.15 * np.exp(-((y - 90.0) ** 2 + (x - 70.0) ** 2) / (2 * 6.0**2))
    assert not defects_in_light(*response(sensor), spreads=8.0).any()


def test_noise_in_dim_light_is_no_defect() -> None:
    assert not defects_in_light(*response(SimulatedSensor(), electrons=120.0), spreads=8.0).any()
