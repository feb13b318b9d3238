"""What frames share in a camera's field, when the session changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from olat.engine.capture import Unit
from olat.errors import FileError
from olat.io.field_file import open_field
from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import Olat, Tracking
from olat.model.field import LightPlane
from olat.model.rig import LightRig
from olat.model.session import Camera, Frame, Session
from olat.stages.products import FieldFiles

SHOT = {1: 5, 2: 0, 4: 3, 5: 2}
"""Light of each OLAT frame, in capture order."""


def session(folder, *, without=()):
    rig = LightRig("sphere", fibonacci_sphere(6), np.ones((6, 3)))
    conditions = {0: Tracking(), 3: Tracking()} | {i: Olat(light) for i, light in SHOT.items()}
    frames = tuple(
        Frame("A", index, condition, folder / f"{index}.dng")
        for index, condition in conditions.items()
        if index not in without
    )
    return Session("take", folder, rig, (Camera("A"),), frames)


def written(folder, rng, sweep):
    """Write the field of a session; return its planes by frame."""
    planes = {
        frame.index: LightPlane(
            frame.condition.light,
            rng.normal(size=(3, 40, 8)).astype(np.float16),
            rng.integers(0, 255, (40, 8)).astype(np.uint8),
        )
        for frame in sweep.olat_frames("A")
    }
    for index, plane in planes.items():
        FieldFiles(sweep).write(folder / f"field/{index:04d}", Unit("A", index), plane, "")
    return planes


def test_each_plane_is_read_back_by_its_frame(tmp_path, rng):
    sweep = session(tmp_path)
    for index, plane in written(tmp_path, rng, sweep).items():
        found = FieldFiles(sweep).read(tmp_path / f"field/{index:04d}", Unit("A", index))
        assert found.light == plane.light == SHOT[index]
        assert_array_equal(found.reflectance, plane.reflectance)
        assert_array_equal(found.flags, plane.flags)


def test_settling_lists_the_lights_that_the_session_has_now(tmp_path, rng):
    planes = written(tmp_path, rng, session(tmp_path))
    less = session(tmp_path, without={4})
    FieldFiles(less).settle(tmp_path / "field", "A")
    field = FieldFiles(less).read_all(tmp_path / "field")
    assert field.header.lights == (0, 2, 5)
    assert field.header.rows == 6
    assert field.shape == (3, 40, 8)
    assert_array_equal(field.header.rig.directions, fibonacci_sphere(6)[[0, 2, 5]])
    assert field.header.solid_angles.sum() == pytest.approx(4 * np.pi, rel=1e-6)
    found = FieldFiles(less).read(tmp_path / "field/0005", Unit("A", 5))
    assert_array_equal(found.reflectance, planes[5].reflectance)


def test_settling_asks_for_the_plane_of_a_frame_that_is_back(tmp_path, rng):
    less = session(tmp_path, without={4})
    written(tmp_path, rng, less)
    FieldFiles(session(tmp_path)).settle(tmp_path / "field", "A")
    with pytest.raises(FileError, match="no reflectance of light 3; all 4 lights"):
        open_field(tmp_path / "field.zarr")


def test_settling_makes_no_field_where_none_is(tmp_path):
    FieldFiles(session(tmp_path)).settle(tmp_path / "field", "A")
    assert not list(tmp_path.iterdir())


def test_settling_tells_that_a_document_is_lost(tmp_path, rng):
    written(tmp_path, rng, session(tmp_path))
    (tmp_path / "field.zarr/zarr.json").write_text("{torn")
    with pytest.raises(FileError, match="no readable JSON"):
        FieldFiles(session(tmp_path)).settle(tmp_path / "field", "A")


def test_settling_a_camera_without_a_sweep_changes_nothing(tmp_path, rng):
    sweep = session(tmp_path)
    written(tmp_path, rng, sweep)
    FieldFiles(replace(sweep, frames=())).settle(tmp_path / "field", "A")
    assert open_field(tmp_path / "field.zarr").header.lights == (0, 2, 3, 5)
