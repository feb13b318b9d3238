"""Whether products are those of the session as it is written now."""

from __future__ import annotations

import json
from pathlib import Path

from olat.io.publish import publish_text

MARK = ".current.json"
"""File among the products: what the session said when the last run came to its end."""


def mark_current(products: Path, session_digest: str) -> None:
    """Note that a run came to its end without a failure."""
    if not is_current(products, session_digest):
        publish_text(products / MARK, json.dumps({"session": session_digest}))


def mark_unfinished(products: Path) -> None:
    """Note that a run has begun to change products."""
    (products / MARK).unlink(missing_ok=True)


def is_current(products: Path, session_digest: str) -> bool:
    """Tell whether the last run came to its end, and the session has not changed since."""
    try:
        return bool(json.loads((products / MARK).read_text())["session"] == session_digest)
    except (OSError, ValueError, KeyError, TypeError):
        return False
