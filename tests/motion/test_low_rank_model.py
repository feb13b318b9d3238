"""What the frames of a sweep have in common, and how motion is separated from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from olat.motion.low_rank_basis import bend, time_basis
from olat.motion.low_rank_detail import detail, lit_level, reduced
from olat.motion.low_rank_model import low_rank
from olat.motion.low_rank_step import Normals, Slopes, normal_equations, solved

FRAMES, PIXELS, RANK = 24, 600, 3


@pytest.fixture
def exact(rng):
    """Return readings of rank 3 with a little noise."""
    readings = rng.standard_normal((FRAMES, RANK)) @ rng.standard_normal((RANK, PIXELS))
    return (readings + 0.01 * rng.standard_normal(readings.shape)).astype(np.float32)


def test_low_rank_is_found_though_a_sixth_of_the_readings_is_wrong(exact, rng) -> None:
    wrong = rng.random(exact.shape) < 0.16
    spoiled = np.where(wrong, exact + 6.0 * rng.standard_normal(exact.shape), exact)
    model = low_rank(
        spoiled.astype(np.float32), np.ones_like(exact), rank=RANK, start=None, passes=40
    )
    told = model.shares @ model.patterns
    print(f"largest error {np.abs(told - exact).max():.3f}, noise {model.noise**0.5:.4f}")
    assert np.sqrt(np.mean((told - exact) ** 2)) < 0.02
    assert model.weights[~wrong].mean() > 0.7
    assert np.median(model.weights[wrong]) < 1e-3


def test_untrusted_readings_have_no_part(exact, rng) -> None:
    trust = np.ones_like(exact)
    trust[:, ::5][::3] = 0.0
    spoiled = np.where(trust == 0.0, np.float32(40.0), exact)
    model = low_rank(spoiled, trust, rank=RANK, start=None, passes=60)
    assert (model.weights[trust == 0.0] == 0.0).all()
    known = np.delete(np.arange(PIXELS), np.arange(0, PIXELS, 5))
    error = (model.shares @ model.patterns - exact)[:, known]
    # Readings of size 1.7; those not trusted are filled in ever better, pass by pass.
    assert np.sqrt(np.mean(error**2)) < 0.1


def test_what_others_tell_of_a_frame_is_found_without_it(exact) -> None:
    model = low_rank(exact, np.ones_like(exact), rank=RANK, start=None)
    told = model.told_by_others(exact)
    left_out = np.arange(FRAMES) == 5
    alone = model.without(left_out, exact)
    np.testing.assert_allclose(told[5], alone.shares[5] @ alone.patterns, rtol=0, atol=1e-4)


def test_a_frame_with_a_pattern_of_its_own_is_told_by_none(exact, rng) -> None:
    spoiled = exact.copy()
    spoiled[7] = 5.0 * rng.standard_normal(PIXELS)
    model = low_rank(spoiled, np.ones_like(exact), rank=RANK + 1, start=None)
    told = model.told_by_others(spoiled)
    likeness = np.corrcoef(told[7], spoiled[7])[0, 1] if told[7].any() else 0.0
    assert likeness < 0.2
    assert np.corrcoef(told[6], spoiled[6])[0, 1] > 0.95


def test_the_normal_equations_are_those_of_all_unknowns_with_the_patterns_eliminated(rng) -> None:
    """The twin writes out one pixel's least squares in full."""
    frames, pixels, rank = 9, 10, 2
    readings = rng.standard_normal((frames, pixels)).astype(np.float32)
    model = low_rank(readings, np.ones_like(readings), rank=rank, start=None, passes=2)
    basis = time_basis(np.arange(9.0), 4.0, every=4.0)
    slopes = Slopes(
        rng.standard_normal(readings.shape).astype(np.float32),
        rng.standard_normal(readings.shape).astype(np.float32),
        np.array([0, 3, 4]),
    )
    normals = normal_equations(readings, model, slopes, basis)
    matrix, right = np.zeros_like(normals.matrix), np.zeros_like(normals.right)
    for pixel in range(pixels):
        block = int(np.searchsorted(slopes.starts, pixel, side="right")) - 1
        jacobian = np.hstack([slopes.x[:, [pixel]] * basis, slopes.y[:, [pixel]] * basis])
        root = np.sqrt(model.weights[:, [pixel]])
        system = np.hstack([jacobian, -model.shares]) * root
        rest = model.rest(readings)[:, pixel] * root[:, 0]
        full = system.T @ system
        full[-rank:, -rank:] += np.diag(model.noise / model.spread)
        own, shared, patterns = full[:-rank, :-rank], full[:-rank, -rank:], full[-rank:, -rank:]
        matrix[block] += own - shared @ np.linalg.solve(patterns, shared.T)
        right[block] -= system[:, :-rank].T @ rest
    np.testing.assert_allclose(normals.matrix, matrix, rtol=0, atol=2e-4)
    np.testing.assert_allclose(normals.right, right, rtol=0, atol=2e-4)


