"""Fields on a GPU, whole or in strips."""

from __future__ import annotations

import numpy as np
import pytest

from olat.gpu.field import GpuField
from olat.light.arrangements import fibonacci_sphere
from olat.relight.planes import relit, relit_batch
from tests.support.fields import field_of, rig_of

FRAMES = 3


@pytest.fixture
def field():
    readings = np.random.default_rng(4).random((12, 3, 40, 17))
    return field_of(readings, rig_of(fibonacci_sphere(12)))


@pytest.fixture
def weights():
    return np.random.default_rng(3).random((FRAMES, 12, 3))


def test_pictures_are_those_of_the_processor(gpu, field, weights):
    found = GpuField(field)
    np.testing.assert_allclose(found.relit(weights[0]), relit(field.planes, weights[0]), rtol=1e-5)
    out = np.empty((FRAMES, 40, 17, 3), np.float32)
    assert found.relit_batch(weights, out=out) is out
    np.testing.assert_allclose(out, relit_batch(field.planes, weights), rtol=1e-5, atol=1e-6)


def test_a_field_that_does_not_fit_passes_in_strips(gpu, field, weights, monkeypatch):
    whole = GpuField(field).relit_batch(weights)
    monkeypatch.setattr("olat.gpu.field.free_bytes", lambda: 40_000)
    streamed = GpuField(field)
    assert not streamed.fits
    np.testing.assert_allclose(streamed.relit_batch(weights), whole, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(streamed.relit(weights[1]), whole[1], rtol=1e-6, atol=1e-7)


def test_an_array_of_another_size_is_refused(gpu, field, weights):
    for out in (np.empty((3, 41, 17, 3), np.float32), np.empty((3, 40, 17, 6), np.float32)):
        with pytest.raises(ValueError, match=r"a contiguous array of \(3, 40, 17, 3\)"):
            GpuField(field).relit_batch(weights, out=out[..., -3:])
