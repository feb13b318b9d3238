"""A color chart as a picture: what was measured beside what it should be."""

from __future__ import annotations

import numpy as np
import pytest

from olat.io.chart_picture import FOUND, picture_of_chart
from olat.io.rig_canvas import ALARM
from olat.model.evidence import ChartEvidence
from olat.sensor.chart_reference import PATCHES, REFERENCES
from olat.sensor.encoding import display_from_linear

HEAD, GAP, CELL, SIDE = 96, 16, 190, 860
WORST = 13


@pytest.fixture
def chart() -> ChartEvidence:
    reference = REFERENCES[0].rgb
    measured = reference.copy()
    measured[WORST] *= 0.5
    delta_e = np.full(24, 0.4)
    delta_e[WORST] = 9.0
    frame = np.full((300, 430, 3), 0.1, np.float32)
    at = np.array([[100, 50], [120, 50], [120, 70], [100, 70]], np.float64)
    patches = np.repeat(at[np.newaxis], 24, axis=0)
    straight = np.full((4 * CELL, 6 * CELL, 3), 0.03, np.float32)
    return ChartEvidence(frame, patches, straight, measured, reference, delta_e, PATCHES)


def cell(picture: np.ndarray, patch: int) -> np.ndarray:
    row, column = divmod(patch, 6)
    top, left = HEAD + row * CELL, GAP + column * CELL
    return picture[top : top + CELL, left : left + CELL]


@pytest.mark.parametrize("patch", [0, 5, WORST, 18, 23])
def test_each_patch_shows_measured_at_the_left_and_reference_at_the_right(chart, patch) -> None:
    shown = cell(picture_of_chart(chart), patch)
    # Between the name and the number, a quarter of the two fields from their common edge.
    y, quarter = round(0.47 * CELL), round(0.25 * CELL)
    measured, reference = display_from_linear(
        np.array([[chart.measured[patch], chart.reference[patch]]], np.float32)
    )[0]
    np.testing.assert_array_equal(shown[y, CELL // 2 - quarter], measured)
    np.testing.assert_array_equal(shown[y, CELL // 2 + quarter], reference)


def test_the_worst_patch_is_the_only_one_that_is_marked(chart) -> None:
    picture = picture_of_chart(chart)
    marked = [(cell(picture, patch) == ALARM).all(axis=2).sum() > 500 for patch in range(24)]
    assert np.flatnonzero(marked).tolist() == [WORST]


def test_the_frame_of_the_worst_lies_around_its_name(chart) -> None:
    """From the frame inwards there is nothing for as much as its own width, all around."""
    shown = cell(picture_of_chart(chart), WORST).astype(int)
    rows, columns = np.nonzero((np.abs(shown - ALARM) < 8).all(axis=2))
    assert (rows.min(), columns.min()) < (8, 8)
    within = shown[10:30, 10:-10]
    assert np.ptp(within.reshape(-1, 3), axis=0).max() < 40


def test_what_was_read_is_outlined_in_the_photograph(chart) -> None:
    picture = picture_of_chart(chart)
    left = 2 * GAP + 6 * CELL
    shown = picture[HEAD : HEAD + 4 * CELL, left : left + SIDE].astype(int)
    rows, columns = np.nonzero((np.abs(shown - FOUND) < 30).all(axis=2))
    scale = SIDE / 430
    top = (4 * CELL - 300 * scale) / 2
    assert columns.min() / scale == pytest.approx(100, abs=1)
    assert columns.max() / scale == pytest.approx(121, abs=1)
    assert (rows.min() - top) / scale == pytest.approx(50, abs=1)
    assert (rows.max() - top) / scale == pytest.approx(71, abs=1)
