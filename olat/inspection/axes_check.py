"""Whether the axes of the light file are those that the pictures show."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.inspection.glances import Sweep
from olat.inspection.light_lean import (
    Agreement,
    Leanings,
    expected_leanings,
    leanings,
    turned_axes,
)
from olat.inspection.order_check import refusal
from olat.inspection.order_guess import AGREES
from olat.inspection.verdict import FaultKind, SequenceFinding, where
from olat.model.shapes import Array

_CONTRADICTS = 0.5
"""Agreement by which other axes have to be better than those of the file."""
_SLOPE = 0.2
"""How far brightness has to lean, relative to a balloon; a flat subject does not."""
_BEHIND = 0.25
"""Brightness from behind relative to the front, from which lights are known to be all around."""

_HOLLOW = "-x -y +z"
"""Axes that a hollow subject under the right ones looks like as well."""


def axes_finding(sweep: Sweep) -> SequenceFinding | None:
    """Return what is wrong with the axes of the light file; none if they agree or nothing tells."""
    measured = leanings(sweep.pictures, sweep.normals)
    planned = _score(measured, sweep, np.eye(3))
    if planned >= AGREES - _CONTRADICTS:
        return None
    scores = {words: _score(measured, sweep, way) for words, way in turned_axes().items()}
    best = max(scores, key=lambda words: scores[words])
    if scores[best] < max(AGREES, planned + _CONTRADICTS):
        return None
    rivals = [words for words in scores if words != best and scores[words] > scores[best] - 0.05]
    return _finding(sweep, best, rivals)


def axes_tell(sweep: Sweep) -> bool:
    """Tell whether the pictures speak for the axes of the light file at all."""
    measured = leanings(sweep.pictures, sweep.normals)
    return _score(measured, sweep, np.eye(3)) >= AGREES - _CONTRADICTS


def _score(measured: Leanings, sweep: Sweep, axes: Float64[Array, "3 3"]) -> float:
    """Return the worst agreement of the leanings, and of the level where lights are all around."""
    expected = expected_leanings(sweep.directions @ axes.T, sweep.normals)
    told: Agreement = measured.agreement(expected)
    if min(told.slope_right, told.slope_up) < _SLOPE and told.score > 0:
        return 0.0
    is_around = expected.level.min() < _BEHIND * expected.level.max()
    return min(told.score, told.level) if is_around else told.score


def _finding(sweep: Sweep, best: str, rivals: list[str]) -> SequenceFinding:
    """Say which axes would agree, and what to do."""
    kind: FaultKind = "axes"
    if _HOLLOW in (best, *rivals):
        return _perhaps_hollow(sweep)
    match best:
        case "-x +y +z":
            kind = "mirrored"
            told = (
                "the light file is mirrored: the right of the subject is bright where x is negative"
            )
            way = "Negate x in the light file."
        case "+x -y +z":
            kind = "y_down"
            told = (
                "y of the light file points down: the subject's top is bright where y is negative"
            )
            way = "Negate y in the light file."
        case "+x -y -z":
            told = "the light file has the axes of OpenCV, y down and z away from the camera"
            way = 'Say frame = "opencv" under [rig].'
        case _:
            told = f"the axes of the light file are not x right, y up, z to the camera, but {best}"
            way = "Correct the light file."
    also = f" ({', '.join(rivals)} would do nearly as well)" if rivals else ""
    words = f"{told}{also}; needed are x right, y up, z to the camera. {way}"
    return refusal(kind, sweep, [], [], words)


def _perhaps_hollow(sweep: Sweep) -> SequenceFinding:
    """Say that the subject is bright on the side away from each light, which may be right."""
    words = (
        f"{where(sweep.camera)}: the subject is bright on the side away from each light: x and y "
        f"of the light file are both inverted ({_HOLLOW}), unless the subject is hollow. If it is "
        "not, negate x and y in the light file."
    )
    return SequenceFinding("axes", "warning", sweep.camera, (), (), words)
