"""Cameras in the files of other programs, against matrices computed by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from olat.errors import FileError
from olat.geometry.camera import in_camera, projected
from olat.geometry.placement import place_of
from olat.io.camera_file import read_cameras, write_cameras
from olat.model.calibration import LensCalibration
from tests.geometry.test_placement import stage
from tests.support.lenses import lens_of

SUFFIXES = ["", ".xml", ".calib", ".json"]
SIZE = (480, 640)


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["none", "barrel", "pincushion"])
def test_cameras_come_back_as_they_were_written(tmp_path, suffix, name, caplog):
    truth = {
        camera: LensCalibration(
            lens.matrix, lens_of(name).distortion, *SIZE, lens.rotation, lens.translation
        )
        for camera, lens in stage().items()
    }
    write_cameras(tmp_path / f"cameras{suffix}", truth)
    found = read_cameras(tmp_path / f"cameras{suffix}", size=SIZE)
    assert list(found) == ["front", "left", "right"]
    for camera, lens in found.items():
        expected = truth[camera]
        assert_allclose(lens.matrix, expected.matrix, rtol=0, atol=1e-9)
        assert_allclose(lens.rotation, expected.rotation, rtol=0, atol=1e-12)
        assert_allclose(lens.translation, expected.translation, rtol=0, atol=1e-12)
        assert (lens.height, lens.width) == SIZE
        length = max(len(lens.distortion), len(expected.distortion))
        ours, theirs = (
            np.pad(one.distortion, (0, length - len(one.distortion))) for one in (lens, expected)
        )
        assert_allclose(ours, theirs, rtol=0, atol=1e-15)
    assert "other way" not in caplog.text


@pytest.mark.parametrize("suffix", ["", ".json", ".calib"])
def test_rational_lenses_come_back_too(tmp_path, suffix):
    lens = stage()["left"]
    rational = LensCalibration(
        lens.matrix, lens_of("rational").distortion, *SIZE, lens.rotation, lens.translation
    )
    write_cameras(tmp_path / f"cameras{suffix}", {"left": rational})
    found = read_cameras(tmp_path / f"cameras{suffix}", size=SIZE)["left"]
    assert_allclose(found.distortion, rational.distortion, rtol=0, atol=1e-15)


# COLMAP

CAMERAS = """# Camera list with one line of data per camera:
#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]
# Number of cameras: 4
1 SIMPLE_PINHOLE 3072 2304 2559.81 1536 1152
2 PINHOLE 3072 2304 2560.56 2561.56 1536 1152
3 SIMPLE_RADIAL 3072 2304 2559.69 1536 1152 -0.0218531
7 OPENCV 640 480 500 510 320.5 240.5 -0.3 0.1 0.001 -0.002
"""
IMAGES = """# Image list with two lines of data per image:
1 0.851773 0.0165051 0.503764 -0.142941 -0.737434 1.02973 3.74354 3 shots/P1180141.JPG
2362.39 248.498 58396 1784.7 268.254 59027 1784.7 268.254 -1
4 0.70710678118654757 0 0.70710678118654757 0 1 2 3 7 shots/P1180 142.JPG

