from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from olat.errors import FileError
from olat.io.content_hash import ContentHashes


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_hash_is_that_of_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(content)
    assert ContentHashes(tmp_path / "cache.json").of(tmp_path / "a") == sha256(content)


def test_a_second_run_reads_no_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"light")
    first = ContentHashes(tmp_path / "cache.json")
    first.of(tmp_path / "a")
    first.save()
    second = ContentHashes(tmp_path / "cache.json")
    monkeypatch.setattr(Path, "open", None)
    assert second.of(tmp_path / "a") == sha256(b"light")


def test_a_rewrite_that_keeps_size_and_time_is_noticed(tmp_path: Path) -> None:
    path, hashes = tmp_path / "a", ContentHashes(tmp_path / "cache.json")
    path.write_bytes(b"light")
    before = path.stat()
    assert hashes.of(path) == sha256(b"light")
    # The clock of the file system may tick only every few milliseconds.
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        path.write_bytes(b"night")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert hashes.of(path) == sha256(b"night")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 3'])
def test_a_cache_that_cannot_be_read_is_forgotten(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_bytes(b"light")
    (tmp_path / "cache.json").write_text(text)
    assert ContentHashes(tmp_path / "cache.json").of(tmp_path / "a") == sha256(b"light")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="gone: it cannot be read: No such file"):
        ContentHashes(tmp_path / "cache.json").of(tmp_path / "gone")
