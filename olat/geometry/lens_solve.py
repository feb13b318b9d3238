"""A lens from photographs of a board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float64

from olat.geometry.board import Board, BoardView
from olat.model.calibration import LensCalibration
from olat.model.evidence import BoardEvidence, Points
from olat.model.shapes import Array, Matrix3

FEWEST_VIEWS = 3
"""Zhang's method needs two directions; the third tells whether they agree."""
SMALLEST_TURN_DEG = 5.0
"""Between the two views that differ most: views of one direction do not tell the focal length."""
LARGEST_SIGMA = 0.02
"""Of the focal length, as a share of it."""
OUTLIER = 3.0
"""A view this many times worse than the median is left out."""
SMALLEST_OUTLIER_PX = 0.1
SIGNIFICANT = 3.0
"""Standard deviations that a coefficient must be away from 0 to be kept."""
FOCAL_STARTS = (0.0, 1.2, 5.0)
"""First guesses of the focal length as shares of the longer side; 0 is OpenCV's own."""
PATIENCE = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 300, 1e-12)
"""OpenCV's 30 steps end before terms settle that stand in for each other."""
FEWEST_TERMS = ((cv2.CALIB_FIX_K3, (4,)), (cv2.CALIB_FIX_K2, (1,)), (cv2.CALIB_FIX_K1, (0,)))
"""Radial terms in the order in which they are given up."""


@dataclass(frozen=True)
class LensSolution:
    """A lens and how well the views fit it."""

    lens: LensCalibration
    rms_px: Mapping[int, float]
    """Of each view that was used, by its frame."""
    left_out: tuple[int, ...]
    """Frames whose corners fit no lens that fits the others."""


@dataclass(frozen=True)
class _Fit:
    matrix: Matrix3
    distortion: Float64[Array, "5"]
    sigma: Float64[Array, "9"]
    """Standard deviations of fx, fy, cx, cy and the coefficients."""
    rms_px: Mapping[int, float]
    misses: Mapping[int, Points]
    """From where the lens puts each corner to where it was found, by frame [px]."""
    total_rms_px: float
    turn_deg: float
    """Largest angle between the boards of two views."""


def lens_from_boards(
    views: Mapping[int, BoardView], board: Board, *, height: int, width: int
) -> LensSolution:
    """Solve focal lengths, principal point and distortion from views of a board.

    Parameters
    ----------
    views
        Corners by frame.
    board
        Where the corners are on the board.
    height, width
        Of the photographs [px].

    Returns
    -------
    solution
        The lens has no pose. Coefficients that the views cannot tell from 0 are 0. Its residuals
        are `rms_px` over all corners, `views`, `coverage` (share of the frame inside the hull of
        all corners), `focal_sigma_px` and `center_sigma_px` (standard deviations), and `turn_deg`,
        the largest angle between two boards.

    Raises
    ------
    ValueError
        If there are fewer than three views, or all show the board from one direction.

    Notes
    -----
    Assumes a flat board with exact squares and a lens that was not refocused between the views.
    A view whose corners are 3 times farther off than those of the median view, as in a
    photograph that is blurred or of a bent board, is left out.

    References
    ----------
    .. [1] Zhang, A flexible new technique for camera calibration, PAMI 2000, section 3.
    """
    if len(views) < FEWEST_VIEWS:
        raise ValueError(
            f"lens: {len(views)} views of the board; at least {FEWEST_VIEWS} from different "
            "directions were needed, and 10 are better. Photograph the board tilted to all sides."
        )
    kept = dict(views)
    left_out = []
    fit = _fit(kept, board, (height, width), 0)
    while (worst := _outlier(fit)) is not None and len(kept) > FEWEST_VIEWS:
        left_out.append(worst)
        del kept[worst]
        fit = _fit(kept, board, (height, width), 0)
    fit = _simplest(fit, kept, board, (height, width))
    _check_directions(fit)
    corners = np.concatenate([view.corners for view in kept.values()]).astype(np.float32)
    residuals = {
        "rms_px": fit.total_rms_px,
        "views": float(len(kept)),
        "coverage": float(cv2.contourArea(cv2.convexHull(corners))) / (height * width),
        "focal_sigma_px": float(fit.sigma[:2].max()),
        "center_sigma_px": float(fit.sigma[2:4].max()),
        "turn_deg": fit.turn_deg,
    }
    evidence = tuple(
        BoardEvidence(frame, view.corners, fit.misses.get(frame)) for frame, view in views.items()
    )
    lens = LensCalibration(
        fit.matrix, fit.distortion, height, width, residuals=residuals, evidence=evidence
    )
    return LensSolution(lens, fit.rms_px, tuple(sorted(left_out)))


