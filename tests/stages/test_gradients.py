"""Color gradients as a real camera sees them: LED primaries leak, and color is converted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.api.processing import process
from olat.errors import SolveError
from olat.io.map_files import read_normals
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import ColorCalibration
from olat.model.condition import ColorGradient, Tracking
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.maps import NormalMap
from olat.model.session import Camera, Frame
from olat.sensor.working_space import in_space, matrix_to
from olat.stages.fit_phong import FitPhong
from olat.stages.solve_normals import SolveNormals
from tests.support.fields import gradients_of, rig_of
from tests.support.sessions import CLEAN, simulated
from tests.surface.readings import Surface, degrees_between, normals_facing

M = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
"""Channel (row) of each LED primary (column)."""
C = np.array([[2.64, -0.79, -0.02], [-0.54, 1.67, -0.70], [0.08, -0.82, 3.99]])
"""Camera color to linear Rec.709, of a real camera."""
WITH_LEDS = ColorCalibration(C, M / M[1].sum())
WITHOUT = ColorCalibration(C)
SHAPE = (24, 32)


@pytest.fixture
def surface(rng: np.random.Generator) -> Surface:
    """Return a matte surface of strong colors."""
    return Surface(normals_facing(rng, SHAPE, 70.0), rng.uniform(0.2, 0.8, (*SHAPE, 3)))


def seen(
    frames: Frames[RadianceImage], matrix: np.ndarray, space: str = "camera"
) -> Frames[RadianceImage]:
    """Return photographs of primaries as a camera with a matrix sees them, in a space."""

    def load(frame: Frame) -> RadianceImage:
        image = frames[frame.index]
        radiance = (image.radiance @ matrix.T).astype(np.float32)
        return RadianceImage(in_space(radiance, matrix=C, space=space), image.flags, space=space)

    return Frames(frames.shots, load)


def solve(frames: Frames[RadianceImage], rig: object, color: ColorCalibration | None) -> NormalMap:
    return SolveNormals(source="gradients").run(None, frames, None, rig, Camera("A"), color)


@pytest.mark.parametrize("space", ["camera", "rec709", "acescg"])
@pytest.mark.parametrize("full_on", [False, True], ids=["complement", "full-on"])
def test_leaking_primaries_turn_no_normal_where_they_were_measured(
    surface: Surface, caplog: pytest.LogCaptureFixture, space: str, full_on: bool
) -> None:
    rig = rig_of(fibonacci_sphere(331))
    frames = seen(gradients_of(surface, rig, full_on=full_on), M, space)
    solved = solve(frames, rig, WITH_LEDS)
    error = degrees_between(solved.normals, surface.normals)
    (note,) = (record.getMessage() for record in caplog.records)
    print(f"{space}, with the LED matrix: {error.mean():.3f} degrees; {note}")
    assert error.max() < 0.2
    assert "Up to 20 % of what a channel sees in color gradients" in note


def test_without_an_led_matrix_normals_lean_as_they_did_before(
    surface: Surface, caplog: pytest.LogCaptureFixture
) -> None:
    rig = rig_of(fibonacci_sphere(331))
    frames = gradients_of(surface, rig)
    lean = {
        name: degrees_between(solve(seen(frames, M, space), rig, color).normals, surface.normals)
        for name, space, color in (
            ("camera, nothing calibrated", "camera", None),
            ("camera, matrix alone", "camera", WITHOUT),
            ("Rec.709, matrix alone", "rec709", WITHOUT),
        )
    }
    print({name: f"{error.mean():.2f} degrees" for name, error in lean.items()})
    for error in lean.values():
        np.testing.assert_allclose(error, lean["camera, nothing calibrated"], rtol=0, atol=0.05)
        assert 4 < error.mean() < 10
    assert not caplog.records


@pytest.mark.parametrize("space", ["rec709", "acescg"])
def test_a_color_matrix_alone_turns_no_normal_of_a_camera_without_leaks(
    surface: Surface, space: str
) -> None:
    """In Rec.709 each channel mixes all primaries; the stage goes back to where it does not."""
    rig = rig_of(fibonacci_sphere(331))
    frames = seen(gradients_of(surface, rig), np.eye(3), space)
    assert degrees_between(solve(frames, rig, WITHOUT).normals, surface.normals).max() < 0.2


def test_converted_color_without_a_calibration_is_refused(surface: Surface) -> None:
    rig = rig_of(fibonacci_sphere(60))
    frames = seen(gradients_of(surface, rig), M, "rec709")
    with pytest.raises(SolveError, match="in 'rec709', but there is no color calibration"):
        solve(frames, rig, None)


def test_photographs_in_two_spaces_are_refused(surface: Surface) -> None:
    rig = rig_of(fibonacci_sphere(60))
    gradients = gradients_of(surface, rig)
    shots = {
        0: Frame("A", 0, ColorGradient(), Path("0.exr")),
        1: Frame("A", 1, Tracking(), Path("1.exr")),
    }
    mixed = Frames(
        shots, lambda frame: seen(gradients, M, ["camera", "rec709"][frame.index])[frame.index]
    )
    with pytest.raises(SolveError, match="are in camera, rec709; one is needed"):
        solve(mixed, rig, WITH_LEDS)


@pytest.mark.parametrize("space", ["camera", "rec709", "acescg"])
def test_albedo_from_gradients_is_what_the_sweep_would_read_facing_a_light(
    surface: Surface, space: str
) -> None:
    """Lights are tinted, and a white patch reads 1 in each channel once that is divided out."""
    tint = np.array([1.0, 0.6, 0.3])
    lights = fibonacci_sphere(331)
    shot = seen(gradients_of(surface, rig_of(lights, tint)), M, space)
    leds = M * tint
    color = ColorCalibration(C, leds / leds[1].sum())
    to_space = matrix_to(space, matrix=C) @ leds
    white = to_space.sum(axis=1)
    flags = np.zeros(SHAPE, np.uint8)
    normals = surface.normals.astype(np.float32)
    maps = FitPhong(source="gradients").run(
        NormalMap(normals, np.ones(SHAPE, np.float32), flags),
        None, shot, None, rig_of(lights, white), Camera("A"), None, color,
    )  # fmt: skip
    assert maps.space == space
    expected = surface.albedo @ to_space.T / white
    np.testing.assert_allclose(maps.diffuse_albedo, expected, rtol=0, atol=0.01)


LEVELS = LightDrift((0, 40, 80), np.array([[1.02], [1.0], [0.98]]) * np.ones(3))
"""Lights that lose 1 % in 20 frames."""


def dimming(
    frames: Frames[RadianceImage], at: tuple[int, int], levels: tuple[float, float]
) -> Frames[RadianceImage]:
    """Return the two photographs as frames of other numbers, at other levels of the lights."""
    images, level = dict(zip(at, frames.values(), strict=True)), dict(zip(at, levels, strict=True))
    shots = {
        index: replace(shot, index=index)
        for index, shot in zip(at, frames.shots.values(), strict=True)
    }

    def load(frame: Frame) -> RadianceImage:
        image = images[frame.index]
        return replace(image, radiance=image.radiance * np.float32(level[frame.index]))

    return Frames(shots, load)


@pytest.mark.parametrize("full_on", [False, True], ids=["complement", "full-on"])
def test_lights_that_dim_by_two_percent_turn_no_normal_where_full_on_frames_tell(
    surface: Surface, caplog: pytest.LogCaptureFixture, full_on: bool
) -> None:
    """The gradient at frame 0, what completes it at frame 40, and 2 % of the light between."""
    rig = rig_of(fibonacci_sphere(331))
    frames = dimming(gradients_of(surface, rig, full_on=full_on), (0, 40), (1.02, 1.0))
    error = {}
    for name, drift in (("not known", None), ("known", LEVELS)):
        solved = SolveNormals(source="gradients").run(
            None, frames, None, rig, Camera("A"), None, drift
        )
        error[name] = degrees_between(solved.normals, surface.normals)
    told = ", ".join(f"{name} {lean.mean():.2f} degrees" for name, lean in error.items())
    print(f"2 % drift from gradient to {'full-on' if full_on else 'complement'}: {told}")
    # Against full-on light, a gradient is twice as sensitive.
    assert error["not known"].mean() > (1.9 if full_on else 0.8)
    assert error["known"].max() < 0.2
    (note,) = caplog.messages
    assert note.startswith("From the color gradient to what completes it (frames 0 and 40)")
    assert "is not known over 40 frames" in note


def test_albedo_from_gradients_is_that_under_the_mean_level(surface: Surface) -> None:
    rig = rig_of(fibonacci_sphere(331))
    frames = dimming(gradients_of(surface, rig, full_on=True), (0, 80), (1.02, 0.98))
    known = NormalMap(
        surface.normals.astype(np.float32), np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    )
    error = {}
    for name, drift in (("not known", None), ("known", LEVELS)):
        maps = FitPhong(source="gradients").run(
            known, None, frames, None, rig, Camera("A"), None, None, drift
        )
        error[name] = np.abs(maps.diffuse_albedo / surface.albedo - 1.0).mean()
    print({f"drift {name}": f"albedo off by {100 * off:.2f} %" for name, off in error.items()})
    assert error["not known"] > 0.02
    assert error["known"] < 0.002


@pytest.mark.parametrize(
    ("at", "drift", "untold"),
    [
        ((0, 8), None, 0),
        ((0, 60), LEVELS, 0),
        ((70, 95), LEVELS, 15),
        ((95, 70), LEVELS, 15),
        ((90, 120), LEVELS, 30),
        ((0, 60), LightDrift((30,), np.ones((1, 3))), 60),
    ],
)
def test_an_unknown_level_is_noted_where_the_two_are_far_apart(
    surface: Surface,
    caplog: pytest.LogCaptureFixture,
    at: tuple[int, int],
    drift: LightDrift | None,
    untold: int,
) -> None:
    rig = rig_of(fibonacci_sphere(331))
    frames = dimming(gradients_of(surface, rig), at, (1.0, 1.0))
    SolveNormals(source="gradients").run(None, frames, None, rig, Camera("A"), None, drift)
    assert len(caplog.messages) == (untold > 0)
    assert all(f"is not known over {untold} frames" in note for note in caplog.messages)


@pytest.mark.slow
def test_a_session_whose_lights_dim_has_the_normals_of_one_whose_lights_do_not(
    tmp_path: Path,
) -> None:
    """The gradient before the sweep, against the full-on frame in its middle."""
    pipeline = tmp_path / "no_drift.toml"
    pipeline.write_text(
        'stages = ["develop", "choose_reference", "track", "measure_motion", "interpolate_motion", '
        '"align", "merge", "assemble_field", "solve_normals"]\n'
        '[solve_normals]\nsource = "gradients"\n',
        encoding="utf-8",
    )
    normals = {}
    for name, warm_up in (("steady", 0.0), ("dimming", 0.1)):
        folder = tmp_path / name
        simulated(
            folder, **CLEAN, size=96, lights=40, tracking_every=5, subject="sphere",
            material="lambert", white_patch=0.5, imperfections={"warm_up": warm_up},
        )  # fmt: skip
        manifest = folder / "session.toml"
        text = manifest.read_text(encoding="utf-8")
        assert "complement = " in text
        manifest.write_text(text.replace("complement = ", "skip = "), encoding="utf-8")
        settings = ["solve_normals.source=gradients"]
        assert not process(folder, pipeline="normals", settings=settings, workers=0).failures
        normals[name] = read_normals(folder / "olat" / "A" / "normals.exr").normals
        assert not process(folder, pipeline=str(pipeline), workers=0).failures
        normals[f"{name}, not known"] = read_normals(folder / "olat" / "A" / "normals.exr").normals
    both = normals["steady"].any(axis=2)
    lean = {
        name: degrees_between(found[both], normals["steady"][both]).mean()
        for name, found in normals.items()
    }
    print({name: f"{mean:.2f} degrees" for name, mean in lean.items()})
    assert lean["dimming, not known"] > 2.0
    assert lean["dimming"] < 0.3
