"""Whether products are those of the session as it is written now, and what they were made with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from olat.io.publish import publish_text

MARK = ".current.json"
"""File among the products: what the session said when the last run came to its end."""


@dataclass(frozen=True)
class MadeWith:
    """The calibrations that a run had."""

    calibration: tuple[Path, ...] = ()
    """Folders that it was given on the command line."""
    shelves: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Folder of each certified calibration that it used, by camera and kind."""
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Digest of the content, by camera and by the name under which stages ask for it."""

    def over(self, earlier: MadeWith) -> MadeWith:
        """Return what products are made with while this run replaces those of an earlier one."""
        return MadeWith(
            self.calibration,
            _joined(earlier.shelves, self.shelves),
            _joined(earlier.digests, self.digests),
        )


def mark_current(products: Path, session_digest: str, used: MadeWith) -> None:
    """Note that a run came to its end without a failure, and what it used."""
    _write(products, session_digest, used)


def mark_unfinished(products: Path, used: MadeWith) -> None:
    """Note that a run has begun to change products; some are still those of the run before."""
    _write(products, None, used.over(made_with(products)))


def made_with(products: Path) -> MadeWith:
    """Return what the products were made with, as far as it is known."""
    try:
        return TypeAdapter(MadeWith).validate_python(_read(products)["made_with"])
    except (KeyError, ValidationError):
        return MadeWith()


def is_current(products: Path, session_digest: str) -> bool:
    """Tell whether the last run came to its end, and the session has not changed since."""
    return _read(products).get("session") == session_digest


def _write(products: Path, session_digest: str | None, used: MadeWith) -> None:
    mark = {"session": session_digest, "made_with": asdict(used)}
    text = json.dumps(mark, default=str)
    if json.loads(text) != _read(products):
        publish_text(products / MARK, text)


def _read(products: Path) -> dict[str, Any]:
    try:
        mark = json.loads((products / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}


def _joined(
    one: Mapping[str, Mapping[str, str]], other: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """Return both; what the first says of an entry counts."""
    return {name: {**other.get(name, {}), **one.get(name, {})} for name in {**other, **one}}
