"""Depth from normals: exact on planes and spheres, torn where the surface is, silent elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import label
from scipy.sparse.linalg import lsqr, spsolve

from olat.model.flags import PixelFlag
from olat.model.view import ViewGeometry
from olat.surface import normal_integration_kernel as kernel
from olat.surface.normal_integration import depth_from_normals
from olat.surface.normal_net import GRAZING, halved
from tests.surface.reliefs import (
    Relief,
    facing,
    grid,
    of_height,
    sphere,
    sphere_in_perspective,
    torn_sheet,
    two_planes,
)


def integrated(relief: Relief, **options):
    return depth_from_normals(relief.normals, relief.sure, relief.mask, relief.geometry, **options)


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


# Closed forms


@pytest.mark.parametrize(("slope_x", "slope_y"), [(0.0, 0.0), (0.7, -0.2), (-3.0, 5.0)])
def test_a_tilted_plane_is_exact(slope_x, slope_y):
    x, y = grid(48)
    plane = of_height(slope_x * x + slope_y * y, np.full_like(x, slope_x), np.full_like(x, slope_y))
    # Normals are float32; so is depth, of some hundred pixels.
    assert np.abs(plane.error(integrated(plane).depth)).max() < 3e-4


def test_a_tilted_plane_in_perspective_is_exact():
    geometry = ViewGeometry.of_reference(48, 48, 40.0, 2.0)
    normal = np.array([0.5, -0.3, 0.8]) / np.linalg.norm([0.5, -0.3, 0.8])
    depth = (-normal @ geometry.center) / (geometry.rays() @ normal)
    normals = np.broadcast_to(normal, (48, 48, 3)).astype(np.float32)
    mean = float(depth.mean())
    everywhere = np.ones((48, 48), np.float32)
    found = depth_from_normals(normals, everywhere, None, geometry, mean_depth=mean)
    assert_allclose(found.depth, depth, rtol=1e-5)
    assert found.is_metric
    assert_allclose(found.places @ normal, 0.0, atol=2e-5)


def test_a_sphere_is_exact_to_its_rim():
    ball = sphere()
    # The chord between neighbors is perpendicular to the sum of their normals.
    assert np.abs(ball.error(integrated(ball).depth)).max() < 1e-4


def test_a_sphere_in_perspective_has_its_places_in_meters():
    ball = sphere_in_perspective()
    mean = float(ball.depth[ball.mask].mean())
    found = integrated(ball, mean_depth=mean)
    true = ball.geometry.places(ball.depth.astype(np.float32))
    off = np.linalg.norm(found.places - true, axis=-1)[ball.mask]
    print(f"\nperspective sphere: places off by at most {off.max() / 0.1:.1e} of the radius")
    assert off.max() < 1e-3 * 0.1
    assert_allclose(np.linalg.norm(found.places[ball.mask], axis=-1), 0.1, atol=1e-4)


def test_without_more_knowledge_the_mean_depth_is_that_of_the_origin():
    ball = sphere_in_perspective()
    found = integrated(ball)
    assert_allclose(found.depth[ball.mask].mean(), 1.0, rtol=1e-6)


def test_a_paraboloid_is_within_a_thousandth_of_a_pixel_of_its_height():
    x, y = grid(96)
    bowl = of_height(0.01 * (x**2 + 0.5 * y**2), 0.02 * x, 0.01 * y)
    error = np.abs(bowl.error(integrated(bowl).depth))
    print(f"\nparaboloid of {np.ptp(bowl.depth):.0f} px: off by at most {error.max():.4f} px")
    assert error.max() < 0.01


def test_a_smaller_picture_of_the_same_camera_gives_the_same_depth():
    ball = sphere_in_perspective(size=96)
    small = sphere_in_perspective(size=48)
    half = ball.geometry.at(48, 48)
    found = depth_from_normals(small.normals, small.sure, small.mask, half)
    alone = integrated(small)
    assert_allclose(found.depth, alone.depth, rtol=1e-6)


# Noise, gaps and pieces


def test_noise_does_not_bend_a_sphere(rng):
    ball = sphere().noisy(rng, 0.03)
    found = integrated(ball)
    x, y = grid(96)
    inner = np.hypot(x, y) < 36.0
    error = rms(ball.error(found.depth, inner))
    print(f"\nsphere of 40 px, normals off by 2.4 degrees: depth off by {error:.3f} px rms")
    assert error < 0.15


def test_holes_in_the_normals_are_unknown_and_bend_nothing_around(rng):
    ball = sphere()
    holes = rng.random(ball.mask.shape) < 0.2
    x, y = grid(96)
    holes |= (np.abs(x) < 8.0) & (np.abs(y) < 5.0)
    normals = np.where(holes[..., None], 0.0, ball.normals).astype(np.float32)
    found = depth_from_normals(normals, ball.sure, ball.mask, ball.geometry)
    assert_array_equal(found.depth[holes], 0.0)
    assert_array_equal(found.confidence[holes], 0.0)
    assert_array_equal(found.places[holes], 0.0)
    assert (found.flags[holes & ball.mask] & PixelFlag.UNDERDETERMINED).all()
    main = (found.depth != 0.0) & (found.flags == 0)
    assert np.count_nonzero(main) > 0.7 * np.count_nonzero(ball.mask)
    assert np.abs(ball.error(found.depth, main)).max() < 1e-3


def test_normals_that_are_no_number_or_look_away_are_not_used():
    ball = sphere()
    normals = ball.normals.copy()
    normals[40:44, 40:44] = np.nan
    normals[50:54, 50:54] *= -1.0
    found = depth_from_normals(normals, ball.sure, ball.mask, ball.geometry)
    for plane in (found.depth, found.places, found.confidence):
        assert np.isfinite(plane).all()
    assert_array_equal(found.depth[50:54, 50:54], 0.0)
    known = found.depth != 0.0
    assert np.abs(ball.error(found.depth, known)).max() < 1e-3


def test_a_second_piece_has_its_shape_continues_the_first_and_has_a_flag():
    x, y = grid(96)
    bowl = of_height(0.004 * (x**2 + y**2), 0.008 * x, 0.008 * y)
    mask = np.abs(x - 10.0) > 2.0
    found = depth_from_normals(bowl.normals, bowl.sure, mask, bowl.geometry)
    left, right = mask & (x < 10.0), mask & (x > 10.0)
    for piece in (left, right):
        assert np.abs(bowl.error(found.depth, piece)).max() < 0.01
    assert_allclose(found.depth[left].mean(), bowl.geometry.origin_depth, atol=0.01)
    # Nearest are the pixels 6 px apart across the gap, level as they come.
    assert np.abs(bowl.error(found.depth, mask)).max() < 0.008 * 10.0 * 6.0
    assert_array_equal(found.flags[left], 0)
    assert_array_equal(found.flags[right], PixelFlag.UNDERDETERMINED)
    assert_allclose(found.confidence[right], 0.5, atol=0.01)
    assert_array_equal(found.flags[~mask], 0)


def test_confidence_falls_where_normals_contradict_each_other(rng):
    ball = sphere()
    noisy = ball.noisy(rng, 0.3)
    x, _ = grid(96)
    normals = np.where((x > 0.0)[..., None], noisy.normals, ball.normals)
    found = depth_from_normals(normals, ball.sure, ball.mask, ball.geometry)
    inner = ball.mask & (np.abs(x) > 4.0) & (np.abs(x) < 20.0)
    assert np.median(found.confidence[inner & (x > 0)]) < 0.9
    assert np.median(found.confidence[inner & (x < 0)]) > 0.99


# Tears


def bilateral(relief: Relief, *, sharpness: float = 2.0, rounds: int = 100) -> np.ndarray:
    """Return the depth by Cao et al. 2022: four one-sided equations a pixel, on a full grid."""
    size = relief.mask.shape[0]
    number = np.arange(size * size).reshape(size, size)
    nx, ny, nz = (relief.normals[..., k].astype(float).ravel() for k in range(3))
    matrices, sides = [], []
    for axis, slope in ((1, nx), (0, -ny)):
        for ahead in (True, False):
            here = np.delete(number, -1 if ahead else 0, axis=axis).ravel()
            there = here + (1 if axis else size) * (1 if ahead else -1)
            values = np.concatenate([nz[here], -nz[here]]) * (-1.0 if ahead else 1.0)
            rows = np.concatenate([here, here])
            matrix = sp.csr_matrix((values, (rows, np.concatenate([here, there]))), (size**2,) * 2)
            present = np.zeros(size**2)
            present[here] = 1.0
            matrices.append(matrix)
            sides.append(present * slope)  # nz dz = n . step, with depth growing away
    height = np.zeros(size**2)
    weights = [np.full(size**2, 0.5)] * 4
    for _ in range(rounds):
        normal = sum(m.T @ sp.diags(w) @ m for m, w in zip(matrices, weights, strict=True))
        right = sum(m.T @ (w * b) for m, w, b in zip(matrices, weights, sides, strict=True))
        height = spsolve((normal + 1e-9 * sp.eye(size**2)).tocsc(), right)
        rest = [np.square(m @ height - b) for m, b in zip(matrices, sides, strict=True)]
        for first in (0, 2):
            wish = 1.0 / (1.0 + np.exp(-sharpness * (rest[first + 1] - rest[first])))
            weights[first], weights[first + 1] = wish, 1.0 - wish
    return height.reshape(size, size)


@pytest.mark.parametrize("scene", [torn_sheet, two_planes])
def test_a_tear_stays_a_tear_where_poisson_smears_it(scene):
    sheet = scene(48)
    smeared = sheet.error(integrated(sheet, rounds=0).depth)
    torn = sheet.error(integrated(sheet).depth)
    both = sheet.error(bilateral(sheet, rounds=100))
    means = [float(np.abs(error).mean()) for error in (smeared, both, torn)]
    print(
        f"\n{scene.__name__}: depth off by Poisson {means[0]:.2f} px, bilateral (Cao 2022, 100 "
        f"rounds) {means[1]:.2f} px, here {means[2]:.2f} px (means)"
    )
    assert means[2] < 0.25 * means[0]
    # Cao's weights compare squares of pixels: what Poisson has smeared to less they do not see.
    assert means[2] < 1.5 * means[1]


def test_normals_that_lean_all_over_do_not_tear_the_surface():
    """As under lights that are not where they are said to be."""
    ball = sphere()
    x, y = grid(96)
    lean = 0.08 * np.stack([y, -x, np.zeros_like(x)], axis=-1) / 40.0
    bent = ball.normals + np.where(ball.mask[..., None], lean, 0.0)
    bent /= np.maximum(np.linalg.norm(bent, axis=-1, keepdims=True), 1e-9)
    found = depth_from_normals(bent.astype(np.float32), ball.sure, ball.mask, ball.geometry)
    inner = np.hypot(x, y) < 36.0
    steps = np.abs(np.diff(found.depth.astype(float) - ball.depth, axis=1))
    assert steps[inner[:, 1:] & inner[:, :-1]].max() < 0.5


# Against other solvers


def test_least_squares_by_scipy_finds_the_same(rng):
    x, _ = grid(20)
    waves = of_height(2.0 * np.sin(x / 3.0), 2.0 / 3.0 * np.cos(x / 3.0), np.zeros_like(x))
    waves = waves.noisy(rng, 0.05)
    trust = rng.uniform(0.2, 1.0, waves.mask.shape).astype(np.float32)
    found = depth_from_normals(waves.normals, trust, None, waves.geometry, rounds=0)
    rows, values, roots = [], [], []
    n = waves.normals.astype(float)
    for (dy, dx), k, sign in (((0, 1), 0, 1.0), ((1, 0), 1, -1.0)):
        for i in range(20 - dy):
            for j in range(20 - dx):
                p, q = n[i, j], n[i + dy, j + dx]
                m, a, b = p + q, trust[i, j], trust[i + dy, j + dx]
                apart = sign * (p[k] / p[2] - q[k] / q[2])
                scale = m[2] ** 2 / (m @ m) / (1.0 + apart**2)
                rows.append((i * 20 + j, (i + dy) * 20 + j + dx))
                values.append(sign * m[k] / m[2])
                roots.append(np.sqrt(scale * 2.0 * a * b / (a + b)))
    pairs, weight = np.array(rows), np.array(roots)
    count = np.arange(len(pairs))
    matrix = sp.csr_matrix((weight, (count, pairs[:, 1])), (len(pairs), 400))
    matrix -= sp.csr_matrix((weight, (count, pairs[:, 0])), (len(pairs), 400))
    best = lsqr(matrix, weight * np.array(values), atol=1e-12, btol=1e-12)[0].reshape(20, 20)
    difference = found.depth - best
    assert np.ptp(difference) < 2e-4  # float32 depth of 20 px


def told_by_numpy(relief: Relief) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and scales of the links to the right, as the kernel's."""
    geometry, n = relief.geometry, relief.normals.astype(float)
    rays = geometry.rays()
    p, q, r, t = n[:, :-1], n[:, 1:], rays[:, :-1], rays[:, 1:]
    m = p + q
    dot = lambda a, b: np.einsum("hwk,hwk->hw", a, b)  # noqa: E731
    known = relief.mask[:, :-1] & relief.mask[:, 1:]
    least = GRAZING * np.linalg.norm(r, axis=-1)
    known &= (-dot(p, r) >= least) & (-dot(q, r) >= least)
    with np.errstate(all="ignore"):
        if geometry.is_perspective:
            step = np.log(dot(m, r) / dot(m, t))
        else:
            step = -(m @ geometry.across) / dot(m, r)
        ahead = (p @ geometry.across) / dot(p, r) - (q @ geometry.across) / dot(q, r)
        scale = dot(m, r) ** 2 / dot(m, m) / dot(r, r) / (1 + (ahead / geometry.spacing) ** 2)
    return np.where(known, step / geometry.spacing, 0), np.where(known, scale, 0)


