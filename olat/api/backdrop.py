"""What stands behind a relit subject: the environment that lights it, or a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from olat.api.lighting import environment_of
from olat.errors import SolveError, UsageError
from olat.model.environment import EnvironmentMap
from olat.model.session import Camera

if TYPE_CHECKING:
    from olat.model.color import ColorSpace
    from olat.model.shapes import Matrix3, Plane, Radiance

COARSE = 0.5
"""Map pixels a picture pixel, below which a background is visibly soft."""


@dataclass(frozen=True)
class Backdrop:
    """A background at the size of the picture, and where the subject hides it."""

    background: Radiance
    """Linear, in the color of the picture."""
    alpha: Plane
    """1 inside the subject."""
    notes: tuple[str, ...] = ()
    """What was done to it, in words."""

    def behind(self, radiance: Radiance) -> Radiance:
        """Return a relit picture with the background behind its subject."""
        from olat.relight.plate import cut_out, over

        return over(cut_out(radiance, self.alpha), self.alpha, self.background)


def backdrop_of_environment(
    camera: Camera,
    environment: EnvironmentMap | Path,
    *,
    size: tuple[int, int],
    space: ColorSpace,
    rotation: Matrix3 | None = None,
    field_of_view_deg: float | None = None,
) -> Backdrop:
    """Return what a camera sees of an environment behind its subject.

    Parameters
    ----------
    camera
        The reference camera, with a mask.
    environment
        The map that lights the subject.
    size
        Height and width of the picture [px].
    space
        Color of the picture; a camera's own takes the map as it is.
    rotation
        Turns the environment, as it is turned for the lights.
    field_of_view_deg
        Of the width; by default that of the camera [degree].

    Raises
    ------
    UsageError
        If the camera has no mask, or nobody knows what it sees.
    """
    from olat.relight.plate import background_of_map, map_pixels_per_pixel

    seen = camera.field_of_view_deg if field_of_view_deg is None else field_of_view_deg
    if seen is None:
        raise UsageError(
            f"camera {camera.name!r}: its field of view is not told; it is needed to know what "
            f"lies behind the subject. Set field_of_view_deg under [camera.{camera.name}]."
        )
    alpha = _matte(camera, size)
    map_ = environment_of(environment, space).radiance
    notes = []
    finer = map_pixels_per_pixel(map_.shape[1], size[1], seen)
    if finer < COARSE:
        notes.append(
            f"the map has {finer:.2g} pixels for each of the picture: the background is soft"
        )
    background = background_of_map(
        map_, height=size[0], width=size[1], field_of_view_deg=seen, rotation=rotation
    )
    return Backdrop(background, alpha, tuple(notes))


def backdrop_of_plate(
    camera: Camera, plate: Path, *, size: tuple[int, int], space: ColorSpace
) -> Backdrop:
    """Return a picture as background, linear and at the size of the relit one.

    Parameters
    ----------
    camera
        The reference camera, with a mask.
    plate
        ``.exr`` (linear), or a display picture.
    size
        Height and width of the picture [px].
    space
        Color of the picture; a camera's own takes the plate as it is.

    Raises
    ------
    FileError
        If the plate cannot be read.
    UsageError
        If the camera has no mask.
    """
    from olat.io.plate_file import read_plate
    from olat.relight.plate import fitted_plate
    from olat.sensor.working_space import converted

    alpha = _matte(camera, size)
    picture, told = read_plate(plate)
    fitted, note = fitted_plate(converted(picture, source=told, target=space), *size)
    return Backdrop(fitted, alpha, () if note is None else (note,))


def _matte(camera: Camera, size: tuple[int, int]) -> Plane:
    """Return the alpha of a camera's mask."""
    from olat.io.display import read_mask
    from olat.relight.plate import alpha_of_mask
    from olat.stages.subject import inside

    if camera.mask is None:
        raise UsageError(
            f"camera {camera.name!r}: it has no mask, and nothing tells the subject from what is "
            "behind it; one is needed. Paint a picture that is white inside the subject and name "
            f"it as mask under [camera.{camera.name}]."
        )
    try:
        return alpha_of_mask(inside(read_mask(camera.mask), size))
    except SolveError as error:
        raise UsageError(f"{camera.mask}: {error}") from error
