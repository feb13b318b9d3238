"""Spoil a written session in the ways that captures go wrong, to see it noticed."""

from __future__ import annotations

import shutil
from pathlib import Path


def frame_file(session: Path, frame: int) -> Path:
    """Return the photograph of a frame."""
    return session / "raw" / "A" / f"{frame:04d}.dng"


def kill_light(session: Path, frame: int) -> None:
    """Let the light of a frame fail: the camera saw what it saw in the first dark frame."""
    shutil.copyfile(frame_file(session, 0), frame_file(session, frame))


def drop_frame(session: Path, frame: int) -> None:
    """Lose a file."""
    frame_file(session, frame).unlink()


def duplicate_frame(session: Path, frame: int) -> None:
    """Store the frame before once more in place of a frame."""
    shutil.copyfile(frame_file(session, frame - 1), frame_file(session, frame))


def swap_frames(session: Path, first: int, second: int) -> None:
    """Exchange two photographs."""
    aside = frame_file(session, first).with_suffix(".aside")
    frame_file(session, first).rename(aside)
    frame_file(session, second).rename(frame_file(session, first))
    aside.rename(frame_file(session, second))


def truncate_file(session: Path, frame: int, *, keep: float = 0.5) -> None:
    """Cut a file short, as a full card does; `keep` is the share that stays."""
    path = frame_file(session, frame)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
