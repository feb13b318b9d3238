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
from olat.io.display import write_png
from olat.io.exr import write_exr
from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig
from olat.synthetic.head import head
from olat.synthetic.render import radiance_under, see
from olat.synthetic.scene import PinholeCamera, Pose


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


def test_a_head_under_lights_that_are_off(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Print the table of the documentation: noise, and lights up to a fifth too dark or bright."""
    directions = fibonacci_sphere(12)
    rig = LightRig("even", directions, np.ones((12, 3)))
    view = see(head(), PinholeCamera(128, 11.5, 1.6), Pose())
    drive = np.full((12, 3), 0.15)
    off = drive * np.linspace(0.8, 1.2, 12)[:, np.newaxis] * [1.05, 1.0, 0.95]
    truth, found = (radiance_under(view, rig, lights) for lights in (drive, off))
    found = found + rng.normal(0.0, 0.01, found.shape) * view.mask[..., np.newaxis]
    found[50, 50] = np.nan
    monkeypatch.chdir(tmp_path)
    for name, pixels in (("relit", found), ("photograph", truth)):
        channels = {k: pixels[..., at].astype(np.float32) for at, k in enumerate("RGB")}
        write_exr(Path(f"{name}.exr"), channels, attributes={})
    write_png(Path("mask.png"), np.repeat(view.mask[..., np.newaxis] * np.uint8(255), 3, axis=-1))
    done = run("relit.exr", "photograph.exr", "--mask", "mask.png", "-o", "difference.png")
    print(done.stdout)
    lines = done.stdout.splitlines()
    inside = int(view.mask.sum())
    assert lines[2] == (
        f"picture of 128 x 128 px: {inside - 1:,} of 16,384 pixels count; {16384 - inside:,} "
        "outside the mask; 1 not finite numbers"
    )
    assert lines[-1] == "difference.png"
    psnr = float(lines[5].split()[1])
    # The display's curve is as steep as 3 at the tone of skin and hair: 0.01 of light and some
    # percent of the lights become 0.03 of the display, 30 dB.
    assert 27.0 < psnr < 33.0


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
