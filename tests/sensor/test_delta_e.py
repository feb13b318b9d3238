"""CIEDE2000 against the pairs that were published to test it, and CIELAB there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from olat.sensor.delta_e import delta_e_2000, lab_from_xyz, xyz_from_lab
from olat.sensor.working_space import white_xyz

D50 = white_xyz(0.3457, 0.3585)
LABS = arrays(np.float64, (4, 3), elements=st.floats(-60, 100, allow_subnormal=False))

SHARMA = """
50.0000   2.6772 -79.7751  50.0000   0.0000 -82.7485   2.0425
50.0000   3.1571 -77.2803  50.0000   0.0000 -82.7485   2.8615
50.0000   2.8361 -74.0200  50.0000   0.0000 -82.7485   3.4412
50.0000  -1.3802 -84.2814  50.0000   0.0000 -82.7485   1.0000
50.0000  -1.1848 -84.8006  50.0000   0.0000 -82.7485   1.0000
50.0000  -0.9009 -85.5211  50.0000   0.0000 -82.7485   1.0000
50.0000   0.0000   0.0000  50.0000  -1.0000   2.0000   2.3669
50.0000  -1.0000   2.0000  50.0000   0.0000   0.0000   2.3669
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0009   7.1792
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0010   7.1792
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0011   7.2195
50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0012   7.2195
50.0000  -0.0010   2.4900  50.0000   0.0009  -2.4900   4.8045
50.0000  -0.0010   2.4900  50.0000   0.0010  -2.4900   4.8045
50.0000  -0.0010   2.4900  50.0000   0.0011  -2.4900   4.7461
50.0000   2.5000   0.0000  50.0000   0.0000  -2.5000   4.3065
50.0000   2.5000   0.0000  73.0000  25.0000 -18.0000  27.1492
50.0000   2.5000   0.0000  61.0000  -5.0000  29.0000  22.8977
50.0000   2.5000   0.0000  56.0000 -27.0000  -3.0000  31.9030
50.0000   2.5000   0.0000  58.0000  24.0000  15.0000  19.4535
50.0000   2.5000   0.0000  50.0000   3.1736   0.5854   1.0000
50.0000   2.5000   0.0000  50.0000   3.2972   0.0000   1.0000
50.0000   2.5000   0.0000  50.0000   1.8634   0.5757   1.0000
50.0000   2.5000   0.0000  50.0000   3.2592   0.3350   1.0000
60.2574 -34.0099  36.2677  60.4626 -34.1751  39.4387   1.2644
63.0109 -31.0961  -5.8663  62.8187 -29.7946  -4.0864   1.2630
61.2901   3.7196  -5.3901  61.4292   2.2480  -4.9620   1.8731
35.0831 -44.1164   3.7933  35.0232 -40.0716   1.5901   1.8645
22.7233  20.0904 -46.6940  23.0331  14.9730 -42.5619   2.0373
36.4612  47.8580  18.3852  36.2715  50.5065  21.2231   1.4146
90.8027  -2.0831   1.4410  91.1528  -1.6435   0.0447   1.4441
90.9257  -0.5406  -0.9208  88.6381  -0.8985  -0.7239   1.5381
 6.7747  -0.2908  -2.4247   5.8714  -0.0985  -2.2286   0.6377
 2.0776   0.0795  -1.1350   0.9033  -0.0636  -0.5514   0.9082
"""
"""Sharma, Wu and Dalal 2005, table 1: two colors and their difference."""


def test_all_published_pairs_come_out() -> None:
    """Four digits are printed, so half a unit of the last one is allowed."""
    table = np.array(SHARMA.split(), float).reshape(-1, 7)
    found = delta_e_2000(table[:, :3], table[:, 3:6])
    worst = np.abs(found - table[:, 6]).max()
    print(f"CIEDE2000: {len(table)} published pairs, largest departure {worst:.1e}")
    assert len(table) == 34
    assert worst <= 0.5e-4 + 1e-9


@given(LABS, LABS)
def test_the_order_of_two_colors_does_not_matter(first: np.ndarray, second: np.ndarray) -> None:
    np.testing.assert_allclose(
        delta_e_2000(first, second), delta_e_2000(second, first), rtol=1e-6, atol=1e-6
    )


@given(LABS)
def test_a_color_does_not_differ_from_itself(lab: np.ndarray) -> None:
    np.testing.assert_array_equal(delta_e_2000(lab, lab), np.zeros(4))


@given(arrays(np.float64, (5, 3), elements=st.floats(-0.05, 1.5)))
def test_lab_comes_back_as_xyz_below_black_too(xyz: np.ndarray) -> None:
    np.testing.assert_allclose(xyz_from_lab(lab_from_xyz(xyz, D50), D50), xyz, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("share", "lightness"), [(1.0, 100.0), (0.18418652, 50.0), (0.008856452, 8.0), (0.0, 0.0)]
)
def test_grays_have_the_lightness_of_the_standard(share: float, lightness: float) -> None:
    found = lab_from_xyz(share * D50, D50)
    np.testing.assert_allclose(found, [lightness, 0.0, 0.0], rtol=0, atol=1e-5)
