"""A picture a light, and the way back into a session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from olat.export.olats import SequenceOptions, write_olats
from olat.inspection.capture import inspect_capture
from olat.inspection.session_text import write_session
from olat.io.exr import read_exr
from olat.io.manifest import read_session
from tests.support.exports import sphere_source


def exported(folder: Path, **changes: object) -> tuple[object, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    source = sphere_source(lights=9, intensities=[2.0, 1.0, 0.5])
    write_olats(
        source, folder, SequenceOptions(**changes), lambda done, all_: told.append((done, all_))
    )
    return source, told


def test_numbers_are_contiguous_and_headers_say_which_light(tmp_path: Path) -> None:
    source, told = exported(tmp_path, start_frame=1001)
    field = source.field()
    assert told == [(done, 9) for done in range(1, 10)]
    names = sorted(path.name for path in tmp_path.glob("*.exr"))
    assert names == [f"a_sphere_1_A.olat.{number}.exr" for number in range(1001, 1010)]
    for row, name in enumerate(names):
        channels, header = read_exr(tmp_path / name)
        found = np.stack([channels[color] for color in "RGB"])
        assert_array_equal(found, field.planes[row].astype(np.float32))
        assert header["olat/lightId"] == row
        assert header["olat/lightName"] == f"lamp {row}"
        direction = field.header.rig.directions[row]
        assert_allclose(header["olat/lightDirection"], direction, rtol=0, atol=1e-6)
        assert_allclose(header["olat/lightPosition"], 1.5 * direction, rtol=0, atol=1e-6)
        assert_allclose(header["olat/lightIntensity"], [2.0, 1.0, 0.5])


def test_a_session_made_of_the_folder_has_the_same_lights(tmp_path: Path) -> None:
    source, _ = exported(tmp_path / "capture")
    write_session(inspect_capture(tmp_path / "capture"), tmp_path / "session")
    session = read_session(tmp_path / "session")
    rig = source.field().header.rig
    assert_allclose(session.rig.directions, rig.directions, rtol=0, atol=2e-9)
    assert_array_equal(session.rig.intensities, 1.0)
    frames = session.olat_frames("A")
    assert [frame.condition.light for frame in frames] == list(range(9))
    assert [frame.path.name[-8:] for frame in frames] == [f"{row:04d}.exr" for row in range(1, 10)]
    assert session.camera("A").encoding == "linear"
