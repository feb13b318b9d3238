"""A reader of binary PLY that knows nothing of how olat writes it."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

KINDS = {"float": "f", "uchar": "B", "int": "i", "double": "d", "uint": "I"}


def read_ply(path: Path) -> tuple[list[str], dict[str, list[dict[str, Any]]]]:
    """Return the comments and the rows of every element, value by value."""
    content = path.read_bytes()
    head, _, body = content.partition(b"end_header\n")
    lines = head.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    comments = [line.removeprefix("comment ") for line in lines if line.startswith("comment")]
    elements: list[tuple[str, int, list[list[str]]]] = []
    for word, *rest in map(str.split, lines[2:]):
        if word == "element":
            elements.append((rest[0], int(rest[1]), []))
        elif word == "property":
            elements[-1][2].append(rest)
    at = 0

    def value(kind: str) -> Any:
        nonlocal at
        (found,) = struct.unpack_from(f"<{KINDS[kind]}", body, at)
        at += struct.calcsize(f"<{KINDS[kind]}")
        return found

    rows: dict[str, list[dict[str, Any]]] = {}
    for name, count, properties in elements:
        rows[name] = [
            {
                told[-1]: [value(told[2]) for _ in range(value(told[1]))]
                if told[0] == "list"
                else value(told[0])
                for told in properties
            }
            for _ in range(count)
        ]
    assert at == len(body)
    return comments, rows
