"""Fields whose differences between neighboring pixels are told, link by link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array, Plane
from olat.surface import grid_solve_kernel as kernel

SMALLEST = 4
"""Shorter side below which a grid is not halved again [px]."""
COARSEST_SWEEPS = 16
VISITS = 2
"""How often each coarser grid is visited from the next finer one."""


@dataclass(frozen=True)
class _Scale:
    """A grid of one size."""

    right: Plane
    below: Plane
    inverse: Plane
    side: Plane
    field: Plane

    @classmethod
    def of(cls, right: Plane, below: Plane) -> _Scale:
        inverse = np.empty_like(right)
        kernel.inverse_sums(right, below, inverse)
        return cls(right, below, inverse, np.zeros_like(right), np.zeros_like(right))

    def halved(self) -> _Scale:
        height, width = self.right.shape
        coarse = np.empty((2, -(-height // 2), -(-width // 2)), np.float32)
        kernel.halve(self.right, self.below, coarse[0], coarse[1])
        return _Scale.of(coarse[0], coarse[1])

    def relax(self, *colors: int) -> None:
        for color in colors:
            kernel.relax(self.right, self.below, self.inverse, self.side, color, self.field)


def field_of_differences(
    links: tuple[Float32[Array, "h w"], Float32[Array, "h w"]],
    side: Float64[Array, "h w"],
    start: Float64[Array, "h w"],
    *,
    tolerance: float,
    steps: int,
) -> tuple[Float64[Array, "h w"], int]:
    r"""Solve for the field whose weighted differences are what is told.

    .. math:: \sum_q w_{pq} (z_p - z_q) = b_p

    by conjugate gradients, each residual first brought near the answer by one cycle of multigrid.

    Parameters
    ----------
    links
        Weights between each pixel and the one to its right, and the one below; 0 at the border.
    side
        Right side; its sum over every connected piece is 0.
    start
        First guess.
    tolerance
        Root mean square error of a difference at which to stop, in links of weight 1.
    steps
        Of conjugate gradients, at most.

    Returns
    -------
    field
        Each connected piece has a free constant, which is that of the guess but for rounding.
    steps
        Number of steps that were made.

    Notes
    -----
    Joined pixels have one value, so that a coarser grid has links of four neighbors again; the sum
    of the links is halved, because two joined pixels are twice as far apart. Cycles visit
    each coarser grid twice.

    References
    ----------
    .. [1] Tatebe, The multigrid preconditioned conjugate gradient method, Copper Mountain 1993.
    .. [2] Braess, Towards algebraic multigrid for elliptic problems of second order, Computing 55,
       1995.
    """
    scales = [_Scale.of(*links)]
    while min(scales[-1].right.shape) > SMALLEST:
        scales.append(scales[-1].halved())
    field, image = start.copy(), np.empty_like(start)
    kernel.apply(*links, field, image)
    rest = side - image
    least = tolerance**2 * max(int(np.count_nonzero(scales[0].inverse)), 1)
    energy, way = 0.0, np.zeros_like(start)
    for step in range(steps):
        scaled = _cycle(scales, rest)
        before, energy = energy, kernel.product(scaled, rest)
        if not energy > least:
            return field, step
        kernel.turn(scaled, energy / before if step else 0.0, way)
        length = energy / kernel.apply(*links, way, image)
        kernel.advance(length, way, image, field, rest)
    return field, steps


def _cycle(scales: list[_Scale], rest: Float64[Array, "h w"]) -> Plane:
    """Return roughly the field that leaves `rest`."""
    scales[0].side[:] = rest
    scales[0].field[:] = 0.0
    _visit(scales, 0)
    return scales[0].field


def _visit(scales: list[_Scale], number: int) -> None:
    """Improve the field of one scale by itself and all that are coarser, symmetrically."""
    scale = scales[number]
    if number == len(scales) - 1:
        scale.relax(*(0, 1) * COARSEST_SWEEPS, *(1, 0) * COARSEST_SWEEPS)
        return
    coarse = scales[number + 1]
    for _ in range(VISITS if number else 1):
        scale.relax(0, 1)
        kernel.restrict_rest(scale.right, scale.below, scale.side, scale.field, coarse.side)
        coarse.field[:] = 0.0
        _visit(scales, number + 1)
        kernel.add_coarse(coarse.field, scale.inverse, scale.field)
        scale.relax(1, 0)
