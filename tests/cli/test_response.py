"""What ``olat response`` prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from olat.cli.response import command
from olat.errors import UsageError
from olat.io.response_file import read_response

STOPS = ("1", "1/2", "1/4", "0.125", "1/16", "1/32s")


@pytest.fixture
def photographs(tmp_path: Path, rng: np.random.Generator) -> list[str]:
    """Write a still scene through a power law."""
    blobs = cv2.GaussianBlur(rng.normal(size=(120, 160)), (0, 0), 8)
    light = 2.0 ** (7 * (blobs - blobs.min()) / np.ptp(blobs) - 3)
    paths = []
    for at in range(len(STOPS)):
        codes = np.rint(255 * np.minimum(light * 2.0**-at, 1.0) ** (1 / 2.2)).astype(np.uint8)
        paths.append(str(tmp_path / f"{at}.png"))
        Image.fromarray(np.dstack([codes] * 3)).save(paths[-1])
    return paths


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def given(times: tuple[str, ...]) -> list[str]:
    return [word for time in times for word in ("--exposure", time)]


def test_the_response_is_written_and_told(photographs: list[str], tmp_path: Path) -> None:
    table = tmp_path / "curve.csv"
    done = run(*photographs, "-o", str(table), *given(STOPS), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["file"] == str(table)
    np.testing.assert_allclose(told["light_of_code_128"], (128 / 255) ** 2.2, rtol=0.1)
    assert len(read_response(table).light) == 256
    again = run(*photographs, "-o", str(table), *given(STOPS))
    assert isinstance(again.exception, UsageError)
    assert "--overwrite replaces it" in str(again.exception)
    words = run(*photographs, "-o", str(table), *given(STOPS), "--overwrite").stdout
    assert 'encoding = "curve.csv"' in words


def test_exposures_that_cannot_be_are_refused(photographs: list[str], tmp_path: Path) -> None:
    table = tmp_path / "curve.csv"
    few = run(*photographs, "-o", str(table), *given(STOPS[:2]))
    assert isinstance(few.exception, UsageError)
    assert "2 times for 6 photographs" in str(few.exception)
    for wrong in ("1/0", "0", "-1", "fast"):
        done = run(*photographs, "-o", str(table), "--exposure", wrong)
        assert done.exit_code == 2
        assert "needed are seconds, such as 0.5 or 1/60" in done.output
    assert not table.exists()
