"""Values at the places between which RTI viewers mix, so that the mixture shows the pictures."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array
from olat.relight.rti_fit import LinearModel


def fitted_nodes(
    mix: Float64[Array, "shown node"], *, prior: Float64[Array, "node light"], ridge: float
) -> Float64[Array, "node light"]:
    r"""Return how the pictures of the lights give the values of a viewer's nodes.

    .. math:: \min_B \tfrac1v \|M B - X\|^2 + \lambda \|B - B_0\|^2

    Parameters
    ----------
    mix
        M: how a viewer mixes nodes at the lights; those of v viewers one below the other. X, what
        shall be shown there, are the pictures themselves.
    prior
        B0: what nodes hold where the lights do not tell.
    ridge
        λ.

    Notes
    -----
    Nodes that hold plain pictures are shown blurred by the viewer's kernel; these are not.

    References
    ----------
    .. [1] Hoerl and Kennard, Ridge regression: biased estimation for nonorthogonal problems,
       Technometrics 12(1), 1970.
    """
    viewers = len(mix) // prior.shape[1]
    wanted = np.tile(np.eye(prior.shape[1]), (viewers, 1))
    normal = mix.T @ mix + viewers * ridge * np.eye(mix.shape[1])
    return np.asarray(prior + np.linalg.solve(normal, mix.T @ (wanted - mix @ prior)))


def through_nodes(model: LinearModel, nodes: Float64[Array, "node light"]) -> LinearModel:
    """Return a model of the pictures of the lights as one of the nodes that a viewer mixes."""
    wide = np.kron(nodes, np.eye(3))
    return LinearModel(model.to_planes, model.offset, wide @ model.mean, wide @ model.from_planes)


def best_shown(model: LinearModel, mix: Float64[Array, "shown node"]) -> LinearModel:
    r"""Return a model of the same basis whose planes show the pictures best.

    .. math:: c = (M V)^+ (x - M \mu)

    Parameters
    ----------
    model
        Gives the mean μ and the basis V of the nodes.
    mix
        M, as in `fitted_nodes`.

    Notes
    -----
    It makes up for what rounding did to the basis, and for the ridge of the nodes.
    """
    wide = np.kron(mix, np.eye(3))
    back = np.linalg.pinv(wide @ model.from_planes)
    offset = back @ (wide @ model.mean)
    samples = model.to_planes.shape[1]
    to_planes = back.reshape(len(back), -1, samples).sum(axis=1)
    return LinearModel(to_planes, offset, model.mean, model.from_planes)
