"""SHA-256 of files, remembered as long as size, times and inode stay the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from olat.errors import FileError
from olat.io.publish import publish_text

BLOCK = 1 << 20
"""Bytes read at a time [B]."""


class ContentHashes:
    """Hashes of photographs, kept in a file so that a second run need not read them again."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known: dict[str, list[str | int]] = _read(cache)
        self._has_news = False

    def of(self, path: Path) -> str:
        """Return the SHA-256 of a file's content.

        Raises
        ------
        FileError
            If the file cannot be read.
        """
        try:
            status = path.stat()
            # Copying tools set the time of the content; nobody sets that of the inode.
            mark = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
            known = self._known.get(str(path))
            if known is not None and known[1:] == mark:
                return str(known[0])
            hasher = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    hasher.update(block)
        except OSError as error:
            raise FileError(f"{path}: it cannot be read: {error.strerror}.") from error
        self._known[str(path)] = [hasher.hexdigest(), *mark]
        self._has_news = True
        return hasher.hexdigest()

    def save(self) -> None:
        """Write the cache if it has learned something."""
        if self._has_news:
            publish_text(self._cache, json.dumps(self._known))
            self._has_news = False


def _read(cache: Path) -> dict[str, list[str | int]]:
    try:
        content = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
