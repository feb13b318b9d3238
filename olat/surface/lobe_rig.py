r"""What lobes would have read under a whole sphere of lights, where a rig has a hole.

Under lights of weights :math:`W_i` a lobe of integral F and ratio p gives :math:`F\,g(p)` with

.. math:: g(p) = \sum_i W_i\, p_{|p|}(a \cdot \omega_i), \qquad a = p/|p| ,

which is 1 under a full, even sphere, and less where a lobe looks through the hole. The ratio itself
is taken to that of a whole sphere by `olat.surface.rig_table`; this is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float32, Float64
from scipy.ndimage import map_coordinates

from olat.model.shapes import Array, Directions, LightColors, Mask
from olat.surface.cosine_lobe import LARGEST_RATIO, lobe_density

NODES = 33
"""Along each edge of the grid of ratios."""
LEAST_SEEN = 0.25
"""Share of a lobe below which the rig does not tell its integral."""
_AT_ONCE = 4096


@dataclass(frozen=True)
class SeenShare:
    """What share of lobes the lights of a rig see."""

    nodes: Float32[Array, "n n n 3"]
    """Of each channel, by ratios from -1 to 1 along x, y, z."""

    def of(
        self, ratio: Float32[Array, "h w 3"], *, channel: int | None = None
    ) -> Float32[Array, "h w *channel"]:
        """Return the share that is seen of lobes: of all channels, or of one."""
        places = np.moveaxis((ratio + 1.0) * ((len(self.nodes) - 1) / 2.0), -1, 0)
        wanted = range(3) if channel is None else (channel,)
        found = [
            map_coordinates(self.nodes[..., k], places, order=1, mode="nearest") for k in wanted
        ]
        return np.stack(found, axis=-1) if channel is None else np.asarray(found[0])


def seen_share(directions: Directions, weights: LightColors) -> SeenShare:
    """Tabulate what share of lobes a rig sees; the last few rigs are remembered.

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    weights
        Full-on light is the sum over lights of these times the reading; under a whole sphere they
        sum to 4π [sr].
    """
    lights, shares = (np.ascontiguousarray(array, np.float64) for array in (directions, weights))
    return _remembered(lights.tobytes(), shares.tobytes())


def moments_of_whole_sphere(
    integral: Float32[Array, "h w 3"], ratio: Float32[Array, "h w 3 *axis"], seen: SeenShare
) -> tuple[Float32[Array, "h w 3"], Float32[Array, "h w 3 *axis"], Mask]:
    """Return integral and first moment under a whole sphere, and where the rig tells them.

    Parameters
    ----------
    integral
        Under all lights of the rig [sr].
    ratio
        First moment over integral as under a whole sphere: one vector for all channels, or one for
        each channel (channel, axis).
    seen
        Of the rig.

    Returns
    -------
    integral, moment
        As `olat.surface.cosine_lobe.lobes_from_moments` takes them [sr].
    is_told
        False where less than a quarter of the lobe is seen; its integral is four times what is
        seen of it.
    """
    if ratio.ndim == 3:
        share = seen.of(ratio)
    else:
        share = np.stack([seen.of(ratio[:, :, k], channel=k) for k in range(3)], axis=-1)
    whole = integral / np.maximum(share, np.float32(LEAST_SEEN))
    moment = whole * ratio if ratio.ndim == 3 else whole[..., np.newaxis] * ratio
    return whole, moment, np.asarray((share > LEAST_SEEN).all(axis=-1))


@lru_cache(maxsize=4)
def _remembered(directions: bytes, weights: bytes) -> SeenShare:
    lights, shares = (np.frombuffer(data).reshape(-1, 3) for data in (directions, weights))
    edge = np.linspace(-1.0, 1.0, NODES)
    grid = np.stack(np.meshgrid(edge, edge, edge, indexing="ij"), axis=-1).reshape(-1, 3)
    nodes = np.concatenate(
        [_seen(grid[i : i + _AT_ONCE], lights, shares) for i in range(0, len(grid), _AT_ONCE)]
    )
    return SeenShare(nodes.reshape(NODES, NODES, NODES, 3).astype(np.float32))


def _seen(
    ratios: Float64[Array, "n 3"], directions: Directions, weights: LightColors
) -> Float64[Array, "n 3"]:
    """Return the share of lobes that lights see; those beyond any lobe count as the sharpest."""
    length = np.linalg.norm(ratios, axis=1, keepdims=True)
    axes = ratios / np.maximum(length, 1e-12)
    cosine = np.clip(axes @ directions.T, -1.0, 1.0)
    return np.asarray(lobe_density(cosine, np.minimum(length, LARGEST_RATIO)) @ weights)
