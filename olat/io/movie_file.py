"""Movies for eyes: MP4 and WebP."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np

from olat.errors import FileError, StorageError
from olat.io.contact_sheet import DisplayPicture
from olat.io.publish import publish

MOVIES = (".mp4", ".webp")
CODEC = "vp09"
"""VP9: free to use, and browsers play it."""


def write_movie(path: Path, frames: Iterable[DisplayPicture], *, fps: float) -> int:
    """Write a movie, whole or not at all; return how many frames it has.

    Parameters
    ----------
    path
        ``.mp4`` (VP9) or ``.webp`` (an animation that repeats).
    frames
        sRGB pictures of one size; an odd side gets a black row or column in an ``.mp4``, whose
        colors are stored for 2 x 2 pixels.
    fps
        Frames a second.

    Raises
    ------
    StorageError
        If the disk is full, read-only or failing.
    FileError
        If there are no frames, or the encoder refuses them.
    """
    count = 0

    def counted() -> Iterable[DisplayPicture]:
        nonlocal count
        for frame in frames:
            count += 1
            yield frame

    write = _write_mp4 if path.suffix.lower() == ".mp4" else _write_webp
    publish(path, lambda part: write(part, counted(), fps))
    return count


def _write_mp4(path: Path, frames: Iterable[DisplayPicture], fps: float) -> None:
    """Write VP9 by the FFmpeg that OpenCV brings."""
    writer = None
    try:
        for frame in frames:
            even = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)))
            if writer is None:
                code = cv2.VideoWriter.fourcc(*CODEC)
                size = even.shape[1], even.shape[0]
                writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
                if not writer.isOpened():
                    raise FileError(
                        f"{path.name}: this OpenCV has no encoder of VP9; needed is that of "
                        "opencv-contrib-python-headless. Install it, or write .webp or .png."
                    )
            writer.write(np.ascontiguousarray(even[..., ::-1]))
    finally:
        if writer is not None:
            writer.release()
    if writer is None:
        raise FileError(f"{path.name}: there are no frames; one at least is needed.")
    if not path.stat().st_size:
        raise StorageError(f"{path.parent}: {path.name} came out empty. Is the disk full?")


def _write_webp(path: Path, frames: Iterable[DisplayPicture], fps: float) -> None:
    """Write an animation that repeats for ever."""
    stack = list(frames)
    if not stack:
        raise FileError(f"{path.name}: there are no frames; one at least is needed.")
    duration = max(1, round(1000.0 / fps))
    iio.imwrite(
        path,
        np.stack(stack),
        plugin="pillow",
        extension=".webp",
        duration=duration,
        loop=0,
        quality=90,
        method=4,
    )