@pytest.mark.parametrize("scene", [sphere, sphere_in_perspective])
def test_links_tell_what_numpy_says(scene, rng):
    relief = scene(40, 15.0 if scene is sphere else 0.1).noisy(rng, 0.1)
    shape, geometry = relief.mask.shape, relief.geometry
    steps, scales = ((np.empty(shape, np.float32), np.empty(shape, np.float32)) for _ in range(2))
    view = np.stack([geometry.corner, geometry.across, geometry.down, geometry.axis])
    limits = (geometry.is_perspective, geometry.spacing, GRAZING)
    kernel.tell_steps(relief.normals, relief.sure, view, limits, steps, scales)
    step, scale = told_by_numpy(relief)
    assert np.count_nonzero(scale) > 500
    assert_allclose(steps[0][:, :-1], step, rtol=1e-4, atol=1e-4)
    assert_allclose(scales[0][:, :-1], scale, rtol=1e-4, atol=1e-6)


def test_links_lose_weight_as_numpy_says(rng):
    shape = (9, 11)
    depth = rng.normal(size=shape)
    trust = rng.uniform(0.1, 1.0, shape).astype(np.float32)
    steps, scales, links = (
        tuple(rng.uniform(0.1, 1.0, shape).astype(np.float32) for _ in range(2)) for _ in range(3)
    )
    kernel.weigh(depth, trust, steps, scales, 4.0, links)
    rest = np.diff(depth, axis=1) - steps[0][:, :-1]
    a, b, scale = trust[:, :-1], trust[:, 1:], scales[0][:, :-1]
    weight = scale * 2 * a * b / (a + b) / (1 + 4.0 * scale * rest**2)
    assert_allclose(links[0][:, :-1], weight, rtol=1e-5)
    assert_array_equal(links[0][:, -1], 0.0)
    below = np.diff(depth, axis=0) - steps[1][:-1]
    a, b, scale = trust[:-1], trust[1:], scales[1][:-1]
    weight = scale * 2 * a * b / (a + b) / (1 + 4.0 * scale * below**2)
    assert_allclose(links[1][:-1], weight, rtol=1e-5)


