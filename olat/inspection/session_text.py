"""An inspection as the files of a session: ``session.toml`` and the tables it needs."""

from __future__ import annotations

import csv
import io
import json
import os
import textwrap
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from olat.errors import UsageError
from olat.inspection.camera import CameraFound
from olat.inspection.capture import Inspection
from olat.inspection.sequence import SequenceReading
from olat.io.frame_expression import format_frames
from olat.io.frame_pattern import file_of_pattern
from olat.io.light_list import LightFile
from olat.io.manifest import MANIFEST
from olat.io.publish import publish_text
from olat.model.condition import Olat
from olat.model.roles import PATTERNS, role

LIGHTS, FRAMES = "lights.csv", "frames.csv"

_HEAD = """\
# Written by 'olat init' from what the capture looks like. What is marked 'guess' or 'likely' was
# not said by anybody: check it. All paths start from the folder of this file.
"""


def write_session(inspection: Inspection, target: Path) -> tuple[Path, ...]:
    """Write an inspection into the folder of a session; return the files, the manifest last.

    Raises
    ------
    UsageError
        If one of the files is there already: nothing is overwritten.
    StorageError
        If the folder cannot be written.
    """
    texts = session_texts(inspection, target)
    for name in texts:
        if (target / name).exists():
            raise UsageError(
                f"{target / name}: it is there already, and init never overwrites. Edit it, "
                "delete it, or write the session elsewhere with -o SESSION."
            )
    for name, text in texts.items():
        publish_text(target / name, text)
    return tuple(target / name for name in texts)


def withdraw_session(written: Iterable[Path]) -> None:
    """Delete what `write_session` wrote, and the folder if nothing else is in it."""
    for path in written:
        path.unlink()
        with suppress(OSError):
            path.parent.rmdir()


def session_texts(inspection: Inspection, target: Path) -> dict[str, str]:
    """Return the text of every file of a session by name, the manifest last."""
    texts = {}
    lights = inspection.lights.file
    if inspection.writes_lights:
        texts[LIGHTS] = _lights_table(lights)
    lights_path = LIGHTS if inspection.writes_lights else _refer(lights.path, target)
    needs_table = _needs_table(inspection.cameras)
    if needs_table:
        texts[FRAMES] = _frames_table(inspection.cameras, target)
    tables = [
        _HEAD + "schema = 1",
        f"[session]\nname = {_quoted(inspection.name)}",
        _rig(inspection, lights_path),
        *(_camera(camera, inspection, target, needs_table) for camera in inspection.cameras),
        _sequence(inspection, needs_table=needs_table),
        *_drive(_main(inspection).reading),
    ]
    texts[MANIFEST] = "\n\n".join(tables) + "\n"
    return texts


def _rig(inspection: Inspection, lights_path: str) -> str:
    """Return the table of the lights."""
    lights = inspection.lights
    lines = [
        *_remark(inspection, "lights"),
        f"lights = {_quoted(lights_path)}",
        *_remark(inspection, "light axes"),
        'frame = "olat"  # x right, y up, z to the camera; "opencv": y down, z away from it',
        f'holds = "{lights.holds}"',
    ]
    if lights.holds == "positions":
        center = ", ".join(f"{value:.10g}" for value in lights.center)
        lines += [*_remark(inspection, "units"), f'units = "{lights.units}"']
        lines += [*_remark(inspection, "center"), f"center = [{center}]"]
    return "\n".join(["[rig]", *lines])


def _camera(camera: CameraFound, inspection: Inspection, target: Path, in_table: bool) -> str:
    """Return the table of a camera."""
    pictures = camera.pictures
    lines = []
    if pictures.pattern:
        lines.append(f"files = {_quoted(_refer(pictures.folder / pictures.pattern, target))}")
    elif not in_table:
        names = [f"  {_quoted(_refer(path, target))},\n" for path in pictures.frames.values()]
        lines.append(f"files = [\n{''.join(names)}]")
    encoding = camera.encoding if isinstance(camera.encoding, float) else f'"{camera.encoding}"'
    several = len(inspection.cameras) > 1
    what = f"{pictures.camera}: encoding" if several else "encoding"
    lines += [*_remark(inspection, what), f"encoding = {encoding}"]
    if camera.mask:
        lines.append(f"mask = {_quoted(_refer(camera.mask, target))}")
    return "\n".join([f"[camera.{_key(pictures.camera)}]", *lines])


def _sequence(inspection: Inspection, *, needs_table: bool) -> str:
    """Return the table of the frames: a rule, or where the frame table is."""
    main = _main(inspection)
    several = len(inspection.cameras) > 1
    what = f"{main.pictures.camera}: sequence" if several else "sequence"
    remark, patterns = _remark(inspection, what), []
    if needs_table:
        lines = [*remark, f'table = "{FRAMES}"']
    else:
        frames = {frame for item in inspection.cameras for frame in _reached(item)}
        lines = [*remark, f'frames = "{format_frames(frames)}"', *_rule(main.reading, frames)]
        patterns = _patterns(main.reading, frames)
    unlit = sorted({light for camera in inspection.cameras for light in camera.reading.unlit})
    if unlit:
        lines.append(f"skip_lights = {unlit}")
    if patterns:
        lines += ["", "[sequence.patterns]", *patterns]
    return "\n".join(["[sequence]", *lines])


