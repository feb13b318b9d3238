"""Relighting: cosine lobes in the shadows that the subject casts on itself."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64

from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.model.environment import EnvironmentMap
from olat.model.maps import LobeMaps
from olat.model.shapes import Array, Plane, Radiance
from olat.relight.lobe_environment import LobeEnvironment
from olat.relight.lobes import lobes_under_environment, lobes_under_lights, visible_share
from olat.surface.lobe_maps import lobes_of
from olat.surface.lobe_residual import MissingMoments, Visibility
from olat.surface.lobe_shadows import taken_by_shadows, visible_light

SHADOW_LIGHTS = 96
"""Directions, 21 degrees apart, from which shadows are cast where light comes from everywhere."""


class ShadowedLobes:
    r"""Lobes, and what hides lights from them.

    A distant light reads :math:`V R + e`, with e what shadows take from the lobe under even light,
    given back as light of zeroth and first order (`olat.surface.lobe_shadows`). An environment
    reads the lobe's own integral times the share of it that is visible, and e. It is negative in
    some directions; the sum is cut at 0, but where it is to be exact.
    """

    def __init__(
        self, maps: LobeMaps, visibility: Visibility, of_wide_lights: Visibility | None = None
    ) -> None:
        """Keep lobes and what hides lights from them.

        Parameters
        ----------
        maps
            Moments of the photographs.
        visibility
            Share of a distant light that reaches each pixel, from 0 to 1.
        of_wide_lights
            The same with soft edges, for lights that stand for 21 degrees around them; none takes
            that of a distant light.
        """
        self.maps = maps
        self._visibility = visibility
        self._of_wide_lights = of_wide_lights or visibility

    @cached_property
    def taken(self) -> MissingMoments:
        """What shadows take under even light; asks for `SHADOW_LIGHTS` visibilities once."""
        lights = fibonacci_sphere(SHADOW_LIGHTS)
        even = EnvironmentMap(np.ones((64, 128, 3), np.float32), space=self.maps.space)
        # Weights of the same kind as an environment's, so that an even one cancels to the digit.
        weights = np.pi * weights_for_environment(lights, even).weights
        return taken_by_shadows(lobes_of(self.maps), self._wide_share, lights, weights)

    def under_light(self, direction: Float64[Array, "3"], *, exact: bool = False) -> Radiance:
        """Light by a distant light along a unit vector, as `lobes_under_lights` does."""
        one = direction[np.newaxis], np.ones((1, 3))
        lit = lobes_under_lights(self.maps, *one, visibility=self._share, exact=exact)
        return _finished(lit + self.taken.reading(direction), exact=exact)

    def under_environment(
        self,
        map_: EnvironmentMap,
        environment: LobeEnvironment,
        *,
        rotate_deg: float = 0.0,
        exact: bool = False,
    ) -> Radiance:
        """Light by an environment.

        Parameters
        ----------
        map_
            The environment, in the color of the lobes.
        environment
            The same, convolved with lobes and turned.
        rotate_deg
            By how much it was turned [degree].
        exact
            As in `olat.relight.lobes.lobes_under_environment`.
        """
        lights = fibonacci_sphere(SHADOW_LIGHTS)
        weights = weights_for_environment(lights, map_, rotation=rotate_deg).weights
        share = visible_light(lobes_of(self.maps), self._wide_share, lights, weights)
        lit = lobes_under_environment(self.maps, environment)
        given = self.taken.integral * (environment.integral / (4.0 * np.pi))
        first = 3.0 / (4.0 * np.pi) * environment.first_moment
        given += np.einsum("hwcj,cj->hwc", self.taken.moment, first)
        shadowed = lit * share + given / np.pi
        if exact:
            shadowed += lobes_under_environment(self.maps, environment, exact=True) - lit
        return _finished(shadowed, exact=exact)

    def _share(self, direction: Float64[Array, "3"]) -> Plane:
        return visible_share(self._visibility, direction, self.maps.flags.shape)

    def _wide_share(self, direction: Float64[Array, "3"]) -> Plane:
        return visible_share(self._of_wide_lights, direction, self.maps.flags.shape)


def _finished(lit: Float[Array, "h w 3"], *, exact: bool) -> Radiance:
    """Cut what is given back where there is less than none; exact sums need it."""
    return np.asarray(lit if exact else np.maximum(lit, 0.0), np.float32)
