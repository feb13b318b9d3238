"""Receipts: what made a product, beside the product; also the proof that it is whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from olat.io.publish import publish_text

SCHEMA = 1


@dataclass(frozen=True)
class Receipt:
    """Provenance of one product. Written last: where it stands, the product is whole."""

    key: str
    """Digest of everything that can change the product."""
    stage: str
    revision: int
    camera: str
    frame: int | None
    parameters: dict[str, Any]
    inputs: dict[str, str]
    """Digest of every need, by name."""
    through: dict[str, dict[str, Any]]
    """Parameters of the stages whose products were passed on in memory."""
    outputs: dict[str, int]
    """Files, relative to the receipt, and their sizes [B]."""
    seconds: float
    peak_memory_mb: float
    """Largest resident memory of the process so far [MB]."""
    notes: tuple[str, ...] = ()
    """What the stage found worth telling, in words."""
    metrics: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    pipeline: str = ""
    """Definition that it was made by; empty in receipts of older versions."""
    schema: int = SCHEMA

    def write(self, path: Path) -> None:
        """Write the receipt, whole or not at all."""
        publish_text(path, json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")

    def is_complete(self, path: Path) -> bool:
        """Tell whether every output still stands beside the receipt with its size."""
        try:
            return all(
                (path.parent / name).stat().st_size == size for name, size in self.outputs.items()
            )
        except OSError:
            return False


def read_receipt(path: Path) -> Receipt | None:
    """Return the receipt at a path, or nothing where there is none that can be trusted."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("schema") != SCHEMA:
            return None
        content["notes"] = tuple(content["notes"])
        return Receipt(**content)
    except (OSError, ValueError, TypeError, KeyError):
        return None