def _main(inspection: Inspection) -> CameraFound:
    """Return the camera with the most frames, which the rule is written for."""
    return max(inspection.cameras, key=lambda camera: len(camera.pictures.frames))


def _drive(reading: SequenceReading) -> list[str]:
    """Return the table of the levels of the lights, if they were measured."""
    if not reading.drive:
        return []
    levels = [f"{word} = {level:.3g}" for word, level in reading.drive]
    why = "# likely: brightness relative to the sum of all OLAT frames."
    return ["\n".join(["[drive]", why, *levels])]


def _rule(reading: SequenceReading, frames: set[int]) -> list[str]:
    """Return the frames that are not lit by one light, a line a role."""
    by_role = _by_role(reading, frames)
    if reading.skipped:
        by_role["skip"] = list(reading.skipped)
    named = {word: found for word, found in by_role.items() if word not in PATTERNS}
    lines = [f'{word} = "{format_frames(found)}"' for word, found in named.items()]
    if reading.brackets:
        times = ", ".join(f"{time:.6g}" for time in reading.exposures_s)
        lines += [f"bracket = {len(reading.exposures_s)}", f"exposures_s = [{times}]"]
    return lines


def _patterns(reading: SequenceReading, frames: Iterable[int]) -> list[str]:
    """Return the frames under patterns that the sub-table names, a line a pattern."""
    return [
        f'{word} = "{format_frames(found)}"'
        for word, found in _by_role(reading, frames).items()
        if word in PATTERNS
    ]


def _by_role(reading: SequenceReading, frames: Iterable[int]) -> dict[str, list[int]]:
    """Return those of some frames that are not lit by one light, by role."""
    by_role: dict[str, list[int]] = {}
    for frame in sorted(set(reading.conditions) & set(frames)):
        condition = reading.conditions[frame]
        if not isinstance(condition, Olat):
            by_role.setdefault(role(condition), []).append(frame)
    return by_role


def _needs_table(cameras: Iterable[CameraFound]) -> bool:
    """Tell whether a rule cannot say what the lights did.

    A table cannot say what is unknown, so frames that do not match the lights stay a rule.
    """
    readings = [camera.reading for camera in cameras]
    if not all(reading.is_rule for reading in readings):
        return True
    matches = all(
        any(isinstance(condition, Olat) for condition in reading.conditions.values())
        for reading in readings
    )
    return matches and any(_reached(camera) != set(camera.pictures.frames) for camera in cameras)


def _reached(camera: CameraFound) -> set[int]:
    """Return the frames that the pattern of a camera reaches; all of them without one."""
    pictures = camera.pictures
    if pictures.pattern is None:
        return set(pictures.frames) if camera.reading.is_rule else set()
    return {
        frame
        for frame, path in pictures.frames.items()
        if path == pictures.folder / file_of_pattern(pictures.pattern, frame)
    }


def _frames_table(cameras: tuple[CameraFound, ...], target: Path) -> str:
    """Return what the lights did, frame by frame, with the files that no pattern reaches."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    with_files = any(
        _reached_by_pattern(camera) != set(camera.pictures.frames) for camera in cameras
    )
    told = ["exposure"] if any(camera.reading.brackets for camera in cameras) else []
    told += ["file"] if with_files else []
    table.writerow(("frame", "role", "light", "camera", *told))
    for camera in cameras:
        reached = _reached_by_pattern(camera)
        exposures = {
            frame: f"{time:.6g}"
            for group in camera.reading.brackets
            for frame, time in zip(group, camera.reading.exposures_s, strict=True)
        }
        for frame, condition in sorted(camera.reading.conditions.items()):
            light = condition.light if isinstance(condition, Olat) else ""
            path = camera.pictures.frames[frame]
            file = "" if frame in reached else _refer(path, target)
            row = {
                "frame": frame,
                "role": role(condition),
                "light": light,
                "camera": camera.pictures.camera,
                "exposure": exposures.get(frame, ""),
                "file": file,
            }
            table.writerow([row[column] for column in ("frame", "role", "light", "camera", *told)])
    return out.getvalue()


def _reached_by_pattern(camera: CameraFound) -> set[int]:
    """Return the frames that need no file in a table."""
    return _reached(camera) if camera.pictures.pattern else set()


def _lights_table(lights: LightFile) -> str:
    """Return the lights as a table with a header."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(("name", "direction_x", "direction_y", "direction_z"))
    for name, vector in zip(lights.names, lights.vectors, strict=True):
        table.writerow((name, *(f"{value:.9f}" for value in vector + 0.0)))
    return out.getvalue()


def _remark(inspection: Inspection, what: str) -> list[str]:
    """Return how sure a value is, as comment lines above it."""
    found = next((item for item in inspection.findings if item.what == what), None)
    if found is None:
        return []
    words = f"{found.confidence}: {found.value}: {found.reason}."
    return textwrap.wrap(words, 98, initial_indent="# ", subsequent_indent="# ")


def _refer(path: Path, target: Path) -> str:
    """Return a path as the manifest says it: relative to a folder near by, else absolute."""
    place, home = path.parent.resolve() / path.name, target.resolve()
    if place.is_relative_to(home.parent):
        return Path(os.path.relpath(place, home)).as_posix()
    return place.as_posix()


def _quoted(text: str) -> str:
    """Return a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    """Return a TOML key, quoted where it has to be."""
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else _quoted(name)
