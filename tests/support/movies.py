"""Movies, decoded by other programs than write them where there are some."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageSequence


def read_movie(path: Path) -> tuple[np.ndarray, float]:
    """Return the frames ``frame h w 3`` of a movie, and how many there are a second."""
    if path.suffix == ".webp":
        with Image.open(path) as movie:
            frames, times = [], []
            for frame in ImageSequence.Iterator(movie):
                frames.append(np.asarray(frame.convert("RGB")))
                times.append(frame.info["duration"])
        return np.stack(frames), 1000.0 / float(np.mean(times))
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while True:
        found, frame = movie.read()
        if not found:
            return np.stack(frames), float(movie.get(cv2.CAP_PROP_FPS))
        frames.append(frame[..., ::-1])
