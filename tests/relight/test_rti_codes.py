"""Codes of RTI models, read as the description of the format says."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.relight.rti_codes import coded_basis, plane_codes
from olat.relight.rti_fit import LinearModel, principal_model
from tests.relight.test_rti_fit import pixels, strips_of


def identity(planes: int) -> LinearModel:
    """Return planes that are the samples."""
    return LinearModel(np.eye(planes), np.zeros(planes), np.zeros(0), np.zeros((0, planes)))


def test_codes_come_back_within_half_a_step() -> None:
    samples = pixels(2, 5)
    planes = samples.reshape(6, 20, 15)
    told = plane_codes(identity(6), strips_of(samples))
    texels = told.codes(planes) / 255.0
    back = (texels - told.bias[:, None, None]) * told.scale[:, None, None]
    step = told.scale[:, None, None] / 255.0
    inside = (texels > 0) & (texels < 1)
    assert inside.mean() > 0.98
    assert (np.abs(back - planes) / step)[inside].max() < 0.501


def test_a_plane_that_is_the_same_everywhere_is_kept() -> None:
    samples = np.full((1, 3, 4, 5), 0.25, np.float32)
    told = plane_codes(identity(3), strips_of(samples))
    codes = told.codes(samples.reshape(3, 4, 5))
    back = (codes / 255.0 - told.bias[:, None, None]) * told.scale[:, None, None]
    assert_allclose(back, 0.25, atol=1e-5)


def test_planes_make_up_for_the_rounded_basis() -> None:
    samples = pixels(10, 6)
    model = principal_model(strips_of(samples), None, 6)
    basis, fitting = coded_basis(model)
    assert basis.codes.min() >= 0
    assert basis.codes.max() <= 254
    read = (basis.codes[1:] - 127) / basis.ranges[:, None]
    table = samples.reshape(30, -1) - basis.codes[0][:, None] / 255.0
    best, *_ = np.linalg.lstsq(read.T, table, rcond=None)
    assert_allclose(fitting.planes(samples).reshape(6, -1), best, rtol=0, atol=1e-4)
    assert np.abs(model.planes(samples).reshape(6, -1) - best).max() > 1e-3
