"""The thin plate that ends every method of flow, against sparse algebra and known motion."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import spsolve

from olat.motion import thin_plate_kernel as kernel
from olat.motion.thin_plate import CONTRAST, ERROR, polished
from tests.support.texture import Texture, pixel_centers

CELLS = (13, 17)
SIZE = (160, 192)


def bending_of(rows, columns):
    """Return the energy of bending as a matrix."""

    def differences(count, order):
        return sparse.csr_matrix(np.diff(np.eye(count), order, axis=0))

    xx = sparse.kron(sparse.eye(rows), differences(columns, 2))
    yy = sparse.kron(differences(rows, 2), sparse.eye(columns))
    xy = sparse.kron(differences(rows, 1), differences(columns, 1))
    return xx.T @ xx + 2 * xy.T @ xy + yy.T @ yy


def test_conjugate_gradients_come_to_the_solution_of_sparse_algebra(rng):
    slopes = rng.standard_normal((*CELLS, 2)).astype(np.float32)
    data = np.empty((*CELLS, 5), np.float32)
    data[..., 0], data[..., 1] = slopes[..., 0] ** 2, slopes[..., 0] * slopes[..., 1]
    data[..., 2], data[..., 3:] = slopes[..., 1] ** 2, rng.standard_normal((*CELLS, 2))
    hold = rng.uniform(0.05, 0.5, CELLS).astype(np.float32)
    bending = np.float32(3.0)
    field = np.zeros((*CELLS, 2), np.float32)
    kernel.descend(data, hold, bending, 400, field)
    a, b, c = (sparse.diags(data[..., part].ravel().astype(float)) for part in range(3))
    plate = sparse.diags(hold.ravel().astype(float)) + float(bending) * bending_of(*CELLS)
    matrix = sparse.bmat([[a + plate, b], [b, c + plate]]).tocsc()
    exact = spsolve(matrix, np.concatenate([data[..., 3].ravel(), data[..., 4].ravel()]))
    # Single precision of sums over some hundred cells.
    assert_allclose(field, exact.reshape(2, *CELLS).transpose(1, 2, 0), rtol=0, atol=2e-4)


def test_the_data_of_cells_are_those_of_numpy(rng):
    reference, rest = rng.standard_normal((2, 22, 31)).astype(np.float32)
    trust = rng.random((22, 31), np.float32)
    trust[5:8, 9:14] = 0.0
    data = np.empty((6, 8, 5), np.float32)
    kernel.cell_data(reference, rest, trust, CONTRAST, ERROR, data)
    mean = reference + rest / 2
    b, a = (part.astype(float) for part in np.gradient(mean))
    square = a * a + b * b + CONTRAST**2
    weight = trust * ERROR**2 / (ERROR**2 * square + rest.astype(float) ** 2)
    weight[[0, -1]] = weight[:, [0, -1]] = 0.0
    pixels = weight[..., None] * np.stack([a * a, a * b, b * b, -a * rest, -b * rest], axis=-1)
    whole = np.zeros((24, 32, 5))
    whole[:22, :31] = pixels
    expected = whole.reshape(6, 4, 8, 4, 5).sum(axis=(1, 3))
    assert_allclose(data, expected, rtol=0, atol=1e-5)


def codes(texture, points):
    """Return an 8-bit picture of a texture at some points."""
    gray = texture.at(points).mean(axis=2)
    return np.rint(np.clip(60.0 + 120.0 * gray, 0.0, 255.0)).astype(np.uint8)


@pytest.fixture(scope="module")
def swelling():
    """Return two pictures of a texture that moves and swells, and the motion."""
    points = pixel_centers(*SIZE)
    middle = np.array([SIZE[1] / 2, SIZE[0] / 2])
    texture = Texture.random(np.random.default_rng(6))
    flow = 0.01 * (points - middle) + (1.3, -0.7)
    # The moving picture at x + u(x) is the reference at x.
    own = (points - (1.3, -0.7) + 0.01 * middle) / 1.01
    return codes(texture, points), codes(texture, own), flow.astype(np.float32)


def scattered(flow, rng, *, px, sigma):
    """Add errors that are smooth over some pixels, as those of patches are."""
    errors = np.stack([gaussian_filter(rng.standard_normal(SIZE), sigma) for _ in range(2)], -1)
    return (flow + px * errors / errors.std()).astype(np.float32)


def rms(flow, truth):
    return np.sqrt(np.mean(np.sum(np.square(flow - truth)[8:-8, 8:-8], axis=-1)))


@pytest.mark.parametrize("sigma", [2.0, 6.0])
def test_errors_of_patches_are_taken_off(swelling, rng, sigma):
    reference, moving, truth = swelling
    given = scattered(truth, rng, px=0.2, sigma=sigma)
    found = polished(reference, moving, given, np.ones(SIZE, np.float32))
    print(
        f"errors over {sigma:.0f} px: {rms(given, truth):.3f} px before, "
        f"{rms(found, truth):.3f} px after"
    )
    assert rms(found, truth) < 0.25 * rms(given, truth)


def test_flow_that_is_right_stays(swelling):
    reference, moving, truth = swelling
    found = polished(reference, moving, truth, np.ones(SIZE, np.float32))
    assert rms(found, truth) < 0.03


def test_what_is_not_trusted_has_no_part(swelling, rng):
    """A square of something else between the pictures moves nothing around it."""
    reference, moving, truth = swelling
    moving, confidence = moving.copy(), np.ones(SIZE, np.float32)
    moving[60:90, 80:110] = rng.integers(0, 256, (30, 30))
    confidence[56:94, 76:114] = 0.2
    found = polished(reference, moving, truth, confidence)
    beside = np.ones(SIZE, bool)
    beside[52:98, 72:118] = False
    error = np.linalg.norm(found - truth, axis=2)
    assert error[beside].max() < 0.3
    assert np.median(error[beside]) < 0.03


def test_an_edge_of_motion_stays_where_it_is(rng):
    """The right half goes by 4 px, and the left half stays."""
    points = pixel_centers(*SIZE)
    texture = Texture.random(np.random.default_rng(8))
    truth = np.zeros((*SIZE, 2), np.float32)
    truth[:, SIZE[1] // 2 :, 1] = 4.0
    own = points - truth
    found = polished(codes(texture, points), codes(texture, own), truth, np.ones(SIZE, np.float32))
    error = np.linalg.norm(found - truth, axis=2)
    print(f"edge of 4 px: error mean {error.mean():.3f} px, largest {error.max():.2f} px")
    assert error.mean() < 0.1


@pytest.mark.parametrize("level", [0, 128])
def test_where_there_is_nothing_to_see_the_given_flow_stays_but_for_its_bends(level, rng):
    blank = np.full(SIZE, level, np.uint8)
    given = scattered(np.full((*SIZE, 2), (3.0, -1.0), np.float32), rng, px=0.1, sigma=8.0)
    found = polished(blank, blank, given, np.ones(SIZE, np.float32))
    assert np.isfinite(found).all()
    assert np.abs(found - (3.0, -1.0)).max() < np.abs(given - (3.0, -1.0)).max()


@pytest.mark.parametrize("shape", [(16, 16), (17, 33), (64, 19)])
def test_small_and_odd_pictures_are_no_trouble(shape, rng):
    picture = rng.integers(0, 256, shape).astype(np.uint8)
    flow = np.zeros((*shape, 2), np.float32)
    found = polished(picture, picture, flow, np.ones(shape, np.float32))
    assert found.shape == flow.shape
    assert_allclose(found, 0.0, atol=1e-3)
