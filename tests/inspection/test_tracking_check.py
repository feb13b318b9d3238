from __future__ import annotations

from pathlib import Path

from olat.inspection.glances import glances_of
from olat.inspection.sequence_check import check_sequence
from olat.inspection.tracking_check import tracking_places
from olat.io.manifest import read_session
from olat.model.condition import Tracking
from tests.support.sessions import simulated


def test_patterns_that_look_full_on_are_not_taken_for_full_on_frames(tmp_path: Path) -> None:
    words = ("full_on_crossed", "full_on_parallel", "second_order_zz", "gradient_z")
    simulated(
        tmp_path, size=64, lights=40, tracking_every=8, near_lights=False, patterns=(*words, *words)
    )
    session = read_session(tmp_path)
    glances = glances_of(session, session.cameras[0])
    assert glances is not None
    places = tracking_places(glances)
    assert list(places.planned) == glances.rows(Tracking).tolist()
    assert set(places.late) == {0}
    assert not [
        finding for finding in check_sequence(session).findings if finding.severity == "refusal"
    ]
