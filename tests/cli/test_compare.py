"""What ``olat compare`` prints, writes and refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from olat.cli.compare import command
from olat.errors import UsageError
from olat.io.exr import write_exr


@pytest.fixture
def pair(tmp_path: Path, rng: np.random.Generator) -> list[str]:
    """Write a picture and a darker copy of it."""
    truth = rng.uniform(0.05, 0.9, (32, 40, 3)).astype(np.float32)
    names = []
    for name, pixels in (("a", 0.5 * truth), ("b", truth)):
        names.append(str(tmp_path / f"{name}.exr"))
        channels = {k: pixels[..., at] for at, k in enumerate("RGB")}
        write_exr(Path(names[-1]), channels, attributes={})
    return names


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_every_figure_says_what_it_aligned(pair: list[str]) -> None:
    done = run(*pair, "--scale", "global")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[2] == "picture of 40 x 32 px: 1,280 of 1,280 pixels count"
    rows = {line.split()[0]: line for line in lines[5:9]}
    assert set(rows) == {"psnr", "ssim", "si_mse", "lmse"}
    assert "display  A x 2 " in rows["psnr"]
    assert "linear   A x 2" in rows["si_mse"]
    assert "A in each window of 20 x 20 px" in rows["lmse"]


def test_json_tells_the_same(pair: list[str], tmp_path: Path) -> None:
    out = tmp_path / "d.png"
    done = run(*pair, "--json", "--measure", "psnr,rmse", "--scale", "global", "-o", str(out))
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["schema"] == 1
    assert told["picture"] == str(out)
    assert out.exists()
    first, second = told["measures"]
    # Halves of floats are exact: nothing is off, and the ratio is no number of JSON.
    assert (first["name"], first["space"], first["aligned"]) == ("psnr", "display", "A x 2")
    assert first["factors"] == [pytest.approx(2.0, abs=1e-12)]
    assert second["value"] == pytest.approx(0.0, abs=1e-9)
    plain = json.loads(run(pair[1], pair[1], "--json").stdout)
    assert plain["measures"][0]["value"] is None
    assert plain["kind"] == "picture"


def test_options_that_cannot_be_meant_are_refused(pair: list[str]) -> None:
    assert isinstance(run(*pair, "-o", "d.exr").exception, UsageError)
    done = run(*pair, "--measure", "sism")
    assert isinstance(done.exception, UsageError)
    assert "Did you mean 'ssim'?" in str(done.exception)


def test_a_missing_file_is_an_error_in_words(pair: list[str]) -> None:
    words = [sys.executable, "-m", "olat", "compare", pair[0], "none.exr"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: none.exr: there is no such file")
