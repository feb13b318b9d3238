"""Real captures with known answers, from `olat init` to relit pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import olat
from olat.io.display import read_mask
from olat.io.photograph import read_photograph

pytestmark = pytest.mark.slow


def session_of(capture: Path, folder: Path, *options: str) -> Path:
    """Initialize a session on a capture that is only read."""
    before = sorted((path.name, path.stat().st_mtime_ns) for path in capture.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "olat", "init", capture, "-o", folder, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert before == sorted((path.name, path.stat().st_mtime_ns) for path in capture.iterdir())
    return folder


def sphere_normals(mask: np.ndarray) -> np.ndarray:
    """Return the normals that the outline of a sphere stands for, orthographically."""
    rows, columns = np.nonzero(mask)
    y, x = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
    radius = (np.ptp(rows) + np.ptp(columns) + 2) / 4
    grid_y, grid_x = np.indices(mask.shape)
    nx, ny = (grid_x - x) / radius, (y - grid_y) / radius
    nz = np.sqrt(np.maximum(1 - nx**2 - ny**2, 0))
    return np.stack([nx, ny, nz], axis=-1)


def test_the_gray_sphere_of_washington(shared_data: Path, tmp_path: Path) -> None:
    session = session_of(shared_data / "uw/gray", tmp_path / "gray", "--encoding", "linear")
    truth = sphere_normals(read_mask(shared_data / "uw/gray/gray.mask.png"))
    errors = {}
    for name, method in (("plain least squares", "least_squares"), ("default", "robust")):
        olat.process(
            session,
            workers=0,
            pipeline="normals",
            settings=[f"solve_normals.method={method}"],
        )
        found = olat.open(session).normals().normals
        both = found.any(axis=2) & (truth[..., 2] > 0)
        cosine = np.einsum("pc,pc->p", found[both], truth[both])
        errors[name] = np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()
    print("uw/gray:", ", ".join(f"{name} {error:.2f} deg" for name, error in errors.items()))
    assert errors["plain least squares"] <= 6.2
    assert errors["default"] < errors["plain least squares"]


@pytest.mark.parametrize("capture", ["uw/cat", "yale/yaleB01"])
def test_a_capture_is_relit_as_it_was_photographed(
    shared_data: Path, tmp_path: Path, capture: str
) -> None:
    """A light where one stood gives its photograph back, read by another path."""
    session = session_of(shared_data / capture, tmp_path / "s", "--encoding", "linear")
    assert olat.process(session, workers=0).exit_code == 0
    opened = olat.open(session)
    field = opened.field()
    for row in (0, len(field.rig) // 2):
        frame = opened.session.olat_frames(opened.cameras[0])[row]
        picture = read_photograph(frame.path)
        codes = picture.codes if picture.codes.ndim == 3 else picture.codes[..., None]
        relit = field.relight(light=field.rig.directions[row])
        np.testing.assert_allclose(relit, codes / 255 * np.ones(3), rtol=0, atol=5e-4)


def test_light_from_the_left_brightens_the_left_cheek(shared_data: Path, tmp_path: Path) -> None:
    session = session_of(shared_data / "yale/yaleB01", tmp_path / "s")
    olat.process(session, workers=0, pipeline="normals")
    field = olat.open(session).field()
    left = field.relight(light=(-0.8, 0.1, 0.5)).mean(axis=2)
    half = left.shape[1] // 2
    assert left[:, :half].mean() > 1.5 * left[:, half:].mean()
    normals = olat.open(session).normals().normals
    assert normals[:, :half, 0].mean() < 0 < normals[:, half:, 0].mean()


@pytest.mark.parametrize("thing", ["cat", "buddha"])
def test_a_still_thing_is_the_same_with_and_without_registration(
    thing: str, shared_data: Path, tmp_path: Path
) -> None:
    made = {}
    for pipeline in ("normals", "untracked"):
        session = session_of(
            shared_data / "uw" / thing, tmp_path / pipeline, "--encoding", "linear"
        )
        olat.process(session, workers=0, pipeline=pipeline)
        made[pipeline] = olat.open(session).normals()
    assert np.array_equal(made["normals"].normals, made["untracked"].normals)
    assert np.array_equal(made["normals"].flags, made["untracked"].flags)
