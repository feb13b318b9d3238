"""A head among near lights, from RAW to normals and depth, with noise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import olat
from tests.support.sessions import normal_error_deg, simulated


@pytest.mark.slow
def test_a_head_among_near_lights_stands_where_it_is_and_does_not_lean(tmp_path: Path) -> None:
    truth = simulated(tmp_path, size=128, lights=48, tracking_every=0, sway_px=0.0)
    error, center = {}, {}
    within = cv2.erode(truth.mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    for lights in ("near", "distant"):
        made = olat.process(
            tmp_path,
            pipeline="normals",
            settings=[f"solve_normals.lights={lights}", "integrate_normals.mesh_every=0"],
            workers=0,
        )
        assert not made.failures
        session = olat.open(tmp_path, pipeline="normals")
        error[lights] = normal_error_deg(session.normals("A"), truth, margin=2)
        depth = session.depth("A")
        known = within & (depth.depth > 0)
        center[lights] = 1e3 * (depth.places[known] - truth.positions[known]).mean(axis=0)
        print(
            f"{lights}: normals {np.median(error[lights]):.2f} median, {error[lights].mean():.2f} "
            f"mean degrees; center of what is seen {np.linalg.norm(center[lights]):.1f} mm off"
        )
    assert error["near"].mean() < 2.0 < error["distant"].mean()
    assert np.linalg.norm(center["near"]) < 5.0
    assert np.linalg.norm(center["distant"]) > 30.0