# Refusals


def test_what_cannot_be_integrated_is_refused():
    geometry = ViewGeometry.of_reference(8, 8)
    normals, sure = facing(np.zeros((8, 8)), np.zeros((8, 8))), np.ones((8, 8), np.float32)
    with pytest.raises(ValueError, match="no two neighbors that are known"):
        depth_from_normals(np.zeros_like(normals), sure, None, geometry)
    with pytest.raises(ValueError, match="no two neighbors"):
        depth_from_normals(normals, sure, np.zeros((8, 8), bool), geometry)
    chess = (np.indices((8, 8)).sum(axis=0) % 2).astype(np.float32)
    with pytest.raises(ValueError, match="no two neighbors"):
        depth_from_normals(normals, chess, None, geometry)
    with pytest.raises(ValueError, match="one was needed"):
        depth_from_normals(normals, sure, None, ViewGeometry.of_reference(8, 9))
    with pytest.raises(ValueError, match="rounds: -1"):
        depth_from_normals(normals, sure, None, geometry, rounds=-1)


def test_tears_are_found_as_well_in_large_pictures():
    """A picture begins with what was found in one of half the size."""
    errors = {}
    for size in (48, 192):
        sheet = two_planes(size)
        errors[size] = float(np.abs(sheet.error(integrated(sheet).depth)).mean()) / size
    print(f"\ntwo planes: off by {1e3 * errors[48]:.2f} and {1e3 * errors[192]:.2f} thousandths")
    assert errors[192] <= errors[48]


