"""From RAW files to relit pictures, against simulated truth."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.io.map_files import read_flow
from olat.light.latlong import resized
from olat.model.condition import Tracking
from olat.model.environment import EnvironmentMap
from olat.motion.flow import upsampled
from olat.sensor.develop import radiance_from_mosaic
from olat.synthetic.capture import render_environment, view_of
from olat.synthetic.environments import ENVIRONMENTS
from olat.synthetic.truth import SyntheticTruth, read_truth
from tests.support.sessions import CLEAN, normal_error_deg, psnr_db, simulated, without_tracking

pytestmark = pytest.mark.slow


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


def test_near_lights_cost_degrees_that_the_docs_admit(tmp_path: Path) -> None:
    """The solves take lights as distant; for a head in a stage of 1.7 m they are not."""
    truth = simulated(tmp_path, size=192, lights=60, **{**CLEAN, "near_lights": True})
    olat.process(tmp_path, workers=0, pipeline="normals")
    error = normal_error_deg(olat.open(tmp_path).normals(), truth).mean()
    print(f"lights at 1.7 m taken as distant: mean normal error {error:.2f} deg")
    assert 2.0 < error < 6.0


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
    inline, farm = (_products(tmp_path / name / "olat") for name in ("inline", "farm"))
    assert inline.keys() == farm.keys()
    assert [name for name in inline if inline[name] != farm[name]] == []


def test_a_killed_run_is_carried_on_and_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("whole", "killed"):
        simulated(tmp_path / name, size=64, lights=24, tracking_every=8)
    olat.process(tmp_path / "whole", workers=0)
    for delay in (0.6, 0.9, 1.2, 1.5):
        victim = subprocess.Popen(
            [sys.executable, "-m", "olat", "process", tmp_path / "killed", "--workers", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        victim.kill()
        victim.wait()
    _olat("process", str(tmp_path / "killed"), "--workers", "0")
    whole, killed = (_products(tmp_path / name / "olat") for name in ("whole", "killed"))
    assert whole == killed
    assert not list((tmp_path / "killed").rglob("*.part*"))


def test_memory_does_not_grow_with_the_number_of_lights(tmp_path: Path) -> None:
    peaks = {}
    for lights in (24, 156):
        folder = tmp_path / str(lights)
        simulated(folder, size=256, lights=lights, sway_px=0.0, tracking_every=12)
        told = _olat("process", str(folder), "--workers", "0", "--json")
        peaks[lights] = json.loads(told.stdout)["peak_memory_mb"]
    print(f"peak memory of process: {peaks[24]:.0f} MB at 24 lights, {peaks[156]:.0f} MB at 156")
    assert peaks[156] < 1.15 * peaks[24]


def test_the_demo_is_quick_small_and_complete(tmp_path: Path) -> None:
    started = time.perf_counter()
    done = _olat("demo", cwd=tmp_path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"olat demo: {seconds:.0f} s, at most {peak:.0f} MB in one process")
    paths = [Path(tmp_path / line) for line in done.stdout.splitlines()]
    assert all(path.exists() for path in paths)
    assert any(path.name == "overview.png" for path in paths)
    assert seconds < 60
    assert peak * 3 < 2048  # the driver and two workers together
    again = _olat("process", "olat-demo", cwd=tmp_path)
    said = re.search(r"Nothing to do: all \d+ products stand \(([\d.]+) s\)", again.stderr)
    assert said is not None
    assert float(said[1]) < 1.0


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


def _products(folder: Path) -> dict[str, bytes]:
    """Return the content of all products; receipts tell times and are left out."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".json") and path.name != ".lock"
    }
