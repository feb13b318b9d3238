"""Relighting on a GPU gives what the processor gives, and what double precision gives."""

from __future__ import annotations

import numpy as np
import pytest

from olat.errors import GpuError
from olat.gpu.planes import GpuPlanes
from olat.gpu.product import halves_of
from olat.relight.planes import relit, relit_batch
from tests.support.cuda_stub import Device

LIGHTS, HEIGHT, WIDTH = 21, 9, 23


@pytest.fixture
def planes():
    rng = np.random.default_rng(1)
    scale = 10.0 ** rng.uniform(-4, 2, (LIGHTS, 1, 1, 1))
    return list((scale * rng.normal(0.3, 1.0, (LIGHTS, 3, HEIGHT, WIDTH))).astype(np.float16))


@pytest.fixture
def weights():
    rng = np.random.default_rng(2)
    weights = rng.random((5, LIGHTS, 3)) * 10.0 ** rng.uniform(-6, 3, (5, LIGHTS, 1))
    weights[:, 3] = 0.0
    weights[0, 5, 1] = 0.0
    return weights


def exact(planes, weights):
    """Return the sum in double precision, and the sum of what is added without its sign."""
    stacked = np.stack(planes).astype(np.float64)
    return (
        np.einsum("lchw,lc->hwc", stacked, weights),
        np.einsum("lchw,lc->hwc", np.abs(stacked), np.abs(weights)),
    )


def test_a_frame_is_the_sum_and_what_the_processor_makes_it(gpu, planes, weights):
    found = gpu.asnumpy(GpuPlanes.of(planes).relit(weights[0]))
    true, size = exact(planes, weights[0])
    assert (np.abs(found - true) <= 1e-6 * size).all()
    assert (np.abs(found - relit(planes, weights[0])) <= 1e-6 * size).all()


def test_many_frames_are_as_exact_as_one(gpu, planes, weights):
    found = gpu.asnumpy(GpuPlanes.of(planes).relit_batch(weights))
    theirs = relit_batch(planes, weights)
    for frame, picture in enumerate(found):
        true, size = exact(planes, weights[frame])
        # The fine halves hold numbers down to 2^-39 of the largest weight of the batch.
        least = 2.0**-38 * weights.max() * np.abs(np.stack(planes)).astype(float).sum(axis=(0, 1))
        assert (np.abs(picture - true) <= 2e-6 * size + least[..., None]).all()
        assert (np.abs(picture - theirs[frame]) <= 2e-6 * size + least[..., None]).all()


def test_sums_of_many_lights_stay_exact(gpu):
    rng = np.random.default_rng(7)
    planes = list(rng.normal(0.3, 1.0, (331, 3, 2, 5)).astype(np.float16))
    weights = rng.random((2, 331, 3))
    field = GpuPlanes.of(planes)
    true, size = exact(planes, weights[1])
    assert (np.abs(gpu.asnumpy(field.relit(weights[1])) - true) <= 3e-6 * size).all()
    assert (np.abs(gpu.asnumpy(field.relit_batch(weights)[1]) - true) <= 3e-6 * size).all()


def test_frames_come_in_spans_where_memory_is_short(gpu, planes, weights, monkeypatch):
    whole = gpu.asnumpy(GpuPlanes.of(planes).relit_batch(weights))
    monkeypatch.setattr("olat.gpu.planes.PRODUCT_BYTES", 24 * len(weights) * 64)
    found = gpu.asnumpy(GpuPlanes.of(planes).relit_batch(weights))
    np.testing.assert_allclose(found, whole, rtol=1e-6, atol=1e-6)


def test_pictures_of_an_earlier_call_are_overwritten(gpu, planes, weights):
    field = GpuPlanes.of(planes)
    room = field.relit_batch(weights)
    kept = gpu.asnumpy(room)
    assert field.relit_batch(2.0 * weights, out=room) is room
    np.testing.assert_array_equal(gpu.asnumpy(room), 2.0 * kept)
    with pytest.raises(ValueError, match=r"out is \(5, 9, 23, 3\); an array of \(2, 9, 23, 3\)"):
        field.relit_batch(weights[:2], out=room)


def test_rows_are_lit_as_in_the_whole_picture(gpu, planes, weights):
    whole = gpu.asnumpy(GpuPlanes.of(planes).relit(weights[1]))
    part = gpu.asnumpy(GpuPlanes.of(planes, rows=(2, 7)).relit(weights[1]))
    np.testing.assert_array_equal(part, whole[2:7])


def test_no_light_is_black(gpu, planes):
    field, dark = GpuPlanes.of(planes), np.zeros((2, LIGHTS, 3))
    assert not gpu.asnumpy(field.relit(dark[0])).any()
    assert not gpu.asnumpy(field.relit_batch(dark)).any()


def test_halves_hold_the_weights(weights):
    parts, scale = halves_of(weights, room=24)
    coarse, fine = np.split(parts.astype(np.float64), 2, axis=1)
    found = np.moveaxis((coarse + fine) * scale, 0, 2)
    assert not found[:, LIGHTS:].any()
    found = found[:, :LIGHTS]
    error = np.abs(found - weights)
    assert (error <= np.maximum(2.0**-22 * weights, 2.0**-38 * weights.max())).all()
    assert np.log2(scale) % 1 == 0


def test_wrong_planes_and_weights_are_refused(gpu, planes, weights):
    field = GpuPlanes.of(planes)
    with pytest.raises(ValueError, match="weights for 20 lights and planes of 21"):
        field.relit(weights[0, 1:])
    with pytest.raises(ValueError, match="weights for no frame"):
        field.relit_batch(weights[:0])
    weights[2, 4] = np.nan
    with pytest.raises(ValueError, match="weights are not finite"):
        field.relit_batch(weights)
    with pytest.raises(ValueError, match="there are no planes"):
        GpuPlanes.of([])
    planes[4] = planes[4][:, :, 1:]
    with pytest.raises(
        ValueError, match=r"plane 4 is float16 \(3, 9, 22\); halves of \(3, 9, 23\)"
    ):
        GpuPlanes.of(planes)


def test_too_little_memory_is_said(stub, planes, monkeypatch):
    monkeypatch.setattr(Device, "memory", 1000)
    with pytest.raises(GpuError, match="no memory for the planes of 21 lights"):
        GpuPlanes.of(planes)
