"""One step of refinement: the motion of all frames that makes them tell each other best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array
from olat.motion.refinement_prior import Coefficients, MotionPrior

Rows: TypeAlias = Float32[Array, "row pixel"]
"""One row a frame, and one for the full-on frame where there is one."""
Slopes: TypeAlias = Float32[Array, "frame pixel"]

ALIKE = 50.0
"""Pixels over which the residual of a prediction is of one kind: it counts once for all of them."""
STEPS = 40
SMALL = 1e-3
"""Of the first gradient, at which the search ends."""


@dataclass(frozen=True)
class Evidence:
    r"""What the pictures say about motion, linear about where they are.

    Residuals and how they change with the motion u of the frames:

    .. math:: r(u) = r + L\,(g_x \circ u_x + g_y \circ u_y)
    """

    residual: Rows
    mix: Float32[Array, "row frame"]
    """L: one for the frame itself, less the mix of all others."""
    right: Slopes
    """g_x, change of a picture when it is pulled from one pixel further right [1/px]."""
    down: Slopes
    """g_y [1/px]."""
    weights: Rows
    """Inverse variance, less where a residual is an outlier."""
    modes: Float32[Array, "mode pixel"]

    def change(self, motion: Coefficients) -> Rows:
        """Return how residuals change with a motion, to first order."""
        moved = self.right * (motion[..., 0] @ self.modes)
        moved += self.down * (motion[..., 1] @ self.modes)
        return np.asarray(self.mix @ moved)

    def gradient(self, rows: Rows) -> Coefficients:
        """Return the transpose of `change`."""
        spread = self.mix.T @ rows
        x, y = (self.right * spread) @ self.modes.T, (self.down * spread) @ self.modes.T
        return np.stack([x, y], axis=-1)


def likeliest_motion(evidence: Evidence, prior: MotionPrior, at: Coefficients) -> Coefficients:
    r"""Return the motion that evidence and prior make the likeliest.

    .. math::
        \min_z\; \frac{1}{\kappa} \sum w\, \bigl(r(Q z - u_0)\bigr)^2 + |z|^2

    with :math:`Q z` the motion of unknowns z that have unit variance, and :math:`\kappa` the number
    of pixels whose residuals are alike. All frames are solved for at once: the frames that tell a
    picture have moved too. Solved by conjugate gradients.

    Parameters
    ----------
    evidence
        About the motion `at`.
    prior
        What motion is likely.
    at
        :math:`u_0`: the motion that the pictures were moved by.

    References
    ----------
    .. [1] Triggs et al., Bundle adjustment: a modern synthesis, Vision Algorithms, 1999, sec. 4.
    """

    def normal(unknowns: Float32[Array, " unknown"]) -> Float32[Array, " unknown"]:
        rows = evidence.weights * evidence.change(prior.coefficients(unknowns))
        return np.asarray(prior.transposed(evidence.gradient(rows)) / np.float32(ALIKE) + unknowns)

    rows = evidence.weights * (evidence.residual - evidence.change(at))
    left = prior.transposed(evidence.gradient(rows)) / np.float32(-ALIKE)
    unknowns, way = np.zeros_like(left), left.copy()
    first = power = float(left @ left)
    for _ in range(STEPS):
        if power <= SMALL**2 * first or power == 0.0:
            break
        bent = normal(way)
        length = np.float32(power / float(way @ bent))
        unknowns += length * way
        left -= length * bent
        power, before = float(left @ left), power
        way = left + np.float32(power / before) * way
    return prior.coefficients(unknowns)
