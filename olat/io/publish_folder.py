"""Folders that are whole or absent: filled beside their place, then renamed."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from olat.errors import UsageError
from olat.io.publish import HOST, storing

MARK = "olat-export.json"
"""File by which a folder is known to be ours: only such a folder is ever replaced."""


def publish_folder(
    path: Path, write: Callable[[Path], None], *, told: dict[str, Any], overwrite: bool = False
) -> None:
    """Fill a folder so that nobody ever sees a part of it.

    Parameters
    ----------
    path
        Where the folder shall be.
    write
        Fills the folder that it is given, a hidden neighbor.
    told
        What the folder is, for programs and people; becomes its `MARK`.
    overwrite
        Whether a folder that was published before may be replaced.

    Raises
    ------
    UsageError
        If something is there that may not be replaced.
    StorageError
        If the disk is full, read-only or failing. Whatever else `write` raises passes through.
    """
    check_folder(path, overwrite=overwrite)
    token = f"{HOST}.{os.getpid()}.{secrets.token_hex(4)}"
    part, old = (path.with_name(f".{path.name}.{token}.{word}") for word in ("part", "old"))
    try:
        with storing(path):
            part.mkdir(parents=True)
            write(part)
            text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
            (part / MARK).write_text(text, encoding="utf-8")
            if path.exists():
                path.rename(old)
            part.rename(path)
    except BaseException:
        if old.exists() and not path.exists():
            old.rename(path)
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def check_folder(path: Path, *, overwrite: bool) -> None:
    """Refuse a place where a folder cannot be published; `UsageError` in words."""
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not (path / MARK).is_file():
        raise UsageError(
            f"{path}: something is there that no export has made; a new or empty folder is needed. "
            "Choose another name."
        )
    if not overwrite:
        raise UsageError(
            f"{path}: an export is there already; a new folder is needed. Choose another name, or "
            "say --overwrite."
        )
