"""One run at a time on a session."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from olat.errors import LockedError, StorageError


@contextmanager
def session_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a session's products; the system drops it when the process dies.

    Raises
    ------
    LockedError
        If another run holds it.
    StorageError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / ".lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{folder}: products cannot be written here: {error.strerror}. Give the session a "
            "writable place with `olat init CAPTURE -o SESSION`."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise LockedError(
                f"{folder.parent}: {holder} is working on this session. Wait for it, or stop it."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
