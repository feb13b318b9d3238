"""Photographs corrected site by site."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from olat.model.calibration import SensorCalibration
from olat.model.flags import PixelFlag
from olat.model.image import Picture, RawMosaic
from olat.sensor.demosaic import REACH, saturated_sites
from olat.sensor.develop import developed, radiance_from_mosaic, radiance_from_picture
from olat.sensor.sites import prepared
from tests.sensor.simulated_sensor import RGGB, SimulatedSensor

METHODS = sorted(REACH)
WHITE = 4100.0


def sensor_of(shape=(24, 30), *, dark=100.0, flat=1.0, defects=(), planes=1, **more):
    ones = np.ones((*shape, planes), np.float32)
    bad = np.zeros(ones.shape, bool)
    for site in defects:
        bad[site] = True
    return SensorCalibration(dark * ones, flat * ones, bad, **more)


def mosaic_of(counts: np.ndarray, *, black: float = 100.0) -> RawMosaic:
    return RawMosaic(counts.astype(np.uint16), RGGB, np.full((2, 2), black, np.float32), WHITE)


@pytest.mark.parametrize("demosaic", METHODS)
def test_a_sensor_without_faults_changes_nothing(rng, demosaic) -> None:
    mosaic = mosaic_of(rng.integers(0, 4000, (24, 30)))
    plain, flags = radiance_from_mosaic(mosaic, demosaic=demosaic)
    corrected, same = radiance_from_mosaic(mosaic, demosaic=demosaic, sensor=sensor_of())
    np.testing.assert_allclose(corrected, plain, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(flags, same)


@pytest.mark.parametrize("demosaic", METHODS)
def test_dark_and_flat_take_out_what_was_put_in(rng, demosaic) -> None:
    shape = (24, 30)
    color = np.array([0.2, 0.5, 0.35])
    dark = (100.0 + rng.integers(-8, 9, (*shape, 1))).astype(np.float32)
    dark[dark == dark.max()] = 101.0
    flat = rng.uniform(0.7, 1.1, (*shape, 1)).astype(np.float32)
    y, x = np.indices(shape)
    light = color[RGGB[y % 2, x % 2]] * 4000.0
    counts = np.rint(dark[..., 0] + light * flat[..., 0])
    sensor = SensorCalibration(dark, flat, np.zeros((*shape, 1), bool))
    radiance, _ = radiance_from_mosaic(mosaic_of(counts), demosaic=demosaic, sensor=sensor)
    # Counts are whole: half of one, over the flat, three times in the worst kernel.
    np.testing.assert_allclose(radiance - color, 0.0, rtol=0, atol=3 * 0.8 / 4000)


def test_black_that_is_off_by_64_is_put_right_by_the_dark() -> None:
    sensor = SimulatedSensor(black=576.0, stated_black=512.0, vignetting=(0.0,) * 3)
    light = 6000.0
    shots = [sensor.expose(light) for _ in range(30)]
    calibration = sensor_of(sensor.shape, dark=sensor.dark[..., None].astype(np.float32))
    expected = light / (sensor.white - 576.0)
    wrong = np.mean([radiance_from_mosaic(shot)[0] for shot in shots])
    right = np.mean([radiance_from_mosaic(shot, sensor=calibration)[0] for shot in shots])
    print(f"black off by 64 DN: {100 * (wrong / expected - 1):+.2f} %, ", end="")
    print(f"with the dark {100 * (right / expected - 1):+.3f} %")
    assert wrong / expected > 1.006
    assert right / expected == pytest.approx(1.0, abs=5e-4)


@pytest.mark.parametrize("demosaic", ["malvar", "bilinear", "half"])
def test_corrected_darks_are_zero_on_average_where_clipped_ones_are_not(demosaic) -> None:
    sensor = SimulatedSensor(shape=(120, 160), dark_pattern_dn=5.0, vignetting=(0.0,) * 3)
    calibration = sensor_of(sensor.shape, dark=sensor.dark[..., None].astype(np.float32))
    frames = 60
    means, clipped = [], []
    for shot in sensor.darks(frames):
        radiance, _ = radiance_from_mosaic(shot, demosaic=demosaic, sensor=calibration)
        means.append(radiance.mean(axis=(0, 1), dtype=np.float64))
        clipped.append(np.maximum(shot.counts - sensor.dark, 0.0).mean())
    unit = 1.0 / (sensor.white - sensor.black)
    sigma = sensor.read_noise_dn * unit
    # Red and blue have one site in four; whole counts add a bias of up to 0.01 DN a site.
    error = sigma / np.sqrt(frames * 120 * 160 / 4)
    bias = np.abs(np.mean(means, axis=0)).max()
    kept = np.mean(clipped) / sensor.read_noise_dn
    print(f"{demosaic}: bias {bias / sigma:.5f} sigma, clipped it would be {kept:.3f} sigma")
    assert bias < 4 * error
    assert kept == pytest.approx(0.399, abs=0.01)


@pytest.mark.parametrize("demosaic", METHODS)
def test_a_lone_defect_is_repaired_from_its_color_and_not_flagged(demosaic) -> None:
    y, x = np.indices((24, 30))
    counts = 100 + 10 * x + 20 * y
    clean, _ = radiance_from_mosaic(mosaic_of(counts), demosaic=demosaic)
    for site in ((10, 13), (11, 13), (11, 12), (10, 12)):
        broken = counts.copy()
        broken[site] = 4100
        sensor = sensor_of(defects=(site,))
        radiance, flags = radiance_from_mosaic(mosaic_of(broken), demosaic=demosaic, sensor=sensor)
        assert not flags.any()
        # A ramp is symmetric about the site, so that the mean of its neighbors is exact.
        np.testing.assert_allclose(radiance, clean, rtol=0, atol=2e-6)


def test_repair_is_the_mean_of_good_neighbors_by_inverse_square_distance(rng) -> None:
    counts = rng.integers(100, 4000, (14, 16))
    site, other = (6, 8), (6, 10)
    sensor = sensor_of((14, 16), defects=(site, other))
    sites = prepared(mosaic_of(counts), gain=1.0, sensor=sensor).sites
    total = weights = 0.0
    for j in (-2, 0, 2):
        for i in (-2, 0, 2):
            if (j, i) != (0, 0) and (6 + j, 8 + i) != other:
                total += (counts[6 + j, 8 + i] - 100.0) / 4000.0 / (j * j + i * i)
                weights += 1.0 / (j * j + i * i)
    assert sites.values[0] == pytest.approx(total / weights, rel=1e-5)


@pytest.mark.parametrize(
    ("demosaic", "rows", "columns"),
    [
        ("malvar", (8, 15), (9, 16)),
        ("bilinear", (9, 14), (10, 15)),
        ("edge_aware", (6, 17), (7, 18)),
        ("half", (5, 7), (5, 7)),
    ],
)
def test_a_cluster_is_doubted_as_far_as_it_spreads(demosaic, rows, columns) -> None:
    cluster = [(y, x) for y in (10, 11, 12) for x in (11, 12, 13)]
    around = [(y, x) for y in (8, 9, 10, 11, 12, 13, 14) for x in (9, 10, 11, 12, 13, 14, 15)]
    sensor = sensor_of(defects=around)
    counts = np.full((24, 30), 900)
    _, flags = radiance_from_mosaic(mosaic_of(counts), demosaic=demosaic, sensor=sensor)
    dead = (flags & PixelFlag.DEAD) != 0
    assert dead[rows[0] : rows[1], columns[0] : columns[1]].all()
    lone, _ = radiance_from_mosaic(
        mosaic_of(counts), demosaic=demosaic, sensor=sensor_of(defects=cluster[4:5])
    )
    np.testing.assert_allclose(lone, 0.2, rtol=1e-5)


@settings(max_examples=15)
@given(seed=st.integers(0, 99), demosaic=st.sampled_from(["malvar", "bilinear", "half"]))
def test_corrected_frames_add_up(seed: int, demosaic) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 1300, (3, 14, 18))
    sensor = SensorCalibration(
        np.zeros((14, 18, 1), np.float32),
        rng.uniform(0.5, 1.5, (14, 18, 1)).astype(np.float32),
        rng.random((14, 18, 1)) < 0.1,
    )
    made = [
        radiance_from_mosaic(mosaic_of(one, black=0.0), demosaic=demosaic, sensor=sensor)[0]
        for one in (*counts, counts.sum(axis=0))
    ]
    np.testing.assert_allclose(made[3], sum(made[:3]), rtol=0, atol=1e-5)


def test_a_stuck_site_is_not_saturated_but_one_repaired_from_a_full_one_is() -> None:
    counts = np.full((24, 30), 900)
    counts[10, 12] = 4100
    sensor = sensor_of(defects=((10, 12),))
    assert not saturated_sites(mosaic_of(counts), saturation=0.98, sensor=sensor).any()
    counts[10, 14] = 4100
    full = saturated_sites(mosaic_of(counts), saturation=0.98, sensor=sensor)
    assert np.argwhere(full).tolist() == [[10, 12], [10, 14]]


def test_what_lies_above_the_linear_part_counts_as_saturated() -> None:
    counts = np.full((24, 30), 900)
    counts[5, 6], counts[7, 8] = 3000, 3001
    full = saturated_sites(mosaic_of(counts), saturation=0.98, sensor=sensor_of(full_dn=3000.0))
    assert np.argwhere(full).tolist() == [[7, 8]]


@pytest.mark.parametrize("demosaic", METHODS)
def test_a_calibration_of_another_size_is_refused_with_both_sizes(demosaic) -> None:
    mosaic = mosaic_of(np.full((24, 32), 900))
    with pytest.raises(ValueError, match=r"of 30 x 24 px, 1 a pixel, .* of 32 x 24 px, 1 a pixel"):
        radiance_from_mosaic(mosaic, demosaic=demosaic, sensor=sensor_of())


# Pictures


@pytest.mark.parametrize("encoding", ["linear", "srgb"])
def test_a_picture_is_corrected_in_codes_whose_encoding_is_undone(rng, encoding) -> None:
    codes = rng.integers(20, 240, (8, 10, 3), dtype=np.uint8)
    plain, _ = radiance_from_picture(Picture(codes, 255.0), encoding=encoding)
    flat = rng.uniform(0.5, 1.0, (8, 10, 3)).astype(np.float32)
    sensor = SensorCalibration(
        np.full((8, 10, 3), 5.0, np.float32), flat, np.zeros((8, 10, 3), bool)
    )
    radiance, _ = radiance_from_picture(Picture(codes, 255.0), encoding=encoding, sensor=sensor)
    np.testing.assert_allclose(radiance, (plain * 255 - 5) / 250 / flat, rtol=0, atol=1e-5)


def test_floats_keep_their_scale() -> None:
    codes = np.full((4, 4, 3), 7.0, np.float32)
    sensor = sensor_of((4, 4), dark=1.0, flat=0.5, planes=3)
    radiance, flags = radiance_from_picture(Picture(codes, np.inf), sensor=sensor)
    np.testing.assert_allclose(radiance, 12.0, rtol=1e-6)
    assert not flags.any()


def test_a_gray_picture_has_one_plane() -> None:
    codes = np.full((6, 6), 105, np.uint8)
    radiance, _ = radiance_from_picture(Picture(codes, 255.0), sensor=sensor_of((6, 6), dark=5.0))
    np.testing.assert_allclose(radiance, 0.4, rtol=1e-5)
    with pytest.raises(ValueError, match=r"of 6 x 6 px, 3 a pixel, .* of 6 x 6 px, 1 a pixel"):
        radiance_from_picture(Picture(codes, 255.0), sensor=sensor_of((6, 6), planes=3))


def test_a_pictures_defect_is_repaired_in_its_plane_and_doubted_in_a_cluster() -> None:
    codes = np.full((9, 9, 3), 50, np.uint8)
    codes[4, 4, 1] = 255
    sensor = sensor_of((9, 9), dark=0.0, planes=3, defects=((4, 4, 1),))
    radiance, flags = radiance_from_picture(Picture(codes, 255.0), sensor=sensor)
    np.testing.assert_allclose(radiance, 50 / 255, rtol=1e-5)
    assert not flags.any()
    block = [(y, x, 1) for y in range(3, 6) for x in range(3, 6)]
    clustered = sensor_of((9, 9), dark=0.0, planes=3, defects=block)
    _, flags = radiance_from_picture(Picture(codes, 255.0), sensor=clustered)
    assert flags[4, 4] == PixelFlag.DEAD
    assert not flags[0].any()


def test_a_picture_above_its_linear_part_is_saturated() -> None:
    codes = np.full((4, 4, 3), 0.5, np.float32)
    codes[1, 2, 0] = 0.9
    sensor = sensor_of((4, 4), dark=0.0, planes=3, full_dn=0.8)
    _, flags = radiance_from_picture(Picture(codes, np.inf), sensor=sensor)
    assert np.argwhere(flags == PixelFlag.SATURATED).tolist() == [[1, 2]]


def test_half_size_comes_after_the_correction(rng) -> None:
    codes = rng.integers(20, 240, (8, 10, 3), dtype=np.uint8)
    flat = rng.uniform(0.5, 1.0, (8, 10, 3)).astype(np.float32)
    sensor = SensorCalibration(np.zeros((8, 10, 3), np.float32), flat, np.zeros((8, 10, 3), bool))
    whole, half = (
        developed(Picture(codes, 255.0), demosaic=demosaic, sensor=sensor).radiance
        for demosaic in ("malvar", "half")
    )
    expected = whole.reshape(4, 2, 5, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(half, expected, rtol=0, atol=1e-6)
