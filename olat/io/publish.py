"""Files that are whole or absent: written beside their place, flushed, renamed."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EDQUOT, EFBIG, EIO, ENOSPC, EPERM, EROFS
from pathlib import Path

from olat.errors import OlatError, StorageError

HOST = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
"""This machine, in letters that part names allow."""

_PART = re.compile(r"\..+\.(?P<host>[A-Za-z0-9-]*)\.(?P<pid>\d+)\.[0-9a-f]{8}\.part(\.[^.]+)?")
_STALE = 24 * 3600.0
"""Age from which a part is nobody's, whoever wrote it [s]."""
_FORBIDDEN = frozenset(map(os.strerror, (EACCES, EPERM, EROFS)))
_NEARLY_FULL = 1 << 20
"""Free space below which an unexplained failure to write is the disk's fault [B]."""


def publish(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file so that nobody ever sees a part of it.

    Parameters
    ----------
    path
        Where the file shall be; missing folders are made, an older file is replaced.
    write
        Writes the whole file to the path that it is given: a hidden neighbor with the same suffix.

    Raises
    ------
    StorageError
        If the disk is full, read-only or failing. Whatever else `write` raises passes through.
    """
    part = _part_of(path)
    try:
        with storing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Writers hide the reason for which they cannot open a file; this tells it.
            part.touch(exist_ok=False)
            write(part)
            _flush(part)
            part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn what a failing disk makes writers raise into a `StorageError` about a path."""
    try:
        yield
    except BaseException as error:
        # Asked before what was written is removed, which makes room again.
        free = _free(path.parent)
        reason = _disk_trouble(error, free)
        if reason:
            raise StorageError(_complaint(path, reason, free)) from error
        raise


def publish_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all, in UTF-8."""
    publish_bytes(path, text.encode())


def publish_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    publish(path, lambda part: _write_bytes(part, content))


def is_leftover(path: Path) -> bool:
    """Tell whether a file is a part that its writer will never finish.

    True for parts of this machine whose process is gone, and for any part older than a day.
    """
    match = _PART.fullmatch(path.name)
    if match is None:
        return False
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return age > _STALE or (match["host"] == HOST and not _is_running(int(match["pid"])))


def remove_leftovers(folder: Path) -> tuple[Path, ...]:
    """Delete what killed writers left in a folder and below it; return what is gone."""
    leftovers = tuple(path for path in sorted(folder.rglob(".*.part*")) if is_leftover(path))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return leftovers


def _part_of(path: Path) -> Path:
    """Name the hidden neighbor that is written first."""
    name = f".{path.stem}.{HOST}.{os.getpid()}.{secrets.token_hex(4)}.part{path.suffix}"
    return path.with_name(name)


def _write_bytes(path: Path, content: bytes) -> None:
    """Write bytes and forget how many."""
    path.write_bytes(content)


def _flush(path: Path) -> None:
    """Wait until a file is on the disk: only then do full disks show with late allocation."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _is_running(pid: int) -> bool:
    """Tell whether a process of this machine lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _disk_trouble(error: BaseException, free: int | None) -> str:
    """Return why the disk is to blame for a failed write; empty if it is not."""
    if isinstance(error, OlatError) or not isinstance(error, Exception):
        return ""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    # Libraries in other languages keep the words and lose the number.
    for reason in map(os.strerror, (ENOSPC, EDQUOT, EROFS, EIO, EFBIG)):
        if reason in str(error):
            return reason
    return os.strerror(ENOSPC) if free is not None and free < _NEARLY_FULL else ""


def _free(folder: Path) -> int | None:
    """Return the bytes that are free where a folder is or would be; none if nobody knows."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            return shutil.disk_usage(place).free
    return None


def _complaint(path: Path, reason: str, free: int | None) -> str:
    """Say what could not be stored, where and why."""
    if reason in _FORBIDDEN:
        return (
            f"{path.parent}: {path.name!r} could not be written: {reason}. Choose a folder that "
            "can be written; a session can live elsewhere: olat init CAPTURE -o SESSION."
        )
    room = "unknown" if free is None else f"{free:,} bytes"
    return (
        f"{path.parent}: {path.name!r} could not be written: {reason} (free: {room}); a writable "
        "folder with room is needed. Free space or choose another folder, then run again."
    )
