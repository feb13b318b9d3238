"""Which lights of the rig a capture used, and in what order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from olat.errors import FileError
from olat.io.manifest_schema import SequenceTable
from olat.io.manifest_text import Complaints
from olat.model.rig import LightRig


def lights_in_order(
    sequence: SequenceTable, rig: LightRig, folder: Path, complaints: Complaints
) -> list[int]:
    """Return the lights of the sweep in the order they were lit, counted from 0."""
    left_out = set(sequence.skip_lights)
    order = _order(sequence, len(rig), folder, complaints)
    key = ("sequence", "order") if sequence.order is not None else ("sequence", "skip_lights")
    complain_of_unknown(key, [*order, *left_out], rig, sequence.index_base, complaints)
    twice = sorted({light for light in order if order.count(light) > 1})
    if twice:
        complaints.add(("sequence", "order"), f"{light_words(twice)} comes up twice in the order.")
    return [light - sequence.index_base for light in order if light not in left_out]


def _order(
    sequence: SequenceTable, count: int, folder: Path, complaints: Complaints
) -> Sequence[int]:
    """Return the lights in order, as the manifest counts them."""
    if sequence.order is None:
        return range(sequence.index_base, sequence.index_base + count)
    if not isinstance(sequence.order, str):
        return sequence.order
    try:
        return read_order(folder / sequence.order)
    except FileError as error:
        complaints.add(("sequence", "order"), str(error))
        return ()


def read_order(path: Path) -> list[int]:
    """Read one light a line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise FileError(f"{path}: the order cannot be read: {error.strerror}.") from None
    order = []
    for number, line in enumerate(lines, start=1):
        word = line.split("#")[0].strip().rstrip(",")
        if word and not word.isdecimal():
            raise FileError(f"{path}:{number}: {word!r} is no light; one number a line is needed.")
        if word:
            order.append(int(word))
    return order


def complain_of_unknown(
    location: Sequence[str],
    lights: Sequence[int],
    rig: LightRig,
    index_base: int,
    complaints: Complaints,
) -> None:
    """Complain about lights that the rig does not have, and suggest another base."""
    last = len(rig) - 1 + index_base
    unknown = sorted({light for light in lights if not index_base <= light <= last})
    if not unknown:
        return
    words = (
        f"{light_words(unknown)} is named, but rig '{rig.name}' has lights {index_base} to {last} "
        f"(index_base = {index_base})."
    )
    other = 1 - index_base
    if all(other <= light < other + len(rig) for light in lights):
        words += f" All of them fit if the first light is called {other}: say index_base = {other}."
    complaints.add(location, words)


def light_words(lights: Sequence[int]) -> str:
    """Name a few lights."""
    shown = ", ".join(map(str, lights[:8])) + (", …" if len(lights) > 8 else "")
    return f"light {shown}"
