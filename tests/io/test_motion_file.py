"""What is known of a sweep's motion survives a round trip through its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from olat.errors import FileError
from olat.io.motion_file import (
    read_reference,
    read_sweep_motion,
    write_reference,
    write_sweep_motion,
)
from olat.model.motion import (
    DoubtfulInterval,
    ReferenceFrame,
    SweepMotion,
    TrackedFrame,
    TrackingLook,
    UnsureInterval,
)

REFERENCE = ReferenceFrame(
    38,
    "frame 49 is black",
    (TrackingLook(38, 0.4, 0.01, 0.13), TrackingLook(49, 0.0, 0.0, 0.0, 0.0)),
)
SWEEP = SweepMotion(
    38,
    (
        TrackedFrame(27, 0.97, 1.5, 2.25, outside=0.125, departure_px=0.5),
        TrackedFrame(38, 1.0, 0.0, 0.0),
        TrackedFrame(49, 0.0, 0.0, 0.0, "black"),
        TrackedFrame(60, 0.9, 8.0, 9.0, is_sudden=True),
    ),
    (
        DoubtfulInterval(39, 59, (10, 20, 30, 44), 0.0125),
        DoubtfulInterval(61, None, (10, 20, 30, 44), 0.0125),
    ),
    frequency=1 / 64,
    interval=11.0,
    residual_px=0.03125,
    unsure=(UnsureInterval(38, 60, 0.75),),
)


def test_a_reference_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_reference(tmp_path / "reference.json", REFERENCE)
    assert read_reference(tmp_path / "reference.json") == REFERENCE


def test_the_motion_of_a_sweep_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_sweep_motion(tmp_path / "sweep_motion.json", SWEEP)
    found = read_sweep_motion(tmp_path / "sweep_motion.json")
    assert found == SWEEP
    assert found.used == (27, 38, 60)
    # Refused frames count as followed nowhere, the reference not at all.
    assert found.share == pytest.approx((0.97 + 0.0 + 0.9) / 3)


def test_a_file_from_before_there_were_more_numbers_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sweep_motion.json"
    write_sweep_motion(path, SWEEP)
    document = json.loads(path.read_text("utf-8"))
    for frame in document["frames"]:
        for name in ("outside", "departure_px", "is_sudden"):
            del frame[name]
    del document["residual_px"], document["unsure"]
    path.write_text(json.dumps(document), encoding="utf-8")
    found = read_sweep_motion(path)
    assert found.used == SWEEP.used
    assert found.residual_px is None


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"reference": 3, "frames": [{"frame": 1}]}'])
def test_a_spoiled_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sweep_motion.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=r"a SweepMotion is needed\. Delete it and run again"):
        read_sweep_motion(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="a ReferenceFrame is needed"):
        read_reference(tmp_path / "reference.json")
