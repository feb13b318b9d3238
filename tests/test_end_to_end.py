"""From RAW files to relit pictures, against simulated truth."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import zarr
from scipy.ndimage import distance_transform_edt

import olat
from olat.io.map_files import read_flow, read_radiance
from olat.light.latlong import resized
from olat.model.condition import Olat, Tracking
from olat.model.environment import EnvironmentMap
from olat.model.image import RadianceImage
from olat.motion.flow import upsampled
from olat.motion.warp import warped
from olat.sensor.develop import radiance_from_mosaic
from olat.surface.lambert import normals_from_olats
from olat.synthetic.capture import render_environment, view_of
from olat.synthetic.environments import ENVIRONMENTS
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.truth import SyntheticTruth, read_truth
from tests.support.sessions import CLEAN, normal_error_deg, psnr_db, simulated, without_tracking

pytestmark = pytest.mark.slow


WITH_USAGE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_maxrss)
print(used.ru_utime + used.ru_stime)
"""
"""Runs a command; tells the largest memory [kB] and the processor time [s] of its processes."""


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Capture a head that sways by 2 px and blinks, with noise: the demo, smaller."""
    folder = tmp_path_factory.mktemp("moving") / "session"
    simulated(folder, size=256, lights=60, near_lights=False)
    olat.process(folder, workers=0)
    return folder


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SyntheticTruth]:
    """Capture a still white Lambert sphere without noise under a full sphere of lights."""
    folder = tmp_path_factory.mktemp("ball") / "session"
    truth = simulated(
        folder, size=96, lights=156, subject="sphere", material="lambert", shadows=False, **CLEAN
    )
    return folder, truth


def test_a_still_lambert_sphere_gives_its_normals_back(ball: tuple[Path, SyntheticTruth]) -> None:
    folder, truth = ball
    olat.process(folder, workers=0, pipeline="normals")
    error = normal_error_deg(olat.open(folder).normals(), truth)
    print(f"noise-free Lambert: median {np.median(error):.4f} deg, mean {error.mean():.4f} deg")
    assert np.median(error) < 0.1


def test_color_gradients_give_the_normals_of_a_sphere(ball: tuple[Path, SyntheticTruth]) -> None:
    folder, truth = ball
    olat.process(folder, workers=0, pipeline="normals", settings=["solve_normals.source=gradients"])
    error = normal_error_deg(olat.open(folder).normals(), truth, margin=2)
    print(f"color gradients: median {np.median(error):.4f} deg, mean {error.mean():.4f} deg")
    assert error.mean() < 1.0


def test_alignment_at_least_halves_the_error_of_normals(moving: Path, tmp_path: Path) -> None:
    truth = read_truth(moving)
    still = without_tracking(moving, tmp_path / "unaligned")
    summary = olat.process(still, workers=0, pipeline="normals")
    assert any("not aligned" in note for note in summary.notes)
    aligned = normal_error_deg(olat.open(moving).normals(), truth).mean()
    unaligned = normal_error_deg(olat.open(still).normals(), truth).mean()
    print(f"2 px sway: mean normal error {aligned:.2f} deg aligned, {unaligned:.2f} deg not")
    assert aligned <= 0.5 * unaligned


def test_alignment_costs_normals_less_than_noise_does(tmp_path: Path) -> None:
    """The demo against the same head that holds the pose of the reference, and against itself.

    A moving head falls on other pixels of the color filter in each frame, and hair is finer than
    a pixel: what that costs shows where motion is known exactly. That other noise alone turns the
    normals of a still head shows a second take of it.
    """
    demo = {"size": 384, "lights": 60, "near_lights": False}
    truth = simulated(tmp_path / "moving", **demo)
    simulated(tmp_path / "still", **demo, is_frozen=True)
    simulated(tmp_path / "again", **demo, is_frozen=True, seed=1)
    normals = {}
    for name in ("still", "moving", "again"):
        kept = ["radiance", "aligned"] if name == "moving" else []
        olat.process(tmp_path / name, workers=0, pipeline="normals", keep=kept)
        normals[name] = olat.open(tmp_path / name).normals().normals
    nearest = distance_transform_edt(~truth.mask, return_distances=False, return_indices=True)
    sure = np.ones(truth.mask.shape, np.float32)

    def by_known_motion(frame: int) -> RadianceImage:
        flow = truth.flow(frame)[tuple(nearest)]  # the background goes with its outline
        image = read_radiance(tmp_path / f"moving/olat/A/radiance/{frame:04d}.exr")
        return warped(image, flow, sure, confidence_floor=0.5)

    def as_found(frame: int) -> RadianceImage:
        return read_radiance(tmp_path / f"moving/olat/A/aligned/{frame:04d}.exr")

    normals["aligned"] = _solved(truth.stage, as_found)
    normals["by known motion"] = _solved(truth.stage, by_known_motion)
    seen = truth.mask & np.logical_and.reduce([each.any(axis=2) for each in normals.values()])
    apart = {name: _apart_deg(each, normals["still"])[seen] for name, each in normals.items()}
    wrong = {name: _apart_deg(each, truth.normals)[seen].mean() for name, each in normals.items()}
    skin = (truth.diffuse_albedo.mean(axis=2) > 0.25).astype(np.uint8)
    skin = (cv2.erode(skin, np.ones((7, 7), np.uint8)) > 0) & seen
    on_skin = {name: _apart_deg(each, truth.normals)[skin].mean() for name, each in normals.items()}
    for name in normals:
        print(
            f"normals of the demo, {name}: mean {apart[name].mean():.2f} deg, median "
            f"{np.median(apart[name]):.2f} deg from the still one's; error {wrong[name]:.2f} deg, "
            f"on skin {on_skin[name]:.2f} deg"
        )
    assert on_skin["moving"] - on_skin["still"] < 0.3
    assert wrong["aligned"] - wrong["by known motion"] < 0.15
    cost = apart["aligned"].mean() - apart["by known motion"].mean()
    assert cost < 0.15
    assert cost < apart["again"].mean() / 2
    assert wrong["moving"] - wrong["still"] < 0.45


def _solved(stage: SyntheticStage, image_of: Callable[[int], RadianceImage]) -> np.ndarray:
    """Return the normals of a sweep whose frames are given."""
    frames = [f for f, condition in enumerate(stage.conditions) if isinstance(condition, Olat)]
    images = [image_of(frame) for frame in frames]
    strip = np.stack([image.radiance for image in images]) / stage.rig.intensities[:, None, None]
    flags = np.stack([image.flags for image in images])
    return normals_from_olats(
        np.moveaxis(strip, 3, 1).astype(np.float16), flags, stage.rig.directions, shadow_floor=0.004
    )[0]


def _apart_deg(found: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip(np.einsum("hwc,hwc->hw", found, other), -1.0, 1.0)))


def test_flow_follows_the_subject(moving: Path) -> None:
    truth = read_truth(moving)
    errors, motions = [], []
    for frame, condition in enumerate(truth.stage.conditions):
        if isinstance(condition, Tracking) and frame != truth.stage.reference:
            found = read_flow(moving / "olat" / "A" / "flow" / f"{frame:04d}.exr")
            exact = truth.flow(frame)[truth.mask]
            wrong = upsampled(found.flow, found.shape)[truth.mask] - exact
            errors.append(np.linalg.norm(wrong, axis=1).mean())
            motions.append(np.linalg.norm(exact, axis=1).mean())
    print(f"flow: mean error {np.mean(errors):.3f} px of {np.mean(motions):.2f} px mean motion")
    assert np.mean(errors) < 0.3


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_relighting_is_what_the_camera_would_have_seen(name: str, tmp_path: Path) -> None:
    """Both pictures pass the same lens, color filters and demosaicing."""
    truth = simulated(tmp_path / "s", size=192, lights=156, **CLEAN)
    olat.process(tmp_path / "s", workers=0, pipeline="normals")
    environment = ENVIRONMENTS[name]()
    small = EnvironmentMap(resized(environment.radiance, 16, 32).astype(np.float32), name)
    relit = olat.open(tmp_path / "s").field().relight(environment=small)
    direct = render_environment(
        view_of(truth.stage, truth.stage.pose(truth.stage.reference)), small
    )
    exposure = np.float32(0.5 / np.percentile(direct, 99.9))
    mosaic = truth.stage.sensor.expose(direct * exposure, np.random.default_rng(0))
    seen = radiance_from_mosaic(mosaic, white_patch=truth.stage.white_patch)[0] / exposure
    inside = truth.mask
    quality = psnr_db(relit[inside], seen[inside])
    print(f"{name}: relit against rendered {quality:.1f} dB inside the subject")
    assert quality > 35.0


def test_light_from_the_right_falls_on_the_right(moving: Path) -> None:
    field = olat.open(moving).field()
    mask = read_truth(moving).mask
    columns = np.nonzero(mask)[1]
    right = mask & (np.arange(mask.shape[1]) > np.median(columns))
    left = mask & ~right
    lit = field.relight(light=(1, 0, 0.2)).mean(axis=2)
    assert lit[right].mean() > 3 * lit[left].mean()


def test_the_sweep_tells_gloss_and_two_photographs_do_not(moving: Path) -> None:
    """Why `fit_phong` takes the sweep where there is one: decision 0016."""
    truth = read_truth(moving)
    errors = {}
    for source in ("gradients", "olats"):
        olat.process(moving, workers=0, settings=[f"fit_phong.source={source}"])
        phong = olat.open(moving).phong()
        known = (phong.confidence > 0) & (truth.diffuse_albedo > 0.01).all(axis=2)
        known &= (truth.specular_albedo > 0.01).all(axis=2)
        albedo = np.abs(phong.diffuse_albedo[known] / truth.diffuse_albedo[known] - 1)
        gloss = np.abs(phong.specular_albedo[known] / truth.specular_albedo[known] - 1)
        octaves = np.abs(np.log2(phong.exponent[known] / truth.exponent[known]))
        errors[source] = [float(np.median(error)) for error in (albedo, gloss, octaves)]
        print(
            f"phong from {source}: median errors: albedo {errors[source][0]:.3f}, specular "
            f"{errors[source][1]:.2f}, exponent {errors[source][2]:.2f} octaves"
        )
    assert errors["olats"][0] < 0.05
    assert errors["olats"][1] < 0.2
    assert all(np.array(errors["olats"]) < errors["gradients"])


def test_inline_and_farm_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("inline", "farm"):
        simulated(tmp_path / name, size=64, lights=24, tracking_every=8)
    olat.process(tmp_path / "inline", workers=0)
    _olat("process", str(tmp_path / "farm"), "--workers", "2")
    assert _different(tmp_path / "inline" / "olat", tmp_path / "farm" / "olat") == []


@pytest.mark.alone
def test_a_killed_run_is_carried_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    """Killed again and again in the middle of a write, it still comes to the same end."""
    for name in ("whole", "killed"):
        simulated(tmp_path / name, size=64, lights=24, tracking_every=8)
    olat.process(tmp_path / "whole", workers=0)
    killed = tmp_path / "killed"
    for products in (1, 6, 12, 20):
        victim = subprocess.Popen(
            [sys.executable, "-m", "olat", "process", killed, "--workers", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (_receipts(killed) >= products and list(killed.rglob(".*.part*"))):
            assert victim.poll() is None, "the run came to its end before it could be killed"
        victim.kill()
        victim.wait()
        assert products <= _receipts(killed) < _receipts(tmp_path / "whole")
    _olat("process", str(killed), "--workers", "0")
    assert _different(tmp_path / "whole" / "olat", killed / "olat") == []
    assert not list(killed.rglob("*.part*"))


def test_preview_leaves_the_full_products_alone(moving: Path) -> None:
    field = olat.open(moving).field()
    before = field.relight(light=(0, 0, 1))
    olat.process(moving, workers=0, pipeline="preview")
    small = olat.open(moving, pipeline="preview").field()
    assert small.shape == (60, 128, 128)
    assert np.array_equal(before, olat.open(moving).field().relight(light=(0, 0, 1)))
    mean = before.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert psnr_db(small.relight(light=(0, 0, 1)), mean) > 25


def test_products_of_another_version_of_the_session_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    simulated(tmp_path, size=64, lights=24, tracking_every=8)
    olat.process(tmp_path, workers=0)
    olat.open(tmp_path)
    assert not caplog.messages
    manifest = tmp_path / "session.toml"
    manifest.write_text(manifest.read_text().replace("white_patch = 0.8", "white_patch = 0.4"))
    olat.open(tmp_path)
    assert "the session changed after these products were made" in caplog.text


def test_a_light_that_left_the_sweep_reads_as_absent(tmp_path: Path) -> None:
    simulated(tmp_path, size=64, lights=24, tracking_every=8)
    olat.process(tmp_path, workers=0, pipeline="normals")
    manifest = tmp_path / "session.toml"
    manifest.write_text(
        manifest.read_text() + '\n[[override]]\nframes = "6"\nskip = true\nreason = "blink"\n'
    )
    olat.process(tmp_path, workers=0, pipeline="normals")
    group = zarr.open_group(tmp_path / "olat/A/field.zarr", mode="r")
    absent = np.isnan(np.asarray(group["reflectance"])).all(axis=(1, 2, 3))
    assert np.flatnonzero(absent).tolist() == [0]


def test_a_script_without_a_main_guard_is_told_what_to_do(tmp_path: Path) -> None:
    simulated(tmp_path / "s", size=64, lights=24, tracking_every=8)
    script = tmp_path / "script.py"
    script.write_text(f"import olat\nolat.process({str(tmp_path / 's')!r}, workers=1)\n")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode != 0
    assert "workers could not be started" in done.stderr
    assert "__main__" in done.stderr


@pytest.mark.alone
def test_ctrl_c_on_a_terminal_brings_the_cursor_back(tmp_path: Path) -> None:
    simulated(tmp_path, size=96, lights=60, tracking_every=10)
    told = bytearray()
    child, terminal = pty.fork()
    if child == 0:
        # What runs in the background of a shell is deaf to Ctrl-C, and so would its children be.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(  # noqa: S606 - our own command, without a shell
            sys.executable,
            [sys.executable, "-m", "olat", "process", str(tmp_path), "--workers", "0"],
        )
    while b"assemble_field" not in told or told.count(b"/60") < 3:
        told += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # the terminal goes when the child does
        while chunk := os.read(terminal, 4096):
            told += chunk
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert told.count(b"\x1b[?25h") >= told.count(b"\x1b[?25l") > 0
    assert b"What is done is kept" in told


def test_memory_does_not_grow_with_the_number_of_lights(tmp_path: Path) -> None:
    peaks = {}
    for lights in (24, 156):
        folder = tmp_path / str(lights)
        simulated(folder, size=256, lights=lights, sway_px=0.0, tracking_every=12)
        told = _olat("process", str(folder), "--workers", "0", "--json")
        peaks[lights] = json.loads(told.stdout)["peak_memory_mb"]
    print(f"peak memory of process: {peaks[24]:.0f} MB at 24 lights, {peaks[156]:.0f} MB at 156")
    assert peaks[156] < peaks[24] + 128  # the solves hold a strip of the field, 128 MB at most


@pytest.mark.alone
def test_the_demo_is_quick_small_and_complete(tmp_path: Path) -> None:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", WITH_USAGE, sys.executable, "-m", "olat", "demo"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    seconds = time.perf_counter() - started
    *paths, peak_kb, used = done.stdout.splitlines()
    peak, processor = int(peak_kb) / 1024, float(used)
    worker = max(int(words) for words in re.findall(r"at most (\d+) MB in one", done.stderr))
    print(
        f"olat demo: {seconds:.0f} s, {processor:.0f} s of processor time, "
        f"at most {peak:.0f} MB in the driver and {worker} MB in a worker"
    )
    assert all((tmp_path / path).exists() for path in paths)
    assert "olat-demo/pictures/overview.png" in paths
    assert min(seconds, processor) < 60  # where others hold the cores, the clock times them
    assert peak + 2 * worker < 2048  # the driver and two workers together
    assert min(_seconds_of_nothing("olat-demo", tmp_path) for _ in range(3)) < 1.0


def _seconds_of_nothing(session: str, folder: Path) -> float:
    """Process a session that is done; return how long that took, as it says itself [s]."""
    again = _olat("process", session, cwd=folder)
    said = re.search(r"Nothing to do: all \d+ products stand \(([\d.]+) s\)", again.stderr)
    assert said is not None
    return float(said[1])


def _olat(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line; show what it said if it failed."""
    done = subprocess.run(
        [sys.executable, "-m", "olat", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done


def _receipts(session: Path) -> int:
    """Return how many products a session has."""
    return len(list((session / "olat").rglob("*.receipt.json")))


def _different(one: Path, other: Path) -> list[str]:
    """Return which products differ; receipts tell times and are left out."""
    contents = [
        {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.endswith(".json") and path.name != ".lock"
        }
        for folder in (one, other)
    ]
    names = contents[0].keys() | contents[1].keys()
    return sorted(name for name in names if contents[0].get(name) != contents[1].get(name))
