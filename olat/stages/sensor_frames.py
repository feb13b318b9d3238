"""Dark and flat frames as readings, one in memory at a time, of files that say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jaxtyping import Float32

from olat.errors import SolveError
from olat.model.image import Frames, Picture, RawMosaic
from olat.model.session import Camera
from olat.model.shapes import Array

if TYPE_CHECKING:
    from olat.sensor.readings import Levels


class SensorFrames:
    """Frames of one camera that must be alike in size, levels and colors.

    Parameters
    ----------
    photo
        What they are read from.
    camera
        Whose they are.
    first
        Number of the frame that the others must be like.
    """

    def __init__(self, photo: Frames[RawMosaic | Picture], camera: Camera, *, first: int) -> None:
        from olat.sensor.readings import levels_of

        self._photo, self._camera, self._first = photo, camera, first
        example = photo[first]
        self.levels: Levels = levels_of(example)
        self._shape = _shape(example)

    def of(self, indices: Sequence[int]) -> Readings:
        """Return some of the frames."""
        return Readings(self, tuple(indices))

    def read(self, index: int) -> Float32[Array, "h w plane"]:
        """Read one frame.

        Raises
        ------
        SolveError
            Naming its file, if it is unlike the first or full of gaps.
        """
        from olat.sensor.readings import lost_sites, readings_of

        photo = self._photo[index]
        self._require_like(photo, index)
        readings = readings_of(photo, encoding=self._camera.encoding)
        try:
            lost_sites(readings)
        except ValueError as error:
            raise SolveError(f"{self._told(index)}: {error}, or leave the frame out.") from error
        return readings

    def _require_like(self, photo: RawMosaic | Picture, index: int) -> None:
        """Check that a file says the same as the first."""
        from olat.sensor.readings import levels_of, require_like

        found, needed = (f"{s[1]} x {s[0]} px" for s in (_shape(photo), self._shape))
        what = f"its size is {found}, not {needed}" if found != needed else ""
        if not what:
            try:
                require_like(levels_of(photo), self.levels)
            except ValueError as error:
                what = str(error)
        if what:
            raise SolveError(
                f"{self._told(index)}: {what} as in frame {self._first}; dark and flat frames of "
                "one camera, mode and ISO are needed. Leave it out, or take all frames anew."
            )

    def _told(self, index: int) -> str:
        """Name a frame."""
        path = self._photo.shots[index].path
        return f"measure_sensor: camera {self._camera.name!r}, frame {index} ({path.name})"


@dataclass(frozen=True)
class Readings:
    """Some frames, read anew every time that they are looked at."""

    frames: SensorFrames
    indices: tuple[int, ...]

    def __iter__(self) -> Iterator[Float32[Array, "h w plane"]]:
        for index in self.indices:
            yield self.frames.read(index)


def _shape(photo: RawMosaic | Picture) -> tuple[int, ...]:
    array = photo.counts if isinstance(photo, RawMosaic) else photo.codes
    return tuple(array.shape)
