"""A field in a few planes a tile, for pictures at once: close enough to look at, never to keep.

Each tile of 32 x 32 px has principal components of its own, because one small part of a subject
answers to light in fewer ways than all of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float16, Float32, Float64

from olat.model.field import ReflectanceField
from olat.model.shapes import Array, LightColors, Radiance
from olat.relight.planes_kernel import AT_ONCE, add_planes

TILE: Final = 32
"""Side of a tile [px]."""
COMPONENTS: Final = 32
"""Kept of each tile; as many as lights, if these are fewer."""


@dataclass(frozen=True)
class PreviewField:
    """Components of tiles, row by row; the last of a row or column may reach over the edge."""

    height: int
    """[px]"""
    width: int
    """[px]"""
    basis: Float32[Array, "tile light component"]
    """How each light is made of the components."""
    components: Float16[Array, "tile component 3 pixel"]

    @property
    def bytes(self) -> int:
        """Size [B]."""
        return self.basis.nbytes + self.components.nbytes


def compressed(
    field: ReflectanceField, advance: Callable[[int, int], None] | None = None
) -> PreviewField:
    r"""Return the principal components of each tile of a field.

    With the readings of a tile as a matrix X of lights and pixels of all channels, and the
    eigenvectors U of :math:`X X^T` that belong to its largest eigenvalues, :math:`X \approx
    U (U^T X)`.

    Parameters
    ----------
    field
        Finite; rows of tiles are read one after the other.
    advance
        Told after each row of tiles.

    References
    ----------
    .. [1] Nishino, Sato and Ikeuchi, Eigen-texture method, CVPR 1999; Sloan, Hall, Hart and Snyder,
       Clustered principal components for precomputed radiance transfer, SIGGRAPH 2003.
    """
    lights, height, width = field.shape
    count = min(COMPONENTS, lights)
    kept = -(-count // AT_ONCE) * AT_ONCE  # the loop takes whole groups: the rest is nothing
    down, across = -(-height // TILE), -(-width // TILE)
    basis = np.zeros((down * across, lights, kept), np.float32)
    components = np.zeros((down * across, kept, 3, TILE * TILE), np.float16)
    for row in range(down):
        top, bottom = row * TILE, min((row + 1) * TILE, height)
        strip, _ = field.read_rows(top, bottom)
        padded = np.zeros((lights, 3, TILE, across * TILE), np.float32)
        padded[:, :, : bottom - top, :width] = strip
        for column in range(across):
            tile = padded[..., column * TILE : (column + 1) * TILE].reshape(lights, -1)
            _, vectors = np.linalg.eigh((tile @ tile.T).astype(np.float64))
            place = row * across + column
            basis[place, :, :count] = vectors[:, ::-1][:, :count]
            found = basis[place].T @ tile
            components[place] = found.reshape(kept, 3, -1)
        if advance is not None:
            advance(row + 1, down)
    return PreviewField(height, width, basis, components)


def preview(field: PreviewField, weights: LightColors, *, threads: int | None = None) -> Radiance:
    """Relight a compressed field once.

    Parameters
    ----------
    field
        Components of tiles.
    weights
        Factor of each light and color.

    Raises
    ------
    ValueError
        If there are not as many weights as lights.
    """
    lights = field.basis.shape[1]
    if weights.shape != (lights, 3):
        raise ValueError(f"weights are of {weights.shape}; {(lights, 3)} is needed")
    across = -(-field.width // TILE)
    mixed: Float64[Array, "tile 3 component"] = np.einsum("tlk,lc->tck", field.basis, weights)
    out = np.zeros((-(-field.height // TILE), TILE, across, TILE, 3), np.float32)
    bits = field.components.view(np.uint16)

    def light(row: int) -> None:
        total = np.empty(TILE * TILE, np.float32)
        for column in range(across):
            place = row * across + column
            for channel in range(3):
                total[:] = 0.0
                factors = mixed[place, channel].astype(np.float32)
                for first in range(0, factors.size, AT_ONCE):
                    group = slice(first, first + AT_ONCE)
                    add_planes(bits[place, group, channel], factors[group], total)
                out[row, :, column, :, channel] = total.reshape(TILE, TILE)

    count = len(os.sched_getaffinity(0)) if threads is None else max(1, threads)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(light, range(len(out))))
    whole = out.reshape(len(out) * TILE, across * TILE, 3)
    return np.ascontiguousarray(whole[: field.height, : field.width])
