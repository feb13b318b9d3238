"""The simulated studio, measured on its own targets, certified and processed, against the truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import olat
from olat.api.certification import Certified, Terms, certify
from olat.api.processing import process
from olat.api.summary import Summary
from olat.io.calibration_file import read_calibration
from olat.io.drift_file import read_drift
from olat.io.exr import read_exr
from olat.io.field_file import open_field
from olat.light.drift import gains_at
from olat.model.calibration import (
    Calibration,
    ColorCalibration,
    LensCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.synthetic.session import write_session
from olat.synthetic.truth import RECTIFIED_FILE, SyntheticTruth, read_truth
from olat.synthetic.truth_calibration import CalibrationTruth, read_calibration_truth
from tests.support.sessions import normal_error_deg, studio

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Studio:
    """A studio session that calibrated itself, and what is true about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_session(folder, studio())
        self.certified: dict[str, Certified] = {}
        self.notes: dict[str, list[str]] = {}
        for pipeline, kinds in (
            ("calibrate_camera", ("sensor", "color", "lens")),
            ("calibrate_rig", ("rig",)),
        ):
            self.run(pipeline)
            for item in certify(folder, terms=Terms(by="a test"), only=kinds):
                self.certified[item.kind] = item
        self.run("standard", keep=["aligned"])

    def run(self, pipeline: str, **options: object) -> Summary:
        """Run a pipeline and remember what it noted."""
        summary = process(self.folder, pipeline=pipeline, **options)
        assert not summary.failures
        self.notes[pipeline] = summary.notes
        return summary

    def found(self, kind: str) -> Calibration:
        """Return what was certified."""
        return read_calibration(self.certified[kind].document)[1]

    @property
    def truth(self) -> CalibrationTruth:
        """What sensor, colors, lens and lights are."""
        return read_calibration_truth(self.folder)

    @property
    def head(self) -> SyntheticTruth:
        """The subject on the grid of an ideal lens, as products are."""
        return read_truth(self.folder, file=RECTIFIED_FILE)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"))


def test_the_sensor_is_what_it_is(measured: Studio) -> None:
    found, true = measured.found("sensor"), measured.truth.sensor
    assert isinstance(found, SensorCalibration)
    sound = ~(found.defects | true.defects)
    dark = float(np.sqrt(np.mean((found.dark - true.dark)[sound] ** 2)))
    flat = float(np.sqrt(np.mean((found.flat[sound] / true.flat[sound] - 1.0) ** 2)))
    missed = int((true.defects & ~found.defects).sum())
    assert found.dn_per_electron is not None
    assert found.read_noise_dn is not None
    gain = found.dn_per_electron / true.dn_per_electron - 1.0
    noise = found.read_noise_dn / true.read_noise_dn - 1.0
    print(
        f"\nsensor: dark {dark:.2f} DN rms, flat {flat:.2%} rms, gain {gain:+.2%}, read noise "
        f"{noise:+.2%}, {missed} of {int(true.defects.sum())} lost sites missed"
    )
    assert dark < 1.0  # DN; 16 frames of 3.2 DN read noise leave 0.8
    assert flat < 0.005
    assert abs(gain) < 0.02
    assert abs(noise) < 0.05
    assert missed == 0


def test_colors_are_what_they_are(measured: Studio) -> None:
    found, true = measured.found("color"), measured.truth.color
    assert isinstance(found, ColorCalibration)
    matrix = np.abs(found.matrix - true.matrix).max()
    leds = np.abs(found.led_matrix - true.led_matrix).max()
    print(f"\ncolor: matrix {matrix:.4f}, LED matrix {leds:.4f} at most")
    assert matrix < 0.01
    assert leds < 0.005


def test_the_lens_is_what_it_is(measured: Studio) -> None:
    found, true = measured.found("lens"), measured.truth.lens
    assert isinstance(found, LensCalibration)
    rms = measured.certified["lens"].residuals["rms_px"]
    focal = found.matrix[0, 0] / true.matrix[0, 0] - 1.0
    k1 = found.distortion[0] - true.distortion[0]
    print(f"\nlens: rms {rms:.3f} px, focal length {focal:+.2%}, k1 {k1:+.3f}")
    assert rms < 0.25
    assert abs(focal) < 0.02
    assert abs(k1) < 0.05


