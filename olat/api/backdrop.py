"""What stands behind a relit subject: the environment that lights it, or a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from olat.api.lighting import environment_of
from olat.model.environment import EnvironmentMap

if TYPE_CHECKING:
    from olat.model.color import ColorSpace
    from olat.model.shapes import Mask, Matrix3, Plane, Radiance

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
    matte: Mask,
    environment: EnvironmentMap | Path,
    *,
    space: ColorSpace,
    field_of_view_deg: float,
    rotation: Matrix3 | None = None,
) -> Backdrop:
    """Return what a camera sees of an environment behind its subject.

    Parameters
    ----------
    matte
        Where the subject is, at the size of the picture.
    environment
        The map that lights the subject.
    space
        Color of the picture; a camera's own takes the map as it is.
    field_of_view_deg
        Of the width of the picture [degree].
    rotation
        Turns the environment, as it is turned for the lights.
    """
    from olat.relight.plate import alpha_of_mask, background_of_map, map_pixels_per_pixel

    height, width = matte.shape
    map_ = environment_of(environment, space).radiance
    notes = []
    finer = map_pixels_per_pixel(map_.shape[1], width, field_of_view_deg)
    if finer < COARSE:
        notes.append(
            f"the map has {finer:.2g} pixels for each of the picture: the background is soft"
        )
    background = background_of_map(
        map_,
        height=height,
        width=width,
        field_of_view_deg=field_of_view_deg,
        rotation=rotation,
    )
    return Backdrop(background, alpha_of_mask(matte), tuple(notes))


def backdrop_of_plate(matte: Mask, plate: Path, *, space: ColorSpace) -> Backdrop:
    """Return a picture as background, linear and at the size of the relit one.

    Parameters
    ----------
    matte
        Where the subject is, at the size of the picture.
    plate
        ``.exr`` (linear), or a display picture.
    space
        Color of the picture; a camera's own takes the plate as it is.

    Raises
    ------
    FileError
        If the plate cannot be read.
    """
    from olat.io.plate_file import read_plate
    from olat.relight.plate import alpha_of_mask, fitted_plate
    from olat.sensor.working_space import converted

    picture, told = read_plate(plate)
    fitted, note = fitted_plate(converted(picture, source=told, target=space), *matte.shape)
    return Backdrop(fitted, alpha_of_mask(matte), () if note is None else (note,))
