"""Pictures under neighboring lights look alike: what each should look like, told by the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.optimize import nnls

from olat.model.shapes import Array, Directions

NOT_SMOOTH = 0.6
"""Part of the pictures that neighbors may leave unexplained before nothing can be judged."""
_WIDTHS = (0.3, 0.5, 0.7, 1.0)
"""How far light directions may be apart and still be neighbors [chord]."""
_NUGGETS = (1e-3, 1e-2, 1e-1)
"""How far pictures may differ from a smooth function of the light, relative to its variance."""
_OUTSIDE = 1e-6
"""Length of what other lights leave of a direction, from which it is not among them."""
_RANK = 24
"""Numbers that tell pictures apart well enough."""


@dataclass(frozen=True)
class NeighborModel:
    """A Gaussian process over light directions, one for all pixels."""

    precision: Float64[Array, "light light"]
    """Inverse of the covariance of the lights."""
    width: float
    """How far lights may be apart and still be neighbors [chord]."""
    nugget: float
    """Share of a picture that has nothing to do with its neighbors."""

    @classmethod
    def over(cls, directions: Directions, *, width: float, nugget: float) -> NeighborModel:
        r"""Return the model of some lights.

        .. math:: K_{ij} = \exp\frac{\omega_i\cdot\omega_j - 1}{s^2} + \lambda\,\delta_{ij}
        """
        covariance = np.exp((directions @ directions.T - 1.0) / width**2)
        return cls(np.linalg.inv(covariance + nugget * np.eye(len(directions))), width, nugget)

    @property
    def residual_map(self) -> Float64[Array, "light light"]:
        """Return the matrix that takes pictures to what the others do not explain of each."""
        return np.asarray(self.precision / np.diag(self.precision)[:, None])

    def residuals(self, pictures: Float64[Array, "light value"]) -> Float64[Array, "light value"]:
        r"""Return each picture less what all others predict.

        .. math:: r_i = [K^{-1} Y]_i / [K^{-1}]_{ii}

        References
        ----------
        .. [1] Rasmussen and Williams, Gaussian Processes for Machine Learning, MIT Press 2006,
           sec. 5.4.2.
        """
        return np.asarray(self.residual_map @ pictures)

    def errors(self, pictures: Float64[Array, "light value"]) -> Float64[Array, " light"]:
        """Return the squared length of each residual."""
        return np.asarray((self.residuals(pictures) ** 2).sum(axis=1))

    def unexplained(self, pictures: Float64[Array, "light value"]) -> float:
        """Return the part of all pictures that others do not predict."""
        return float(self.errors(pictures).sum() / max(float((pictures**2).sum()), 1e-12))

    def without(self, light: int) -> NeighborModel:
        """Return the model of all lights but one, which then has zeros in its row and column."""
        column = self.precision[:, light]
        rest = self.precision - np.outer(column, column) / column[light]
        rest[light] = rest[:, light] = 0.0
        rest[light, light] = 1.0
        return replace(self, precision=rest)


def model_of(directions: Directions, pictures: Float64[Array, "light value"]) -> NeighborModel:
    """Choose the model that predicts the pictures best, each from all others.

    Parameters
    ----------
    directions
        The lights.
    pictures
        As `features` returns them.

    Notes
    -----
    Assumes that a picture is a smooth function of the direction of its light: by Basri and Jacobs,
    nine spherical harmonics hold nearly all of a convex Lambert surface. Gloss narrower than the
    distance of the lights is not smooth; a mirror is not at all. Mirroring or turning all lights
    changes nothing here.

    References
    ----------
    .. [1] Basri and Jacobs, Lambertian reflectance and linear subspaces, TPAMI 2003, sec. 3.
    """
    models = [
        NeighborModel.over(directions, width=width, nugget=nugget)
        for width in _WIDTHS
        for nugget in _NUGGETS
    ]
    # The median, so that a few pictures under wrong lights do not choose.
    return min(models, key=lambda model: float(np.median(model.errors(pictures))))


def at_rim(directions: Directions) -> Bool[Array, " light"]:
    r"""Tell which lights have no lights around them, so that others can only be extrapolated to.

    .. math:: \nexists\, a_j \ge 0:\; \omega_i = \sum_{j \ne i} a_j \omega_j

    No light of a full sphere is at the rim, those of the lowest ring of a dome are.
    """
    rest = [nnls(np.delete(directions, i, axis=0).T, each)[1] for i, each in enumerate(directions)]
    return np.array(rest) > _OUTSIDE


def features(
    relative: Float64[Array, "frame value"], sweep: Int64[Array, " light"]
) -> Float64[Array, "frame value"]:
    """Return pictures of about the same length, so that a bright light does not outweigh others.

    Parameters
    ----------
    relative
        Brightness of each pixel relative to its mean over the sweep.
    sweep
        Rows lit by one light. Much darker ones stay short: there is little but noise in them.
    """
    length = np.linalg.norm(relative, axis=1)
    usual = float(np.median(length[sweep]))
    scaled = relative / (length + 0.3 * usual + 1e-12)[:, None]
    _, _, axes = np.linalg.svd(scaled[sweep], full_matrices=False)
    return np.asarray(scaled @ axes[:_RANK].T) if len(sweep) > 2 * _RANK else scaled


def swap_gains(
    model: NeighborModel, pictures: Float64[Array, "light value"]
) -> Float64[Array, "light light"]:
    """Return by how much the sum of all errors falls if two pictures trade places, pair by pair."""
    residual_map = model.residual_map
    gram = pictures @ pictures.T
    along = residual_map @ gram
    first, second = np.triu_indices(len(pictures), 1)
    gains = np.zeros(gram.shape)
    for i in range(len(pictures) - 1):
        others = second[first == i]
        moved = residual_map[:, i, None] - residual_map[:, others]
        length = gram[i, i] + gram[others, others] - 2.0 * gram[i, others]
        cross = np.einsum("kj,kj->j", moved, along[:, others] - along[:, i, None])
        gains[i, others] = -2.0 * cross - np.einsum("kj,kj->j", moved, moved) * length
    return gains
