from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import rawpy

from olat.errors import FileError
from olat.io.manifest import read_session
from olat.io.raw import read_raw
from olat.model.condition import ColorGradient, Olat, Target, Tracking
from olat.model.roles import role
from olat.stages.choose_reference import outward
from olat.synthetic.capture import radiance_of
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.truth import read_truth

STAGE = SyntheticStage.preset("tiny")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_session(folder, STAGE)
    return folder


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".dng", ".csv", ".toml")
    }


def test_the_manifest_tells_what_was_captured(folder: Path) -> None:
    session = read_session(folder)
    frames = session.frames_of("A")
    assert [frames[i].condition for i in sorted(frames)] == list(STAGE.conditions)
    tracking = [i for i in frames if isinstance(frames[i].condition, Tracking)]
    assert next(outward(tracking)) == STAGE.reference
    assert session.camera("A").white_patch == STAGE.white_patch
    assert session.camera("A").field_of_view_deg == STAGE.camera.field_of_view_deg
    gains = {role(frame.condition): frame.gain for frame in frames.values()}
    for condition in (Tracking(), ColorGradient(), Target("gray_ball"), Olat(0)):
        expected = 1.0 / STAGE.drive(condition)
        assert gains[role(condition)] == pytest.approx(expected, rel=1e-5)


def test_the_light_file_tells_where_the_lights_are(folder: Path) -> None:
    rig = read_session(folder).rig
    np.testing.assert_allclose(rig.directions, STAGE.rig.directions, rtol=0, atol=1e-6)
    np.testing.assert_allclose(rig.intensities, STAGE.rig.intensities, rtol=0, atol=1e-9)
    assert rig.positions is not None
    assert STAGE.rig.positions is not None
    np.testing.assert_allclose(rig.positions, STAGE.rig.positions, rtol=0, atol=1e-6)


def test_every_photograph_is_a_bayer_raw(folder: Path) -> None:
    for frame in read_session(folder).frames_of("A").values():
        with rawpy.imread(str(frame.path)) as raw:
            assert raw.raw_image_visible.shape == (64, 64)
            assert raw.raw_type == rawpy.RawType.Flat
            assert raw.color_desc == b"RGBG"


def test_a_photograph_holds_the_radiance_within_its_noise(folder: Path) -> None:
    index = STAGE.conditions.index(Olat(11))
    mosaic = read_raw(read_session(folder).frames_of("A")[index].path)
    green = (mosaic.counts[::2, 1::2] - mosaic.black[0, 1]) / (mosaic.white - mosaic.black[0, 1])
    radiance = radiance_of(STAGE, index)[::2, 1::2, 1]
    # Blur moves light by a fraction of a pixel; the sum over the picture stays.
    vignetted = radiance * STAGE.sensor.shading((64, 64))[::2, 1::2]
    assert green.sum() == pytest.approx((vignetted * STAGE.white_patch).sum(), rel=0.02)


def test_the_same_seed_writes_the_same_files_and_another_does_not(
    folder: Path, tmp_path: Path
) -> None:
    write_session(tmp_path / "again", STAGE)
    assert digest(tmp_path / "again") == digest(folder)
    write_session(tmp_path / "other", STAGE.model_copy(update={"seed": 1}))
    other = digest(tmp_path / "other")
    assert other["raw/A/0008.dng"] != digest(folder)["raw/A/0008.dng"]


def test_progress_counts_the_frames(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    stage = SyntheticStage(size=32, lights=4)
    write_session(tmp_path, stage, progress=lambda done, total: seen.append((done, total)))
    total = len(stage.conditions)
    assert seen == [(done, total) for done in range(1, total + 1)]


def test_the_truth_comes_back_whole(folder: Path) -> None:
    truth = read_truth(folder)
    assert truth.stage == STAGE
    assert truth.normals.shape == truth.diffuse_albedo.shape == truth.specular_albedo.shape
    assert truth.normals.shape == (64, 64, 3)
    assert truth.exponent.shape == truth.mask.shape == (64, 64)
    assert truth.shadows.shape == (24, 64, 64)
    length = np.linalg.norm(truth.normals, axis=-1)
    np.testing.assert_allclose(length, truth.mask, rtol=0, atol=1e-5)
    assert not truth.shadows[:, ~truth.mask].any()
    # Some lights are behind any point, and none is hidden from all.
    assert 0.3 < truth.shadows[:, truth.mask].mean() < 0.8


def test_the_flow_starts_from_the_reference(folder: Path) -> None:
    truth = read_truth(folder)
    assert np.abs(truth.flow(STAGE.reference)).max() < 1e-4
    far = truth.flow(0)
    assert 0.5 < np.linalg.norm(far[truth.mask], axis=-1).max() < 6.0
    assert not far[~truth.mask].any()


def test_a_folder_without_truth_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="olat demo"):
        read_truth(tmp_path)


def test_distant_lights_are_written_as_directions(tmp_path: Path) -> None:
    stage = SyntheticStage(size=32, lights=6, near_lights=False)
    write_session(tmp_path, stage)
    rig = read_session(tmp_path).rig
    assert rig.positions is None
    np.testing.assert_allclose(rig.directions, stage.rig.directions, rtol=0, atol=1e-8)
