"""Flow bent no more than pictures ask for: the last step of every method."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Flow, Plane
from olat.motion.joint_kernel import pull
from olat.motion.preparation import Codes
from olat.motion.thin_plate_kernel import cell_data, descend
from olat.motion.warp import source_positions

Vectors: TypeAlias = Float32[Array, "rows columns 2"]
Weights: TypeAlias = Float32[Array, "rows columns"]

ROUNDS = 2
"""Linearizations; the first does nine tenths."""
CELL = 4
"""Side of a cell, which has one vector [solved px]."""
BENDING = np.float32(200.0)
"""Weight of the bending of cells; those of half the size would have four times as much [1]."""
HOLD = 0.5
"""Weight of the given flow in clean pictures, by cell [1]."""
UNHELD = 0.05
"""Share of it where the given flow is not trusted."""
CLEAN_CODES = 0.2
"""Rest of a picture's detail above which the given flow errs as the picture does [codes]."""

FINE_SIGMA, COARSE_SIGMA = 0.8, 3.0
"""Detail between these sizes is compared: shading is broader, noise is finer [solved px]."""
BORDER = 6
"""Detail that is nearer to the border depends on what is beyond [solved px]."""
CONTRAST = np.float32(3.0)
"""Slope up to which detail counts by its contrast, and beyond which all counts alike [codes/px]."""
ERROR = np.float32(1.0)
"""Distance from an edge up to which it counts squared [px]."""
DARK_CODES = 12.0
RIM = np.ones((5, 5), np.uint8)
"""The outline against black moves as the outline does, not as the skin: it has no part."""

WORSE = (1.1, 1.3)
"""How many times the energy of the rest may grow until none of the bent flow is taken [1]."""
ENERGY_WINDOW = 17
LEAST_ENERGY = 0.04
"""Of rounding [codes squared]."""

STEPS = 25
"""Of conjugate gradients on the finest scale; twice as many on each coarser one."""
SCALES = 3
SMALLEST_SCALE = 8
"""A coarser scale must have more cells than this on its short side after it is halved."""


class _Plate(NamedTuple):
    """The equations of all cells on one scale."""

    data: Float32[Array, "rows columns 5"]
    hold: Weights
    field: Vectors

    def halved(self) -> _Plate:
        """Join four cells to one; what is summed over pixels is added up, the rest averaged."""
        return _Plate(
            _joined(self.data, "constant") * np.float32(4.0),
            _joined(self.hold, "constant") * np.float32(4.0),
            _joined(self.field, "edge"),
        )


def polished(reference: Codes, moving: Codes, flow: Flow, confidence: Plane) -> Flow:
    r"""Bring a flow to where two pictures agree best, over all of the subject at once.

    With the detail :math:`I_0` of the reference and :math:`I_1` of the moving picture, the residual
    :math:`r(u) = I_1(x + u) - I_0(x)` and the given flow :math:`f`, minimizes

    .. math::

        \sum_x c\, \rho\!\left( \frac{r(u)^2}{|\nabla I|^2 + \zeta^2} \right)
        + \lambda \sum \left( u_{xx}^2 + 2 u_{xy}^2 + u_{yy}^2 \right) + \eta \sum c\, |u - f|^2 ,

    which measures residuals as distances from edges, so that a strong edge does not outvote skin.

    Parameters
    ----------
    reference, moving
        Prepared pictures.
    flow
        As a method found it [px].
    confidence
        In it; what is below one half has no part.

    Returns
    -------
    flow
        Where nothing tells of motion, the one that bends least from what is around.

    Notes
    -----
    Assumes that the subject bends smoothly. Where it does not, as at the edge of one surface before
    another, the bent flow leaves more of a residual than the given one, which then stays. Noisy
    pictures hold the given flow less (:math:`\eta`), since it errs more. Shifts, turns and changes
    of size do not bend the plate. It has a vector for 4 x 4 px, and is solved by conjugate
    gradients from coarse to fine.

    References
    ----------
    .. [1] Zimmer, Bruhn and Weickert, Optic flow in harmony, IJCV 2011, sec. 3.2 (distances).
    .. [2] Terzopoulos, Regularization of inverse visual problems involving discontinuities, TPAMI
       1986, sec. III (thin plates).
    """
    pair = _Details(_detail(reference), _detail(moving), _trust(reference, confidence))
    given, share = _means(flow), _means(pair.trust) + np.float32(UNHELD)
    rest, bent = pair.rest(flow), flow
    before = _energy(rest[0])
    for _ in range(ROUNDS):
        data = np.empty((*share.shape, 5), np.float32)
        cell_data(pair.reference, *rest, CONTRAST, ERROR, data)
        hold = share * np.float32(HOLD / max(1.0, _usual(*rest) / CLEAN_CODES) ** 2)
        field = _means(bent)
        u, v = field[..., 0], field[..., 1]
        data[..., 3] += data[..., 0] * u + data[..., 1] * v + hold * given[..., 0]
        data[..., 4] += data[..., 1] * u + data[..., 2] * v + hold * given[..., 1]
        bent = _spread(_solved(_Plate(data, hold, field)), flow.shape[:2])
        rest = pair.rest(bent)
    taken = _taken(before, _energy(rest[0]))[..., None]
    return np.asarray(flow + taken * (bent - flow), np.float32)