"""


def test_the_sample_of_colmaps_documentation_is_read(tmp_path):
    written(tmp_path / "cameras.txt", CAMERAS)
    written(tmp_path / "images.txt", IMAGES)
    found = read_cameras(tmp_path)
    assert list(found) == ["P1180141", "P1180 142"]
    first, second = found.values()
    assert first.matrix[0].tolist() == [2559.69, 0.0, 1535.5]  # centers of pixels at integers
    assert first.distortion.tolist() == [-0.0218531, 0.0, 0.0, 0.0]
    # Row 1 of the rotation by hand: 1 - 2 (y^2 + z^2), 2 (x y - w z), 2 (x z + w y).
    w, x, y, z = np.array([0.851773, 0.0165051, 0.503764, -0.142941])
    row = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)]
    assert_allclose(first.rotation[0], row, rtol=0, atol=1e-5)
    assert_allclose(first.translation, [-0.737434, 1.02973, 3.74354], rtol=0, atol=0)
    # A quarter turn about y: the world's z lies on the camera's x.
    assert_allclose(second.rotation @ [0, 0, 1.0], [1.0, 0, 0], rtol=0, atol=1e-12)
    assert_allclose(second.distortion, [-0.3, 0.1, 0.001, -0.002], rtol=0, atol=0)
    assert (second.height, second.width) == (480, 640)


@pytest.mark.parametrize(
    ("cameras", "images", "told"),
    [
        ("1 OPENCV_FISHEYE 640 480 1 2 3 4 5 6 7 8\n", IMAGES, "found the model 'OPENCV_FISHEYE'"),
        ("3 PINHOLE 640 480 500 510 320\n", IMAGES, r"txt:1: found '640 480 .*'; 6 numbers"),
        (CAMERAS, "1 1 0 0 0 1 2 3 9 a.jpg\n\n", "there is no camera 9 in cameras.txt"),
        (CAMERAS, "1 1 0 0 0 1 2 x 1 a.jpg\n\n", "found '1 0 0 0 1 2 x'; 7 numbers"),
        (CAMERAS, "1 0 0 0 0 1 2 3 1 a.jpg\n\n", "the quaternion is 0"),
        (CAMERAS, "1 1 0 0\n", "ID QW QX QY QZ TX TY TZ CAMERA_ID NAME"),
        (CAMERAS, "# nothing\n", "no camera in it has a place"),
        ("3 PINHOLE 640 480 -5 510 320 240\n", IMAGES, "focal lengths are -5 and 510 px"),
    ],
)
def test_damaged_models_are_refused_by_line(tmp_path, cameras, images, told):
    written(tmp_path / "cameras.txt", cameras)
    written(tmp_path / "images.txt", images)
    with pytest.raises(FileError, match=told):
        read_cameras(tmp_path)


def test_a_binary_model_is_to_be_converted(tmp_path):
    (tmp_path / "cameras.bin").write_bytes(b"\0" * 8)
    with pytest.raises(FileError, match="model_converter --output_type TXT"):
        read_cameras(tmp_path)


# Metashape

METASHAPE = """<?xml version="1.0" encoding="UTF-8"?>
<document version="2.0.0">
  <chunk label="Chunk 1" enabled="true">
    <sensors next_id="1">
      <sensor id="0" label="EOS R5" type="frame">
        <resolution width="4000" height="3000"/>
        <property name="layer_index" value="0"/>
        <calibration type="frame" class="initial">
          <resolution width="4000" height="3000"/>
          <f>9000</f>
        </calibration>
        <calibration type="frame" class="adjusted">
          <resolution width="4000" height="3000"/>
          <f>5000</f>
          <cx>12</cx>
          <cy>-7</cy>
          <b1>3</b1>
          <k1>-0.1</k1>
          <k2>0.02</k2>
          <k3>-0.003</k3>
          <p1>0.0001</p1>
          <p2>-0.0002</p2>
          <covariance><params>f cx</params><coeffs>1 2</coeffs></covariance>
        </calibration>
      </sensor>
    </sensors>
    <components next_id="1">
      <component id="0"><transform><rotation>1 0 0 0 1 0 0 0 1</rotation></transform></component>
    </components>
    <cameras next_id="3" next_group_id="1">
      <group id="0" label="ring">
        <camera id="0" sensor_id="0" component_id="0" label="A">
          <orientation>1</orientation>
          <transform>0 0 1 4 0 1 0 5 -1 0 0 6 0 0 0 1</transform>
        </camera>
      </group>
      <camera id="1" sensor_id="0" component_id="0" label="B"/>
    </cameras>
    <transform>
      <rotation locked="false">0 -1 0 1 0 0 0 0 1</rotation>
      <translation locked="false">10 20 30</translation>
      <scale locked="true">0.5</scale>
    </transform>
  </chunk>