def test_the_solve_is_that_of_the_written_out_matrix(rng) -> None:
    blocks, controls, knots = 7, 4, 6
    roots = rng.standard_normal((blocks, 2 * knots, 2 * knots))
    normals = Normals(roots @ roots.transpose(0, 2, 1), rng.standard_normal((blocks, 2 * knots)))
    places = csr_matrix(rng.random((blocks, controls)))
    start = rng.standard_normal((controls, 2 * knots))
    bending = csr_matrix(bend(controls))
    change = solved(normals, places, start, bending=bending, stiffness=(0.5, 0.2))
    dense = places.toarray()
    full = np.einsum("bi,bj,bkl->ikjl", dense, dense, normals.matrix)
    diagonal = (dense**2).T @ np.einsum("bkk->bk", normals.matrix)
    scale = np.median(diagonal)
    penalty = np.kron(0.5 * scale * bend(controls), np.eye(2 * knots))
    penalty += np.kron(np.eye(controls), 0.2 * scale * np.kron(np.eye(2), bend(knots)))
    size = controls * 2 * knots
    expected = np.linalg.solve(
        full.reshape(size, size) + penalty + 1e-6 * scale * np.eye(size),
        (dense.T @ normals.right).ravel() - penalty @ start.ravel() - 1e-6 * scale * start.ravel(),
    )
    reached = np.abs(change.ravel() - expected).max() / np.abs(expected).max()
    assert reached < 0.02  # conjugate gradients stop at 1e-3 of the residual


def test_detail_does_not_know_the_level_of_the_light(rng) -> None:
    picture = rng.uniform(0.2, 0.8, (1, 40, 50)).astype(np.float32)
    bright, trusted = detail(picture, 0.5)
    dim, doubted = detail(np.float32(0.25) * picture, 0.125)
    np.testing.assert_allclose(bright, dim, rtol=0, atol=1e-5)
    np.testing.assert_allclose(trusted, doubted, rtol=0, atol=1e-5)
    assert trusted.min() > 0.8


def test_darkness_and_what_is_not_known_are_not_trusted(rng) -> None:
    picture = rng.uniform(0.2, 0.8, (1, 40, 50)).astype(np.float32)
    picture[0, :, 30:] = 0.0
    picture[0, 10, 10] = np.nan
    values, trust = detail(picture, 0.5)
    assert np.isfinite(values).all()
    assert (trust[0, 8:13, 8:13] == 0.0).all()
    assert trust[0, 20, 10] > 0.8
    assert trust[0, :, 40:].max() < 0.01
    assert lit_level(picture, np.ones((40, 50), bool)) == pytest.approx(
        np.nanpercentile(picture, 90.0)
    )


def test_squares_are_averaged_and_spoiled_by_one_unknown() -> None:
    picture = np.arange(30, dtype=np.float32).reshape(1, 5, 6)
    small = reduced(picture, 2)
    np.testing.assert_allclose(small[0], [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
    picture[0, 0, 0] = np.nan
    assert np.isnan(reduced(picture, 2)[0]).sum() == 1