class _Details(NamedTuple):
    """What is compared of two pictures."""

    reference: Plane
    moving: Plane
    trust: Plane

    def rest(self, flow: Flow) -> tuple[Plane, Plane]:
        """Return what of the moving picture's detail is not the reference's, and trust in it."""
        height, width = self.trust.shape
        pulled = np.empty((height, width, 1), np.float32)
        trust = self.trust[..., None].copy()
        pull(self.moving[..., None], flow, 0, pulled, trust)
        x, y = source_positions(flow)
        is_inside = (x >= BORDER) & (x < width - BORDER) & (y >= BORDER) & (y < height - BORDER)
        return np.asarray(pulled[..., 0] - self.reference), trust[..., 0] * is_inside


def _trust(reference: Codes, confidence: Plane) -> Plane:
    trust = np.clip(2.0 * confidence - 1.0, 0.0, 1.0)
    dark = (cv2.blur(reference, RIM.shape) < DARK_CODES).astype(np.uint8)
    trust[cv2.dilate(dark, RIM) > 0] = 0.0
    trust[:BORDER] = trust[-BORDER:] = trust[:, :BORDER] = trust[:, -BORDER:] = 0.0
    return np.asarray(trust, np.float32)


def _energy(rest: Plane) -> Plane:
    window = (ENERGY_WINDOW, ENERGY_WINDOW)
    return np.asarray(cv2.blur(np.square(rest), window) + np.float32(LEAST_ENERGY))


def _usual(rest: Plane, trust: Plane) -> float:
    """Return the median of what is left of the detail [codes]."""
    sample = np.abs(rest[::3, ::3])[trust[::3, ::3] > 0.0]
    return float(np.median(sample)) if sample.size else 0.0


def _taken(before: Plane, after: Plane) -> Plane:
    """Return the share of the bent flow that is taken: all where it explains pictures as well."""
    least, most = WORSE
    share = np.clip((most - after / before) / (most - least), 0.0, 1.0)
    return np.asarray(cv2.blur(share, (ENERGY_WINDOW, ENERGY_WINDOW)), np.float32)


def _detail(codes: Codes) -> Plane:
    values = codes.astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(values, (0, 0), s) for s in (FINE_SIGMA, COARSE_SIGMA))
    return np.asarray(fine - coarse, np.float32)


def _solved(plate: _Plate) -> Vectors:
    """Solve from coarse to fine."""
    scales = [plate]
    while len(scales) < SCALES and min(scales[-1].hold.shape) > 2 * SMALLEST_SCALE:
        scales.append(scales[-1].halved())
    field = change = np.zeros_like(scales[-1].field)
    for number, scale in reversed(list(enumerate(scales))):
        size = scale.hold.shape[::-1]
        field = scale.field + np.asarray(cv2.resize(change, size, interpolation=cv2.INTER_LINEAR))
        bending = BENDING / np.float32(4**number)
        descend(scale.data, scale.hold, bending, STEPS * 2**number, field)
        change = field - scale.field
    return field


def _joined(
    cells: Float32[Array, "rows columns *parts"], border: str
) -> Float32[Array, "rows2 columns2 *parts"]:
    """Average squares of four cells."""
    rows, columns, *parts = cells.shape
    around = [(0, rows % 2), (0, columns % 2)] + [(0, 0)] * len(parts)
    even = np.pad(cells, around, mode=border)  # type: ignore[call-overload]
    squares = even.reshape(-(-rows // 2), 2, -(-columns // 2), 2, *parts)
    return np.asarray(squares.mean(axis=(1, 3)), np.float32)


def _cells(shape: tuple[int, ...]) -> tuple[int, int]:
    return -(-shape[0] // CELL), -(-shape[1] // CELL)


def _means(
    values: Float32[Array, "h w *parts"],
) -> Float32[Array, "rows columns *parts"]:
    """Average over cells; those that reach beyond the picture go on level."""
    height, width = values.shape[:2]
    rows, columns = _cells(values.shape)
    beyond = (0, rows * CELL - height, 0, columns * CELL - width)
    whole = cv2.copyMakeBorder(values, *beyond, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))


def _spread(
    cells: Float32[Array, "rows columns *parts"], shape: tuple[int, ...]
) -> Float32[Array, "h w *parts"]:
    """Bring cells back to the pixels of a picture."""
    rows, columns = cells.shape[:2]
    size = (columns * CELL, rows * CELL)
    whole = cv2.resize(cells, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(whole[: shape[0], : shape[1]])
