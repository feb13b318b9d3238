"""A camera's reflectance field, ready to be lit."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from olat.api.lighting import Environment, direction_of, environment_of, require_one
from olat.io.field_file import open_field
from olat.model.environment import EnvironmentMap
from olat.model.field import FieldHeader, ReflectanceField
from olat.model.rig import LightRig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from olat.model.color import ColorSpace
    from olat.model.shapes import LightColors, Radiance

logger = logging.getLogger(__name__)

STAND_IN_DEG = 5.0
"""Angle to the nearest light beyond which its standing in is worth a word [degree]."""
FAR_DEG = 30.0
"""Angle beyond which it is worth a loud one [degree]."""
LEFT_OUT = 0.1
"""Share of a map's light from where the rig has no lights that is worth a word."""


class Field:
    """The reflectance of every pixel under every light of a camera's sweep."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        lights, height, width = self.shape
        return f"<field {self.path.name}: {lights} lights, {width} x {height} px>"

    @cached_property
    def opened(self) -> ReflectanceField:
        """The field on disk, its planes mapped."""
        return open_field(self.path)

    @property
    def header(self) -> FieldHeader:
        """Lights, size, origin."""
        return self.opened.header

    @property
    def rig(self) -> LightRig:
        """The lights of the sweep, in the order of the planes."""
        return self.header.rig

    @property
    def space(self) -> ColorSpace:
        """What red, green and blue of relit pictures are."""
        return self.header.space

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of lights, height, width."""
        return self.opened.shape

    def weights(
        self,
        *,
        light: Sequence[float] | None = None,
        environment: Environment | None = None,
        rotate_deg: float = 0.0,
    ) -> LightColors:
        """Return how much of each plane a lighting takes.

        Parameters
        ----------
        light
            Direction from the subject to a distant light under which a white patch facing it
            reads 1; any length but 0.
        environment
            Latitude-longitude map in OpenEXR orientation, radiance; a file, or an array in
            linear Rec.709. It is taken to the field's color; a field in camera color takes it as
            it is.
        rotate_deg
            Turns the environment around +y; at 90 what came from +z comes from +x [degree].

        Raises
        ------
        UsageError
            If not exactly one of light and environment is given, or the light points nowhere.
        """
        require_one(light, environment)
        if light is not None:
            return self._weights_for_light(light)
        assert environment is not None  # noqa: S101 - of the two, one is given
        lit = environment_of(environment, self.header.space)
        return self._weights_for_environment(lit, rotate_deg)

    def relight(
        self,
        *,
        light: Sequence[float] | None = None,
        environment: Environment | None = None,
        rotate_deg: float = 0.0,
    ) -> Radiance:
        """Return the subject under another light: linear radiance, ``h w 3``, float32.

        The picture is the sum of all planes, each times its weight (Debevec et al. 2000,
        section 3); the parameters are those of `weights`.
        """
        from olat.relight.planes import relit

        weights = self.weights(light=light, environment=environment, rotate_deg=rotate_deg)
        return relit(self.opened.planes, weights)

    def render(self, weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return one picture for each set of weights, in one pass over the field.

        Parameters
        ----------
        weights
            ``frame light 3``, such as `weights` returns, stacked.

        Returns
        -------
        pictures
            ``frame h w 3``, float32.
        """
        from olat.relight.planes import relit_batch

        return relit_batch(self.opened.planes, weights)

    def _weights_for_light(self, light: Sequence[float]) -> LightColors:
        from olat.light.interpolation import weights_for_direction

        toward = direction_of(light)
        mixed = weights_for_direction(self.rig.directions, toward)
        if not mixed.is_interpolated and mixed.nearest_deg > STAND_IN_DEG:
            logger.warning(
                "No lights surround the direction %s: this is the picture under the nearest one, "
                "%.0f degrees away%s.",
                ", ".join(f"{part:g}" for part in toward),
                mixed.nearest_deg,
                "" if mixed.nearest_deg < FAR_DEG else ": NOT the light that was asked for",
            )
        return np.repeat(mixed.weights[:, None], 3, axis=1)

    def _weights_for_environment(self, map_: EnvironmentMap, rotate_deg: float) -> LightColors:
        from olat.light.environment_weights import weights_for_environment

        found = weights_for_environment(self.rig.directions, map_, rotation=rotate_deg)
        if found.left_out > LEFT_OUT:
            logger.warning(
                "%.0f %% of the environment's light comes from where this rig has no lights; it "
                "is left out.",
                100 * found.left_out,
            )
        return found.weights
