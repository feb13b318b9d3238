"""How rigs are spread, on rigs whose spread is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import above, arcs, direction_at, fibonacci_sphere
from olat.light.rig_summary import side_of, summary_of
from olat.light.spacing import independent_axes, is_flat, spacings, widest_gap
from olat.model.rig import LightRig

OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)])


def ring(elevation: float, count: int = 24) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return direction_at(turn, np.full(count, elevation))


def rig_of(directions: np.ndarray, **others: object) -> LightRig:
    return LightRig("made", directions, np.ones((len(directions), 3)), **others)


def test_the_lights_of_an_octahedron_stand_a_right_angle_apart():
    assert_allclose(spacings(OCTAHEDRON), np.pi / 2, rtol=0, atol=1e-12)


def test_a_light_alone_has_no_neighbor():
    assert_allclose(spacings(np.array([[0.0, 0, 1]])), [np.pi])


def test_the_widest_gap_of_an_octahedron_is_the_middle_of_a_face():
    direction, radius = widest_gap(OCTAHEDRON)
    # From a corner to the middle of a face: arccos 1/sqrt 3; probes are 1.4 degrees apart.
    assert np.degrees(radius) == pytest.approx(np.degrees(np.arccos(3**-0.5)), abs=1.0)
    assert np.abs(direction).min() > 0.5


@pytest.mark.parametrize("floor", [-60, -30, 0, 30])
def test_the_gap_of_a_dome_is_its_floor(floor):
    dome = above(arcs(36, 90), np.radians(floor))
    direction, radius = widest_gap(dome)
    assert direction[1] < -0.99
    # The lowest ring of 2 degree steps lies within 2 degrees of the floor.
    assert np.degrees(radius) == pytest.approx(90 + floor, abs=3.0)


@pytest.mark.parametrize(
    ("directions", "axes", "flat"),
    [
        (OCTAHEDRON, 3, False),
        (fibonacci_sphere(60), 3, False),
        (ring(0.0), 2, True),
        (ring(0.5), 3, True),
        (np.array([[0.0, 0, 1], [0, 0, -1]]), 1, True),
        (np.array([[0.0, 0, 1]]), 1, True),
        (np.eye(3), 3, True),
    ],
)
def test_lights_in_a_plane_are_found(directions, axes, flat):
    assert independent_axes(directions) == axes
    assert is_flat(directions) == flat


def test_a_summary_says_what_is_wrong_with_a_rig():
    words = {
        "ring": summary_of(rig_of(ring(0.0))).warnings,
        "tilted ring": summary_of(rig_of(ring(0.5))).warnings,
        "line": summary_of(rig_of(np.array([[0.0, 0, 1], [0, 0, -1]]))).warnings,
        "sphere": summary_of(rig_of(fibonacci_sphere(60))).warnings,
        "twice": summary_of(rig_of(np.concatenate([OCTAHEDRON, np.eye(3)[:1]]))).warnings,
    }
    assert "in one plane through the subject: normals are not determined" in words["ring"][0]
    assert "in one plane: normals are determined" in words["tilted ring"][0]
    assert "on one line through the subject" in words["line"][0]
    assert words["sphere"] == ()
    assert words["twice"] == (
        "lights 0, 6 have a neighbor within 0.1 degrees: one light told twice?",
    )


def test_a_dead_light_is_told():
    colors = np.ones((60, 3))
    colors[[4, 9]] = 0.0
    summary = summary_of(LightRig("made", fibonacci_sphere(60), colors))
    assert summary.warnings == ("light 4, 9 gives no light in some color",)
    assert summary.intensity == (0.0, 1.0, 1.0)


def test_a_summary_tells_distances_in_words():
    directions = fibonacci_sphere(60)
    far = np.linspace(1.2, 1.8, 60)[:, None]
    assert summary_of(rig_of(directions)).distance_words() == "directions only"
    assert summary_of(rig_of(directions, positions=1.7 * directions)).distance_words() == (
        "1.7 m away"
    )
    assert summary_of(rig_of(directions, positions=far * directions)).distance_words() == (
        "1.2 to 1.8 m away"
    )


def test_lights_that_are_not_located_have_no_summary():
    with pytest.raises(ValueError, match="7 lights that are not located"):
        summary_of(LightRig.unlocated("new", 7))


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        ((0.9, 0.1, 0.2), "to the image's right"),
        ((0.1, -0.9, 0.2), "below"),
        ((0.0, 0.0, -1.0), "behind"),
    ],
)
def test_a_side_is_named_as_the_camera_sees_it(direction, words):
    assert side_of(direction) == words
