r"""Gradients inverted over the lights of the rig.

Under a full, even sphere of lights a cosine lobe of axis a gives the ratio :math:`p = s\,a`, its
first moment over its integral, and the closed forms of `olat.surface.cosine_lobe` take over.
Under the rig's own lights the same lobe gives another one,

.. math::
    r_j(p) = \frac{\sum_i (g_{ij} - \bar g_{ij})\, L_p(\omega_i)}
                  {\sum_i (g_{ij} + \bar g_{ij})\, L_p(\omega_i)} ,

with :math:`g_{ij}` the light of lamp i in gradient j and :math:`\bar g_{ij}` in its complement. A
table holds the inverse of :math:`r(p)` on a grid: a missing floor or door, uneven lamps, tints, LED
floors and half spheres (binary gradients) are all in it.

References
----------
.. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination photographs,
   Journal of Virtual Reality and Broadcasting 9(2), 2012.
.. [2] Catmull and Rom, A class of local interpolating splines, 1974.
.. [3] Levenberg, A method for the solution of certain non-linear problems in least squares, 1944.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float32, Float64
from scipy.ndimage import map_coordinates
from scipy.spatial import KDTree

from olat.model.shapes import Array, Directions, Plane
from olat.surface.rig_table_kernel import look_up, simulate, solve

NODES = 45
"""Along each edge of the grid: 0.05 apart."""
REACH = 1.1
"""Half the edge of the cube; ratios are looked up within 1."""
SHELL = 0.8
"""Length at which the ratios of matte surfaces are looked up."""
MATTE = 2.0 / 3.0
"""Length of the ideal ratio of a matte surface."""
SHARPEST = 0.985
"""Ratio of the sharpest lobe on the densest rig: exponent 65."""
NARROWEST = 0.9
"""Least half-width of a lobe, as a share of the angle between lights, that they can tell."""
RATIO_NOISE = 0.01
"""Noise of a ratio that `Ideal.doubt` is told for."""
UNREACHED = 0.02
"""Distance of a ratio to the nearest that any lobe gives, beyond which it is out of range."""
_APART = 0.15
"""Of the lobes among which the first guesses are."""

Drives = Float64[Array, "light 3"]


@dataclass(frozen=True, slots=True)
class Ideal:
    """What a full, even sphere of lights would have given."""

    ratio: Float32[Array, "h w 3"]
    """First moment over integral: the axis times the length."""
    doubt: Plane
    """Error of the axis where the measured ratio is off by `RATIO_NOISE` [rad]."""
    distance: Plane
    """From the measured ratio to the nearest that any lobe gives under the rig."""


@dataclass(frozen=True)
class RigTable:
    """The inverse of what lobes give under one set of gradients of one rig."""

    nodes: Float32[Array, "n n n 5"]
    """Ideal ratio, doubt [rad] and distance, by measured ratio from -`REACH` to `REACH`."""
    sharpest: float
    """Largest length of the ideal ratio that the lights can tell."""
    shell: float = 0.0
    """Length at which ratios are looked up; 0 for each at its own."""

    def ideal(self, ratio: Float32[Array, "h w 3"]) -> Ideal:
        """Return what a full, even sphere would have given where this was measured."""
        height, width, _ = ratio.shape
        flat = np.ascontiguousarray(ratio, np.float32).reshape(-1, 3)
        found = np.empty((len(flat), 5), np.float32)
        look_up(self.nodes, REACH, self.shell, flat, found)
        planes = found.reshape(height, width, 5)
        return Ideal(planes[..., :3], planes[..., 3], planes[..., 4])


def sharpest_ratio(directions: Directions) -> float:
    r"""Return the ratio of the sharpest lobe that lights so far apart can tell.

    Its half-width at half maximum, :math:`1.18 / \sqrt{n}`, is nine tenths of the typical angle
    between neighboring lights.
    """
    chord = KDTree(directions).query(directions, k=2)[0][:, 1] if len(directions) > 1 else [2.0]
    width = NARROWEST * max(float(np.median(chord)), 1e-2)
    exponent = max(2.0 * np.log(2.0) / width**2, 1.0)
    return float(min((exponent + 1.0) / (exponent + 2.0), SHARPEST))


def rig_table(
    directions: Directions, difference: Drives, total: Drives, *, is_matte: bool = False
) -> RigTable:
    """Invert the gradients of a rig; the last few are remembered.

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    difference, total
        Light of every lamp in gradient j less, and plus, that in its complement: what the ratios
        were formed from. The intensity of the lamps is in both.
    is_matte
        The axis is sought as if all surfaces were matte, and the length as if light from elsewhere
        shortened it. For half spheres of light (binary gradients): sharper lobes saturate them, so
        that exponents cannot be told.

    Returns
    -------
    table
        For any photographs that were lit like this.

    Raises
    ------
    ValueError
        If shapes differ, or an axis has no light.

    Notes
    -----
    Assumes distant lights and one lobe a pixel: `olat.surface.cosine_lobe` has the shapes. Where no
    light comes from, lobes that point there are told by their flanks alone: the doubt says so.
    """
    arrays = [np.ascontiguousarray(array, np.float64) for array in (directions, difference, total)]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 2:
        raise ValueError(
            f"gradients of a rig: directions {arrays[0].shape}, drives {arrays[1].shape} and "
            f"{arrays[2].shape}; one shape (light, 3) was needed."
        )
    if not (arrays[2].sum(axis=0) > 0).all():
        raise ValueError(
            f"gradients of a rig: all lights together give {arrays[2].sum(axis=0)} along x, y, z; "
            "light along each was needed. Check the intensities of the light list."
        )
    # Neither the unit of light nor the last digit makes another table.
    lights, lit, sums = arrays
    unit = sums.max(axis=0)
    return _remembered(
        *(np.round(array, 9).tobytes() for array in (lights, lit / unit, sums / unit)), is_matte
    )


def ratio_under(
    directions: Directions,
    difference: Drives,
    total: Drives,
    ideal: Float64[Array, "n 3"],
    lengths: tuple[float, float] = (0.0, SHARPEST),
) -> Float64[Array, "n 3"]:
    """Return the ratios that lobes of these ideal ratios give under a rig; 0 without light.

    Lobes are of lengths within limits; beyond, ratios go in proportion.
    """
    ratios, slopes = np.zeros((len(ideal), 3)), np.zeros((3, 3))
    for lobe, ratio in zip(np.ascontiguousarray(ideal, np.float64), ratios, strict=True):
        simulate(directions, difference, total, lobe, lengths, ratio, slopes)
    return ratios


@lru_cache(maxsize=8)
def _remembered(directions: bytes, difference: bytes, total: bytes, is_matte: bool) -> RigTable:
    lights, lit, sums = (
        np.frombuffer(data).reshape(-1, 3).copy() for data in (directions, difference, total)
    )
    lengths = (MATTE, MATTE) if is_matte else (0.0, sharpest_ratio(lights))
    edge = np.linspace(-REACH, REACH, NODES)
    wanted = np.stack(np.meshgrid(edge, edge, edge, indexing="ij"), axis=-1).reshape(-1, 3)
    asked = _asked(wanted, SHELL if is_matte else 0.0)
    guesses = _guesses(lights, lit, sums, wanted, lengths)
    ideals = np.zeros_like(wanted)
    ideals[asked], distances, slopes = solve(
        lights, lit, sums, wanted[asked], lengths, guesses[asked]
    )
    nodes = np.zeros((len(wanted), 5))
    nodes[:, :3] = ideals
    nodes[asked, 3], nodes[asked, 4] = _doubts(ideals[asked], slopes), distances
    # Where no ratio is looked up, nodes go on as the nearest that was solved.
    nodes[~asked] = nodes[asked][KDTree(wanted[asked]).query(wanted[~asked])[1]]
    return RigTable(
        nodes.reshape(NODES, NODES, NODES, 5).astype(np.float32),
        lengths[1],
        SHELL if is_matte else 0.0,
    )


def _asked(wanted: Float64[Array, "n 3"], shell: float) -> Bool[Array, " n"]:
    """Tell which nodes are needed to look up ratios: within length 1, or around a shell."""
    length = np.linalg.norm(wanted, axis=1)
    room = 2.0 * np.sqrt(3.0) * 2.0 * REACH / (NODES - 1)
    return np.asarray(abs(length - shell) < room if shell else length < REACH)


def _guesses(
    directions: Directions,
    difference: Drives,
    total: Drives,
    wanted: Float64[Array, "n 3"],
    lengths: tuple[float, float],
) -> Float64[Array, "n 3"]:
    """Return first guesses for all nodes: every second one is solved, and between is interpolated.

    The coarse ones begin at the lobe among some that gives the most similar ratio.
    """
    edge = np.arange(-0.975, 1.0, _APART)
    lobes = np.stack(np.meshgrid(edge, edge, edge), axis=-1).reshape(-1, 3)
    lobes = lobes[np.linalg.norm(lobes, axis=1) < 1.0]
    tree = KDTree(ratio_under(directions, difference, total, lobes, lengths))
    coarse = wanted.reshape(NODES, NODES, NODES, 3)[::2, ::2, ::2].reshape(-1, 3)
    begin = np.asarray(lobes[tree.query(coarse)[1]])
    ideals, _, _ = solve(directions, difference, total, coarse, lengths, begin)
    side = (NODES + 1) // 2
    places = (wanted.T + REACH) * (side - 1) / (2.0 * REACH)
    planes = ideals.reshape(side, side, side, 3)
    return np.stack(
        [map_coordinates(planes[..., part], places, order=3, mode="nearest") for part in range(3)],
        axis=-1,
    )


def _doubts(ideals: Float64[Array, "n 3"], slopes: Float64[Array, "n 3 3"]) -> Float64[Array, " n"]:
    r"""Return what noise does to the axis, :math:`\epsilon\,|(I - a a^T) J^{-1}| / s` [rad]."""
    lengths = np.maximum(np.linalg.norm(ideals, axis=1), 1e-3)
    axes = ideals / lengths[:, np.newaxis]
    u, values, v = np.linalg.svd(slopes)
    inverse = np.einsum("nji,nj,nkj->nik", v, 1.0 / np.maximum(values, 1e-3), u)
    across = inverse - np.einsum("ni,nj,njk->nik", axes, axes, inverse)
    worst = np.linalg.norm(across, ord=2, axis=(1, 2))
    return np.asarray(np.minimum(RATIO_NOISE * worst / lengths, np.pi / 2.0))
