"""Words inside of a PNG, as international text chunks.

References
----------
.. [1] W3C, Portable Network Graphics Specification, third edition, sections 5 and 11.3.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from olat.errors import FileError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXT = b"iTXt"


def with_text(png: bytes, told: Mapping[str, str]) -> bytes:
    """Return a PNG that says something under keywords, such as ``Description``."""
    chunks = []
    for keyword, words in told.items():
        # No compression, no language, no translated keyword.
        content = keyword.encode("latin-1") + b"\0\0\0\0\0" + words.encode()
        check = struct.pack(">I", zlib.crc32(_TEXT + content))
        chunks.append(struct.pack(">I", len(content)) + _TEXT + content + check)
    head = len(_SIGNATURE) + 12 + 13  # the header is a chunk of 13 bytes
    return png[:head] + b"".join(chunks) + png[head:]


def read_text(path: Path) -> tuple[tuple[int, int], dict[str, str]]:
    """Return height and width of a PNG [px], and what it says, by keyword.

    Raises
    ------
    FileError
        If the file cannot be read or is no whole PNG.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: it cannot be read: {error.strerror}.") from None
    found = list(_chunks(content))
    if not content.startswith(_SIGNATURE) or not found or found[-1][0] != b"IEND":
        raise FileError(f"{path}: it is no whole PNG; one is needed. Make or copy it again.")
    width, height = struct.unpack(">II", found[0][1][:8])
    told = {}
    for kind, body in found:
        if kind == _TEXT:
            keyword, _, rest = body.partition(b"\0")
            told[keyword.decode("latin-1")] = rest[2:].split(b"\0", 2)[-1].decode(errors="replace")
    return (height, width), told


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each whole chunk."""
    place = len(_SIGNATURE)
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        if place + 12 + length > len(content):
            return
        yield content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        place += 12 + length
