"""The calibration of a sensor from its dark and flat frames."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.errors import SolveError
from olat.model.condition import Condition, Dark, Target
from olat.model.image import Frames, Picture, RawMosaic
from olat.model.session import Camera, Frame
from olat.sensor.develop import developed
from olat.stages.measure_sensor import MeasureSensor
from tests.sensor.simulated_sensor import COLOR_OF_LIGHT, SimulatedSensor

Shot = tuple[Condition, float | None, RawMosaic | Picture]


def frames_of(shots: list[Shot]) -> Frames[RawMosaic | Picture]:
    frames = {
        index: Frame("A", index, condition, Path(f"{index}.dng"), exposure_s=exposure)
        for index, (condition, exposure, _) in enumerate(shots)
    }
    return Frames(frames, lambda frame: shots[frame.index][2])


def measured(shots: list[Shot], camera: Camera | None = None, **settings):
    return MeasureSensor(**settings).run(frames_of(shots), camera or Camera("A"))


def darks(sensor: SimulatedSensor, count: int, exposure: float | None = 0.1) -> list[Shot]:
    return [(Dark(), exposure, shot) for shot in sensor.darks(count)]


def flats(sensor: SimulatedSensor, series: dict[float, int], rate: float = 90_000.0) -> list[Shot]:
    """Photograph an even plane: frames by exposure time."""
    return [
        (Target("flat"), exposure, shot)
        for exposure, count in series.items()
        for shot in sensor.flats(count, rate * exposure)
    ]


SERIES = {0.02: 2, 0.04: 2, 0.08: 2, 0.12: 16}


@pytest.fixture(scope="module")
def faulty() -> SimulatedSensor:
    return SimulatedSensor(
        black=576.0,
        stated_black=512.0,
        hot={(30, 41): 900.0, (100, 200): 60.0},
        dead=((55, 66),),
        noisy=((70, 71),),
    )


@pytest.fixture(scope="module")
def calibration(faulty: SimulatedSensor):
    return measured([*darks(faulty, 16), *flats(faulty, SERIES)])


def test_what_was_put_into_a_sensor_is_measured(faulty, calibration) -> None:
    whole = np.hypot(faulty.read_noise_dn, np.sqrt(1 / 12))
    print(
        f"gain {calibration.dn_per_electron:.4f} of {faulty.gain} DN/e, read noise "
        f"{calibration.read_noise_dn:.3f} of {whole:.3f} DN\n{dict(calibration.residuals)}"
    )
    assert calibration.dn_per_electron == pytest.approx(faulty.gain, rel=0.02)
    assert calibration.read_noise_dn == pytest.approx(whole, rel=0.05)
    assert calibration.full_dn is None
    sites = [list(site) for site in (*faulty.hot, *faulty.dead, *faulty.noisy)]
    assert np.argwhere(calibration.defects[..., 0]).tolist() == sorted(sites)
    residuals = calibration.residuals
    assert residuals["defects"] == 4
    assert (residuals["dark_frames"], residuals["flat_frames"]) == (16, 22)
    assert calibration.dark_exposure_s == 0.1
    assert residuals["dark_over_black_dn"] == pytest.approx(64.0, abs=1.0)
    assert residuals["linearity_percent"] < 0.5
    assert residuals["gain_fit_percent"] < 3.0
    assert residuals["vignetting_red_percent"] == pytest.approx(30.0, abs=1.0)


def test_a_faulty_sensor_develops_even_light_evenly(faulty, calibration) -> None:
    shots = [faulty.expose(9000.0, is_flat=True) for _ in range(40)]
    made = [developed(shot, sensor=calibration) for shot in shots]
    assert not any(one.flags.any() for one in made)
    mean = np.mean([one.radiance for one in made], axis=0)
    middle = mean[90:110, 110:130].mean(axis=(0, 1))
    blocks = mean.reshape(10, 20, 12, 20, 3).mean(axis=(1, 3)) / middle
    expected = 9000.0 * np.array(COLOR_OF_LIGHT) / (faulty.white - faulty.black)
    worst = 100 * np.abs(blocks - 1.0).max()
    print(f"uneven by {worst:.2f} % at most; middle {100 * (middle / expected - 1)} % off")
    assert worst < 0.3
    np.testing.assert_allclose(middle, expected, rtol=0.003)
    for site in (*faulty.hot, *faulty.dead, *faulty.noisy):
        np.testing.assert_allclose(mean[site], middle, rtol=0.01)


def test_the_notes_say_what_is_remarkable(faulty, caplog) -> None:
    measured([*darks(faulty, 8), *flats(faulty, {0.1: 2, 0.3: 1})])
    notes = [record.getMessage() for record in caplog.records]
    for words in (
        "There are 8 dark frames, and 16 are better",
        "The dark frames lie 64 DN above the black level of 512 DN that their files tell; the",
        "Flat frames of 1 exposure are full in places",
        "Linearity is not measured: it takes flat frames of three exposures.",
    ):
        assert any(note.startswith("Camera A: ") and words in note for note in notes), words


def test_a_clean_measurement_says_nothing(caplog) -> None:
    sensor = SimulatedSensor()
    measured([*darks(sensor, 16), *flats(sensor, SERIES)])
    assert not caplog.records


def test_a_sensor_that_bends_is_full_where_it_bends() -> None:
    sensor = SimulatedSensor(bend=0.5)
    series = {round(0.016 * k, 3): 2 for k in range(1, 10)}
    found = measured([*darks(sensor, 16), *flats(sensor, series)])
    # One percent is lost where 0.5 (s - 0.5)^2 / s is 0.01, at s = 0.61; a series has steps.
    share = (found.full_dn - sensor.black) / (sensor.white - sensor.black)
    print(f"linear to {found.full_dn:.0f} DN, {share:.2f} of the range")
    assert 0.5 < share < 0.62
    assert found.residuals["linear_to_dn"] == found.full_dn


def test_flats_above_the_bend_make_neither_flat_nor_gain(caplog) -> None:
    sensor = SimulatedSensor(bend=0.5, vignetting=(0.4, 0.4, 0.4), site_pattern=0.0)
    series = {round(0.016 * k, 3): 4 for k in range(1, 11)}
    found = measured([*darks(sensor, 16), *flats(sensor, series)], flat_model="smooth")
    apart = found.flat[..., 0] / sensor.shading
    apart /= apart[90:110, 110:130].mean()
    worst = 100 * np.abs(apart - 1.0).max()
    print(f"flat {worst:.2f} % off at most, gain {found.dn_per_electron:.4f} of 1 DN/e")
    assert worst < 0.5
    assert found.dn_per_electron == pytest.approx(1.0, rel=0.02)
    assert found.residuals["flat_frames"] < 40
    assert "read more than is linear and were left out of the flat" in caplog.text


def test_flats_that_are_all_above_the_bend_are_refused() -> None:
    sensor = SimulatedSensor(bend=0.6)
    shots = flats(sensor, {0.08: 1, 0.1: 1, 0.12: 1, 0.15: 2})
    with pytest.raises(SolveError, match=r"up to which the sensor is linear.*one lower exposure"):
        measured([*darks(sensor, 8), *shots])


def test_exposures_that_are_not_true_say_nothing_of_the_sensor(caplog) -> None:
    sensor = SimulatedSensor()
    wrong = [
        (condition, 2 * exposure if exposure == 0.02 else exposure, shot)
        for condition, exposure, shot in flats(sensor, SERIES)
    ]
    found = measured([*darks(sensor, 16), *wrong])
    assert found.full_dn is None
    assert "exposure times that are true and a steady lamp are needed" in caplog.text


def test_flats_without_exposure_times_still_tell_the_gain() -> None:
    sensor = SimulatedSensor()
    shots = [(Target("flat"), None, shot) for shot in sensor.flats(8, 9000.0)]
    found = measured([*darks(sensor, 16, None), *shots])
    assert found.dn_per_electron == pytest.approx(1.0, rel=0.02)
    assert found.dark_exposure_s is None


def test_one_flat_frame_tells_vignetting_and_no_gain(caplog) -> None:
    sensor = SimulatedSensor()
    found = measured([*darks(sensor, 16), *flats(sensor, {0.1: 1})])
    assert found.dn_per_electron is None
    assert found.read_noise_dn is not None
    assert found.flat[0, 0, 0] == pytest.approx(0.7, abs=0.02)
    assert "The gain is not measured, and radiance has no variance" in caplog.text


def test_without_flat_frames_the_dark_is_measured_all_the_same(caplog) -> None:
    found = measured(darks(SimulatedSensor(), 16))
    assert (found.flat == 1.0).all()
    assert found.dn_per_electron is None
    assert "There are no flat frames" in caplog.text


def test_dark_frames_of_several_exposures_are_not_mixed(caplog) -> None:
    short, long = SimulatedSensor(), SimulatedSensor(black=530.0)
    shots = [*darks(short, 6, 0.1), *darks(long, 4, 2.0)]
    assert np.median(measured(shots).dark) == pytest.approx(512.0, abs=0.5)
    assert "dark frames have 2 exposures; the 6 of 0.1 s are used" in caplog.text
    caplog.clear()
    assert np.median(measured(shots, dark_exposure_s=2.0).dark) == pytest.approx(530.0, abs=0.5)
    assert "2 exposures" not in caplog.text


@pytest.mark.parametrize(
    ("make", "settings", "words"),
    [
        (lambda s: flats(s, {0.1: 2}), {}, "camera 'A': there are no dark frames; 4 or more"),
        (lambda s: darks(s, 3), {}, "there are 3 dark frames of one exposure; 4 or more"),
        (
            lambda s: darks(s, 8),
            {"dark_exposure_s": 0.5},
            r"exposures of 0\.1 s; needed is dark_exposure_s = 0\.5",
        ),
        (
            lambda s: [*darks(s, 7), (Dark(), 0.1, s.expose(90.0))],
            {},
            r"dark frame 8 of 8 reads \+\d+.* DN against the others",
        ),
        (
            lambda s: [*darks(s, 8), *flats(s, {1.0: 2})],
            {},
            "sites are full in all flat frames",
        ),
        (
            lambda s: [*darks(s, 8), *flats(s, {0.003: 2})],
            {},
            "above the dark in red, 1.*% of the range",
        ),
    ],
    ids=["no darks", "too few", "no such exposure", "a lit one", "full", "too dark"],
)
def test_frames_that_cannot_be_used_are_refused(make, settings, words) -> None:
    with pytest.raises(SolveError, match=words):
        measured(make(SimulatedSensor()), **settings)


def test_pictures_are_measured_in_light_channel_by_channel(rng) -> None:
    y, x = np.indices((120, 160))
    fall = 1.0 - 0.3 * (((y - 60) / 60) ** 2 + ((x - 80) / 80) ** 2)[..., None] / 2
    light = 0.6 * fall * np.array([1.0, 0.9, 0.8])

    def shot(signal: np.ndarray | float) -> Picture:
        linear = 0.01 + signal + 0.002 * rng.standard_normal((120, 160, 3))
        codes = np.rint(65535 * np.clip(linear, 0, 1) ** (1 / 2.2)).astype(np.uint16)
        return Picture(codes, 65535.0)

    shots = [(Dark(), None, shot(0.0)) for _ in range(16)]
    shots += [(Target("flat"), None, shot(light)) for _ in range(16)]
    found = measured(shots, Camera("A", encoding=2.2))
    assert found.dark.shape == (120, 160, 3)
    assert found.dark.mean() == pytest.approx(0.01 * 65535, rel=0.01)
    np.testing.assert_allclose(found.flat, fall * np.ones(3), rtol=0, atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("bend", [0.0, 0.5], ids=["read once", "read twice"])
def test_frames_are_held_one_at_a_time(bend: float) -> None:
    sensor = SimulatedSensor(shape=(400, 400), bend=bend)
    one = 400 * 400 * 4
    shots = [*darks(sensor, 6), *flats(sensor, {0.05: 2, 0.08: 2, 0.16: 2})]

    def peak(copies: int) -> int:
        tracemalloc.start()
        found = measured(shots[:6] * copies + shots[6:] * copies)
        assert (found.full_dn is None) == (bend == 0.0)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert abs(peak(4) - peak(1)) < 2 * one


def pictures(rng, *, gaps: dict[tuple[str, int], float]) -> list[Shot]:
    """Photograph with floats, some of which are no numbers, by condition and frame."""
    shots: list[Shot] = []
    for kind, count, light in (("dark", 8, 0.0), ("flat", 4, 0.5)):
        condition: Condition = Dark() if kind == "dark" else Target("flat")
        for index in range(count):
            codes = light + (0.001 + 0.01 * light) * rng.standard_normal((64, 96, 3))
            if (kind, index) in gaps:
                codes[32, 48, 0] = gaps[kind, index]
            shots.append((condition, 0.1, Picture(codes.astype(np.float32), np.inf)))
    return shots


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("kind", ["dark", "flat"])
def test_a_value_that_is_no_number_is_a_defect_and_spoils_nothing(rng, caplog, kind, gap) -> None:
    found = measured(pictures(rng, gaps={(kind, 2): gap}))
    assert np.argwhere(found.defects).tolist() == [[32, 48, 0]]
    assert np.isfinite(found.dark).all()
    assert np.isfinite(found.flat).all()
    assert found.read_noise_dn == pytest.approx(0.001, rel=0.05)
    assert found.dn_per_electron == pytest.approx(0.006**2 / 0.5, rel=0.1)
    assert "1 site read no number (NaN or infinity) in some dark or flat frame" in caplog.text
    seen = developed(Picture(np.full((64, 96, 3), 0.25, np.float32), np.inf), sensor=found)
    assert seen.radiance[32, 48, 0] == pytest.approx(0.25, rel=0.02)


@pytest.mark.parametrize(("place", "kind"), [(3, "dark"), (9, "flat")])
def test_many_values_that_are_no_numbers_are_refused_by_the_name_of_the_file(
    rng, place, kind
) -> None:
    shots = pictures(rng, gaps={})
    shots[place][2].codes[:4] = np.nan
    with pytest.raises(SolveError, match=rf"frame {place} \({place}.dng\): 6\.25% of the readings"):
        measured(shots)


def test_darks_that_were_cut_at_zero_say_what_that_costs(caplog) -> None:
    sensor = SimulatedSensor(black=0.0, stated_black=0.0)
    found = measured([*darks(sensor, 16), *flats(sensor, SERIES)])
    shot = sensor.expose(200.0 / sensor.response)
    lit = shot.counts.mean() - found.dark.mean()
    print(f"200 DN read {lit:.2f} DN; {[r.getMessage() for r in caplog.records]}")
    assert lit == pytest.approx(200.0 - 1.2, abs=0.15)
    assert found.residuals["dark_zeros_percent"] == pytest.approx(57.0, abs=2.0)
    assert "% of the dark readings are exactly 0" in caplog.text
    assert "The dark is about 1.2 DN too high" in caplog.text


def test_dead_sites_that_read_zero_do_not_pass_for_a_cut(caplog) -> None:
    sensor = SimulatedSensor()
    sensor.dark[::9, ::9] = -100.0
    found = measured([*darks(sensor, 16), *flats(sensor, SERIES)])
    assert "dark_zeros_percent" not in found.residuals
    assert "exactly 0" not in caplog.text


OTHER = {
    "white": ({"white": 4095.0}, r"its white level is 4095 DN, not 16383 DN as in frame 0"),
    "black": ({"stated_black": 256.0}, r"its black level is 256 DN, not 512 DN as in frame 0"),
    "size": ({"shape": (100, 240)}, r"its size is 240 x 100 px, not 240 x 200 px as in frame 0"),
}


@pytest.mark.parametrize("what", OTHER)
@pytest.mark.parametrize("place", [5, 10])
def test_files_that_say_something_else_are_refused_by_name(what, place) -> None:
    settings, words = OTHER[what]
    sensor = SimulatedSensor()
    shots = [*darks(sensor, 8), *flats(sensor, {0.1: 4})]
    shots[place] = (*shots[place][:2], SimulatedSensor(**settings).expose(0.0))
    with pytest.raises(SolveError, match=rf"frame {place} \({place}.dng\): {words}"):
        measured(shots)


def test_a_file_of_another_pattern_is_refused_by_name() -> None:
    sensor = SimulatedSensor()
    shots = [*darks(sensor, 8), *flats(sensor, {0.1: 4})]
    turned = replace(shots[9][2], pattern=shots[9][2].pattern[::-1].copy())
    shots[9] = (*shots[9][:2], turned)
    with pytest.raises(
        SolveError, match=r"frame 9 \(9.dng\): its sites are green, blue, red, green"
    ):
        measured(shots)


def test_black_levels_that_cameras_measure_anew_in_each_frame_are_alike() -> None:
    sensor = SimulatedSensor()
    shots = [*darks(sensor, 8), *flats(sensor, {0.1: 4})]
    shots[9] = (*shots[9][:2], replace(shots[9][2], black=shots[9][2].black + np.float32(2.0)))
    assert measured(shots).dn_per_electron == pytest.approx(1.0, rel=0.03)


def test_flats_of_another_exposure_than_the_darks_are_noted_where_charge_gathers(caplog) -> None:
    gathering = SimulatedSensor(black=572.0)
    measured([*darks(gathering, 16, 2.0), *flats(SimulatedSensor(), {0.1: 8})])
    assert "Dark frames were exposed for 2 s and flat frames for 0.1 s" in caplog.text
    # 60 DN less 3, of the 4950 DN of blue.
    assert "the flat is up to 1.2 % off" in caplog.text
    caplog.clear()
    measured([*darks(gathering, 16, 0.1), *flats(gathering, {0.1: 8})])
    assert "Dark frames were exposed" not in caplog.text