def test_the_lights_are_where_they_are(measured: Studio) -> None:
    found, true = measured.found("rig"), measured.truth.rig
    assert isinstance(found, RigCalibration)
    cosine = np.einsum("lk,lk->l", found.rig.directions, true.rig.directions)
    error = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    plan = olat.io.manifest.read_session(measured.folder).rig.directions
    planned = np.degrees(
        np.arccos(np.clip(np.einsum("lk,lk->l", plan, true.rig.directions), -1.0, 1.0))
    )
    seen = true.rig.directions[:, 2] > -0.5
    ratio = found.rig.intensities / true.rig.intensities
    level = ratio[seen] / ratio[seen].mean(axis=0)
    # Farther back the mirror ball stands in; of the light right behind no ball tells.
    back = ~seen & (true.rig.directions[:, 2] > -0.96)
    behind = float(np.abs(ratio[back] / ratio[seen].mean(axis=0) - 1.0).max())
    print(
        f"\nlights: {error.mean():.2f} deg mean, {error.max():.2f} at most (planned "
        f"{planned.mean():.2f}); intensities {level.std():.2%} rms in front of z = -0.5, "
        f"{behind:.1%} off at most behind"
    )
    assert error.mean() < 0.3
    assert error.mean() < 0.5 * planned.mean()
    assert level.std() < 0.015
    assert behind < 0.15


def test_olats_add_up_to_full_on_light_within_one_percent(measured: Studio) -> None:
    head = measured.head
    inside = cv2.erode(head.mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    field = open_field(measured.folder / "olat" / "A" / "field.zarr")
    lit = zip(field.planes, field.header.rig.intensities, strict=True)
    total = sum(plane.astype(np.float32) * level[:, None, None] for plane, level in lit)
    reference = head.stage.reference
    channels, _ = read_exr(measured.folder / "olat" / "A" / "aligned" / f"{reference:04d}.exr")
    # The field is at the mean level of the sweep; the full-on frame, at that of its moment.
    level = gains_at(read_drift(measured.folder / "olat" / "A" / "drift.csv"), [reference])[0]
    full_on = [channels["RGB"[k]][inside].sum() / level[k] for k in range(3)]
    ratios = [total[k][inside].sum() / full_on[k] for k in range(3)]
    print("\nsum of OLATs over full-on: " + ", ".join(f"{ratio:.4f}" for ratio in ratios))
    np.testing.assert_allclose(ratios, 1.0, rtol=0, atol=0.01)


def test_calibration_makes_normals_better(
    measured: Studio, tmp_path_factory: pytest.TempPathFactory
) -> None:
    calibrated = normal_error_deg(olat.open(measured.folder).normals(), measured.head, margin=4)
    bare = tmp_path_factory.mktemp("bare")
    for name in ("raw", "lights.csv", "session.toml"):
        (bare / name).symlink_to(measured.folder / name)
    assert not process(bare).failures
    uncalibrated = normal_error_deg(
        olat.open(bare).normals(), read_truth(measured.folder), margin=4
    )
    print(
        f"\nnormals: {calibrated.mean():.2f} deg mean, {np.median(calibrated):.2f} median; "
        f"uncalibrated {uncalibrated.mean():.2f}, {np.median(uncalibrated):.2f}"
    )
    assert np.median(calibrated) < 0.75 * np.median(uncalibrated)


def test_a_run_says_what_it_used_and_finds_nothing_wrong(measured: Studio) -> None:
    (used,) = [note for note in measured.notes["standard"] if note.startswith("Calibrated:")]
    assert all(f"{kind} of" in used for kind in ("sensor", "color", "lens", "rig"))
    assert not [note for note in measured.notes["standard"] if "Not used" in note]


def test_there_is_a_picture_of_everything_that_was_measured(measured: Studio) -> None:
    pictures = {
        Path(path).name: cv2.imread(path)
        for pipeline in ("calibrate_camera", "calibrate_rig")
        for path in measured.run(pipeline).products
        if path.endswith(".png")
    }
    names = {"sensor.png", "color.png", "lens.png", "located.png", "lights.png"}
    assert set(pictures) == names
    assert all(min(picture.shape[:2]) > 800 for picture in pictures.values())
    # Each highlight of the lights that the ball shows well has a green ring.
    green = (np.abs(pictures["located.png"].astype(int) - (120, 230, 120)) < 20).all(axis=2)
    count, _, stats, _ = cv2.connectedComponentsWithStats(green.astype(np.uint8))
    rings = sum(stats[k, cv2.CC_STAT_WIDTH] > 14 for k in range(1, count))
    seen = int((measured.truth.rig.rig.directions[:, 2] > -0.5).sum())
    assert rings >= 0.8 * seen


def test_measuring_again_after_certifying_changes_nothing(measured: Studio) -> None:
    for pipeline in ("calibrate_camera", "calibrate_rig"):
        before = {p: p.read_bytes() for p in measured.folder.glob("calibration/**/*.toml")}
        assert before
        measured.run(pipeline)
        certify(measured.folder, terms=Terms(by="a test", insist=True))
        assert {p: p.read_bytes() for p in before} == before
    assert not any(
        stage["planned"] for stage in measured.run("standard", keep=["aligned"]).stages.values()
    )
