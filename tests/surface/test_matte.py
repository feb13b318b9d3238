"""The subject's extent, from where its surface was found."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from olat.model.maps import NormalMap
from olat.surface.matte import matte_from_normals


def known(mask: np.ndarray) -> NormalMap:
    normals = np.zeros((*mask.shape, 3), np.float32)
    normals[mask, 2] = 1.0
    return NormalMap(normals, mask.astype(np.float32), np.zeros(mask.shape, np.uint8))


def test_holes_belong_to_the_subject_and_specks_do_not() -> None:
    y, x = np.mgrid[0:64, 0:64]
    disk = (x - 30) ** 2 + (y - 33) ** 2 < 20**2
    seen = disk.copy()
    seen[30:33, 28:31] = False  # a pupil
    seen[3, 60] = True
    assert_array_equal(matte_from_normals(known(seen)), disk)


def test_nothing_known_is_nowhere() -> None:
    assert not matte_from_normals(known(np.zeros((8, 9), bool))).any()
