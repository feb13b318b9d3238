"""Intensities as a picture: each light's dots stand as high as it is bright."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.io.level_picture import COLORS, WIDTH, picture_of_levels
from olat.io.rig_canvas import ALARM, INK
from olat.light.arrangements import fibonacci_sphere
from olat.model.calibration import RigCalibration
from olat.model.evidence import BallEvidence, LevelEvidence
from olat.model.rig import LightRig

COUNT = 24
HEAD, GAP, SIDE = 96, 16, 560
PLOT = (slice(HEAD + 40, HEAD + SIDE - 56), slice(GAP + 76, WIDTH - GAP - 20))
"""Within the axes, where there is no ball."""


def rig_of(levels: np.ndarray, *, sources=None, ball=None) -> RigCalibration:
    rig = LightRig("made", fibonacci_sphere(COUNT), levels)
    told = sources or ("gray",) * COUNT
    sigmas = np.full(COUNT, 1e-3)
    return RigCalibration(rig, evidence=LevelEvidence(ball, sigmas, told))


def dots(picture: np.ndarray, color: tuple[int, int, int], *, within: int = 30) -> np.ndarray:
    """Return where a color is in the plot: light and intensity on axes from 0 to 1.15 x 2."""
    shown = picture[PLOT].astype(int)
    rows, columns = np.nonzero((np.abs(shown - color) <= within).all(axis=2))
    height, width = shown.shape[:2]
    light = columns / width * (COUNT + 1) - 1.0
    return np.column_stack([light, (1.0 - rows / height) * 2.3])


def test_dots_stand_where_the_intensities_of_each_color_are() -> None:
    levels = np.ones((COUNT, 3))
    levels[7] = 2.0, 1.5, 0.5
    picture = picture_of_levels(rig_of(levels))
    for color, level in zip(COLORS, levels[7], strict=True):
        found = dots(picture, color)
        near = found[np.abs(found[:, 0] - 7.0) < 0.45]
        assert near[:, 1].mean() == pytest.approx(level, abs=0.03)


@pytest.mark.parametrize(
    ("source", "is_marked"), [("gray", False), ("unseen", True), ("dead", True)]
)
def test_lights_that_were_not_measured_are_marked(source, is_marked) -> None:
    levels = np.ones((COUNT, 3))
    levels[7], levels[3] = (0.0 if source == "dead" else 1.0), 2.0
    sources = tuple(source if light == 7 else "gray" for light in range(COUNT))
    found = dots(picture_of_levels(rig_of(levels, sources=sources)), ALARM, within=2)
    at = found[(np.abs(found[:, 0] - 7.0) < 0.7) & (np.abs(found[:, 1] - levels[7, 0]) < 0.1)]
    assert (len(at) > 20) == is_marked


def test_the_heading_tells_what_was_not_measured_and_nothing_else_changes() -> None:
    whole = rig_of(np.ones((COUNT, 3)))
    found = picture_of_levels(whole)
    told = picture_of_levels(replace(whole, unmeasured=("directions",)))
    changed = np.flatnonzero((found != told).any(axis=(1, 2)))
    assert 0 < changed.min() <= changed.max() < HEAD


def test_the_gray_ball_stands_beside_the_plot() -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 65)
    outline = 50.0 + 40.0 * np.column_stack([np.cos(angles), np.sin(angles)])
    ball = BallEvidence(np.full((101, 101), 0.5, np.float32), outline, (), ())
    picture = picture_of_levels(rig_of(np.ones((COUNT, 3)), ball=ball))
    panel = picture[HEAD : HEAD + SIDE, GAP : GAP + SIDE].astype(int)
    rows, columns = np.nonzero(panel[..., 2] - panel[..., 0] > 60)
    assert columns.min() / SIDE == pytest.approx(10.5 / 101, abs=0.01)
    assert rows.max() / SIDE == pytest.approx(90.5 / 101, abs=0.01)


def test_what_was_not_just_measured_has_no_picture() -> None:
    rig = RigCalibration(LightRig("made", fibonacci_sphere(COUNT), np.ones((COUNT, 3))))
    with pytest.raises(ValueError, match="nothing to draw"):
        picture_of_levels(rig)


@pytest.mark.parametrize("source", ["unseen", "mirror"])
def test_one_ring_is_about_all_colors_of_a_light(source) -> None:
    """The three dots within lie at their places, uncovered."""
    levels = np.ones((COUNT, 3))
    levels[3], levels[7] = 2.0, (1.5, 1.2, 0.9)
    sources = tuple(source if light == 7 else "gray" for light in range(COUNT))
    picture = picture_of_levels(rig_of(levels, sources=sources))
    plain = picture_of_levels(rig_of(levels))
    for color in COLORS:
        own, other = (
            found[np.abs(found[:, 0] - 7.0) < 0.45]
            for found in (dots(shown, color, within=2) for shown in (picture, plain))
        )
        np.testing.assert_array_equal(own, other)
    ring = dots(picture, ALARM if source == "unseen" else INK, within=40)
    ring = ring[np.abs(ring[:, 0] - 7.0) < 0.6]
    # About the middle, 1.2, by the root of two of the half and ten pixels of 1 / 201 each.
    assert ring[:, 1].max() == pytest.approx(1.2 + np.sqrt(2.0) * 0.3 + 10 / 201, abs=0.03)
    assert ring[:, 1].min() < 0.9


def test_a_rig_whose_lights_are_all_dead_is_drawn() -> None:
    picture = picture_of_levels(rig_of(np.zeros((COUNT, 3)), sources=("dead",) * COUNT))
    assert len(dots(picture, ALARM, within=2)) > 20 * COUNT