def test_normals_of_half_the_size_are_the_mean_of_those_known(rng):
    normals = facing(*rng.normal(size=(2, 5, 7)))
    trust = rng.uniform(0.2, 1.0, (5, 7)).astype(np.float32)
    trust[0, :2] = trust[1, 1] = trust[4, 6] = 0.0
    found, sure = halved(normals, trust)
    assert_allclose(found[0, 0], normals[1, 0], atol=1e-6)
    assert_allclose(sure[0, 0], trust[1, 0], rtol=1e-6)
    mean = (normals[2:4, 2:4] * trust[2:4, 2:4, None]).sum(axis=(0, 1))
    assert_allclose(found[1, 1], mean / np.linalg.norm(mean), atol=1e-6)
    assert_allclose(sure[1, 1], trust[2:4, 2:4].mean(), rtol=1e-6)
    assert_array_equal(found[2, 3], 0.0)
    assert_array_equal(sure[2, 3], 0.0)


def test_pieces_are_those_that_scipy_labels(rng):
    mask = rng.random((40, 50)) < 0.55
    right, below = (np.zeros(mask.shape, np.float32) for _ in range(2))
    right[:, :-1] = mask[:, :-1] & mask[:, 1:]
    below[:-1] = mask[:-1] & mask[1:]
    pieces = np.empty(mask.shape, np.int32)
    count = kernel.number_pieces((right, below), 0.0, pieces)
    labels, _ = label(mask)
    sizes = np.bincount(labels.ravel())
    linked = mask & (sizes[labels] > 1)
    assert_array_equal(pieces >= 0, linked)
    pairs = set(zip(pieces[linked].tolist(), labels[linked].tolist(), strict=True))
    assert len(pairs) == count == np.count_nonzero(sizes[1:] > 1)
    assert len({piece for piece, _ in pairs}) == len({name for _, name in pairs}) == count


def test_what_links_leave_over_is_their_weighted_mean_square(rng):
    shape = (6, 7)
    depth = rng.normal(size=shape)
    steps, scales, links = (
        tuple(rng.uniform(0.1, 1.0, shape).astype(np.float32) for _ in range(2)) for _ in range(3)
    )
    rest = np.empty(shape, np.float32)
    kernel.left_over(depth, steps, scales, links, rest)
    sums, weights = np.zeros(shape), np.zeros(shape)
    for axis, (step, scale, link) in enumerate(zip(steps, scales, links, strict=True)):
        first = np.s_[:-1] if axis else np.s_[:, :-1]
        second = np.s_[1:] if axis else np.s_[:, 1:]
        square = scale[first] * (depth[second] - depth[first] - step[first]) ** 2
        for end in (first, second):
            sums[end] += link[first] * square
            weights[end] += link[first]
    assert_allclose(rest, sums / weights, rtol=1e-4)
