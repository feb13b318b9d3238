from __future__ import annotations

import numpy as np
import pytest

from olat.measure.lmse import lmse


def window_by_window(predicted, truth, mask, window, step):
    """Solve every window by numpy's least squares."""
    error, energy = 0.0, 0.0
    for row in range(0, truth.shape[0] - window + 1, step):
        for column in range(0, truth.shape[1] - window + 1, step):
            part = (slice(row, row + window), slice(column, column + window))
            a, b = (picture[part][mask[part]].ravel() for picture in (predicted, truth))
            if a.size:
                alpha = np.linalg.lstsq(a[:, np.newaxis], b)[0][0]
                error += np.sum((alpha * a - b) ** 2)
                energy += np.sum(b**2)
    return error / energy


def test_it_is_least_squares_in_every_window(rng):
    predicted, truth = rng.uniform(0.1, 1.0, (2, 47, 65, 3))
    mask = rng.random((47, 65)) > 0.3
    mask[:, :25] = False
    expected = window_by_window(predicted, truth, mask, 20, 10)
    found = lmse(predicted, truth, mask)
    assert found.value == pytest.approx(expected, rel=1e-10)
    assert "20 x 20 px" in found.aligned
    # The last windows begin at row 20 and column 40 and cover 40 rows and 60 columns.
    assert found.used == pytest.approx(mask[:40, :60].sum() / mask.size)


def test_brightness_that_changes_from_place_to_place_is_forgiven(rng):
    truth = rng.uniform(0.1, 1.0, (60, 60))
    halves = np.where(np.arange(60) < 20, 0.5, 2.0)
    assert lmse(truth * 3.0, truth).value < 1e-12
    # Windows every 20 px lie on either side of the edge.
    assert lmse(truth * halves, truth, step_px=20).value < 1e-12
    assert lmse(truth * halves, truth).value > 1e-3


def test_an_empty_prediction_scores_one(rng):
    assert lmse(np.zeros((30, 30, 3)), rng.uniform(0.1, 1.0, (30, 30, 3))).value == 1.0


def test_channels_may_have_factors_of_their_own(rng):
    truth = rng.uniform(0.1, 1.0, (30, 30, 3))
    assert lmse(truth * [0.5, 1.0, 2.0], truth, scale="channel").value < 1e-12
    assert lmse(truth * [0.5, 1.0, 2.0], truth).value > 1e-2


def test_a_picture_smaller_than_a_window_is_refused():
    with pytest.raises(ValueError, match="at least one whole window was needed"):
        lmse(np.ones((19, 40)), np.ones((19, 40)))


def test_an_empty_truth_is_refused():
    with pytest.raises(ValueError, match="a truth was needed"):
        lmse(np.ones((20, 40)), np.zeros((20, 40)))
