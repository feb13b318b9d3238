from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.sensor.flat_field import FlatField, flat_field
from olat.sensor.flat_group import FlatGroup
from olat.sensor.flat_sweep import FlatSweep, flat_sweep
from olat.sensor.master_dark import MasterDark
from olat.sensor.readings import levels_of, readings_of
from tests.sensor.simulated_sensor import SimulatedSensor


def dark_of(sensor: SimulatedSensor) -> MasterDark:
    mean = sensor.dark[..., None].astype(np.float32)
    return MasterDark(mean, np.full_like(mean, 9.0), 3.0, 64, 0)


def swept(sensor: SimulatedSensor, groups: dict[float, int]) -> tuple[FlatSweep, tuple]:
    """Photograph an even plane: frames by electrons."""
    levels = levels_of(sensor.expose(0.0))
    flats = [
        FlatGroup(electrons, count, (readings_of(f) for f in sensor.flats(count, electrons)))
        for electrons, count in groups.items()
    ]
    good = np.zeros((*sensor.shape, 1), bool)
    return flat_sweep(flats, dark_of(sensor), good, levels), (good, levels.colors)


def found(sensor: SimulatedSensor, groups: dict[float, int], model: str = "auto") -> FlatField:
    sweep, rest = swept(sensor, groups)
    return flat_field(sweep, *rest, model=model)


def corrected(sensor: SimulatedSensor, flat: FlatField, frames: int = 60) -> np.ndarray:
    """Return a long look at an even plane, over the flat."""
    shots = sensor.flats(frames, 12_000.0)
    seen = np.mean([f.counts for f in shots], axis=0) - sensor.dark
    return seen / flat.response[..., 0]


def test_chromatic_vignetting_of_30_percent_is_flat_within_0_3_percent_afterwards() -> None:
    sensor = SimulatedSensor()
    flat = found(sensor, {12_000.0: 64})
    even = corrected(sensor, flat)
    worst = []
    for y in (0, 1):
        for x in (0, 1):
            # Blocks of 100 sites, so that the noise of the look itself is 0.01 %.
            plane = even[y::2, x::2].reshape(10, 10, 12, 10).mean(axis=(1, 3))
            worst.append(np.abs(plane / np.median(plane) - 1.0).max())
    print(f"vignetting {flat.falloff_percent} %, afterwards {100 * max(worst):.3f} %")
    assert flat.model == "sites"
    assert max(worst) < 0.003
    np.testing.assert_allclose(flat.falloff_percent, (30.0, 27.0, 24.0), rtol=0, atol=0.7)


def test_the_smooth_shape_alone_follows_vignetting_within_0_3_percent() -> None:
    sensor = SimulatedSensor(site_pattern=0.0)
    shape = found(sensor, {12_000.0: 16}, "smooth").response[..., 0]
    np.testing.assert_allclose(shape / sensor.shading, 1.0, rtol=0, atol=0.003)


def test_the_middle_reads_as_before() -> None:
    sensor = SimulatedSensor(site_pattern=0.0)
    for model in ("sites", "smooth"):
        flat = found(sensor, {12_000.0: 32}, model).response[..., 0]
        for y in (0, 1):
            for x in (0, 1):
                spot = flat[y + 90 : 110 : 2, x + 110 : 130 : 2]
                assert spot.mean() == pytest.approx(1.0, abs=0.002)


def test_unequal_greens_are_made_equal() -> None:
    sensor = SimulatedSensor()
    sensor.sites[::2, 1::2] *= 1.02
    flat = found(sensor, {12_000.0: 16}).response[..., 0]
    ratio = (flat[::2, 1::2] / flat[1::2, ::2]).mean()
    assert ratio == pytest.approx(1.02, abs=0.001)


def test_dust_is_kept_where_frames_are_many_and_given_up_where_they_are_few() -> None:
    sensor = SimulatedSensor()
    y, x = np.indices(sensor.shape)
    sensor.sites *= 1.0 - 0.1 * np.exp(-((y - 50.0) ** 2 + (x - 60.0) ** 2) / (2 * 3.0**2))
    many, few = found(sensor, {12_000.0: 32}), found(sensor, {900.0: 2})
    assert (many.model, few.model) == ("sites", "smooth")
    center = np.s_[49:52, 59:62, 0]
    true = (sensor.response / sensor.shading)[center[:2]].mean()
    shade = sensor.shading[center[:2]]
    assert (many.response[center] / shade).mean() == pytest.approx(true, abs=0.003)
    assert (few.response[center] / shade).mean() == pytest.approx(1.0, abs=0.02)
    assert few.noise_percent > few.pattern_percent


def test_the_error_of_a_sites_response_is_told_as_it_is() -> None:
    sensor = SimulatedSensor()
    flat = found(sensor, {12_000.0: 16})
    true = sensor.response / flat.response[..., 0] - 1.0
    planes = [true[y::2, x::2] for y in (0, 1) for x in (0, 1)]
    error = np.sqrt(np.mean([plane.var() for plane in planes]))
    assert flat.noise_percent == pytest.approx(100 * error, rel=0.05)
    assert flat.pattern_percent == pytest.approx(0.6, rel=0.05)


def test_a_lamp_that_flickers_adds_no_noise_to_the_flat() -> None:
    sensor = SimulatedSensor()
    levels = levels_of(sensor.expose(0.0))
    shots = [sensor.expose(e, is_flat=True) for e in np.linspace(11_000, 13_000, 16)]
    group = FlatGroup(1.0, 16, (readings_of(shot) for shot in shots))
    good = np.zeros((*sensor.shape, 1), bool)
    sweep = flat_sweep([group], dark_of(sensor), good, levels)
    steady = found(sensor, {12_000.0: 16})
    flickering = flat_field(sweep, good, levels.colors)
    assert flickering.noise_percent == pytest.approx(steady.noise_percent, rel=0.05)


def test_full_frames_are_left_out_and_dimmer_ones_used() -> None:
    sweep, _ = swept(SimulatedSensor(), {12_000.0: 3, 40_000.0: 3})
    assert sweep.frames == 3
    assert sweep.full == (40_000.0,)
    assert {reading.channel for reading in sweep.readings if reading.light == 12_000.0} == {0, 1, 2}


def test_frames_that_are_all_full_are_refused() -> None:
    with pytest.raises(ValueError, match=r"full in all flat frames: \d+\.\d+% of them"):
        swept(SimulatedSensor(), {40_000.0: 3})


def test_frames_that_are_too_dark_are_refused_by_their_color() -> None:
    with pytest.raises(ValueError, match=r"above the dark in red, 1\.\d% of the range; 3% or more"):
        swept(SimulatedSensor(), {300.0: 3})


def test_a_part_without_light_is_refused() -> None:
    sensor = SimulatedSensor()
    sensor.shading = sensor.shading * (np.arange(sensor.shape[1]) < 150)
    with pytest.raises(ValueError, match=r"of their middle around pixel .*; 2% or more"):
        found(sensor, {12_000.0: 4})


def test_one_frame_makes_a_smooth_flat() -> None:
    flat = found(SimulatedSensor(), {12_000.0: 1})
    assert flat.model == "smooth"
    assert flat.noise_percent is None


def test_defects_take_the_smooth_shape() -> None:
    sensor = SimulatedSensor(dead=((20, 31),))
    sweep, (good, colors) = swept(sensor, {12_000.0: 16})
    defects = good.copy()
    defects[20, 31] = True
    flat = flat_field(replace(sweep), defects, colors).response[20, 31, 0]
    assert flat == pytest.approx(sensor.shading[20, 31], abs=0.005)
