"""Nodes that viewers mix, and planes that multiply them."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.relight.rti_fit import principal_model
from olat.relight.rti_nodes import best_shown, fitted_nodes, through_nodes
from tests.relight.test_rti_fit import pixels, strips_of

BLUR = np.array([[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]])


def test_without_a_ridge_a_blur_is_undone() -> None:
    nodes = fitted_nodes(BLUR, prior=np.eye(3), ridge=0.0)
    assert_allclose(BLUR @ nodes, np.eye(3), rtol=0, atol=1e-12)


def test_what_no_viewer_mixes_stays_as_it_was_thought() -> None:
    mix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    prior = np.array([[0.5, 0.5], [0.5, 0.5], [0.3, 0.7]])
    nodes = fitted_nodes(mix, prior=prior, ridge=1e-9)
    assert_allclose(nodes, [[1, 0], [0, 1], [0.3, 0.7]], rtol=0, atol=1e-6)


def test_two_viewers_are_served_alike() -> None:
    # One shows a node as it is, the other half of it: their mean error is least at 1.2.
    nodes = fitted_nodes(np.array([[1.0], [0.5]]), prior=np.eye(1), ridge=0.0)
    assert_allclose(nodes, 1.2)


def test_a_viewer_shows_the_components_of_the_pictures() -> None:
    samples = pixels(3, 4)
    model = principal_model(strips_of(samples), None, 9)
    shown = through_nodes(model, fitted_nodes(BLUR, prior=np.eye(3), ridge=0.0))
    planes = shown.planes(samples).reshape(9, -1)
    wide = np.kron(BLUR, np.eye(3))
    picture = wide @ (shown.from_planes @ planes + shown.mean[:, None])
    assert_allclose(picture, samples.reshape(9, -1), rtol=0, atol=1e-4)


def test_planes_are_the_best_for_what_is_shown() -> None:
    samples = pixels(3, 4)
    model = through_nodes(principal_model(strips_of(samples), None, 3), 1.1 * np.eye(3))
    mix = np.vstack([BLUR, np.eye(3)])
    best = best_shown(model, mix)
    wide, table = np.kron(mix, np.eye(3)), samples.reshape(9, -1)
    left = np.tile(table, (2, 1)) - (wide @ model.mean)[:, None]
    wanted, *_ = np.linalg.lstsq(wide @ model.from_planes, left, rcond=None)
    assert_allclose(best.planes(samples).reshape(3, -1), wanted, rtol=0, atol=1e-4)
