"""DiLiGenT folders, read as photometric-stereo programs read them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import scipy.io
from numpy.testing import assert_allclose, assert_array_equal

from olat.export.diligent import DiligentOptions, write_diligent
from olat.inspection.capture import inspect_capture
from olat.inspection.session_text import write_session
from olat.io.manifest import read_session
from tests.support.exports import ALBEDO, sphere_normals, sphere_source

COLORS = np.array([2.0, 1.0, 0.5])


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


def exported(folder: Path, **changes: bool) -> None:
    folder.mkdir()
    source = sphere_source(lights=12, intensities=COLORS)
    write_diligent(source, folder, DiligentOptions(**changes), ignore)


def benchmark_reading(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pictures over intensities, directions and mask, as the benchmark's scripts do."""
    names = (folder / "filenames.txt").read_text().split()
    lights = np.loadtxt(folder / "light_directions.txt")
    levels = np.loadtxt(folder / "light_intensities.txt")
    pictures = [cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED)[..., ::-1] for name in names]
    assert all(picture.dtype == np.uint16 for picture in pictures)
    mask = cv2.imread(str(folder / "mask.png"), cv2.IMREAD_GRAYSCALE) > 0
    scaled = [picture / 65535.0 / level for picture, level in zip(pictures, levels, strict=True)]
    return np.stack(scaled), lights, mask


def test_least_squares_on_what_was_written_finds_the_sphere(tmp_path: Path) -> None:
    exported(tmp_path / "ball")
    pictures, lights, mask = benchmark_reading(tmp_path / "ball")
    lit = mask & (pictures > 0).all(axis=(0, 3))
    solved = np.linalg.lstsq(lights, pictures[:, lit, 1], rcond=None)[0].T
    albedo = np.linalg.norm(solved, axis=1)
    truth = sphere_normals(32)[lit]
    cosine = np.sum(solved / albedo[:, None] * truth, axis=1).clip(-1, 1)
    # Half precision of the field, 16 bits of the pictures.
    assert np.degrees(np.arccos(cosine)).max() < 0.1
    assert_allclose(albedo, ALBEDO[1], rtol=2e-3)
    assert (pictures.max(axis=(0, 1, 2)) < 1.0).all()


def test_the_brightest_pixel_fills_the_range(tmp_path: Path) -> None:
    exported(tmp_path / "ball")
    files = sorted((tmp_path / "ball").glob("0*.png"))
    assert max(cv2.imread(str(path), cv2.IMREAD_UNCHANGED).max() for path in files) == 65535


def test_normals_are_called_an_estimate_unless_asked_otherwise(tmp_path: Path) -> None:
    exported(tmp_path / "honest")
    assert not (tmp_path / "honest" / "Normal_gt.mat").exists()
    found = scipy.io.loadmat(tmp_path / "honest" / "Normal_est.mat")["Normal_gt"]
    assert_allclose(found, sphere_normals(32), rtol=0, atol=1e-7)
    assert "NOT ground truth" in (tmp_path / "honest" / "README.md").read_text()
    exported(tmp_path / "loader", as_truth=True)
    assert (tmp_path / "loader" / "Normal_gt.mat").exists()


def test_a_session_made_of_the_folder_has_the_same_lights(tmp_path: Path) -> None:
    exported(tmp_path / "ball")
    write_session(inspect_capture(tmp_path / "ball"), tmp_path / "session")
    session = read_session(tmp_path / "session")
    rig = sphere_source(lights=12).field().header.rig
    assert_allclose(session.rig.directions, rig.directions, rtol=0, atol=2e-9)
    ratio = session.rig.intensities / COLORS
    assert_allclose(ratio, ratio[0, 0], rtol=1e-8)
    lights = [frame.condition.light for frame in session.olat_frames("A")]
    assert_array_equal(lights, range(12))
    assert session.camera("A").mask is not None
