"""Sequences of relit pictures: a map that turns, lights that move."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from olat.api.field import Field
from olat.api.field_weights import Mixing, split
from olat.api.pictures import FOR_DISPLAY
from olat.errors import FileError, UsageError
from olat.io.display import auto_exposure, picture_from_radiance, write_png
from olat.io.exr import Attribute, exr_attributes
from olat.io.field_stamp import field_stamp
from olat.io.map_files import write_relit
from olat.io.movie_file import MOVIES, write_movie
from olat.io.png_text import read_text
from olat.io.sequence_place import frame_place
from olat.light.latlong import rotation_about
from olat.model.lighting import EnvironmentLight, Key, Lighting, Triple
from olat.model.shapes import Radiance
from olat.relight.keyframes import check_keys, lighting_at

MOST = 64
"""Frames of one pass over the field."""
BATCH_BYTES = 1 << 29
"""Memory for the pictures of one pass [B]."""
LOOKS = 8
"""Frames that tell the exposure of all."""
MADE_OF = "olat/madeOf"


@dataclass(frozen=True)
class Shot:
    """One frame."""

    number: int
    lighting: Lighting
    words: str
    """What lights it."""


def turning(
    lighting: Lighting, degrees: Sequence[float], *, first: int, axis: Triple = (0.0, 1.0, 0.0)
) -> list[Shot]:
    """Return shots in which the maps of a lighting turn further about an axis.

    Raises
    ------
    UsageError
        If the lighting has no map.
    """
    if not any(isinstance(light, EnvironmentLight) for light in lighting.lights):
        raise UsageError("--rotate START:STOP:STEP turns a map; needed is --env or a lighting.")
    shots = []
    for number, angle in enumerate(degrees, start=first):
        turn = rotation_about(axis, angle)
        lights = tuple(
            replace(light, rotation=turn @ light.rotation)
            if isinstance(light, EnvironmentLight)
            else light
            for light in lighting.lights
        )
        words = f"{lighting.name}, turned by {angle:g} degrees"
        shots.append(Shot(number, replace(lighting, lights=lights), words))
    return shots


def moving(keys: Sequence[Key], *, first: int) -> list[Shot]:
    """Return a shot for every frame from the first key to the last.

    The frame of the first key becomes number ``first``.

    Raises
    ------
    UsageError
        If nothing lies between two of the keys.
    """
    try:
        check_keys(keys)
    except ValueError as error:
        raise UsageError(f"keys: {error}.") from error
    start, stop = keys[0].frame, keys[-1].frame
    return [
        Shot(first + frame - start, lighting_at(keys, float(frame)), f"keys, frame {frame}")
        for frame in range(start, stop + 1)
    ]


class Prepared:
    """Shots of a field, with the weights of their planes."""

    def __init__(self, field: Field, shots: Sequence[Shot], mixing: Mixing | None = None) -> None:
        """Find the weights; what is to be said about them is said once."""
        if not shots:
            raise UsageError("relight: the sequence has no frames; one at least is needed.")
        self.field, self.shots, self.mixing = field, list(shots), mixing
        with _said_once():
            far = [split(shot.lighting, mixing)[0] for shot in shots]
            self._weights = np.stack(
                [field.weights(lighting=light, mixing=mixing) for light in far]
            )

    def pictures(self, rows: Sequence[int]) -> Iterator[tuple[Shot, Radiance]]:
        """Yield some shots with their pictures; many in one pass over the field.

        How many goes by `BATCH_BYTES`. Lamps at finite places are lit frame by frame. The memory
        of a picture is used again for later ones.
        """
        _, height, width = self.field.shape
        batch = max(1, min(MOST, BATCH_BYTES // (12 * height * width)))
        room = None
        for first in range(0, len(rows), batch):
            part = list(rows[first : first + batch])
            if any(split(self.shots[row].lighting, self.mixing)[1] for row in part):
                for row in part:
                    lighting = self.shots[row].lighting
                    yield self.shots[row], self.field.relight(lighting=lighting, mixing=self.mixing)
                continue
            room = room if room is not None and len(room) == len(part) else None
            pictures = room = self.field.render(self._weights[part], out=room)
            yield from zip([self.shots[row] for row in part], pictures, strict=True)

    def exposure(self) -> float:
        """Return one factor for all frames, by which none of a few over them is too bright."""
        last = len(self.shots) - 1
        rows = np.unique(np.linspace(0, last, min(LOOKS, last + 1)).astype(int)).tolist()
        return min(auto_exposure(picture) for _, picture in self.pictures(rows))

    def digests(self, exposure: float) -> list[str]:
        """Return for each frame what it is made of."""
        base = f"{field_stamp(self.field.path)} {self.mixing} {exposure:.9g}"
        found = []
        for shot, weights in zip(self.shots, self._weights, strict=True):
            _, near = split(shot.lighting, self.mixing)
            hasher = hashlib.sha256(f"{base} {near} {shot.words}".encode())
            hasher.update(weights.tobytes())
            found.append(hasher.hexdigest()[:32])
        return found


def relit_shots(
    field: Field, shots: Sequence[Shot], mixing: Mixing | None = None
) -> Iterator[tuple[Shot, Radiance]]:
    """Yield each shot with its picture, many in one pass over the field where memory allows."""
    for shot, picture in Prepared(field, shots, mixing).pictures(range(len(shots))):
        yield shot, picture.copy()


@dataclass(frozen=True)
class Wanted:
    """Where pictures go, and how they are shown."""

    outputs: tuple[Path, ...]
    fps: float = 24.0
    exposure_stops: float | None = None
    """Of PNG and movies; none chooses one for all frames."""
    mixing: Mixing | None = None


@dataclass(frozen=True)
class Written:
    """What a sequence came to."""

    made: tuple[Path, ...]
    kept: tuple[Path, ...]
    """Frames that were there, made of the same light and field."""
    exposure: float
    """Factor of PNG and movies."""


def write_sequence(
    field: Field,
    shots: Sequence[Shot],
    wanted: Wanted,
    advance: Callable[[int, int], None] | None = None,
) -> Written:
    """Write shots as numbered ``.exr`` and ``.png`` and as ``.mp4`` and ``.webp``.

    Frames that are there and say that they were made of the same field, light and exposure stay
    as they are, so that a run which was stopped carries on. Movies are made anew.

    Raises
    ------
    UsageError
        If a place holds a picture that no sequence has made, or there are no shots.
    """
    prepared = Prepared(field, shots, wanted.mixing)
    stops = wanted.exposure_stops
    exposure = prepared.exposure() if stops is None else 2.0**stops
    stills = [path for path in wanted.outputs if path.suffix.lower() not in MOVIES]
    movies = [path for path in wanted.outputs if path.suffix.lower() in MOVIES]
    digests = prepared.digests(exposure)
    places = [[frame_place(path, shot.number) for path in stills] for shot in shots]
    todo = [
        [path for path in paths if not _stands(path, digest)]
        for paths, digest in zip(places, digests, strict=True)
    ]
    made: list[Path] = []
    total = len(shots) * len(movies) if movies else sum(map(bool, todo))

    def pictures() -> Iterator[Radiance]:
        """Relight what is missing, or all for a movie; write stills in passing."""
        rows = [row for row in range(len(shots)) if movies or todo[row]]
        for row, (shot, radiance) in zip(rows, prepared.pictures(rows), strict=True):
            for path in todo[row]:
                _write_still(path, radiance, shot, field, exposure, digests[row])
                made.append(path)
            todo[row] = []
            yield radiance

    counted = _Counted(advance, total)
    for path in movies:
        shown = (
            picture_from_radiance(radiance, exposure, space=field.space)
            for radiance in counted(pictures())
        )
        write_movie(path, shown, fps=wanted.fps)
        made.append(path)
    if not movies:
        for _ in counted(pictures()):
            pass  # all is written in passing
    kept = tuple(path for paths in places for path in paths if path not in set(made))
    return Written(tuple(made), kept, exposure)


class _Counted:
    """Tells how many pictures have passed."""

    def __init__(self, advance: Callable[[int, int], None] | None, total: int) -> None:
        self._advance, self._total, self._done = advance, total, 0

    def __call__(self, pictures: Iterator[Radiance]) -> Iterator[Radiance]:
        for picture in pictures:
            yield picture
            self._done += 1
            if self._advance is not None:
                self._advance(self._done, self._total)


def _write_still(
    path: Path, radiance: Radiance, shot: Shot, field: Field, exposure: float, digest: str
) -> None:
    if path.suffix.lower() == ".exr":
        told: dict[str, Attribute] = {
            "olat/lighting": shot.words,
            "olat/frameNumber": shot.number,
            MADE_OF: digest,
        }
        write_relit(path, radiance, told, space=field.space)
        return
    picture = picture_from_radiance(radiance, exposure, space=field.space)
    words = {"Software": "olat", "Description": f"relit: {shot.words}", "Comment": FOR_DISPLAY}
    write_png(path, picture, told={**words, MADE_OF: digest})


def _stands(path: Path, digest: str) -> bool:
    """Tell whether a frame is there and is what would be made; refuse what others have made."""
    if not path.exists():
        return False
    try:
        told = exr_attributes(path) if path.suffix.lower() == ".exr" else read_text(path)[1]
    except FileError:
        told = {}
    if MADE_OF not in told:
        raise UsageError(
            f"{path}: a picture is there that no sequence has made; a new name is needed. Choose "
            "one, or remove it."
        )
    return told[MADE_OF] == digest


@contextmanager
def _said_once() -> Iterator[None]:
    """Let every warning through once, not once for each frame."""
    said: set[object] = set()

    def is_new(record: logging.LogRecord) -> bool:
        if record.msg in said:
            return False
        said.add(record.msg)
        return True

    speaker = logging.getLogger("olat.api.field_weights")
    speaker.addFilter(is_new)
    try:
        yield
    finally:
        speaker.removeFilter(is_new)
