"""Motion that another program found, from files that a session names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.api.processing import process
from olat.io.flow_file import write_flo
from olat.io.manifest import read_session
from olat.io.map_files import read_flow
from olat.model.condition import Tracking
from olat.model.motion import TrackingFlow
from tests.support.sessions import simulated

SIZE = 96
STAGE = {"size": SIZE, "lights": 24, "tracking_every": 8, "near_lights": False}


def with_flows(folder: Path, size: int, known: np.ndarray | None = None) -> tuple[int, list[int]]:
    """Write a session and made-up flow files of a size; return the reference and the others.

    Known everywhere, or where `known` is 1.
    """
    simulated(folder, **STAGE)
    frames = read_session(folder).frames_of("A").values()
    tracking = [frame.index for frame in frames if isinstance(frame.condition, Tracking)]
    reference = tracking[1]
    others = [index for index in tracking if index != reference]
    (folder / "flow").mkdir()
    for index in others:
        flow = np.full((size, size, 2), 0.01 * index, np.float32)
        sure = np.ones((size, size), np.float32) if known is None else known
        write_flo(folder / "flow" / f"{index}.flo", TrackingFlow(flow, sure, (size, size)))
    path = folder / "session.toml"
    text = path.read_text(encoding="utf-8")
    keys = f'[camera.A]\nreference = {reference}\nflow = "flow/{{frame}}.flo"\n'
    assert "[camera.A]\n" in text
    path.write_text(text.replace("[camera.A]\n", keys), encoding="utf-8")
    return reference, others


def test_the_files_are_the_motion_and_their_reference_is_that_of_all(tmp_path: Path) -> None:
    known = np.ones((SIZE, SIZE), np.float32)
    known[32:64, 32:64] = 0.0  # of the face, which a tracker would follow
    reference, others = with_flows(tmp_path, SIZE, known)
    report = process(tmp_path, pipeline="normals", workers=0)
    assert not report.failures
    flows = tmp_path / "olat" / "A" / "flow"
    assert not read_flow(flows / f"{reference:04d}.exr").flow.any()
    for index in others:
        found = read_flow(flows / f"{index:04d}.exr")
        is_known = known > 0.0
        np.testing.assert_allclose(found.flow[is_known], 0.01 * index, rtol=0, atol=1e-5)
        assert not found.confidence[~is_known].any()
        assert np.median(found.confidence[is_known]) > 0.99


@pytest.mark.slow
def test_another_file_makes_the_motion_anew(tmp_path: Path) -> None:
    _, others = with_flows(tmp_path, SIZE)
    process(tmp_path, pipeline="normals", workers=0)
    flow = np.full((SIZE, SIZE, 2), 0.5, np.float32)
    known = TrackingFlow(flow, np.ones((SIZE, SIZE), np.float32), (SIZE, SIZE))
    write_flo(tmp_path / "flow" / f"{others[0]}.flo", known)
    process(tmp_path, pipeline="normals", workers=0)
    found = read_flow(tmp_path / "olat" / "A" / "flow" / f"{others[0]:04d}.exr")
    np.testing.assert_allclose(found.flow, 0.5, rtol=0, atol=1e-5)


def test_files_of_other_photographs_are_refused(tmp_path: Path) -> None:
    _, others = with_flows(tmp_path, SIZE - 6)
    report = process(tmp_path, pipeline="normals", workers=0)
    told = "\n".join(failure["message"] for failure in report.failures)
    assert f"flow file of frame {others[0]} (camera A)" in told
    assert "90 x 90 px, but the photographs are 96 x 96 px" in told


def test_another_reference_than_that_of_the_files_is_refused(tmp_path: Path) -> None:
    reference, others = with_flows(tmp_path, SIZE)
    settings = [f"choose_reference.frame={others[0]}"]
    report = process(tmp_path, pipeline="normals", settings=settings, workers=0)
    told = "\n".join(failure["message"] for failure in report.failures)
    assert f"frame = {others[0]}, but the flow files of camera 'A' start from" in told
    assert f"frame {reference}" in told


@pytest.mark.slow
def test_a_preview_at_half_size_takes_half_the_motion(tmp_path: Path) -> None:
    reference, others = with_flows(tmp_path, SIZE)
    assert not process(tmp_path, pipeline="preview", workers=0).failures
    flows = tmp_path / "olat-preview" / "A" / "flow"
    assert not read_flow(flows / f"{reference:04d}.exr").flow.any()
    for index in others:
        found = read_flow(flows / f"{index:04d}.exr")
        assert found.shape == (SIZE // 2, SIZE // 2)
        np.testing.assert_allclose(found.flow, 0.005 * index, rtol=0, atol=1e-5)
