from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from olat.api.response import recover_response
from olat.errors import FileError, SolveError, UsageError
from olat.io.response_file import read_response

SECONDS = [2.0**-stop for stop in range(6)]


@pytest.fixture
def photographs(tmp_path: Path, rng: np.random.Generator) -> list[Path]:
    """Write a still scene through the curve of sRGB, nearly: codes are light to the power 1/2.2."""
    blobs = cv2.GaussianBlur(rng.normal(size=(120, 160)), (0, 0), 8)
    light = 2.0 ** (7 * (blobs - blobs.min()) / np.ptp(blobs) - 3)
    paths = []
    for at, seconds in enumerate(SECONDS):
        codes = np.rint(255 * np.minimum(light * seconds, 1.0) ** (1 / 2.2)).astype(np.uint8)
        paths.append(tmp_path / f"{at}.png")
        Image.fromarray(np.dstack([codes] * 3)).save(paths[-1])
    return paths


@pytest.mark.parametrize("method", ["debevec", "robertson"])
def test_a_response_is_measured_and_written(
    photographs: list[Path], tmp_path: Path, method: str
) -> None:
    table = tmp_path / "response.csv"
    found = recover_response(photographs, table, exposures_s=SECONDS, method=method)
    assert len(read_response(table).light) == len(found.light) == 256
    light = np.array(found.light)[60:230]
    truth = (np.arange(60, 230) / 255)[:, None] ** 2.2
    stops = np.log2(light / truth)
    print(f"{method}: {np.ptp(stops):.3f} stop from the power law, peak to peak")
    assert np.ptp(stops) < 0.15


def test_what_cannot_tell_a_response_is_refused(photographs: list[Path], tmp_path: Path) -> None:
    table = tmp_path / "response.csv"
    with pytest.raises(UsageError, match=r"no exposure time is in 0\.png"):
        recover_response(photographs, table)
    with pytest.raises(SolveError, match=r"falls|can be told"):
        recover_response(photographs, table, exposures_s=SECONDS[::-1])
    Image.new("L", (8, 8)).save(tmp_path / "gray.png")
    with pytest.raises(FileError, match="an 8-bit picture with red, green and blue"):
        recover_response([tmp_path / "gray.png"] * 2, table, exposures_s=[1, 2])
    assert not table.exists()