def _fit(views: Mapping[int, BoardView], board: Board, shape: tuple[int, int], flags: int) -> _Fit:
    """Fit a lens to views by bundle adjustment, from several guesses of its focal length."""
    places = [board.places(view.ids).astype(np.float32) for view in views.values()]
    corners = [view.corners.astype(np.float32) for view in views.values()]
    best: list[Any] = []
    least = np.inf
    for start in FOCAL_STARTS:
        focal = start * max(shape)
        guess = np.array([[focal, 0, shape[1] / 2], [0, focal, shape[0] / 2], [0, 0, 1.0]])
        how = flags | cv2.CALIB_USE_INTRINSIC_GUESS if start else flags
        try:
            found: Any = cv2.calibrateCameraExtended(
                places,
                corners,
                shape[::-1],
                guess if start else np.eye(3),
                np.zeros(5),
                flags=how,
                criteria=PATIENCE,
            )
        except cv2.error:
            continue  # Views of one direction leave OpenCV's own guess without a solution.
        if np.isfinite(found[1]).all() and found[0] < least:
            least, *best = found
    if not best:
        raise ValueError(_one_direction(len(views), 0.0, "not at all"))
    matrix, distortion, turns, shifts, _, _, errors = best
    seen = [
        cv2.projectPoints(place, turn, shift, matrix, distortion)[0][:, 0]
        for place, turn, shift in zip(places, turns, shifts, strict=True)
    ]
    normals = np.array([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    cosine = np.clip((normals @ normals.T).min(), -1.0, 1.0)
    return _Fit(
        matrix=np.asarray(matrix, np.float64),
        distortion=np.asarray(distortion, np.float64).ravel()[:5],
        sigma=_deviations(places, turns, shifts, matrix, distortion, least, flags),
        rms_px=dict(zip(views, np.asarray(errors, float).ravel().tolist(), strict=True)),
        misses={frame: views[frame].corners - at for frame, at in zip(views, seen, strict=True)},
        total_rms_px=float(least),
        turn_deg=float(np.degrees(np.arccos(cosine))),
    )


def _deviations(
    places: Sequence[Array],
    turns: Sequence[Array],
    shifts: Sequence[Array],
    matrix: Array,
    distortion: Array,
    rms: float,
    flags: int,
) -> Float64[Array, "9"]:
    """Return standard deviations of the lens with the poses of the boards free.

    OpenCV's own come from a pseudo-inverse, which calls certain what is not determined at all.
    """
    fixed = {term for flag, terms in FEWEST_TERMS if flags & flag for term in terms}
    if flags & cv2.CALIB_ZERO_TANGENT_DIST:
        fixed |= {2, 3}
    free = [0, 1, 2, 3, *(4 + term for term in range(5) if term not in fixed)]
    information = np.zeros((len(free), len(free)))
    for place, turn, shift in zip(places, turns, shifts, strict=True):
        _, slopes = cv2.projectPoints(place, turn, shift, matrix, distortion)
        pose, lens = slopes[:, :6], slopes[:, 6:15][:, free]
        rest = lens - pose @ np.linalg.lstsq(pose, lens, rcond=None)[0]
        information += rest.T @ rest
    unit = np.sqrt(np.maximum(np.diag(information), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(unit, unit))
    with np.errstate(divide="ignore"):
        spread = np.sum(vectors**2 / np.maximum(values, 0.0), axis=1)
    count = 2 * sum(len(place) for place in places)
    variance = rms**2 * (count / 2) / max(count - len(free) - 6 * len(places), 1)
    sigma = np.zeros(9)
    sigma[free] = np.sqrt(variance * spread) / unit
    return sigma


def _outlier(fit: _Fit) -> int | None:
    """Return the worst view if it is far worse than the median."""
    worst = max(fit.rms_px, key=lambda frame: fit.rms_px[frame])
    limit = max(OUTLIER * float(np.median(list(fit.rms_px.values()))), SMALLEST_OUTLIER_PX)
    return worst if fit.rms_px[worst] > limit else None


def _simplest(
    fit: _Fit, views: Mapping[int, BoardView], board: Board, shape: tuple[int, int]
) -> _Fit:
    """Give up coefficients that cannot be told from 0, so that they do not bend the corners."""
    flags = 0
    if not _stands_out(fit, (2, 3)):
        flags = cv2.CALIB_ZERO_TANGENT_DIST
        fit = _fit(views, board, shape, flags)
    for flag, terms in FEWEST_TERMS:
        if _stands_out(fit, terms):
            break
        flags |= flag
        fit = _fit(views, board, shape, flags)
    return fit


def _stands_out(fit: _Fit, terms: tuple[int, ...]) -> bool:
    """Tell whether any of some coefficients is surely not 0."""
    at = list(terms)
    return bool((np.abs(fit.distortion[at]) > SIGNIFICANT * fit.sigma[4:][at]).any())


def _check_directions(fit: _Fit) -> None:
    focal, sigma = float(fit.matrix[0, 0]), float(fit.sigma[:2].max())
    if fit.turn_deg >= SMALLEST_TURN_DEG and sigma <= LARGEST_SIGMA * focal:
        return
    known = f"to {sigma:.2g} px of {focal:.0f}" if sigma < focal else "not at all"
    raise ValueError(_one_direction(len(fit.rms_px), fit.turn_deg, known))


def _one_direction(views: int, turn_deg: float, known: str) -> str:
    return (
        f"lens: {views} views show the board from nearly one direction (they differ by "
        f"{turn_deg:.1f} degrees), so that the focal length is known {known}; views that differ "
        f"by {SMALLEST_TURN_DEG:.0f} degrees at the least were needed, and 30 are better. Tilt "
        "the board to the left, to the right, up and down."
    )