</document>
"""


def test_metashapes_chunk_is_moved_turned_and_scaled(tmp_path, caplog):
    found = read_cameras(written(tmp_path / "doc.xml", METASHAPE))
    assert list(found) == ["A"]
    lens = found["A"]
    # Center 4 5 6 in the chunk, turned a quarter about z to -5 4 6, halved and moved.
    assert_allclose(place_of(lens), [10 - 2.5, 20 + 2.0, 30 + 3.0], rtol=0, atol=1e-12)
    # The camera's z is the chunk's x (first row of the third column), and so the world's y.
    assert_allclose(lens.rotation[2], [0.0, 1.0, 0.0], rtol=0, atol=1e-12)
    assert lens.matrix[0].tolist() == [5003.0, 0.0, 2000 + 12 - 0.5]
    assert lens.matrix[1].tolist() == [0.0, 5000.0, 1500 - 7 - 0.5]
    # Metashape's p1 goes with r^2 + 2 x^2, which is OpenCV's p2.
    assert lens.distortion.tolist() == [-0.1, 0.02, -0.0002, 0.0001, -0.003]
    assert "did not align B" in caplog.text


def test_metashapes_formula_is_ours(tmp_path):
    lens = read_cameras(written(tmp_path / "doc.xml", METASHAPE))["A"]
    x, y = 0.2, -0.1
    r2 = x * x + y * y
    radial = 1 - 0.1 * r2 + 0.02 * r2**2 - 0.003 * r2**3
    seen_x = x * radial + 0.0001 * (r2 + 2 * x * x) + 2 * -0.0002 * x * y
    seen_y = y * radial + -0.0002 * (r2 + 2 * y * y) + 2 * 0.0001 * x * y
    u = 4000 * 0.5 + 12 + seen_x * 5000 + seen_x * 3
    v = 3000 * 0.5 - 7 + seen_y * 5000
    assert_allclose(projected(np.array([[x, y, 1.0]]), lens), [[u - 0.5, v - 0.5]], atol=1e-9)


def test_a_chunk_without_a_transform_is_noted(tmp_path, caplog):
    start, end = METASHAPE.rindex("    <transform>\n      <rotation"), METASHAPE.index("  </chunk>")
    text = METASHAPE[:start] + METASHAPE[end:]
    text = text.replace("<component id", "<part id").replace("</component>", "</part>")
    found = read_cameras(written(tmp_path / "doc.xml", text))
    assert_allclose(place_of(found["A"]), [4.0, 5.0, 6.0], rtol=0, atol=1e-12)
    assert "unit of length is not known" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("</document>", "", "XML is needed"),
        ("<chunk", "<lump", "XML is needed"),
        ("<k3>", "<k4>0.1</k4><k3>", "with k4; 'frame' with k1 k2 k3 p1 p2"),
        ('type="frame" class="adjusted"', 'type="fisheye" class="adjusted"', "lens is 'fisheye'"),
        ("0 0 1 4 0 1", "0 0 1 4 0 one", "camera 'A': found '0 0 1 4 0 one .*16 numbers"),
        ("0 0 1 4 0 1", "0 0 2 4 0 2", "turns nothing; a rotation of determinant 1"),
        ("0 0 1 4 0 1", "0 0 1 4 0 -1", "turns nothing; a rotation of determinant 1"),
        ('sensor_id="0" component_id="0" label="A"', 'label="A"', "camera 'A': there is no sensor"),
        ("<f>5000</f>", "", "a number is missing or none"),
        ("<f>5000</f>", "<f>long</f>", "camera 'A': found 'long'; 1 numbers"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "<!DOCTYPE a [<!ENTITY b 'c'>]>", "entities"),
        ('id="1" sensor_id="0" component_id="0" label="B"/>', 'id="1" label="B"/>', None),
    ],
)
def test_damaged_exports_are_refused(tmp_path, old, new, told):
    assert old in METASHAPE
    path = written(tmp_path / "doc.xml", METASHAPE.replace(old, new, 1))
    if told is None:
        assert list(read_cameras(path)) == ["A"]
        return
    with pytest.raises(FileError, match=told):
        read_cameras(path)


def test_a_page_of_the_web_is_no_file_of_cameras(tmp_path):
    with pytest.raises(FileError, match="found <html> without <chunk>"):
        read_cameras(written(tmp_path / "a.xml", "<html></html>"))


# .calib

CALIB = """# two cameras
camera 001
distortionModel OpenCV
distortion -0.1 0.02 0 0 0
intrinsic
#  2.0 0.0 0.5
#  0.0 2.1 0.75
#  0.0 0.0 1.0

extrinsic
0 0 -1 1500
0 -1 0 20
-1 0 0 -30
camera 002
distortionModel OpenCV
distortion 0 0 0 0 0
intrinsic
2.0 0.0 0.5
0.0 2.0 0.75
0.0 0.0 1.0

