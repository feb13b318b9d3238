"""From the text of a manifest to its tables, with every fault told by its line."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, ValidationError

from olat.errors import SessionError
from olat.io.manifest_schema import Manifest
from olat.model.roles import PATTERNS

Location: TypeAlias = Sequence[str | int]
"""Keys from the outermost table inwards, as ``("override", 0, "gain")``."""

_KEY = r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'"
_DOTTED = rf"(?:{_KEY})(?:\s*\.\s*(?:{_KEY}))*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_ENTRY = re.compile(rf"\s*({_DOTTED})\s*=")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")


class Complaints:
    """What is wrong with a manifest, collected so that all of it is told at once."""

    def __init__(self, path: Path, text: str = "") -> None:
        self.path = path
        self._lines = _lines_of_keys(text)
        self._words: list[str] = []

    def add(self, location: Location, words: str) -> None:
        """Add a fault at a key of the manifest; its line is looked up."""
        keys = tuple(location)
        while keys and keys not in self._lines:
            keys = keys[:-1]
        line = f":{self._lines[keys]}" if keys else ""
        self._words.append(f"{self.path}{line}: {words}")

    def add_words(self, words: str) -> None:
        """Add a fault that says itself where it is."""
        self._words.append(words)

    def raise_any(self) -> None:
        """Raise `SessionError` with everything collected, if there is anything."""
        if self._words:
            raise SessionError("\n".join(self._words))


def parse_manifest(path: Path) -> tuple[Manifest, Complaints]:
    """Return the tables of a manifest, and where to complain about them.

    Raises
    ------
    SessionError
        If the file is not TOML, or has unknown, missing or misused keys: all of them at once.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SessionError(f"{path}: byte {error.start} is not UTF-8; TOML is UTF-8.") from None
    except OSError as error:
        raise SessionError(f"{path}: it cannot be read: {error.strerror}.") from None
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = f":{at[1]}" if at else ""
        words = _AT_LINE.sub("", str(error))
        hint = "; text needs quotes" if words == "Invalid value" else ""
        raise SessionError(f"{path}{line}: {words}{hint}.") from None
    complaints = Complaints(path, text)
    try:
        return Manifest.model_validate(content), complaints
    except ValidationError as error:
        for fault in error.errors():
            complaints.add(fault["loc"], _words(fault["loc"], fault))
        complaints.raise_any()
        raise


def skip_advice(frames: str, camera: str | None = None) -> str:
    """Return how to go on without some frames: lines to paste at the end of ``session.toml``.

    Parameters
    ----------
    frames
        Expression for the frames.
    camera
        The camera that misses them; none for all cameras.
    """
    lines = ["[[override]]", f'frames = "{frames}"']
    if camera is not None:
        lines.append(f"camera = {json.dumps(camera, ensure_ascii=False)}")
    pasted = "".join(f"\n  {line}" for line in [*lines, "skip = true"])
    noun = "frame" if frames.isdecimal() else "frames"
    return f"To go on without {noun} {frames}, add these lines to session.toml:{pasted}"


def did_you_mean(word: str, known: Iterable[str], *, quote: str = "'{}'") -> str:
    """Return a question that suggests the nearest known word; empty if none is near."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {quote.format(near[0])}?" if near else ""


def _words(location: Location, fault: Any) -> str:
    """Return one fault in the house's words."""
    *table, key = location
    name = _name(table)
    if key == "schema" and fault["type"] != "missing":
        return f"schema = {fault['input']!r}; this olat reads schema 1."
    if table[:2] == ["sequence", "patterns"] and key == "[key]":
        return _unknown_key(table[:2], str(fault["input"]))
    match fault["type"]:
        case "extra_forbidden":
            return _unknown_key(table, str(key))
        case "missing":
            return f"{name} needs '{key}'." if table else f"the table [{key}] is missing."
        case _:
            return f"{name} {key} = {fault['input']!r}: {_reason(location, fault)}."


def _unknown_key(table: Location, key: str) -> str:
    """Return what to do about a key that its table does not have."""
    if not table:
        return f"there is no table [{key}].{did_you_mean(key, _keys_of(()), quote='[{}]')}"
    name, keys, elsewhere = _name(table), _keys_of(table), {}
    if tuple(table) == ("sequence",):
        elsewhere = dict.fromkeys(PATTERNS, "[sequence.patterns]")
    elif tuple(table) == ("sequence", "patterns"):
        keys, elsewhere = list(PATTERNS), dict.fromkeys(_keys_of(("sequence",)), "[sequence]")
    if key in elsewhere:
        return f"{name} has no key '{key}', but {elsewhere[key]} has: put it there."
    return f"{name} has no key '{key}'.{did_you_mean(key, keys)}"


def _reason(location: Location, fault: Any) -> str:
    """Return why a value cannot be meant."""
    if location[-1] == "[key]":
        return "the name of a camera must be one that a folder can have"
    if tuple(location) == ("camera",):
        return "a table [camera.NAME] with 'files' is needed"
    if fault["type"].startswith("date"):
        return "needed is a day of the calendar, without quotes, such as 2026-05-17"
    cause = fault.get("ctx", {}).get("error")
    return str(cause) if cause else fault["msg"][0].lower() + fault["msg"][1:]


def _name(table: Location) -> str:
    """Return a table as people write it."""
    if table and table[0] == "override":
        return "[[override]]"
    return f"[{'.'.join(map(str, table))}]" if table else "the file"


def _keys_of(table: Location) -> list[str]:
    """Return the keys that a table of the manifest may have."""
    model: type[BaseModel] = Manifest
    for key in table:
        if key in model.model_fields:
            model = _model_in(model.model_fields[str(key)].annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as ``dict[str, CameraTable]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _lines_of_keys(text: str) -> dict[tuple[str | int, ...], int]:
    """Return the line of every table and key."""
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            keys = _split(header[2])
            table = keys
            if header[1] == "[[":
                counts[keys] = counts.get(keys, -1) + 1
                table = (*keys, counts[keys])
            lines.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            lines.setdefault((*table, *_split(entry[1])), number)
    return lines


def _split(dotted: str) -> tuple[str, ...]:
    """Split a dotted key into its parts, without quotes."""
    return tuple(part.strip("\"'") for part in re.findall(_KEY, dotted))
