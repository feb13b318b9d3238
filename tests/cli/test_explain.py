"""What ``olat explain`` says about files, whoever wrote them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from olat.api.pictures import write_relit
from olat.api.processing import process
from olat.cli.explain import command
from olat.engine.receipt import read_receipt
from olat.errors import FileError
from olat.io.calibration_file import write_calibration
from olat.io.display import write_png
from olat.io.exr import write_exr
from olat.io.merl_file import write_merl
from olat.model.calibration import CalibrationHeader, RigCalibration
from olat.model.rig import LightRig
from olat.surface.analytic_brdf import lambert
from olat.surface.merl_tabulation import tabulated
from tests.support.bare_sweep import bare_sweep


def explained(path: Path) -> list[str]:
    done = CliRunner().invoke(command, [str(path)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a session with normals."""
    session = bare_sweep(tmp_path_factory.mktemp("explain"))
    assert not process(session, pipeline="normals", workers=0).failures
    return session


@pytest.mark.parametrize("name", ["normals.exr", "normals.png", "normals.receipt.json"])
def test_a_product_its_picture_and_its_receipt_name_the_pipeline(
    processed: Path, name: str
) -> None:
    path = processed / "olat" / "A" / name
    (head, *_) = explained(path)
    assert re.fullmatch(
        rf"{path}: made by solve_normals \(revision \d+\) in pipeline normals for camera A", head
    )


def test_a_mesh_is_explained_by_the_receipt_of_the_depth_it_is_of(processed: Path) -> None:
    path = processed / "olat" / "A" / "mesh.ply"
    assert explained(path)[0].startswith(f"{path}: made by integrate_normals (revision ")


def test_a_receipt_of_an_older_version_names_no_pipeline(processed: Path) -> None:
    path = processed / "olat" / "A" / "reference.receipt.json"
    text = (processed / "olat" / "A" / "normals.receipt.json").read_text("utf-8")
    path.write_text(re.sub(r' "pipeline": "normals",\n', "", text), encoding="utf-8")
    known = read_receipt(path)
    assert known is not None
    assert known.pipeline == ""
    assert " in pipeline" not in explained(path)[0]
    path.unlink()


def test_relit_pictures_say_what_lights_them(tmp_path: Path) -> None:
    for name in ("lit.png", "lit.exr"):
        write_relit(tmp_path / name, np.ones((4, 6, 3), np.float32), lighting="light from 1,0,1")
    head, *lines = explained(tmp_path / "lit.png")
    assert head == f"{tmp_path}/lit.png: PNG of 6 x 4 px"
    assert "  description: relit: light from 1,0,1" in lines
    assert "  olat/lighting: light from 1,0,1" in explained(tmp_path / "lit.exr")


def test_the_header_of_an_exr_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    told = {"words": ["one", "two"], "place": [0.25, 1.0], "count": 3, "owner": "Bo"}
    write_exr(path, {"Y": np.zeros((2, 3), np.float32)}, attributes=told, compression="piz")
    assert explained(path) == [
        f"{path}: EXR of 3 x 2 px, compression piz",
        "  channels: Y",
        "  count: 3",
        "  owner: Bo",
        "  place: 0.25, 1",
        "  words: one, two",
    ]


def test_a_picture_that_nobody_told_about_is_told_as_such(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", np.zeros((2, 3, 3), np.uint8))
    assert explained(tmp_path / "a.png")[1:] == [
        "  no receipt lies beside it, and it says nothing about what made it"
    ]
    (tmp_path / "b.png").write_bytes(b"")
    with pytest.raises(FileError, match="it is no whole PNG"):
        explained(tmp_path / "b.png")


@pytest.mark.parametrize("suffix", [".toml", ".csv", ".png"])
def test_what_belongs_to_a_certified_calibration_is_explained_by_it(
    tmp_path: Path, suffix: str
) -> None:
    rig = LightRig("door", np.eye(3), np.ones((3, 3)))
    header = CalibrationHeader("rig", "door", "olat", "test")
    measured = RigCalibration(rig, residuals={"outline_rms_px": 0.25}, unmeasured=("intensities",))
    write_calibration(tmp_path / "rig.toml", header, measured)
    write_png(tmp_path / "rig.png", np.zeros((2, 3, 3), np.uint8))
    lines = explained(tmp_path / f"rig{suffix}")
    of_document = [line for line in lines if line.startswith(f"{tmp_path}/rig.toml: rig calib")]
    assert of_document == [f"{tmp_path}/rig.toml: rig calibration of 'door', a candidate"]
    assert "  residual outline_rms_px: 0.25" in lines
    assert "  intensities: not measured, but those of a light file" in lines


def test_a_candidate_whose_document_is_not_called_like_its_kind_is_explained(
    processed: Path, tmp_path: Path
) -> None:
    rig = LightRig("door", np.eye(3), np.ones((3, 3)))
    header = CalibrationHeader("rig", "door", "olat", "test")
    write_calibration(tmp_path / "lights.toml", header, RigCalibration(rig))
    text = (processed / "olat" / "A" / "normals.receipt.json").read_text("utf-8")
    (tmp_path / "lights.receipt.json").write_text(text, encoding="utf-8")
    lines = explained(tmp_path / "lights.toml")
    assert lines[0].endswith("lights.toml: rig calibration of 'door', a candidate")
    assert any("made by solve_normals" in line for line in lines)


def test_a_measured_material_says_how_much_it_reflects(tmp_path: Path) -> None:
    path = tmp_path / "chalk.binary"
    write_merl(path, tabulated(lambert((0.8, 0.5, 0.1))))
    head, measured, *shares = explained(path)
    assert head == f"{path}: MERL material on a grid of 90 x 90 x 180 angles"
    assert re.fullmatch(r"  measured: [\d,]+ of 1,458,000 cells", measured)
    assert shares[0] == "  seen at 0 degrees it reflects of even light 0.800 0.500 0.100"
    holed = tabulated(lambert((0.8, 0.5, 0.1)))
    holed.values[:, 60:] = -1.0
    write_merl(path, holed)
    assert re.search(r"; \d+ % of the light was not measured$", explained(path)[4])
