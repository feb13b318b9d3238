"""Digests in the document of a calibration, by which a later edit of its numbers is noticed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from olat.errors import FileError
from olat.io.calibration_tables import Document
from olat.model.calibration import KINDS

SAID = ("note", "certified_by", "valid_from")
"""Entries of the header that people say; all others were measured."""
ARRAYS = "arrays"
"""Name of the digest of the file beside a document."""


def content_digest(content: Any) -> str:
    """Return the SHA-256 of plain values; the order of names does not matter."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def table_digests(document: Document) -> dict[str, str]:
    """Return the digest of each table of what was measured."""
    header = {name: value for name, value in document.header.items() if name not in SAID}
    tables: dict[str, Any] = {"header": header, "residuals": dict(document.residuals)}
    tables |= {kind: values_of(document) for kind in KINDS if getattr(document, kind) is not None}
    return {name: content_digest(table) for name, table in tables.items()}


def values_of(document: Document) -> dict[str, Any]:
    """Return the numbers of a calibration, header and residuals aside."""
    tables = (table for kind in KINDS if (table := getattr(document, kind)) is not None)
    values: dict[str, Any] = next(tables).model_dump(mode="json")
    return values


def edited_tables(document: Document, *, sealed: bool = False) -> list[str]:
    """Return the names of tables that are not what their digests say.

    Those that have no digest count too where all are to be sealed.
    """
    found, told = table_digests(document), document.digests
    without = {} if sealed else found
    return [name for name in found if told.get(name, without.get(name)) != found[name]]


def check_arrays(path: Path, document: Document, found: str) -> None:
    """Refuse a file beside a document if its digest is another: `FileError`."""
    if document.digests.get(ARRAYS, found) != found:
        raise FileError(
            f"{path}: it is not as it was written together with {path.with_suffix('.toml').name}. "
            "Restore it, or measure and certify it again; if the change is meant, take "
            f"the line {ARRAYS!r} under [digests] out of the document."
        )
