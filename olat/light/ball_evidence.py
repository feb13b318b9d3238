"""What was found on a mirror ball, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from olat.light.ball_view import BallView, ball_span
from olat.light.highlight import RIVAL, Highlight
from olat.light.mirror_ball_rays import BallSweep
from olat.light.mirror_ball_sweep import MARGIN
from olat.model.evidence import BallEvidence, Doubt, Spot, Verdict
from olat.model.image import RadianceImage
from olat.model.shapes import Array

FEW = 12
"""Frames that show a ball as a whole, spread over its sweep."""
AROUND = np.linspace(0.0, 2.0 * np.pi, 257)
"""Angles at which the outline is drawn [rad]."""


def ball_evidence(sweep: BallSweep) -> BallEvidence:
    """Return the picture of a sweep over a ball, its outline, and every spot with its verdict.

    Refused are what glints under a dead light, and the brightest thing beside each highlight:
    mostly the light seen a second time in something shiny.
    """
    spots = [
        *(spot for light, one in sweep.highlights.items() for spot in _spots(sweep, light, one)),
        *(_spot(sweep, light, one, one.center_px, "refused") for light, one in sweep.faint.items()),
    ]
    outline = sweep.view.outline(AROUND) - sweep.corner_px
    return BallEvidence(sweep.brightest, outline, tuple(spots), tuple(sorted(sweep.missing)))


def seen_ball(
    photos: Mapping[int, RadianceImage], frames: Sequence[int], view: BallView
) -> BallEvidence:
    """Return what a ball shows under some lights of its sweep, and its outline, without spots."""
    chosen = np.unique(np.linspace(0, len(frames) - 1, FEW).round().astype(int)).tolist()
    shape = photos[frames[0]].flags.shape
    span = ball_span(view, shape, margin_px=round(MARGIN * view.radius_px))
    picture = photos[frames[0]].radiance[span].max(axis=2)
    for place in chosen[1:]:
        np.fmax(picture, photos[frames[place]].radiance[span].max(axis=2), out=picture)
    corner = span[1].start, span[0].start
    return BallEvidence(picture, view.outline(AROUND) - corner, (), ())


def _spots(sweep: BallSweep, light: int, one: Highlight) -> Iterator[Spot]:
    yield _spot(sweep, light, one, one.center_px, "taken" if one.is_sure else "doubted")
    if one.second_px is not None:
        yield _spot(sweep, light, one, one.second_px, "refused")


def _spot(sweep: BallSweep, light: int, one: Highlight, place: Array, verdict: Verdict) -> Spot:
    x, y = (place - sweep.corner_px).tolist()
    doubts = _doubts(one) if verdict == "doubted" else ()
    return Spot(light, x, y, one.radius_px, verdict, doubts)


def _doubts(one: Highlight) -> tuple[Doubt, ...]:
    """Return what speaks against a highlight."""
    found: dict[Doubt, bool] = {
        "clipped": one.is_saturated,
        "cut": one.is_at_rim,
        "rivaled": one.rival > RIVAL,
    }
    return tuple(doubt for doubt, is_so in found.items() if is_so)
