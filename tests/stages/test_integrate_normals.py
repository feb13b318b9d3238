"""Depth of a camera: its unit, its lens, its mask and its mesh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import olat
from olat.api.processing import process
from olat.errors import CalibrationError, SessionError, SolveError
from olat.model.calibration import LensCalibration
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.maps import NormalMap
from olat.model.session import Camera
from olat.stages.integrate_normals import IntegrateNormals
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.truth import read_truth
from tests.support.ply import read_ply
from tests.surface.reliefs import Relief, grid, sphere, sphere_in_perspective

IN_METERS = Camera("A", field_of_view_deg=13.0, distance_m=1.0)


def map_of(relief: Relief) -> NormalMap:
    return NormalMap(relief.normals, relief.sure, np.zeros(relief.mask.shape, np.uint8))


def depth_of(relief, camera, *, flat_lit=None, mask=None, lens=None, **parameters):
    return IntegrateNormals(**parameters).run(map_of(relief), flat_lit, mask, camera, lens)


def test_a_distance_and_a_field_of_view_make_meters():
    ball = sphere_in_perspective()
    mean = float(ball.depth[ball.mask].mean())
    found = depth_of(ball, IN_METERS, mean_depth_m=mean)
    assert found.is_metric
    assert_allclose(found.depth[ball.mask], ball.depth[ball.mask], rtol=1e-5)


@pytest.mark.parametrize("camera", [Camera("A"), replace(IN_METERS, distance_m=None)])
def test_without_a_distance_lengths_are_in_pixels(camera):
    ball = sphere() if camera.field_of_view_deg is None else sphere_in_perspective()
    found = depth_of(ball, camera)
    assert not found.is_metric
    assert found.is_perspective == (camera.field_of_view_deg is not None)
    # 40 px, and 0.1 m of 2.4 mm, but for what perspective hides.
    height = np.ptp(found.depth[ball.mask])
    assert 34.0 < height < 42.0
    with pytest.raises(SolveError, match="mean_depth_m = 1, but camera 'A' has no scale"):
        depth_of(ball, camera, mean_depth_m=1.0)


def test_a_distance_without_a_field_of_view_is_noted(caplog):
    assert not depth_of(sphere(), Camera("A", distance_m=1.0)).is_metric
    (note,) = (record.getMessage() for record in caplog.records)
    assert note.startswith("distance_m = 1 is not used: depth in meters also needs the field of")


def test_a_lens_with_a_pose_makes_meters_in_the_world():
    ball = sphere_in_perspective()
    focal = 1.0 / ball.geometry.spacing
    turn = np.diag([1.0, -1.0, -1.0])
    quarter = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])  # +z to +x
    lens = LensCalibration(
        matrix=np.array([[focal, 0, 47.5], [0, focal, 47.5], [0, 0, 1.0]]),
        distortion=np.zeros(5),
        height=96,
        width=96,
        rotation=turn @ quarter.T,
        translation=np.array([0.0, 0.0, 1.0]),
    )
    turned = replace(ball, normals=(ball.normals @ quarter.T).astype(np.float32))
    mean = float(ball.depth[ball.mask].mean())
    found = depth_of(turned, Camera("B"), lens=lens, mean_depth_m=mean)
    assert found.is_metric
    assert_allclose(np.linalg.norm(found.places[ball.mask], axis=-1), 0.1, rtol=1e-3)
    assert found.places[ball.mask][:, 0].min() > 0.0


def test_a_lens_of_another_shape_is_refused():
    lens = LensCalibration(np.diag([90.0, 90.0, 1.0]), np.zeros(5), height=30, width=40)
    with pytest.raises(CalibrationError, match="integrate_normals: lens: calibrated on 40 x 30"):
        depth_of(sphere(), Camera("A"), lens=lens)


def test_outside_the_mask_nothing_is_known_and_flags_are_carried_along():
    ball = sphere()
    x, _ = grid(96)
    mask = ball.mask & (x > 0.0)
    normals = map_of(ball)
    normals.flags[:] = PixelFlag.SATURATED
    found = IntegrateNormals().run(normals, None, mask, Camera("A"), None)
    assert_array_equal(found.depth[~mask], 0.0)
    assert_array_equal(found.confidence[~mask], 0.0)
    assert_array_equal(found.flags, PixelFlag.SATURATED)
    assert (found.depth[mask] != 0.0).all()


def test_the_mesh_has_the_colors_of_even_light(rng):
    ball = sphere()
    red = np.zeros((96, 96, 3), np.float32)
    red[..., 0] = 0.5
    picture = RadianceImage(red, np.zeros((96, 96), np.uint8))
    mesh = depth_of(ball, Camera("A"), flat_lit=picture).mesh
    assert (mesh.colors[:, 0] > 200).all()
    assert_array_equal(mesh.colors[:, 1:], 0)
    assert depth_of(ball, Camera("A")).mesh.colors is None
    assert len(depth_of(ball, Camera("A"), mesh_every=2).mesh.places) < 0.3 * len(mesh.places)
    assert depth_of(ball, Camera("A"), mesh_every=0).mesh is None


def test_pieces_that_hang_together_with_nothing_are_noted(caplog):
    ball = sphere()
    x, _ = grid(96)
    normals = map_of(ball)
    normals.normals[np.abs(x - 10.0) < 2.0] = 0.0
    IntegrateNormals().run(normals, None, None, Camera("A"), None)
    (note,) = (record.getMessage() for record in caplog.records)
    assert "of the depth is of pieces that no normals connect to the largest" in note


def test_a_camera_without_normals_is_refused():
    nothing = replace(sphere(), normals=np.zeros((96, 96, 3), np.float32))
    with pytest.raises(SolveError, match="integrate_normals: normals: among 9216 pixels"):
        depth_of(nothing, Camera("A"))


@pytest.mark.slow
def test_a_processed_session_has_depth_and_a_mesh(tmp_path):
    stage = SyntheticStage(size=64, lights=24, tracking_every=8, is_frozen=True)
    write_session(tmp_path, stage)
    assert not process(tmp_path, workers=0).failures
    session = olat.open(tmp_path)
    depth, truth = session.depth("A"), read_truth(tmp_path)
    face = truth.mask & (depth.depth != 0.0) & (np.abs(truth.positions[..., 0]) < 0.03)
    face &= np.abs(truth.positions[..., 1]) < 0.05
    assert depth.is_metric
    off = depth.depth[face] - (stage.camera.distance - truth.positions[..., 2][face])
    apart = float(np.median(off))
    off -= np.float32(apart)
    relief = np.ptp(truth.positions[..., 2][face])
    error = float(np.sqrt(np.mean(off**2)))
    print(
        f"\nface {1e3 * relief:.0f} mm deep: depth from solved normals off by {1e3 * error:.1f} mm "
        f"about its median, which is off by {1e3 * apart:.1f} mm"
    )
    # Near lights tell where the subject is; the origin is 56 mm behind what is seen.
    assert abs(apart) < 0.015
    assert error < 0.1 * relief
    _, mesh = read_ply(tmp_path / "olat" / "A" / "mesh.ply")
    assert len(mesh["face"]) > 1000
    assert {"red", "nx"} <= mesh["vertex"][0].keys()
    receipt = tmp_path / "olat" / "A" / "depth.receipt.json"
    assert '"mesh.ply"' in receipt.read_text("utf-8")
    receipt.unlink()
    with pytest.raises(SessionError, match="integrate_normals has not run to its end"):
        session.depth("A")
