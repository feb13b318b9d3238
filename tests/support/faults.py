"""Spoil a written session in the ways that captures go wrong, to see it noticed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import tifffile

from olat.io.dng import write_dng
from olat.io.manifest import read_session
from olat.io.raw import read_raw
from olat.model.condition import Dark
from olat.model.image import RawMosaic

EXPOSURE_TIME = 33434
"""TIFF tag."""


def frame_file(session: Path, frame: int) -> Path:
    """Return the photograph of a frame."""
    return session / "raw" / "A" / f"{frame:04d}.dng"


def frame_of(session: Path, light: int) -> int:
    """Return the frame that a light is lit in."""
    return sweep(session)[light]


def sweep(session: Path) -> list[int]:
    """Return the OLAT frames in the order of their lights."""
    return [frame.index for frame in read_session(session).olat_frames("A")]


# Frames that are not where they should be.


def drop_frame(session: Path, frame: int) -> None:
    """Lose a file."""
    frame_file(session, frame).unlink()


def drop_and_renumber(session: Path, frame: int) -> None:
    """Lose a frame and close the gap; one more at the end makes the count right again."""
    numbers = _numbers(session)
    kept = [number for number in numbers if number != frame]
    _reorder(session, dict(zip(numbers, [*kept, numbers[-1]], strict=True)))


def drop_from_sweep(session: Path, frame: int) -> None:
    """Lose an OLAT frame; the others move up, the last is there twice, all else stays."""
    numbers = sweep(session)
    kept = [number for number in numbers if number != frame]
    _reorder(session, dict(zip(numbers, [*kept, numbers[-1]], strict=True)))


def duplicate_frame(session: Path, frame: int) -> None:
    """Store the frame before once more in place of a frame."""
    shutil.copyfile(frame_file(session, frame - 1), frame_file(session, frame))


def double_and_renumber(session: Path, frame: int) -> None:
    """Store a frame twice; all that follow come one later, and the last is lost."""
    numbers = _numbers(session)
    place = numbers.index(frame)
    _reorder(session, dict(zip(numbers, [*numbers[: place + 1], *numbers[place:-1]], strict=True)))


def double_in_sweep(session: Path, frame: int) -> None:
    """Let a light flash twice; the OLAT frames that follow come one later, all else stays."""
    numbers = sweep(session)
    place = numbers.index(frame)
    _reorder(session, dict(zip(numbers, [*numbers[: place + 1], *numbers[place:-1]], strict=True)))


def swap_frames(session: Path, first: int, second: int) -> None:
    """Exchange two photographs."""
    _reorder(session, {first: second, second: first})


def shift_order(session: Path, by: int = 1) -> None:
    """Light every light `by` frames too early; the first come last."""
    numbers = sweep(session)
    _reorder(session, dict(zip(numbers, np.roll(numbers, -by).tolist(), strict=True)))


def shift_capture(session: Path, by: int = 1) -> None:
    """Begin to record `by` frames too late, or too early: every frame comes so much early."""
    numbers = _numbers(session)
    old = np.clip(np.arange(len(numbers)) + by, 0, len(numbers) - 1)
    _reorder(session, {number: numbers[place] for number, place in zip(numbers, old, strict=True)})


def truncate_file(session: Path, frame: int, *, keep: float = 0.5) -> None:
    """Cut a file short, as a full card does; `keep` is the share that stays."""
    path = frame_file(session, frame)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])


# Light that is not what it should be.


def kill_light(session: Path, frame: int) -> None:
    """Let the light of a frame fail: the camera saw what it saw in the first dark frame."""
    shutil.copyfile(frame_file(session, 0), frame_file(session, frame))


def dim_light(session: Path, frame: int, part: float = 0.7) -> None:
    """Let the light of a frame give only a part of what it should."""
    rewrite(session, frame, lambda counts, black: black + (counts - black) * part)


def flicker(session: Path, spread: float = 0.08, *, seed: int = 0) -> None:
    """Let the light of every frame be another, with a standard deviation of `spread`."""
    rng = np.random.default_rng(seed)
    for frame in _lit(session):
        dim_light(session, frame, part=float(1.0 + spread * rng.standard_normal()))


def offset_black(session: Path, counts: int = 64, *, frames: Iterable[int] | None = None) -> None:
    """Raise the counts of all frames, or of some, above the black level that the files declare."""
    for frame in _numbers(session) if frames is None else frames:
        rewrite(session, frame, lambda values, _: values + counts)


# Light files that mean something else.


def turn_lights(session: Path, axes: np.ndarray) -> None:
    """Write the lights in other axes: `axes` takes directions to those in the file."""
    path = session / "lights.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    lines = [head]
    for row in rows:
        light, x, y, z, *colors = row.split(",")
        place = axes @ np.array([float(x), float(y), float(z)]) + 0.0
        lines.append(",".join([light, *(f"{value:.9g}" for value in place), *colors]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def mirror_lights(session: Path) -> None:
    """Mirror the light file from left to right."""
    turn_lights(session, np.diag([-1.0, 1.0, 1.0]))


def turn_lights_down(session: Path) -> None:
    """Let y of the light file point down."""
    turn_lights(session, np.diag([1.0, -1.0, 1.0]))


def _numbers(session: Path) -> list[int]:
    """Return all frame numbers of a session."""
    return sorted(int(path.stem) for path in (session / "raw" / "A").glob("*.dng"))


def _lit(session: Path) -> list[int]:
    """Return the frames that are not dark."""
    frames = read_session(session).frames_of("A").values()
    return [frame.index for frame in frames if not isinstance(frame.condition, Dark)]


def _reorder(session: Path, source: dict[int, int]) -> None:
    """Give each frame the photograph of another one."""
    content = {frame: frame_file(session, old).read_bytes() for frame, old in source.items()}
    for frame, photograph in content.items():
        frame_file(session, frame).write_bytes(photograph)


def rewrite(
    session: Path, frame: int, change: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> None:
    """Change the counts of a photograph, given its black level, and nothing else about it."""
    path = frame_file(session, frame)
    with tifffile.TiffFile(path) as file:
        above, below = file.pages.first.tags[EXPOSURE_TIME].value
    mosaic = read_raw(path)
    height, width = mosaic.counts.shape
    black = np.tile(mosaic.black, (height // 2, width // 2)).astype(np.float64)
    counts = np.clip(np.rint(change(mosaic.counts.astype(np.float64), black)), 0.0, mosaic.white)
    spoiled = RawMosaic(counts.astype(np.uint16), mosaic.pattern, mosaic.black, mosaic.white)
    write_dng(path, spoiled, exposure_s=above / below, model="olat synthetic")
