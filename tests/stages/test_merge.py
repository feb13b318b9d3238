from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.errors import SessionError
from olat.model.condition import Olat
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.session import Frame
from olat.stages.merge import Merge
from tests.support.sessions import normal_error_deg, simulated

SECONDS = (0.16, 0.04, 0.01)
BRACKET = (7, 8, 9)


def aligned(
    readings: dict[int, float], *, exposures: tuple[float | None, ...] = SECONDS
) -> Frames[RadianceImage]:
    """Return even frames of a bracket with read noise that falls with the exposure."""
    frames = {
        index: Frame("A", index, Olat(0), Path("x.dng"), exposure_s=seconds, bracket=BRACKET)
        for index, seconds in zip(BRACKET, exposures, strict=True)
        if index in readings
    }

    def load(frame: Frame) -> RadianceImage:
        shape = (8, 9, 3)
        variance = np.full(shape, 1e-6 / SECONDS[BRACKET.index(frame.index)] ** 2, np.float32)
        value = np.full(shape, readings[frame.index], np.float32)
        full = value[..., 0] > 1.0
        return RadianceImage(value, full * np.uint8(PixelFlag.SATURATED), variance)

    return Frames(frames, load)


def test_a_frame_without_a_bracket_passes_as_it_is() -> None:
    frame = Frame("A", 3, Olat(0), Path("3.dng"))
    picture = RadianceImage(np.ones((2, 2, 3), np.float32), np.zeros((2, 2), np.uint8))
    assert Merge().run(Frames({3: frame}, lambda _: picture), frame) is picture


def test_exposures_that_did_not_clip_are_merged() -> None:
    shots = aligned({7: 5.0, 8: 0.5, 9: 0.5 + 17e-3})
    image = Merge().run(shots, shots.shots[7])
    np.testing.assert_allclose(image.radiance, 0.501, atol=1e-5)  # weights 16 and 1
    assert not image.flags.any()


def test_an_exposure_that_disagrees_is_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shots = aligned({7: 0.3, 8: 0.3, 9: 0.9})
    with caplog.at_level(logging.WARNING):
        image = Merge().run(shots, shots.shots[7])
        np.testing.assert_allclose(image.radiance, 0.3, rtol=1e-6)
        mixed = Merge(ghost_sigmas=0.0).run(shots, shots.shots[7])
    np.testing.assert_allclose(mixed.radiance, 0.3 + 0.6 / (256 + 16 + 1), rtol=1e-5)
    (note,) = [record.getMessage() for record in caplog.records]
    assert note.startswith("Frame 7 (camera A): its exposures disagree in 100% of the pixels")


def test_without_a_sensor_calibration_the_weights_are_times(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shots = aligned({7: 5.0, 8: 0.5, 9: 0.505})
    bare = Frames(shots.shots, lambda frame: replace(shots[frame.index], variance=None))
    with caplog.at_level(logging.WARNING):
        image = Merge().run(bare, shots.shots[7])
    np.testing.assert_allclose(image.radiance, 0.501, rtol=1e-6)
    assert image.variance is None
    assert "no sensor calibration that tells its noise" in caplog.text


def test_a_bracket_without_exposures_is_refused() -> None:
    shots = aligned({7: 0.5, 8: 0.5, 9: 0.5}, exposures=(0.16, None, 0.01))
    with pytest.raises(SessionError, match=r"frame 8 belongs to a bracket, .* one for each frame"):
        Merge().run(shots, shots.shots[7])


def with_confidence(
    shots: Frames[RadianceImage], trust: dict[int, float | None]
) -> Frames[RadianceImage]:
    """Say how surely each exposure was moved to its place; none for one that was not."""

    def load(frame: Frame) -> RadianceImage:
        sure = trust[frame.index]
        plane = None if sure is None else np.full((8, 9), sure, np.float32)
        return replace(shots[frame.index], confidence=plane)

    return Frames(shots.shots, load)


def test_the_least_sure_exposure_decides_on_the_confidence() -> None:
    shots = aligned({7: 0.5, 8: 0.5, 9: 0.5})
    found = Merge().run(with_confidence(shots, {7: 0.9, 8: 0.6, 9: None}), shots.shots[7])
    np.testing.assert_array_equal(found.confidence, np.full((8, 9), 0.6, np.float32))


def test_an_exposure_without_a_part_has_no_say_in_the_confidence() -> None:
    # The longest one clipped; the shortest is a ghost.
    shots = aligned({7: 5.0, 8: 0.5, 9: 0.9})
    found = Merge().run(with_confidence(shots, {7: 0.1, 8: 0.8, 9: 0.2}), shots.shots[7])
    np.testing.assert_array_equal(found.confidence, np.full((8, 9), 0.8, np.float32))


def test_exposures_that_were_not_moved_make_a_photograph_without_confidence() -> None:
    shots = aligned({7: 0.5, 8: 0.5, 9: 0.5})
    assert Merge().run(shots, shots.shots[7]).confidence is None


@pytest.mark.slow
def test_a_bracketed_sweep_of_a_swaying_head_has_less_noise_in_the_dark(tmp_path: Path) -> None:
    """Exposures of a light are taken at different moments, and aligned each by its own."""
    stage = {"size": 128, "lights": 24, "tracking_every": 8, "near_lights": False}
    noise, errors = {}, {}
    for bracket in (1, 3):
        pace = {"bracket": bracket, "sway_period": 70.0 * bracket}
        fields = []
        for is_noisy in (False, True):
            place = tmp_path / f"{bracket}{is_noisy}"
            truth = simulated(place, noise=is_noisy, **pace, **stage)
            assert olat.process(place, workers=0, pipeline="normals").exit_code == 0
            opened = olat.open(place)
            rig = opened.field().rig
            assert len(rig) == stage["lights"]
            lit = [opened.field().relight(light=direction) for direction in rig.directions]
            # At the rim it depends on hundredths of a pixel whether a reading is there at all.
            there = np.stack(list(opened.field().opened.flag_planes)) == 0
            fields.append(np.where(there[..., None], np.stack(lit), np.nan))
        is_dark = (np.abs(fields[0]) < 0.02).all(axis=3) & truth.mask
        is_dark &= np.isfinite(fields[1]).all(axis=3)
        noise[bracket] = float((fields[1] - fields[0])[is_dark].std())
        errors[bracket] = float(normal_error_deg(opened.normals(), truth, margin=3).mean())
    print(
        "swaying head: noise in the dark "
        + ", ".join(f"{n} exposures {value:.5f}" for n, value in noise.items())
        + "; mean normal error "
        + ", ".join(f"{value:.2f} deg" for value in errors.values())
    )
    assert noise[1] > 2 * noise[3]
    assert errors[3] < 1.05 * errors[1]
