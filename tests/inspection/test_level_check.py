from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from olat.inspection.glances import Sweep, glances_of, sweep_of
from olat.inspection.level_check import level_findings
from olat.inspection.neighbor_model import features, model_of
from olat.io.manifest import read_session
from tests.support.sessions import simulated


def known(sweep: Sweep, places: np.ndarray, part: float) -> int:
    """Count the lights that are named, and nothing else, when each alone gives a part."""
    count = 0
    for place in places:
        pictures, relative = sweep.pictures.copy(), sweep.relative.copy()
        pictures[place] *= part
        relative[sweep.rows[place]] *= part
        values = features(relative, sweep.rows)[sweep.rows]
        spoiled = replace(sweep, pictures=pictures, relative=relative)
        told = level_findings(spoiled, model_of(sweep.directions, values))
        count += [item.lights for item in told] == [(int(sweep.lights[place]),)]
    return count


@pytest.mark.parametrize(
    ("lights", "least"), [(24, {0.5: 0.7, 0.7: 0.2}), (30, {0.5: 0.9, 0.7: 0.9})]
)
def test_how_few_lights_tell_the_level_of_one(
    tmp_path: Path, lights: int, least: dict[float, float]
) -> None:
    simulated(tmp_path, size=64, lights=lights, near_lights=False)
    session = read_session(tmp_path)
    glances = glances_of(session, session.cameras[0])
    assert glances is not None
    sweep = sweep_of(glances, session.rig)
    assert sweep is not None
    front = np.flatnonzero(sweep.directions[:, 2] > -0.1)
    for part, share in least.items():
        count = known(sweep, front, part)
        print(f"{lights} lights: {count} of {len(front)} known at {part:.0%}")
        assert count >= share * len(front)
    assert lights > 24 or count < len(front)