extrinsic
1 0 0 0
0 -1 0 0
0 0 -1 1500
"""


def test_both_rows_are_in_widths_and_places_in_millimeters(tmp_path, caplog):
    path = written(tmp_path / "shared" / "cameras.calib", CALIB)
    found = read_cameras(path.parent, size=(1440, 800))
    assert list(found) == ["001", "002"]
    lens = found["001"]
    assert lens.matrix.tolist() == [[1600, 0, 399.5], [0, 1680, 599.5], [0, 0, 1]]
    assert_allclose(place_of(lens), [1.5, 0.02, -0.03], rtol=0, atol=1e-12)
    # The third column of camera to world is where the camera looks.
    assert_allclose(lens.rotation[2], [-1.0, 0.0, 0.0], rtol=0, atol=1e-12)
    assert "OpenCV's k1 k2 p1 p2 k3" in caplog.text
    other = read_cameras(path, size=(1440, 800), extrinsics="world_to_camera")["001"]
    assert_allclose(other.translation, [1.5, 0.02, -0.03], rtol=0, atol=1e-12)


def test_poses_that_are_meant_the_other_way_are_doubted(tmp_path, caplog):
    path = tmp_path / "cameras.calib"
    write_cameras(path, stage())
    read_cameras(path, size=SIZE)
    assert "other way" not in caplog.text
    read_cameras(path, size=SIZE, extrinsics="world_to_camera")
    assert "taken as world_to_camera, the cameras' axes miss each other" in caplog.text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("extrinsic\n1 0", "exterior\n1 0", "2 'intrinsic' and 1 'extrinsic'"),
        ("0 -1 0 20", "0 -1 20", "camera '001': found '0 0 -1 .*; 12 numbers"),
        ("distortion 0 0 0 0 0", "distortion 0 0 0", "'distortion' has 3 terms; 4, 5 or 8"),
        ("distortion 0 0 0 0 0", "", "1 'distortion' for 2 cameras"),
    ],
)
def test_damaged_calib_files_are_refused(tmp_path, old, new, told):
    assert old in CALIB
    path = written(tmp_path / "cameras.calib", CALIB.replace(old, new, 1))
    with pytest.raises(FileError, match=told):
        read_cameras(path, size=SIZE)


def test_a_calib_file_needs_the_size(tmp_path):
    with pytest.raises(FileError, match="the size of the photographs is needed"):
        read_cameras(written(tmp_path / "cameras.calib", CALIB))


def test_cameras_without_names_are_numbered_like_their_folders(tmp_path):
    text = CALIB.replace("camera 001\n", "").replace("camera 002\n", "")
    found = read_cameras(written(tmp_path / "c.calib", text), size=SIZE)
    assert list(found) == ["Cam01", "Cam02"]


# transforms.json

TO_WORLD = [[0, 0, 1, 2], [0, 1, 0, 0.5], [-1, 0, 0, 0], [0, 0, 0, 1]]
"""OpenGL: the camera stands at x = 2 and looks along -z of its own, which is -x of the world."""


def transforms(tmp_path, *frames, **shared):
    path = tmp_path / "transforms.json"
    return written(path, json.dumps({**shared, "frames": list(frames)}))


def test_opengl_axes_become_ours(tmp_path):
    frame = {"file_path": "./images/a.png", "transform_matrix": TO_WORLD}
    found = read_cameras(transforms(tmp_path, frame, camera_angle_x=np.pi / 2, w=800, h=600))
    lens = found["a"]
    assert_allclose(lens.rotation, [[0, 0, -1], [0, -1, 0], [-1, 0, 0]], rtol=0, atol=1e-12)
    assert_allclose(place_of(lens), [2.0, 0.5, 0.0], rtol=0, atol=1e-12)
    # 90 degrees across 800 px are a focal length of 400 px, and the axis is in the middle.
    assert_allclose(lens.matrix, [[400, 0, 399.5], [0, 400, 299.5], [0, 0, 1]], atol=1e-9)
    x, y = projected(in_camera(np.array([[0.0, 1.0, -0.5]]), lens), lens)[0]
    assert x > 399.5  # -z of the world is to the right of who looks along -x
    assert y < 299.5


def test_camera_intrinsics_tell_the_center_first(tmp_path):
    frame = {
        "file_path": "images/b.exr",
        "transform_matrix": TO_WORLD,
        "camera_intrinsics": [320.0, 250.0, 1000.0, 1010.0],
        "pl_pos": [0, 1, 2],
    }
    lens = read_cameras(transforms(tmp_path, frame), size=SIZE)["b"]
    assert lens.matrix.tolist() == [[1000, 0, 319.5], [0, 1010, 249.5], [0, 0, 1]]


def test_frames_of_one_camera_under_many_lights_are_one_camera(tmp_path):
    other = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 3], [0, 0, 0, 1]]
    frames = [
        {"file_path": f"data/Cam{cam:02d}/{n:06d}.avif", "transform_matrix": matrix, "fl_x": 900}
        for cam, matrix in ((1, TO_WORLD), (2, other))
        for n in range(3)
    ]
    assert list(read_cameras(transforms(tmp_path, *frames), size=SIZE)) == ["Cam01", "Cam02"]


def test_terms_of_distortion_are_kept(tmp_path):
    frame = {"transform_matrix": TO_WORLD, "fl_x": 500, "k1": -0.1, "k2": 0.01, "p1": 1e-3, "p2": 0}
    lens = read_cameras(transforms(tmp_path, frame, camera_model="OPENCV"), size=SIZE)["Cam01"]
    assert lens.distortion.tolist() == [-0.1, 0.01, 1e-3, 0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"transform_matrix": [[1, 2], [3, 4]]}, "'transform_matrix' is .*; 4 x 4 numbers"),
        ({"transform_matrix": None}, "'transform_matrix' is None"),
        ({"transform_matrix": [[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]]}, "turns nothing"),
        ({"fl_x": None}, "no 'fl_x', 'camera_intrinsics' or 'camera_angle_x'"),
        ({"fl_x": "long"}, "'fl_x' is 'long'; a number is needed"),
        ({"camera_intrinsics": [1, 2]}, r"'camera_intrinsics' is \[1, 2\]"),
        ({"camera_model": "OPENCV_FISHEYE"}, "the lens is a fisheye"),
        ({"w": None}, "does not tell the size"),
    ],
)
def test_damaged_transforms_are_refused(tmp_path, change, told):
    frame = {"transform_matrix": TO_WORLD, "fl_x": 500.0, "w": 640, "h": 480} | change
    with pytest.raises(FileError, match=told):
        read_cameras(transforms(tmp_path, frame))


def test_frames_are_needed(tmp_path):
    with pytest.raises(FileError, match="there are no 'frames'"):
        read_cameras(transforms(tmp_path))
    with pytest.raises(FileError, match="frame 0 is 3; an object"):
        read_cameras(transforms(tmp_path, 3))


# All


def test_what_is_no_file_of_cameras_is_refused(tmp_path):
    with pytest.raises(FileError, match="is not there; needed is a folder with COLMAP's"):
        read_cameras(tmp_path / "missing.xml")
    with pytest.raises(FileError, match="the folder holds no cameras"):
        read_cameras(tmp_path)
    with pytest.raises(FileError, match="found '1 2 3'; needed is"):
        read_cameras(written(tmp_path / "a.txt", "1 2 3"))


def test_what_a_format_cannot_tell_is_refused(tmp_path):
    front = stage()["front"]
    prism = LensCalibration(
        front.matrix, lens_of("prism").distortion, *SIZE, front.rotation, front.translation
    )
    for suffix in SUFFIXES:
        with pytest.raises(FileError, match="camera 'front' has"):
            write_cameras(tmp_path / f"cameras{suffix}", {"front": prism})
        with pytest.raises(FileError, match="camera 'a' has no pose"):
            write_cameras(tmp_path / f"cameras{suffix}", {"a": lens_of("none")})
    with pytest.raises(FileError, match=r"no cameras are written as '\.obj'"):
        write_cameras(tmp_path / "cameras.obj", stage())
    with pytest.raises(FileError, match="there are no cameras to write"):
        write_cameras(tmp_path / "cameras.xml", {})


def test_rounded_rotations_are_made_exact(tmp_path):
    turn = Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix()
    rounded = np.round(turn, 4)
    matrix = np.eye(4)
    matrix[:3, :3] = rounded
    frame = {"transform_matrix": matrix.tolist(), "fl_x": 500.0, "w": 640, "h": 480}
    lens = read_cameras(transforms(tmp_path, frame))["Cam01"]
    assert_allclose(lens.rotation @ lens.rotation.T, np.eye(3), rtol=0, atol=1e-12)


def test_the_example_of_the_page_runs(tmp_path, monkeypatch):
    page = Path(__file__).resolve().parents[2] / "docs" / "cameras.md"
    (example,) = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    truth = {"A": stage()["front"], "B": stage()["left"]}
    write_cameras(tmp_path / "colmap" / "sparse" / "0", truth)
    exec(example, {})  # noqa: S102 - our own page
    assert list(read_cameras(tmp_path / "transforms.json")) == ["A", "B"]
