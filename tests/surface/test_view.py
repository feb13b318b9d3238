"""Where the camera is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.surface.view import mirrored, view_directions


def test_an_orthographic_camera_is_in_front_of_every_pixel():
    view = view_directions(3, 5, None)
    assert_allclose(view, np.broadcast_to([0.0, 0.0, 1.0], (3, 5, 3)), rtol=0, atol=0)


def test_the_camera_stands_to_the_left_of_what_the_right_edge_shows():
    view = view_directions(101, 201, 60.0)
    assert view[50, -1, 0] < 0 < view[50, 0, 0]
    assert view[-1, 100, 1] > 0 > view[0, 100, 1]
    assert_allclose(view[50, 100], [0.0, 0.0, 1.0], rtol=0, atol=1e-6)


def test_the_field_of_view_spans_the_outer_edges_of_the_row():
    view = view_directions(1, 2000, 40.0)[0].astype(float)
    angle = np.degrees(np.arctan2(view[0, 0], view[0, 2]) - np.arctan2(view[-1, 0], view[-1, 2]))
    assert_allclose(angle, 40.0, rtol=0, atol=0.05)


@pytest.mark.parametrize("degrees", [0.0, -5.0, 180.0])
def test_an_impossible_field_of_view_is_refused(degrees):
    with pytest.raises(ValueError, match="Leave it out for an orthographic camera"):
        view_directions(2, 2, degrees)


def test_a_mirror_swaps_the_sides_of_the_normal():
    normal = np.array([[[np.sin(0.3), 0.0, np.cos(0.3)]]], np.float32)
    reflected = mirrored(normal, view_directions(1, 1, None))
    assert_allclose(reflected[0, 0], [np.sin(0.6), 0.0, np.cos(0.6)], rtol=0, atol=1e-6)
