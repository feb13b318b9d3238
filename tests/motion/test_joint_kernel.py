"""The compiled loops of joint flow against plain numpy and sparse algebra."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.sparse.linalg import spsolve

from olat.motion import joint_kernel as kernel

SHAPE = (14, 18)
EPSILON = np.float32(0.01)


@pytest.fixture
def pictures(rng):
    full_on, first, second = rng.random((3, *SHAPE, 3), np.float32)
    trust = rng.random((*SHAPE, 3), np.float32)
    trust[3:5, 6:9] = 0.0
    return full_on, first, second, trust


def slopes(picture):
    """Return central differences, one-sided at the border: ``h w c (x, y)``."""
    return np.stack([np.gradient(picture, axis=1), np.gradient(picture, axis=0)], axis=-1)


def equations(full_on, first, second, trust, epsilon):
    """Return the twin of `normal_equations`, in full matrices."""
    r = full_on - first - second
    slope = np.concatenate([slopes(first), slopes(second)], axis=-1)
    weight = trust**2 / 3.0
    if np.isfinite(epsilon):
        weight = weight / np.sqrt((trust * r) ** 2 + epsilon**2)
    return (
        np.einsum("hwc,hwci,hwcj->hwij", weight, slope, slope),
        np.einsum("hwc,hwc,hwci->hwi", weight, r, slope),
    )


def unpacked(packed):
    full = np.empty((*packed.shape[:2], 4, 4))
    rows, columns = np.triu_indices(4)
    full[..., rows, columns] = full[..., columns, rows] = packed
    return full


def compiled_equations(pictures, epsilon=EPSILON):
    matrix, right = np.empty((*SHAPE, 10), np.float32), np.empty((*SHAPE, 4), np.float32)
    kernel.normal_equations(*pictures, epsilon, matrix, right)
    return matrix, right


@pytest.mark.parametrize("epsilon", [EPSILON, np.float32(np.inf)])
def test_the_equations_are_those_of_numpy(pictures, epsilon):
    matrix, right = compiled_equations(pictures, epsilon)
    expected, side = equations(*pictures, epsilon)
    # Single precision, entries up to 30.
    assert_allclose(unpacked(matrix), expected, rtol=1e-4, atol=1e-5)
    assert_allclose(right, side, rtol=1e-4, atol=1e-5)


def test_relaxation_solves_the_whole_system(pictures, rng):
    smoothness, hint_weight = 0.2, 0.01
    flow, hint = rng.standard_normal((2, *SHAPE, 4)).astype(np.float32)
    matrix, right = compiled_equations(pictures)
    data, side = unpacked(matrix), right.astype(np.float64)
    side = side + np.einsum("hwij,hwj->hwi", data, flow) + hint_weight * hint
    height, width = SHAPE

    def chain(count):
        line = sparse.diags([np.ones(count - 1)] * 2, [-1, 1])
        return sparse.diags(np.asarray(line.sum(axis=1)).ravel()) - line

    laplace = sparse.kron(chain(height), sparse.eye(width)) + sparse.kron(
        sparse.eye(height), chain(width)
    )
    blocks = sparse.block_diag((data + hint_weight * np.eye(4)).reshape(-1, 4, 4))
    whole = blocks + smoothness * sparse.kron(laplace, sparse.eye(4))
    exact = spsolve(whole.tocsr(), side.ravel()).reshape(*SHAPE, 4)
    kernel.complete(matrix, right, flow, hint, np.float32(smoothness), hint_weight)
    kernel.relax(matrix, right, np.float32(smoothness), 400, np.float32(1.6), flow)
    assert_allclose(flow, exact, rtol=0, atol=1e-3)  # single precision


def test_pulling_keeps_ramps_where_they_are_as_opencv_does_not(rng):
    """OpenCV's cubic moves a ramp by up to 0.05 px, which would be found as motion."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    ramp = np.repeat((0.3 * x - 0.2 * y)[..., None], 3, axis=2)
    flow = np.zeros((*SHAPE, 4), np.float32)
    flow[..., 2:] = rng.uniform(-2.0, 2.0, (*SHAPE, 2))
    out, trust = np.empty_like(ramp), np.ones_like(ramp)
    kernel.pull(ramp, flow, 2, out, trust)
    exact = 0.3 * (x + flow[..., 2]) - 0.2 * (y + flow[..., 3])
    inner = (slice(4, -4), slice(4, -4))
    assert_allclose(out[inner][..., 0], exact[inner], rtol=0, atol=1e-5)
    by_opencv = cv2.remap(ramp, x + flow[..., 2], y + flow[..., 3], cv2.INTER_CUBIC)
    assert np.abs(by_opencv[inner][..., 0] - exact[inner]).max() > 0.01


def test_pulling_by_whole_pixels_copies_and_what_lies_outside_is_not_trusted(rng):
    picture = rng.random((*SHAPE, 3), np.float32)
    flow = np.zeros((*SHAPE, 4), np.float32)
    flow[..., 0], flow[..., 1] = 2.0, -1.0
    out, trust = np.empty_like(picture), np.ones_like(picture)
    kernel.pull(picture, flow, 0, out, trust)
    assert_allclose(out[1:, :-2], picture[:-1, 2:], rtol=0, atol=1e-6)
    assert trust[1:, :-2].all()
    assert not trust[0].any()
    assert not trust[:, -2:].any()


def test_gain_sums_are_those_of_numpy(pictures):
    gains = np.array([[0.9, 1.0, 1.1], [1.2, 0.8, 1.0]], np.float32)
    full_on, first, second, trust = pictures
    r = full_on - gains[0] * first - gains[1] * second
    weight = trust**2 / np.sqrt((trust * r) ** 2 + EPSILON**2)
    pairs = ((first, first), (first, second), (second, second), (full_on, first))
    expected = [(weight * a * b).sum(axis=(0, 1)) for a, b in (*pairs, (full_on, second))]
    found = kernel.gain_sums(*pictures, gains, EPSILON)
    assert_allclose(found, np.transpose(expected), rtol=1e-4, atol=0)
