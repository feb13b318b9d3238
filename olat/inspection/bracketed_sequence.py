"""Which light lit which photograph where each was photographed at several exposures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from olat.inspection.brackets import brackets_in, exposures_by_file
from olat.inspection.sequence import SequenceReading, by_count
from olat.model.condition import ON_SUBJECT, Condition


def by_bracket(
    frames: Mapping[int, Path],
    lights: int,
    roles: Mapping[int, Condition],
    *,
    encodings: Sequence[str | float],
) -> SequenceReading | None:
    """Read the first frame of each exposure bracket, and take the others for the same.

    Headers are opened where there are twice as many frames as lights. None if the files tell of
    no brackets, or if a frame of the subject is in none: a rule could not say that.
    """
    order = sorted(frames)
    if len(order) < 2 * lights:
        return None
    found = brackets_in(exposures_by_file(frames[frame] for frame in order))
    if found is None:
        return None
    groups = {order[group[0]]: tuple(order[place] for place in group) for group in found.groups}
    followers = {frame for group in groups.values() for frame in group[1:]}
    leads = {frame: path for frame, path in frames.items() if frame not in followers}
    reading = by_count(leads, lights, roles, encodings=encodings)
    subject = {
        lead for lead, condition in reading.conditions.items() if isinstance(condition, ON_SUBJECT)
    }
    if not subject <= set(groups):
        return None
    conditions = {
        frame: condition
        for lead, condition in reading.conditions.items()
        for frame in groups.get(lead, (lead,))
    }
    skipped = [frame for lead in reading.skipped for frame in groups.get(lead, (lead,))]
    times = ", ".join(f"{time:.4g}" for time in found.exposures_s)
    told = reading.finding and replace(
        reading.finding,
        value=f"{reading.finding.value}, each with {len(found.exposures_s)} exposures",
        reason=f"{reading.finding.reason}; exposures of {times} s come again and again (Exif)",
    )
    return replace(
        reading,
        conditions=conditions,
        skipped=tuple(skipped),
        brackets=tuple(group for lead, group in groups.items() if lead in subject),
        exposures_s=found.exposures_s,
        finding=told,
    )
