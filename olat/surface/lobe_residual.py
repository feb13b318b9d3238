r"""What lobes lack of the photographs that they were fitted to, as light that adds it.

A lobe whose ratio was clamped, or on which a shadow was cast, no longer has the integral F and the
first moment A of the photographs. Let :math:`\delta F` and :math:`\delta A` be what is missing.
Then

.. math:: e(\omega) = \frac{\delta F}{4\pi} + \frac{3}{4\pi}\,\delta A \cdot \omega

has these moments over the sphere and none beyond. Over the lights of a rig, of weights
:math:`W_i` and directions :math:`\omega_i`, the shortest :math:`e_i` that has them is

.. math:: e = P^\top (P P^\top)^{-1} \begin{pmatrix}\delta F\\ \delta A\end{pmatrix}, \qquad
          P_{\cdot i} = W_i \begin{pmatrix}1\\ \omega_i\end{pmatrix} .

It is negative in some directions. Only the sum with the lobe may be clipped, never e alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float64

from olat.model.shapes import Array, Directions, LightColors, Matrix3
from olat.surface.cosine_lobe import CosineLobes

Visibility: TypeAlias = Callable[[Float64[Array, "3"]], Float[Array, "h w"]]
"""What share of a distant light from a direction reaches each pixel, from 0 to 1."""
FLAT = 1e-6
"""Least over largest singular value at which lights lie in a plane."""


@dataclass(frozen=True, slots=True)
class MissingMoments:
    """What lobes lack of the moments of the photographs."""

    integral: Float[Array, "h w 3"]
    """Of each channel [sr]."""
    moment: Float[Array, "h w 3 3"]
    """Of each channel (third) along each axis of the world [sr]."""

    def reading(self, direction: Float[Array, "3"]) -> Float[Array, "h w 3"]:
        """Return what is to be added under one distant light of a continuous sphere."""
        along = self.moment @ direction.astype(self.moment.dtype)
        return np.asarray((self.integral + 3.0 * along) / (4.0 * np.pi))

    def over_lights(self, basis: Float64[Array, "light 3 4"]) -> Float64[Array, "light h w 3"]:
        """Return what is to be added under each light of a rig: see `shortest_basis`."""
        moments = np.concatenate([self.integral[..., np.newaxis], self.moment], axis=-1)
        return np.asarray(np.einsum("lcm,hwcm->lhwc", basis, moments))


def missing_moments(
    lobes: CosineLobes,
    integral: Float[Array, "h w 3"],
    moment: Float[Array, "h w 3 *axis"],
    *,
    primaries: Matrix3 | None = None,
) -> MissingMoments:
    """Return what lobes lack over a continuous sphere: nothing, where none is clamped or dark.

    Parameters
    ----------
    lobes
        In the color of the photographs.
    integral, moment
        What they were fitted to, as in `olat.surface.cosine_lobe.lobes_from_moments`; in the color
        of the photographs [sr].
    primaries
        What the channels (rows) see of each LED primary. The moment of a color gradient is known
        of the primaries, each along its axis; none means that channels and primaries are the same.
    """
    missing = integral - lobes.integral
    if moment.ndim == 4:
        return MissingMoments(missing, moment - lobes.moment)
    mixing = np.eye(3) if primaries is None else primaries
    unmixing = np.linalg.inv(mixing).T.astype(integral.dtype)
    of_lobes = (lobes.integral @ unmixing) * lobes.axis * lobes.ratio[..., np.newaxis]
    along = moment @ unmixing - of_lobes
    return MissingMoments(missing, along[:, :, np.newaxis] * mixing.astype(integral.dtype))


def missing_under_lights(
    lobes: CosineLobes,
    integral: Float[Array, "h w 3"],
    moment: Float[Array, "h w 3 *axis"],
    directions: Directions,
    weights: LightColors,
    *,
    visibility: Visibility | None = None,
) -> MissingMoments:
    r"""Return what lobes lack under the lights of a rig, in the shadows that fall on them.

    Parameters
    ----------
    lobes, integral, moment
        As in `missing_moments`, with channels that see one primary each.
    directions
        Unit vectors to the lights.
    weights
        :math:`W_{ic}`: full-on light is :math:`F_c = \sum_i W_{ic} R_c(\omega_i)`; they sum to the
        solid angle that the lights cover [sr].
    visibility
        Share of each light that reaches a pixel; none means that nothing casts shadows.
    """
    found = np.zeros(integral.shape)
    along = np.zeros((*integral.shape, 3))
    for direction, weight in zip(directions, weights, strict=True):
        reading = lobes.reading(direction) * weight
        if visibility is not None:
            reading = reading * visibility(direction)[..., np.newaxis]
        found += reading
        along += reading[..., np.newaxis] * direction
    if moment.ndim == 4:
        return MissingMoments(integral - found, moment - along)
    # A color gradient tells nothing of a channel along the axes of the others.
    diagonal = moment - np.einsum("hwcc->hwc", along)
    return MissingMoments(integral - found, diagonal[:, :, np.newaxis] * np.eye(3))


def shortest_basis(
    directions: Directions, weights: LightColors, *, is_shared: bool
) -> Float64[Array, "light 3 4"]:
    """Return the shortest readings under the lights of a rig that have unit moments.

    Parameters
    ----------
    directions, weights
        As in `missing_under_lights`.
    is_shared
        Of each channel only the moment along its own axis is known, as under a color gradient.

    Returns
    -------
    basis
        Reading of light and channel for each of F, and A along x, y, z. Axes that are not known
        have none.

    Raises
    ------
    ValueError
        If the lights do not tell the moments apart.
    """
    basis = np.zeros((len(directions), 3, 4))
    for channel in range(3):
        kept = [0, 1 + channel] if is_shared else [0, 1, 2, 3]
        rows = np.column_stack([np.ones(len(directions)), directions])[:, kept]
        patterns = rows.T * weights[:, channel]
        sizes = np.linalg.svd(patterns, compute_uv=False)
        if len(directions) < len(kept) or not sizes[-1] > FLAT * sizes[0]:
            raise ValueError(
                f"lights: {len(directions)} that are too few, or in one plane; needed are lights "
                "around the subject that gradients tell apart. Relight without what lobes lack."
            )
        basis[:, channel, kept] = np.linalg.pinv(patterns)
    return basis
