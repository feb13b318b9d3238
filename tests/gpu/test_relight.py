"""``olat relight --device cuda`` makes the pictures that the processor makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import olat
from olat.cli.main import cli
from olat.errors import GpuError
from olat.io.exr import read_exr, write_exr
from tests.support.bare_sweep import bare_sweep


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    folder = bare_sweep(tmp_path_factory.mktemp("bare"))
    assert olat.process(folder, workers=0).exit_code == 0
    radiance = np.full((16, 32), 0.5, np.float32)
    radiance[6:9, 12:16] = 8.0
    write_exr(folder / "sky.exr", dict.fromkeys("RGB", radiance), attributes={})
    return folder


def lit(session: Path, output: Path, device: str, *words: str) -> None:
    words = ("relight", str(session), *words, "--device", device, "-o", str(output))
    done = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert done.exit_code == 0


def assert_alike(first: Path, second: Path) -> None:
    ours, theirs = read_exr(first)[0], read_exr(second)[0]
    for color in "RGB":
        assert np.ptp(theirs[color]) > 0.1
        # Pictures are halves: numbers that are a millionth apart may round apart.
        np.testing.assert_allclose(ours[color], theirs[color], rtol=1.5e-3, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--light", "0.3,0.2,1"), ("--env", "sky.exr")])
def test_a_picture(gpu, session, tmp_path, monkeypatch, words):
    monkeypatch.chdir(session)
    for device in ("cpu", "cuda"):
        lit(session, tmp_path / f"{device}.exr", device, *words)
    assert_alike(tmp_path / "cuda.exr", tmp_path / "cpu.exr")


@pytest.mark.slow
def test_a_sequence(gpu, session, tmp_path):
    for device in ("cpu", "cuda"):
        output = tmp_path / f"{device}.####.exr"
        lit(session, output, device, "--env", str(session / "sky.exr"), "--rotate", "0:90:30")
    for frame in ("0001", "0003"):
        assert_alike(tmp_path / f"cuda.{frame}.exr", tmp_path / f"cpu.{frame}.exr")


@pytest.mark.slow
def test_nothing_is_written_where_there_is_no_gpu(session, tmp_path, monkeypatch):
    def missing():
        raise GpuError("none here")

    monkeypatch.setattr("olat.gpu.cuda.cupy", missing)
    with pytest.raises(GpuError, match="none here"):
        lit(session, tmp_path / "a.exr", "cuda", "--light", "0,0,1")
    assert not list(tmp_path.iterdir())
