"""The wheel: built, installed in an environment of its own, and run from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_definitions_and_nothing_foreign(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "olat/share/pipelines/standard.toml" in names
    assert {"olat/gpu/lambert.cu", "olat/gpu/strip.cuh"} <= set(names)
    assert "olat/share/calibration/README.md" in names
    assert "olat/py.typed" in names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"olat", next(top for top in tops if top.endswith(".dist-info"))}


def test_the_installed_wheel_explains_its_pipelines(wheel: Path, tmp_path: Path) -> None:
    """Dependencies are taken from this environment; olat itself comes from the wheel."""
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, wheel],
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [sys.executable, "-m", "olat", "explain", "standard"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
    )
    assert "solve_normals" in done.stdout
    where = subprocess.run(
        [sys.executable, "-c", "import olat; print(olat.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin"},
    )
    assert str(target) in where.stdout
