"""What the patches of a ColorChecker are, as its maker publishes them.

The pigments changed in November 2014, so there are two editions. Both are CIELAB under D50 for the
2 degree observer, as X-Rite gives them: the older from its "ColorChecker Classic" data file of
2005, the newer from "New color specifications for ColorChecker SG and Classic charts". Here white
is adapted from D50 to that of Rec.709, D65, by Bradford's transform.

References
----------
.. [1] McCamy, Marcus and Davidson, A color-rendition chart, Journal of Applied Photographic
   Engineering 2(3), 1976.
.. [2] Pascale, RGB coordinates of the Macbeth ColorChecker, The BabelColor Company, 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Float64

from olat.model.shapes import Array
from olat.sensor.delta_e import lab_from_xyz, xyz_from_lab
from olat.sensor.working_space import CHROMATICITIES, adaptation, white_xyz, xyz_from_rgb

Edition: TypeAlias = Literal["before_november_2014", "since_november_2014"]
PatchColors: TypeAlias = Float64[Array, "24 3"]
"""One color a patch: row by row from dark skin, the gray row last."""

ROWS, COLUMNS = 4, 6
GRAYS: Final = slice(18, 24)
"""The gray row, from white to black."""
PATCHES: Final = (
    *("dark skin", "light skin", "blue sky", "foliage", "blue flower", "bluish green"),
    *("orange", "purplish blue", "moderate red", "purple", "yellow green", "orange yellow"),
    *("blue", "green", "red", "yellow", "magenta", "cyan"),
    *("white", "neutral 8", "neutral 6.5", "neutral 5", "neutral 3.5", "black"),
)

_D50 = white_xyz(0.3457, 0.3585)
_D65 = white_xyz(*CHROMATICITIES["rec709"][6:])
_XYZ_FROM_RGB = adaptation(_D65, _D50) @ xyz_from_rgb(CHROMATICITIES["rec709"])
"""Linear Rec.709 to XYZ under D50."""

_BEFORE = """
37.986 13.555 14.059   65.711 18.130 17.810   49.927 -4.880 -21.905
43.139 -13.095 21.905  55.112 8.844 -25.399   70.719 -33.397 -0.199
62.661 36.067 57.096   40.020 10.410 -45.964  51.124 48.239 16.248
30.325 22.976 -21.587  72.532 -23.709 57.255  71.941 19.363 67.857
28.778 14.179 -50.297  55.261 -38.342 31.370  42.101 53.378 28.190
81.733 4.039 79.819    51.935 49.986 -14.574  51.038 -28.631 -28.638
96.539 -0.425 1.186    81.257 -0.638 -0.335   66.766 -0.734 -0.504
50.867 -0.153 -0.270   35.656 -0.421 -1.231   20.461 -0.079 -0.973
"""
_SINCE = """
37.54 14.37 14.92   64.66 19.27 17.50   49.32 -3.82 -22.54
43.46 -12.74 22.72  54.94 9.61 -24.79   70.48 -32.26 -0.37
62.73 35.83 56.50   39.43 10.75 -45.17  50.57 48.64 16.67
30.10 22.54 -20.87  71.77 -24.13 58.19  71.51 18.24 67.37
28.37 15.42 -49.80  54.38 -39.72 32.27  42.43 51.05 28.62
81.80 2.67 80.41    50.63 51.28 -14.12  49.57 -29.71 -28.32
95.19 -1.03 2.93    81.29 -0.57 0.44    66.89 -0.75 -0.06
50.76 -0.13 0.14    35.63 -0.46 -0.48   20.64 0.07 -0.46
"""


@dataclass(frozen=True)
class ChartReference:
    """One edition of the chart."""

    edition: Edition
    lab: PatchColors
    """CIELAB under D50."""

    @property
    def luminance(self) -> Float64[Array, "24"]:
        """Share of the light that each patch returns, CIE Y [1]."""
        return np.asarray(xyz_from_lab(self.lab, _D50)[:, 1])

    @property
    def rgb(self) -> PatchColors:
        """Linear Rec.709; the perfect white is 1 in each channel."""
        xyz = xyz_from_lab(self.lab, _D50)
        return np.asarray(np.linalg.solve(_XYZ_FROM_RGB, xyz.T).T)


def lab_from_rec709(rgb: Float[Array, "*colors 3"]) -> Float[Array, "*colors 3"]:
    """Return CIELAB under D50 of linear Rec.709."""
    return lab_from_xyz(rgb @ _XYZ_FROM_RGB.T, _D50)


def _table(text: str) -> PatchColors:
    return np.array(text.split(), np.float64).reshape(ROWS * COLUMNS, 3)


REFERENCES: Final = (
    ChartReference("since_november_2014", _table(_SINCE)),
    ChartReference("before_november_2014", _table(_BEFORE)),
)
"""Both editions, the one that is made today first."""
