"""Fields of differences, beside scipy's direct solve."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse.linalg import spsolve

from olat.surface import grid_solve_kernel as kernel
from olat.surface.grid_solve import field_of_differences


def links_of(rng, shape, *, spread=0.0):
    """Return links of unequal weights; none across the border."""
    right, below = np.exp(spread * rng.normal(size=(2, *shape))).astype(np.float32)
    right[:, -1] = below[-1] = 0.0
    return right, below


def matrix_of(right, below):
    """Return the matrix of a grid, row by row."""
    height, width = right.shape
    number = np.arange(height * width).reshape(height, width)
    total = sp.csr_matrix((number.size, number.size))
    for weight, ahead in ((right[:, :-1], 1), (below[:-1], width)):
        p = number[: weight.shape[0], : weight.shape[1]].ravel()
        ends = sp.csr_matrix((np.ones(p.size), (np.arange(p.size), p)), (p.size, number.size))
        ends -= sp.csr_matrix((np.ones(p.size), (np.arange(p.size), p + ahead)), ends.shape)
        total = total + ends.T @ sp.diags(weight.ravel().astype(float)) @ ends
    return total


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 3), (17, 30), (33, 31)])
@pytest.mark.parametrize("spread", [0.0, 1.5])
def test_the_field_is_that_of_a_direct_solve(rng, shape, spread):
    links = links_of(rng, shape, spread=spread)
    matrix = matrix_of(*links)
    field = 10.0 * rng.normal(size=shape)
    side = (matrix @ field.ravel()).reshape(shape)
    found, _ = field_of_differences(links, side, np.zeros(shape), tolerance=1e-9, steps=200)
    pinned = (matrix + sp.diags(np.eye(1, field.size)[0])).tocsc()
    direct = spsolve(pinned, side.ravel()).reshape(shape)
    assert_allclose(found - found[0, 0], direct - direct[0, 0], atol=1e-6)


def test_large_grids_take_no_more_steps_than_small_ones(rng):
    taken = []
    for size in (32, 256):
        links = links_of(rng, (size, size))
        y, x = np.mgrid[:size, :size] / size
        side = np.empty((size, size))
        kernel.apply(*links, size * np.cos(3.0 * x + y), side)
        _, steps = field_of_differences(
            links, side, np.zeros((size, size)), tolerance=1e-6, steps=100
        )
        taken.append(steps)
    print(f"\nsteps to an error of slope of 1e-6: {taken[0]} at 32 px, {taken[1]} at 256 px")
    assert taken[1] <= taken[0] + 3


def test_pixels_without_links_keep_their_value(rng):
    right, below = links_of(rng, (12, 12))
    right[4:8, 3:8] = 0.0
    below[3:8, 4:8] = 0.0
    start = rng.normal(size=(12, 12))
    side = (matrix_of(right, below) @ rng.normal(size=144)).reshape(12, 12)
    found, _ = field_of_differences((right, below), side, start, tolerance=1e-9, steps=100)
    assert_array_equal(found[4:8, 4:8], start[4:8, 4:8])
    assert_allclose((matrix_of(right, below) @ found.ravel()), side.ravel(), atol=1e-7)


def test_a_field_that_is_right_is_left_alone(rng):
    links = links_of(rng, (12, 12))
    field = rng.normal(size=(12, 12))
    side = (matrix_of(*links) @ field.ravel()).reshape(12, 12)
    found, steps = field_of_differences(links, side, field, tolerance=1e-6, steps=100)
    assert steps == 0
    assert_array_equal(found, field)


def test_kernels_do_what_numpy_does(rng):
    right, below = links_of(rng, (7, 6), spread=1.0)
    matrix = matrix_of(right, below)
    inverse = np.empty_like(right)
    kernel.inverse_sums(right, below, inverse)
    assert_allclose(inverse.ravel(), 1.0 / matrix.diagonal(), rtol=1e-5)
    field, side = rng.normal(size=(2, 7, 6)).astype(np.float32)
    image = np.empty((7, 6))
    product = kernel.apply(right, below, field.astype(float), image)
    assert_allclose(image.ravel(), matrix @ field.ravel(), rtol=1e-5, atol=1e-6)
    assert_allclose(product, (field * image).sum(), rtol=1e-5)
    coarse = np.empty((4, 3), np.float32)
    kernel.restrict_rest(right, below, side, field, coarse)
    rest = np.pad(side - image, ((0, 1), (0, 0))).reshape(4, 2, 3, 2).sum(axis=(1, 3))
    assert_allclose(coarse, rest, rtol=1e-4, atol=1e-5)
    halved = np.empty((2, 4, 3), np.float32)
    kernel.halve(right, below, halved[0], halved[1])
    across = np.pad(right[:, 1::2], ((0, 1), (0, 0))).reshape(4, 2, 3).sum(axis=1) / 2.0
    assert_allclose(halved[0], across, rtol=1e-6)
    relaxed = field.copy()
    kernel.relax(right, below, inverse, side, 0, relaxed)
    red = np.indices((7, 6)).sum(axis=0) % 2 == 0
    solved = field + inverse * (side - image)
    assert_allclose(relaxed, np.where(red, solved, field), rtol=1e-4, atol=1e-5)
