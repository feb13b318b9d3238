"""Smooth motion as few numbers: splines in time, planes or splines over the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import BSpline
from scipy.sparse import csr_matrix, eye, kron

from olat.model.shapes import Array

Values = Float64[Array, " place"]
TimeBasis = Float64[Array, "frame knot"]


def time_basis(times: Float64[Array, " frame"], reference: float, *, every: float) -> TimeBasis:
    r"""Return cubic B-splines at each moment, less their values at that of the reference.

    .. math:: u(t) = \sum_k \left(B_k(t) - B_k(t_c)\right) \theta_k

    so that the reference does not move, whatever the numbers are.

    Parameters
    ----------
    times
        Increasing.
    reference
        Moment of the reference, :math:`t_c`.
    every
        Distance between knots, about [frames].
    """
    first, last = float(times[0]), float(times[-1])
    spans = max(1, round((last - first) / every))
    step = max(last - first, 1e-6) / spans
    basis = _splines(times - first, step, spans) - _splines(
        np.array([reference - first]), step, spans
    )
    return np.asarray(basis)


def bend(count: int) -> Float64[Array, "n n"]:
    """Return the matrix whose quadratic form is the sum of squared second differences."""
    second = np.diff(np.eye(count), 2, axis=0)
    return np.asarray(second.T @ second)


@dataclass(frozen=True)
class PlaneBasis:
    """Affine motion about the picture's middle: 1, x, y in half the longer side."""

    shape: tuple[int, int]
    """Height and width [px]."""

    @property
    def count(self) -> int:
        """Numbers per moment and axis."""
        return 3

    @property
    def penalty(self) -> csr_matrix:
        """Nothing: any affine motion is as good as another."""
        return csr_matrix((3, 3))

    def at(self, x: Values, y: Values) -> csr_matrix:
        """Return the values of the basis at some places [px]."""
        height, width = self.shape
        half = max(height, width) / 2.0
        planes = [np.ones_like(x), (x - (width - 1) / 2.0) / half, (y - (height - 1) / 2.0) / half]
        return csr_matrix(np.stack(planes, axis=1))


@dataclass(frozen=True)
class GridBasis:
    """Dense motion: bicubic B-splines on a control grid."""

    shape: tuple[int, int]
    """Height and width [px]."""
    step: float
    """Between control points [px]."""

    @property
    def spans(self) -> tuple[int, int]:
        """Return how many steps the picture is high and wide."""
        height, width = self.shape
        return max(1, int(np.ceil(height / self.step))), max(1, int(np.ceil(width / self.step)))

    @property
    def count(self) -> int:
        """Numbers per moment and axis."""
        down, across = self.spans
        return (down + 3) * (across + 3)

    @property
    def penalty(self) -> csr_matrix:
        """The bending energy of a thin plate, which planes do not have."""
        down, across = (span + 3 for span in self.spans)
        slopes = [np.diff(np.eye(count), axis=0) for count in (down, across)]
        twist = kron(slopes[0].T @ slopes[0], slopes[1].T @ slopes[1])
        bends = kron(bend(down), eye(across)) + kron(eye(down), bend(across))
        return csr_matrix(bends + 2.0 * twist)

    def at(self, x: Values, y: Values) -> csr_matrix:
        """Return the values of the basis at some places [px]."""
        down, across = self.spans
        rows = _sparse_splines(y + 0.5, self.step, down)
        columns = _sparse_splines(x + 0.5, self.step, across)
        # Row by row Kronecker product of matrices with four entries a row.
        places = len(x)
        values = rows.data.reshape(places, 4, 1) * columns.data.reshape(places, 1, 4)
        index = rows.indices.reshape(places, 4, 1) * (across + 3)
        index = index + columns.indices.reshape(places, 1, 4)
        ends = np.arange(0, 16 * places + 1, 16)
        return csr_matrix((values.ravel(), index.ravel(), ends), shape=(places, self.count))

    def from_planes(
        self, planes: PlaneBasis, numbers: Float64[Array, "plane knot"]
    ) -> Float64[Array, "control knot"]:
        """Return the same affine motion on this basis, exactly."""
        down, across = self.spans
        # A cubic spline whose numbers are a linear function of the control points is that function.
        y = (np.arange(down + 3) - 1.0) * self.step - 0.5
        x = (np.arange(across + 3) - 1.0) * self.step - 0.5
        where = planes.at(np.tile(x, down + 3), np.repeat(y, across + 3))
        return np.asarray(where @ numbers)


def _sparse_splines(places: Values, step: float, spans: int) -> csr_matrix:
    knots = step * np.arange(-3, spans + 4)
    inside = np.clip(places, 0.0, spans * step * (1.0 - 1e-12))
    return csr_matrix(BSpline.design_matrix(inside, knots, 3))


def _splines(places: Values, step: float, spans: int) -> Float64[Array, "place knot"]:
    return np.asarray(_sparse_splines(places, step, spans).toarray())
