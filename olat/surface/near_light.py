"""Lights at finite distance: each place has its own directions to them, and its own irradiance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.shapes import Array, Directions

Places: TypeAlias = Float32[Array, "rows w 3"]
"""Where what each pixel shows is, world frame [m]."""


@dataclass(frozen=True)
class Lamps:
    r"""Lights with a place, as a light field that was normalized at the origin sees them.

    A white patch at the origin that faces light i reads 1. So at the place X a matte surface reads
    :math:`R_i = \rho\, (n \cdot b_i)^+` with the beam

    .. math:: b_i(X) = \frac{S_i - X}{|S_i - X|}\, \Big(\frac{|S_i|}{|S_i - X|}\Big)^2
              \Big(\frac{\cos\epsilon_i(X)}{\cos\epsilon_i(0)}\Big)^{\mu_i} ,

    where :math:`\epsilon` is the angle between the axis of the light and the way to the place.

    Notes
    -----
    Assumes lights that are small beside their distance, and nothing in the way.

    References
    ----------
    .. [1] Quéau, Durix, Wu, Cremers, Lauze and Durou, LED-based photometric stereo: modeling,
       calibration and numerical solution, JMIV 2018, sec. 2.
    """

    positions: Directions
    """World frame [m]."""
    axes: Directions | None = None
    """Where the lights aim, unit vectors; none if all aim at the origin."""
    exponents: Float64[Array, " light"] | None = None
    """Exponents of the falloff off the axis; none or 0 if they shine alike in all directions."""

    def __post_init__(self) -> None:
        distance = np.linalg.norm(self.positions, axis=1)
        if not np.isfinite(distance).all() or (distance <= 0.0).any():
            light = int(np.argmin(np.where(np.isfinite(distance), distance, -1.0)))
            raise ValueError(
                f"light {light}: its position is {self.positions[light].tolist()}; a place off "
                "the origin was needed. Correct the light file, or use directions."
            )
        for name, told in (("axes", self.axes), ("exponents", self.exponents)):
            if told is not None and len(told) != len(self.positions):
                raise ValueError(
                    f"lamp {name}: there are {len(told)} for {len(self.positions)} positions; one "
                    "each was needed. Leave them out if they are not known."
                )
        if (self._exponents < 0.0).any() or not np.isfinite(self._exponents).all():
            raise ValueError(
                f"beam exponents: they reach {self._exponents.min():g}; 0 or more were needed. "
                "Leave them out for lights that shine alike in all directions."
            )
        away = self._toward_origin <= 0.0
        if (away & (self._exponents > 0.0)).any():
            raise ValueError(
                f"light {int(np.argmax(away))}: its axis points away from the origin, where the "
                "readings are relative to what it sends. Turn the axis around."
            )

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def directions(self) -> Directions:
        """Where the lights are, as seen from the origin."""
        distance = np.linalg.norm(self.positions, axis=1, keepdims=True)
        return np.asarray(self.positions / distance)

    def seen_from(self, places: Places) -> NearLights:
        """Return the lights as pixels at these places see them."""
        return NearLights(self, places)

    @property
    def _exponents(self) -> Float64[Array, " light"]:
        return np.zeros(len(self)) if self.exponents is None else self.exponents

    @property
    def _axes(self) -> Directions:
        return -self.directions if self.axes is None else self.axes

    @property
    def _toward_origin(self) -> Float64[Array, " light"]:
        """Cosine of the angle at which the light of each leaves for the origin."""
        reach = np.linalg.norm(self.positions, axis=1)
        return np.asarray(-np.einsum("li,li->l", self.positions, self._axes) / reach)

    def for_kernels(self) -> Float64[Array, "light 8"]:
        """Return position, axis, exponent, and one over what reaches the origin."""
        square = (self.positions**2).sum(axis=1)
        scale = square / np.where(self._exponents > 0.0, self._toward_origin, 1.0) ** (
            self._exponents
        )
        return np.column_stack([self.positions, self._axes, self._exponents, scale])


@dataclass(frozen=True)
class NearLights:
    """Lights with places, seen from the places of a strip."""

    lamps: Lamps
    places: Places

    def __len__(self) -> int:
        return len(self.lamps)

    def __getitem__(self, chosen: Bool[Array, " light"]) -> NearLights:
        """Return some of the lights."""
        lamps = self.lamps
        kept = Lamps(
            lamps.positions[chosen],
            None if lamps.axes is None else lamps.axes[chosen],
            None if lamps.exponents is None else lamps.exponents[chosen],
        )
        return NearLights(kept, self.places)

    def rows(self, top: int, bottom: int) -> NearLights:
        """Return the lights as the pixels of some of the rows see them."""
        return NearLights(self.lamps, self.places[top:bottom])

    @property
    def beams(self) -> Float64[Array, "light rows w 3"]:
        """Beam of each light at each place, as `Lamps` defines it."""
        lamps = self.lamps.for_kernels()[:, np.newaxis, np.newaxis]
        away = lamps[..., :3] - self.places.astype(np.float64)
        square = (away**2).sum(axis=-1)
        distance = np.sqrt(square)
        cosine = -(away * lamps[..., 3:6]).sum(axis=-1) / distance
        falloff = np.maximum(cosine, 0.0) ** lamps[..., 6]
        return np.asarray(away * (lamps[..., 7] * falloff / (square * distance))[..., np.newaxis])

    def for_kernels(self) -> tuple[Float64[Array, "light 8"], Float32[Array, "3 pixel"]]:
        """Return lamps and places as `beam_kernel` takes them."""
        places = np.ascontiguousarray(self.places.reshape(-1, 3).T, np.float32)
        return self.lamps.for_kernels(), places
