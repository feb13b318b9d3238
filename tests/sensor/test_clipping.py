"""Flat frames that stop below the white level of their files, and darks that were cut at zero."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.image import Picture, RawMosaic
from olat.sensor.clipping import lift_of_cut_darks
from olat.sensor.flat_group import FlatGroup
from olat.sensor.readings import levels_of, readings_of
from olat.sensor.sensor_measurement import SensorMeasurement, SensorOptions, sensor_measurement
from tests.sensor.simulated_sensor import RGGB, SimulatedSensor

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
