"""A camera's cosine lobes, ready to be lit."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from olat.api.lighting import Environment, direction_of, environment_of, require_one
from olat.errors import UsageError
from olat.model.environment import EnvironmentMap
from olat.model.maps import LobeMaps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jaxtyping import Float64

    from olat.model.color import ColorSpace
    from olat.model.shapes import Array, Plane, Radiance
    from olat.relight.lobe_environment import LobeEnvironment
    from olat.relight.shadowed_lobes import ShadowedLobes
    from olat.surface.cosine_lobe import CosineLobes
    from olat.surface.lobe_residual import Visibility

STAND_INS = 256
"""Directions that stand for an environment where shadows are cast."""


class Lobes:
    """What a camera saw under gradients, as a field that answers to light from anywhere."""

    def __init__(
        self, path: Path, shape: Callable[[], tuple[Visibility, Visibility]] | None = None
    ) -> None:
        from olat.io.map_files import read_lobes

        self.path = path
        self.maps: LobeMaps = read_lobes(path)
        self._shape = shape
        self._last: tuple[EnvironmentMap, LobeEnvironment] | None = None

    def __repr__(self) -> str:
        height, width, _ = self.maps.integral.shape
        shape = "one a pixel" if self.maps.is_shared else "one a channel"
        return f"<lobes {self.path.name}: {shape}, {width} x {height} px>"

    @property
    def space(self) -> ColorSpace:
        """What red, green and blue of relit pictures are."""
        return self.maps.space

    @property
    def lobes(self) -> CosineLobes:
        """Axis, ratio and integral of every lobe."""
        from olat.surface.lobe_maps import lobes_of

        return lobes_of(self.maps)

    @cached_property
    def _shadowed(self) -> ShadowedLobes:
        """These lobes, and the shadows that their depth casts."""
        from olat.relight.shadowed_lobes import ShadowedLobes

        if self._shape is None:
            raise UsageError(
                f"shadows: {self.path.name} was opened without its session; needed is the depth "
                "beside it. Use olat.open(SESSION).lobes()."
            )
        return ShadowedLobes(self.maps, *self._shape())

    def relight(
        self,
        *,
        light: Sequence[float] | None = None,
        environment: Environment | None = None,
        rotate_deg: float = 0.0,
        visibility: Plane | Visibility | None = None,
        shadows: bool = False,
        exact: bool = False,
    ) -> Radiance:
        """Return the subject under another light: linear radiance, ``h w 3``, float32.

        The scale is that of `olat.api.field.Field.relight`.

        Parameters
        ----------
        light, environment, rotate_deg
            As for a field.
        visibility
            Share of a distant light that reaches each pixel, from 0 to 1: a plane for a light, or
            what returns one for a direction. None means that nothing casts shadows.
        shadows
            Whether the depth of the session casts shadows; what these take under even light is
            given back (`olat.relight.shadowed_lobes`).
        exact
            Add what lobes lack of the photographs, so that these come back under full-on light and
            gradients: their grain lies faintly over what turns away from the light.

        Raises
        ------
        UsageError
            If not exactly one of light and environment is given, the light points nowhere, the map
            holds what is no number, or the visibility is not one from 0 to 1 for each pixel, or
            shadows are asked for beside a visibility, or of lobes without a session.
        SessionError
            If shadows are asked for and there is no depth.
        """
        from olat.relight.lobes import lobes_under_environment

        require_one(light, environment)
        if shadows and visibility is not None:
            raise UsageError(
                "relight: both shadows and a visibility were given; one of them was needed. Leave "
                "the visibility out for shadows of the session's depth."
            )
        shadowed = self._shadowed if shadows else None
        try:
            if light is not None:
                toward = direction_of(light)[np.newaxis]
                toward = toward / np.linalg.norm(toward)  # what was passed stays as it is
                if shadowed is not None:
                    return shadowed.under_light(toward[0], exact=exact)
                return self._under(toward, np.ones((1, 3)), visibility, exact=exact)
            assert environment is not None  # noqa: S101 - of the two, one is given
            map_ = environment_of(environment, self.maps.space)
            if visibility is None:
                light_ = self._convolved(map_).rotated(rotate_deg)
                if shadowed is not None:
                    turned = {"rotate_deg": rotate_deg}
                    return shadowed.under_environment(map_, light_, **turned, exact=exact)
                return lobes_under_environment(self.maps, light_, exact=exact)
            weights = _of_stand_ins(map_, rotate_deg, visibility)
            return self._under(*weights, visibility, exact=exact)
        except ValueError as error:
            raise UsageError(f"relight: {error}") from error

    def _convolved(self, map_: EnvironmentMap) -> LobeEnvironment:
        """Return an environment convolved with lobes; the last one is remembered."""
        from olat.relight.lobe_environment import convolved

        if self._last is None or not np.array_equal(self._last[0].radiance, map_.radiance):
            self._last = map_, convolved(map_)
        return self._last[1]

    def _under(
        self,
        toward: Float64[Array, "light 3"],
        weights: Float64[Array, "light 3"],
        visibility: Plane | Visibility | None,
        *,
        exact: bool,
    ) -> Radiance:
        from olat.relight.lobes import lobes_under_lights, visible_share

        def seen(direction: Float64[Array, "3"]) -> Plane:
            assert visibility is not None  # noqa: S101 - else it is not asked for
            return visible_share(visibility, direction, self.maps.flags.shape)

        shadows = None if visibility is None else seen
        return lobes_under_lights(self.maps, toward, weights, visibility=shadows, exact=exact)


def _of_stand_ins(
    map_: EnvironmentMap, rotate_deg: float, visibility: Plane | Visibility
) -> tuple[Float64[Array, "light 3"], Float64[Array, "light 3"]]:
    """Return distant lights, and their weights, that stand for an environment."""
    from olat.light.arrangements import fibonacci_sphere
    from olat.light.environment_weights import weights_for_environment

    if not callable(visibility):
        raise UsageError(
            "visibility: one plane was given for a whole environment; needed is what returns a "
            "plane for each direction."
        )
    toward = fibonacci_sphere(STAND_INS)
    return toward, weights_for_environment(toward, map_, rotation=rotate_deg).weights
