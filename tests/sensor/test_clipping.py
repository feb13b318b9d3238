"""Flat frames that stop below the white level of their files, and darks that were cut at zero."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from olat.model.image import Picture, RawMosaic
from olat.sensor.clipping import lift_of_cut_darks
from olat.sensor.flat_group import FlatGroup
from olat.sensor.readings import levels_of, readings_of
from olat.sensor.sensor_measurement import SensorMeasurement, SensorOptions, sensor_measurement
from tests.sensor.simulated_sensor import COLOR_OF_LIGHT, RGGB, SimulatedSensor

STOP = 15_000.0
"""Where sites stop; their files say 16 383 [DN]."""
ROOM = STOP - 512.0
STOPS = r"full in places: 1 stop at 1(5000|49\d\d\.\d) DN, which their files do not call full"


def clipped(shot: RawMosaic) -> RawMosaic:
    return RawMosaic(np.minimum(shot.counts, np.uint16(STOP)), shot.pattern, shot.black, shot.white)


def measured(
    darks: list[RawMosaic | Picture], *groups: list[RawMosaic | Picture]
) -> SensorMeasurement:
    """Measure groups of flat frames of rising light."""
    flats = [
        FlatGroup(float(1 + light), len(group), [readings_of(shot) for shot in group])
        for light, group in enumerate(groups)
    ]
    return sensor_measurement(
        [readings_of(shot) for shot in darks],
        flats,
        levels_of(darks[0]),
        options=SensorOptions(),
    )


@pytest.mark.parametrize("frames", [1, 2, 3], ids=["one frame", "a pair", "three"])
@pytest.mark.parametrize("peak", [1.0, 1.1, 4.0], ids=["touches", "a tenth over", "four times"])
@pytest.mark.parametrize("gain", [0.25, 4.0])
def test_flats_that_stop_below_the_white_level_are_refused(gain, peak, frames) -> None:
    sensor = SimulatedSensor(gain=gain)
    shots = [clipped(shot) for shot in sensor.flats(frames, peak * ROOM / gain)]
    with pytest.raises(ValueError, match=STOPS):
        measured(sensor.darks(8), shots)


def test_a_charge_that_is_full_before_it_is_read_is_refused_for_its_silence(rng) -> None:
    sensor = SimulatedSensor(vignetting=(0.1, 0.1, 0.1))
    still = 0.5 + STOP + 3.0 * rng.standard_normal((2, *sensor.shape))
    shots = [sensor.expose(0.0) for _ in still]
    shots = [
        RawMosaic(one.astype(np.uint16), shot.pattern, shot.black, shot.white)
        for one, shot in zip(still, shots, strict=True)
    ]
    with pytest.raises(ValueError, match=STOPS):
        measured(sensor.darks(8), shots)


def wells(
    sensor: SimulatedSensor, *peaks: float, electrons: float, full: float, read: float, step: float
) -> SensorMeasurement:
    """Measure a sensor whose charge is full at a share of what its files call white."""
    white = 1023.0 if step == 4.0 else 4095.0
    black = 160.0 / step
    gain = (white - black) / electrons

    def shot(peak: float) -> RawMosaic:
        light = peak * electrons * sensor.response * np.array(COLOR_OF_LIGHT)[sensor.channel]
        charge = np.minimum(sensor.rng.poisson(light), full * electrons)
        counts = black + gain * (charge + sensor.rng.normal(0.0, read, sensor.shape))
        counts = np.clip(np.rint(counts), 0.0, white).astype(np.uint16)
        return RawMosaic(counts, RGGB, np.full((2, 2), black, np.float32), white)

    darks = [shot(0.0) for _ in range(16)]
    return measured(darks, *([shot(peak) for _ in range(4)] for peak in peaks))


SMALL_WELLS = {
    "13.5 ke in 10 bits": {"electrons": 13_500, "full": 0.8, "read": 13.0, "step": 4.0},
    "13.5 ke in 12 bits": {"electrons": 13_500, "full": 0.8, "read": 13.0, "step": 1.0},
    "10 ke, read noise 8 e": {"electrons": 10_000, "full": 0.8, "read": 8.0, "step": 1.0},
    "10 ke, read noise 10 e": {"electrons": 10_000, "full": 0.7, "read": 10.0, "step": 1.0},
}


@pytest.mark.slow
@pytest.mark.parametrize("over", [1.12, 1.5, 2.0])
@pytest.mark.parametrize("well", SMALL_WELLS)
def test_a_small_charge_that_is_full_in_a_large_read_noise_is_left_out(well, over) -> None:
    """The symptom: a flat 22 % off, no note, nothing full."""
    sensor = SimulatedSensor(shape=(400, 600), site_pattern=0.01, vignetting=(0.5, 0.5, 0.5))
    made = SMALL_WELLS[well]
    found = wells(sensor, 0.3, over * made["full"], **made)
    white, black = (1023.0, 40.0) if made["step"] == 4.0 else (4095.0, 160.0)
    stop = black + made["full"] * (white - black)
    blocks = found.sensor.flat[..., 0] / sensor.shading
    blocks = blocks.reshape(20, 20, 30, 20).mean(axis=(1, 3))
    worst = 100 * np.abs(blocks / blocks[10, 15] - 1.0).max()
    gain = found.sensor.dn_per_electron / ((white - black) / made["electrons"])
    print(f"{well}, {over}: flat {worst:.2f} % off, gain {gain:.3f}, {found.sensor.residuals}")
    assert worst < 2.0
    assert gain == pytest.approx(1.0, rel=0.02)
    assert found.sensor.residuals["stops_at_dn"] == pytest.approx(stop, rel=0.01)
    assert found.sensor.full_dn == pytest.approx(black + 0.98 * (stop - black), rel=0.01)
    assert any("Flat frames of 1 exposure stop at" in note for note in found.notes)


@pytest.mark.slow
@pytest.mark.parametrize("over", [1.12, 1.5, 2.0])
@pytest.mark.parametrize("well", SMALL_WELLS)
def test_a_small_charge_that_is_full_in_all_flats_is_refused(well, over) -> None:
    sensor = SimulatedSensor(shape=(400, 600), site_pattern=0.01, vignetting=(0.5, 0.5, 0.5))
    made = SMALL_WELLS[well]
    with pytest.raises(ValueError, match=r"1 stop at \d+\.?\d* DN.*lack the noise of light"):
        wells(sensor, over * made["full"], **made)


@pytest.mark.parametrize("peaks", [(0.3, 8.0), (0.1, 0.3, 8.0), (0.3, 8.0, 9.0, 10.0)])
def test_a_group_without_any_noise_of_light_is_seen_beside_others(peaks) -> None:
    sensor = SimulatedSensor(shape=(400, 600), vignetting=(0.3, 0.3, 0.3))
    found = wells(sensor, *peaks, electrons=5000, full=0.8, read=12.0, step=1.0)
    stopped = sum(peak > 1.0 for peak in peaks)
    told = f"Flat frames of {stopped} exposure{'s' * (stopped > 1)} stop at"
    assert any(told in note for note in found.notes)
    assert found.sensor.residuals["stops_at_dn"] == pytest.approx(160 + 0.8 * 3935, rel=0.01)
    assert found.sensor.dn_per_electron == pytest.approx(3935 / 5000, rel=0.03)


def test_a_gain_of_more_electrons_than_any_site_holds_is_not_kept() -> None:
    """Nothing but a charge that is full in a large read noise; its slope is any, around zero."""
    told = []
    for seed in range(6):
        sensor = SimulatedSensor(vignetting=(0.3, 0.3, 0.3), seed=seed)
        found = wells(sensor, 8.0, electrons=5000, full=0.8, read=14.0, step=1.0)
        assert found.sensor.dn_per_electron is None
        told.append(next(note for note in found.notes if "radiance has no variance" in note))
    for words in ("the noise does not grow with light", "were more than a million electrons"):
        assert any(words in note for note in told), words


@pytest.mark.slow
@pytest.mark.parametrize("read", [2.0, 5.0, 13.0, 40.0])
@pytest.mark.parametrize("electrons", [5_000, 13_500, 50_000, 400_000])
@pytest.mark.parametrize("peaks", [(0.75,), (0.3, 0.75), (0.05, 0.2, 0.5, 0.9)], ids=str)
def test_charges_that_are_not_full_are_used_whatever_the_read_noise(peaks, electrons, read) -> None:
    sensor = SimulatedSensor(site_pattern=0.02)
    found = wells(sensor, *peaks, electrons=electrons, full=2.0, read=read, step=1.0)
    assert found.sensor.full_dn is None
    assert not any("stop at" in note or "a million" in note for note in found.notes)


@pytest.mark.parametrize("blur", [0.7, 2.0])
def test_frames_whose_noise_was_smoothed_are_used(blur) -> None:
    sensor = SimulatedSensor(site_pattern=0.01)

    def smoothed(shot: RawMosaic) -> RawMosaic:
        counts = shot.counts.astype(np.float32)
        for y in (0, 1):
            for x in (0, 1):
                counts[y::2, x::2] = gaussian_filter(counts[y::2, x::2], blur)
        return RawMosaic(np.rint(counts).astype(np.uint16), shot.pattern, shot.black, shot.white)

    series = [[smoothed(shot) for shot in sensor.flats(4, level)] for level in (2000.0, 9000.0)]
    found = measured([smoothed(shot) for shot in sensor.darks(8)], *series)
    assert found.sensor.full_dn is None
    assert not any("stop at" in note for note in found.notes)


@pytest.mark.parametrize("codes", [1.0, 0.25])
def test_codes_that_are_roots_of_counts_are_used(codes) -> None:
    sensor = SimulatedSensor(site_pattern=0.01)

    def coded(shot: RawMosaic) -> RawMosaic:
        roots = np.rint(np.sqrt(shot.counts) / codes) * codes
        return RawMosaic(np.rint(roots**2).astype(np.uint16), RGGB, shot.black, shot.white)

    series = [[coded(shot) for shot in sensor.flats(4, level)] for level in (2000.0, 9000.0)]
    found = measured([coded(shot) for shot in sensor.darks(8)], *series)
    assert found.sensor.full_dn is None
    assert not any("stop at" in note for note in found.notes)


def test_flats_that_stop_in_one_color_where_the_file_calls_another_full_are_counted() -> None:
    """The symptom: 'Flat frames of 0 exposures stop at 13000 DN'."""
    sensor = SimulatedSensor()

    def balanced(shot: RawMosaic) -> RawMosaic:
        counts = np.minimum(shot.counts, 13_000.0)
        factor = np.array([1.3, 1.0, 1.3])[sensor.channel]
        counts = np.clip(np.rint(512.0 + (counts - 512.0) * factor), 0.0, 16_383.0)
        return RawMosaic(counts.astype(np.uint16), RGGB, shot.black, shot.white)

    series = [sensor.flats(4, level) for level in (3000.0, 7000.0, 26_000.0)]
    found = measured(
        [balanced(shot) for shot in sensor.darks(8)],
        *([balanced(shot) for shot in shots] for shots in series),
    )
    assert any("Flat frames of 1 exposure are full in places" in note for note in found.notes)
    assert any("Flat frames of 1 exposure stop at 13000 DN" in note for note in found.notes)


def test_hot_sites_at_white_do_not_hide_a_wall_below_it(rng) -> None:
    sensor = SimulatedSensor(site_pattern=0.01)
    hot = rng.random(sensor.shape) < 1e-3

    def shot(light: float, stop: float) -> RawMosaic:
        one = sensor.expose(light, is_flat=True)
        counts = np.minimum(one.counts, stop)
        counts = np.where(hot & (light > 10_000.0), 16_383.0, counts).astype(np.uint16)
        return RawMosaic(counts, RGGB, one.black, one.white)

    darks = [shot(0.0, 12_000.0) for _ in range(8)]
    series = [[shot(light, 12_000.0) for _ in range(4)] for light in (5000.0, 18_000.0)]
    found = measured(darks, *series)
    print(found.notes)
    assert found.sensor.residuals["stops_at_dn"] == pytest.approx(12_000.0, rel=0.005)
    assert any("Flat frames of 1 exposure stop at 1" in note for note in found.notes)


def test_dimmer_flats_are_used_and_the_wall_is_kept_as_full() -> None:
    sensor = SimulatedSensor()
    dim, bright = sensor.flats(8, 9000.0), sensor.flats(8, 1.2 * ROOM)
    found = measured(sensor.darks(16), dim, [clipped(shot) for shot in bright])
    alone = measured(sensor.darks(16), dim)
    apart = np.abs(found.sensor.flat / alone.sensor.flat - 1.0).max()
    print(f"flat {apart:.2e} from that of the dim frames; full at {found.sensor.full_dn:.0f} DN")
    # The two have dark frames of their own.
    assert apart < 2e-3
    assert found.sensor.dn_per_electron == pytest.approx(1.0, rel=0.02)
    assert found.sensor.residuals["stops_at_dn"] == STOP
    assert found.sensor.full_dn == pytest.approx(512.0 + 0.98 * ROOM, abs=1.0)
    assert any("Flat frames of 1 exposure stop at 15000 DN" in note for note in found.notes)


def test_clipped_flats_do_not_lose_the_vignetting_in_silence() -> None:
    """The symptom: a corner of 73 % came out as 80 %, without a word about the flat."""
    sensor = SimulatedSensor()
    truth = sensor.shading[0, 1]
    shots = [clipped(shot) for shot in sensor.flats(8, 1.1 * ROOM)]
    mean = np.mean([shot.counts for shot in shots], axis=0) - 512.0
    print(f"corner {mean[0, 1] / mean[100, 121]:.3f} in clipped frames, {truth:.3f} in truth")
    assert mean[0, 1] / mean[100, 121] > truth + 0.05
    with pytest.raises(ValueError, match=STOPS):
        measured(sensor.darks(8), shots)


def accepted(darks, shots) -> None:
    found = measured(darks, shots)
    assert found.sensor.full_dn is None
    assert not any("stop at" in note for note in found.notes)


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("gain", [0.25, 4.0])
def test_flats_that_peak_just_below_the_wall_are_used(gain, frames) -> None:
    sensor = SimulatedSensor(gain=gain, site_pattern=0.002)
    top = ROOM - 5.0 * (np.sqrt(gain * ROOM) + 0.002 * ROOM)
    shots = [clipped(shot) for shot in sensor.flats(frames, top / gain)]
    accepted(sensor.darks(8), shots)


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("vignetting", [0.0, 0.3])
@pytest.mark.parametrize("pattern", [0.0, 0.01])
def test_frames_without_any_noise_are_used(frames, vignetting, pattern) -> None:
    sensor = SimulatedSensor(vignetting=(vignetting,) * 3, site_pattern=pattern)
    counts = np.rint(512.0 + 9000.0 * sensor.response).astype(np.uint16)
    black = np.full((2, 2), 512.0, np.float32)
    dark = RawMosaic(np.full(sensor.shape, 512, np.uint16), RGGB, black, 16_383.0)
    flat = RawMosaic(counts, RGGB, black, 16_383.0)
    accepted([dark] * 8, [flat] * frames)


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("step", [4, 16, 64, 256])
def test_coarse_counts_are_used(frames, step) -> None:
    sensor = SimulatedSensor()

    def coarse(shot: RawMosaic) -> RawMosaic:
        counts = (np.rint(shot.counts / step) * step).astype(np.uint16)
        return RawMosaic(counts, shot.pattern, shot.black, shot.white)

    darks = [coarse(shot) for shot in sensor.darks(8)]
    accepted(darks, [coarse(shot) for shot in sensor.flats(frames, 9000.0)])


@pytest.mark.parametrize("frames", [1, 4])
@pytest.mark.parametrize("side", [20, 40, 100])
def test_small_frames_are_used(frames, side) -> None:
    sensor = SimulatedSensor(shape=(side, side))
    accepted(sensor.darks(8), sensor.flats(frames, 9000.0))


@pytest.mark.parametrize("vignetting", [0.0, 0.3])
def test_pictures_of_8_bits_are_used(rng, vignetting) -> None:
    sensor = SimulatedSensor(vignetting=(vignetting,) * 3)

    def picture(light: float) -> Picture:
        electrons = rng.poisson(light * sensor.response[..., None] * np.ones(3))
        codes = electrons * 255.0 / 50_000 + 0.3 * rng.standard_normal(electrons.shape)
        return Picture(np.clip(np.rint(codes), 0, 255).astype(np.uint8), 255.0)

    shots = [picture(35_000.0) for _ in range(4)]
    accepted([picture(0.0) for _ in range(8)], shots)


@pytest.mark.parametrize("level", [-3.0, -1.0, 0.0, 2.0, 4.0])
@pytest.mark.parametrize("step", [0.0, 1.0])
def test_how_far_darks_that_were_cut_lie_too_high(rng, level, step) -> None:
    true = level + 3.0 * rng.standard_normal(400_000)
    read = np.maximum(np.rint(true) if step else true, 0.0)
    found = lift_of_cut_darks(read.mean(), (read == 0.0).mean(), step=step)
    print(f"level {level:+.0f} DN, noise 3 DN: {found:.2f} of {read.mean() - level:.2f} DN")
    assert found == pytest.approx(read.mean() - level, rel=0.06, abs=0.02)


def test_darks_of_nothing_but_zeros_do_not_tell_how_far() -> None:
    assert lift_of_cut_darks(0.0, 1.0, step=1.0) is None
