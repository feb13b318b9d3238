"""Lights that the rig does not have, mixed from those that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.spatial import KDTree

from olat.light.interpolation_barycentric import barycentric_weights
from olat.light.interpolation_local import local_weights
from olat.light.interpolation_radial import radial_weights
from olat.light.interpolation_thin_plate import thin_plate_weights
from olat.light.quadrature import SAME_LIGHT, distinct
from olat.light.spherical_delaunay import Triangulation
from olat.model.shapes import Array, Directions

Method: TypeAlias = Literal["nearest", "barycentric", "local", "thin_plate", "radial"]
Weights: TypeAlias = Float64[Array, "n light"]

MOST_NOISE: Final = 3.0
"""Growth of noise beyond which a mixture is of no use."""
_METHODS: Final[dict[str, Callable[[Directions, Directions], Weights]]] = {
    "barycentric": barycentric_weights,
    "local": local_weights,
    "thin_plate": thin_plate_weights,
    "radial": radial_weights,
}
"""What mixes lights for directions that lights surround; `nearest` needs no mixing."""


@dataclass(frozen=True)
class DirectionWeights:
    """How to mix the lights of a rig into lights from directions between them."""

    weights: Weights
    """They sum to 1 for each direction; negative in places by ``thin_plate`` and ``radial``."""
    is_interpolated: Bool[Array, " n"]
    """False where no neighbors surround the direction and the nearest light stands in."""
    nearest: Int64[Array, " n"]
    """The nearest light."""
    nearest_deg: Float64[Array, " n"]
    """Angle to it [degree]."""


def weights_for_directions(
    directions: Directions, toward: Float64[Array, "n 3"], *, method: Method = "barycentric"
) -> DirectionWeights:
    r"""Mix the lights of a rig into lights from other directions.

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    toward
        Directions from the subject to the wanted lights; any length but 0.
    method
        ``barycentric`` mixes the three lights around; ``nearest`` takes the nearest as it is;
        ``local`` mixes the eight nearest; ``thin_plate`` and ``radial`` mix all, some with negative
        weights.

    Returns
    -------
    DirectionWeights
        At light i exactly 1 for i, whatever the method. Where the rig has no lights around the
        direction, 1 for the nearest one, whatever the method, and `is_interpolated` false.

    Raises
    ------
    ValueError
        If a direction has no length, there are no lights, or the method would make noise more than
        `MOST_NOISE` times as strong, as radial functions do on uneven rigs.

    Notes
    -----
    Assumes that appearance varies little between neighbors: highlights and shadow edges
    narrower than the spacing of the lights fade from one place to the next instead of moving.

    References
    ----------
    .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000, sec. 3.
    """
    _check(directions, toward)
    unit = toward / np.linalg.norm(toward, axis=1, keepdims=True)
    chord, nearest = KDTree(directions).query(unit)
    is_light = chord < SAME_LIGHT
    _, _, surrounded = Triangulation(directions).locate(unit)
    weights = np.zeros((len(unit), len(directions)))
    weights[np.arange(len(unit)), nearest] = 1.0
    mixed = surrounded & ~is_light
    if method != "nearest" and mixed.any():
        kept, _ = distinct(directions)
        weights[mixed] = 0.0
        weights[np.ix_(mixed, kept)] = _METHODS[method](directions[kept], unit[mixed])
    noise = float(np.sqrt((weights**2).sum(axis=1)).max(initial=0.0))
    if noise > MOST_NOISE:
        raise ValueError(
            f"method {method!r} would make noise {noise:.0f} times as strong with these "
            f"{len(directions)} lights; lights spread evenly are needed. Take thin_plate"
        )
    return DirectionWeights(
        weights=weights,
        is_interpolated=surrounded | is_light,
        nearest=np.asarray(nearest, np.int64),
        nearest_deg=np.rad2deg(2.0 * np.arcsin(np.minimum(1.0, chord / 2.0))),
    )


def _check(directions: Directions, toward: Float64[Array, "n 3"]) -> None:
    """Refuse what has no answer."""
    lengths = np.linalg.norm(toward, axis=1)
    lost = ~(np.isfinite(lengths) & (lengths > 0.0))
    if lost.any():
        first = tuple(map(float, toward[np.argmax(lost)]))
        raise ValueError(f"direction {first} points nowhere; a length is needed")
    if not len(directions):
        raise ValueError("a rig without lights cannot light anything; at least 1 light is needed")
