"""What of a session products rest on."""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from olat.engine.capture import Unit
from olat.model.rig import LightRig
from olat.model.session import Camera, Session
from olat.stages import STAGES
from olat.stages.capture import SessionCapture

RIG = LightRig("one", np.array([[0.0, 0.0, 1.0]]), np.ones((1, 3)))
CAMERA = Camera("A", white_patch=0.8, field_of_view_deg=12.0)


def key(folder: Path, camera: Camera, name: str) -> str:
    capture = SessionCapture(Session("take", folder, RIG, (camera,), ()), folder / "hashes")
    return capture.key(name, Unit("A"))


def test_only_what_reads_the_distance_of_a_camera_rests_on_it(tmp_path: Path) -> None:
    told = replace(CAMERA, distance_m=1.6)
    assert key(tmp_path, told, "camera") == key(tmp_path, CAMERA, "camera")
    reads = "camera.distance_m"
    keys = [
        key(tmp_path, camera, reads) for camera in (CAMERA, told, replace(told, distance_m=1.7))
    ]
    keys += [key(tmp_path, replace(told, field_of_view_deg=11.0), reads)]
    assert len(set(keys)) == 4


def test_stages_that_read_the_distance_of_a_camera_say_so() -> None:
    silent = [
        verb
        for verb, stage in STAGES.items()
        if "distance_m" in inspect.getsource(sys.modules[stage.__module__])
        and "camera.distance_m" not in {need.given for need in stage.needs()}
    ]
    assert not silent, 'annotate `camera` with Part("distance_m")'
