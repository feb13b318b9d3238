"""The verdict on a sequence: looked up, or found out; what it refuses, and what it notes."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from olat.engine.keys import digest
from olat.errors import FileError, SessionError
from olat.inspection.verdict import SequenceVerdict
from olat.io.publish import publish_text
from olat.stages.calibrations import measured_by
from olat.stages.work import Desk, Job

VERDICT = ".sequence.json"
"""File among the products: what the last look at the pictures said, and at which."""


def sequence_notes(job: Job, desk: Desk, *, trust: bool = False) -> list[str]:
    """Check the pictures against the manifest; return what is worth a note.

    Parameters
    ----------
    job, desk
        The work, and what it is about. A pipeline that measures a calibration is not checked: what
        would be wrong is what it measures.
    trust
        Whether the manifest is followed all the same; refusals are then notes.

    Raises
    ------
    SessionError
        If the pictures contradict the manifest, a finding a line.
    """
    if measured_by(job.pipeline):
        return []
    verdict = _verdict(job, desk)
    calibrated = {name for kind, name in desk.calibrations.held() if kind == "sensor"}
    # Where the sensor is calibrated, the black that files declare is not used.
    found = [
        item
        for item in verdict.findings
        if item.kind != "black_level" or item.camera not in calibrated
    ]
    if trust or not any(item.severity == "refusal" for item in found):
        return [item.words for item in found]
    told = "\n".join(item.words for item in found)
    raise SessionError(
        f"{told}\nThe pictures contradict {desk.session.folder / 'session.toml'}. Correct it, or "
        "process it as it is with --trust-manifest."
    )


def _verdict(job: Job, desk: Desk) -> SequenceVerdict:
    """Return the verdict on the session as it is now."""
    from olat.inspection.sequence_check import REVISION, check_sequence

    hashes = _hashes(desk)
    masks = [_hash(desk, camera.mask) for camera in desk.session.cameras if camera.mask]
    content = [[camera, number, text] for (camera, number), text in hashes.items()]
    key = digest([REVISION, desk.capture.digest(), content, masks])
    path = job.products / VERDICT
    known = _read(path, key)
    if known is not None:
        return known
    verdict = check_sequence(desk.session, hashes=hashes)
    publish_text(path, json.dumps({"key": key, **verdict.as_dict()}))
    return verdict


def _hashes(desk: Desk) -> dict[tuple[str, int], str]:
    """Return digests of the frames that are looked at."""
    return {
        (frame.camera, frame.index): _hash(desk, frame.path)
        for frame in desk.session.frames
        if frame.leads
    }


def _hash(desk: Desk, path: Path) -> str:
    """Return the digest of a file; of one that cannot be read, its path."""
    with suppress(FileError):
        return desk.capture.hashes.of(path)
    return str(path)


def _read(path: Path, key: str) -> SequenceVerdict | None:
    """Return a verdict that was written before, if it is of the same content."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return SequenceVerdict.from_dict(content) if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
