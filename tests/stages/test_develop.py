"""The stage that develops: what a calibration changes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.errors import CalibrationError
from olat.model.calibration import ColorCalibration, SensorCalibration
from olat.model.condition import Olat
from olat.model.image import Picture, RawMosaic
from olat.model.session import Camera, Frame
from olat.sensor.develop import radiance_from_mosaic
from olat.sensor.working_space import ACESCG_FROM_REC709
from olat.stages.develop import Develop
from tests.sensor.simulated_sensor import RGGB

SHAPE = (16, 20)
MATRIX = np.array([[1.6, -0.5, -0.1], [-0.2, 1.4, -0.2], [0.0, -0.4, 1.4]])


@pytest.fixture
def photo(rng) -> RawMosaic:
    counts = rng.integers(400, 3000, SHAPE).astype(np.uint16)
    return RawMosaic(counts, RGGB, np.full((2, 2), 100, np.float32), 4100.0)


def sensor_of(shape=SHAPE, **more) -> SensorCalibration:
    ones = np.ones((*shape, 1), np.float32)
    return SensorCalibration(110 * ones, 0.9 * ones, ones < 0, **more)


def run(photo, *, sensor=None, color=None, exposure=None, gain=1.0, **settings):
    frame = Frame("A", 7, Olat(3), Path("7.dng"), gain=gain, exposure_s=exposure)
    camera = Camera("A", white_patch=0.8)
    return Develop(**settings).run(photo, frame, camera, sensor, color)


@pytest.mark.parametrize("demosaic", ["malvar", "half"])
def test_without_calibrations_nothing_is_new(photo, demosaic) -> None:
    made = run(photo, demosaic=demosaic, gain=1.5)
    radiance, flags = radiance_from_mosaic(photo, white_patch=0.8, gain=1.5, demosaic=demosaic)
    np.testing.assert_array_equal(made.radiance, radiance)
    np.testing.assert_array_equal(made.flags, flags)
    assert (made.variance, made.space) == (None, "camera")


def test_the_variance_scales_with_the_square_of_gain_over_white_patch(photo) -> None:
    sensor = sensor_of(dn_per_electron=1.0, read_noise_dn=3.0)
    once, thrice = (run(photo, sensor=sensor, gain=gain).variance for gain in (1.0, 3.0))
    np.testing.assert_allclose(thrice, 9 * once, rtol=1e-5)
    half = run(photo, sensor=sensor, demosaic="half").variance[0, 0, 0]
    expected = (float(photo.counts[0, 0]) - 110 + 9) / (0.9 * 0.8 * (4100 - 110)) ** 2
    assert half == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("space", "matrix"),
    [("camera", np.eye(3)), ("rec709", MATRIX), ("acescg", ACESCG_FROM_REC709 @ MATRIX)],
)
def test_radiance_and_variance_are_taken_to_the_space_that_is_asked_for(
    photo, space, matrix
) -> None:
    sensor = sensor_of(dn_per_electron=1.0, read_noise_dn=3.0)
    told = {}
    for demosaic in ("malvar", "bilinear"):
        made_with = {"sensor": sensor, "demosaic": demosaic, "gain": 1.5}
        plain = run(photo, **made_with)
        made = run(photo, color=ColorCalibration(MATRIX), space=space, **made_with)
        assert made.space == space
        np.testing.assert_allclose(made.radiance, plain.radiance @ matrix.T, rtol=0, atol=1e-5)
        told[demosaic] = made.variance / (plain.variance @ (matrix.T**2))
    np.testing.assert_allclose(told["bilinear"], 1.0, rtol=1e-4)
    if space == "camera":
        np.testing.assert_allclose(told["malvar"], 1.0, rtol=1e-4)
    else:  # the matrix takes out noise that Malvar's filters put into all channels
        assert told["malvar"].mean() < 0.95


def test_without_a_color_calibration_the_default_stays_with_the_camera(photo) -> None:
    assert run(photo, space="rec709").space == "camera"


def test_asking_for_acescg_without_a_color_calibration_is_refused(photo) -> None:
    with pytest.raises(CalibrationError, match="'acescg', and the camera's colors are not"):
        run(photo, space="acescg")


@pytest.mark.parametrize("demosaic", ["malvar", "bilinear", "half", "edge_aware"])
def test_a_calibration_of_another_size_is_refused_by_camera_and_frame(photo, demosaic) -> None:
    words = r"camera 'A', frame 7: .* of 24 x 16 px, 1 a pixel, the photograph of 20 x 16 px"
    with pytest.raises(CalibrationError, match=words):
        run(photo, sensor=sensor_of((16, 24)), demosaic=demosaic)


def test_a_calibration_of_raw_files_does_not_fit_pictures() -> None:
    picture = Picture(np.zeros((*SHAPE, 3), np.uint8), 255.0)
    with pytest.raises(CalibrationError, match=r"1 a pixel, the photograph of .*, 3 a pixel"):
        run(picture, sensor=sensor_of())


def test_dark_frames_of_another_exposure_are_noted(photo, caplog) -> None:
    sensor = sensor_of(dark_exposure_s=0.1)
    run(photo, sensor=sensor, exposure=0.1)
    run(photo, sensor=sensor, exposure=0.105)
    run(photo, sensor=sensor)
    assert not caplog.records
    run(photo, sensor=sensor, exposure=2.0)
    assert "were exposed for 0.1 s, some frames for 2 s" in caplog.text
