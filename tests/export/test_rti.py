"""RTI exports, shown by viewers that share nothing with what wrote them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from olat.export.rti import BASES, RtiOptions, model_of, write_rti
from olat.export.rti_samples import RtiSamples
from olat.export.source import ExportSource
from olat.io.light_file import read_lights
from olat.relight.rti_hemispherical import hemispherical_basis
from olat.relight.rti_octahedral import octahedral_mix
from olat.relight.rti_polynomial import polynomial_basis
from olat.relight.rti_radial import radial_mix, radial_sigma
from tests.support.exports import sphere_source
from tests.support.rti_decoders import show_web_set
from tests.support.rti_subject import all_samples, captured, glossy_source, psnr_db


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def source() -> ExportSource:
    return glossy_source()


def unquantized(samples: RtiSamples, basis: str) -> np.ndarray:
    """Return what the fit gives at the lights before anything is rounded."""
    kind, count = BASES[basis]
    model = model_of(samples, kind, count, samples.looks)
    planes = np.concatenate([model.planes(strip) for _, _, strip in samples.strips()], axis=1)
    directions = samples.directions
    if kind in ("ptm", "hsh"):
        terms = {"ptm": polynomial_basis, "hsh": hemispherical_basis}[kind](directions)
        return np.einsum("lt,tchw->lhwc", terms, planes.reshape(-1, 3, *planes.shape[1:]))
    nodes = np.einsum("np,phw->nhw", model.from_planes, planes) + model.mean[:, None, None]
    nodes = nodes.reshape(-1, 3, *planes.shape[1:])
    if kind == "rbf":
        mix = radial_mix(directions, directions, radial_sigma(directions))
    else:
        mix = octahedral_mix(directions)
    return np.einsum("ln,nchw->lhwc", mix, nodes)


@pytest.mark.parametrize("basis", BASES)
def test_viewers_show_what_was_fitted(source: ExportSource, tmp_path: Path, basis: str) -> None:
    write_rti(source, tmp_path, RtiOptions(basis), ignore)
    kind, _ = BASES[basis]
    samples = all_samples(source)
    truth, fit = captured(samples), unquantized(samples, basis)
    shown = np.stack([show_web_set(tmp_path, light) for light in samples.directions])
    ours, theirs = psnr_db(fit, truth), psnr_db(shown, truth)
    size = sum(path.stat().st_size for path in tmp_path.glob("plane_*.jpg"))
    print(f"{basis:<11} {kind:<9} fit {ours:.2f} dB, decoded {theirs:.2f} dB, {size / 1e3:.0f} kB")
    assert theirs > ours - 0.3
    assert theirs > 20.0


def test_the_description_has_what_viewers_read(source: ExportSource, tmp_path: Path) -> None:
    write_rti(source, tmp_path, RtiOptions(), ignore)
    info = json.loads((tmp_path / "info.json").read_text())
    expected = {"width", "height", "format", "type", "colorspace", "nplanes", "quality"}
    assert set(info) == expected | {"lights", "basis", "sigma", "materials"}
    assert (info["width"], info["height"], info["format"]) == (64, 64, "jpg")
    assert (info["type"], info["colorspace"], info["nplanes"]) == ("rbf", "mrgb", 18)
    assert len(info["lights"]) == 3 * 59  # one grazes
    assert_allclose(np.linalg.norm(np.reshape(info["lights"], (-1, 3)), axis=1), 1, atol=1e-5)
    assert len(info["basis"]) == 19 * 59 * 3
    assert all(isinstance(code, int) and 0 <= code <= 255 for code in info["basis"])
    (material,) = info["materials"]
    assert {name: len(values) for name, values in material.items()} == {
        "scale": 18,
        "bias": 18,
        "range": 18,
    }
    names = {path.name for path in tmp_path.iterdir()}
    planes = {f"plane_{number}.jpg" for number in range(6)}
    beside = {"info.json", "lights.lp", "normals.png", "normals.jpg", "README.txt"}
    assert names == planes | beside
    assert len(read_lights(tmp_path / "lights.lp").vectors) == 59


@pytest.mark.parametrize("basis", BASES)
def test_every_type_has_the_keys_of_the_format(
    source: ExportSource, tmp_path: Path, basis: str
) -> None:
    write_rti(source, tmp_path, RtiOptions(basis, quality=90), ignore)
    info = json.loads((tmp_path / "info.json").read_text())
    kind, planes = BASES[basis]
    principal = kind in ("rbf", "bilinear")
    own = {"rbf": {"basis", "sigma"}, "bilinear": {"basis", "resolution"}}.get(kind, set())
    common = {"width", "height", "format", "type", "colorspace", "nplanes", "quality", "lights"}
    assert set(info) == common | own | {"materials"}
    assert (info["type"], info["nplanes"], info["quality"]) == (kind, planes, 90)
    assert info["colorspace"] == ("mrgb" if principal else "rgb")
    assert info.get("resolution", 8) == 8
    assert info.get("sigma", 1.0) > 0
    nodes = 59 if kind == "rbf" else 64
    assert len(info.get("basis", [])) == (planes + 1) * nodes * 3 * principal
    (material,) = info["materials"]
    assert set(material) == {"scale", "bias"} | ({"range"} if principal else set())
    assert {len(values) for values in material.values()} == {planes}
    assert min(material["scale"]) > 0
    assert len(list(tmp_path.glob("plane_*.jpg"))) == planes // 3


@pytest.mark.parametrize("basis", ["rbf18", "bilinear18", "ptm", "hsh"])
def test_light_from_the_right_and_above_brightens_right_and_above(
    source: ExportSource, tmp_path: Path, basis: str
) -> None:
    write_rti(source, tmp_path, RtiOptions(basis), ignore)
    right = show_web_set(tmp_path, np.array([0.7, 0.0, 0.714])).clip(0, 1)
    above = show_web_set(tmp_path, np.array([0.0, 0.7, 0.714])).clip(0, 1)
    assert right[:, 32:].mean() > 1.3 * right[:, :32].mean()
    assert above[:32].mean() > 1.3 * above[32:].mean()


def test_planes_are_stored_without_subsampling(source: ExportSource, tmp_path: Path) -> None:
    write_rti(source, tmp_path, RtiOptions(), ignore)
    with Image.open(tmp_path / "plane_0.jpg") as picture:
        assert {layer[1:3] for layer in picture.layer} == {(1, 1)}


def test_few_planes_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_rti(sphere_source(16, 5), tmp_path, RtiOptions("rbf18"), ignore)
    assert "15 planes instead of 18" in caplog.text
    assert json.loads((tmp_path / "info.json").read_text())["nplanes"] == 15


def test_names_with_blanks_fit_into_the_list_of_lights(
    source: ExportSource, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_rti(source, tmp_path, RtiOptions("ptm"), ignore)
    assert "cannot hold" not in caplog.text
    assert "lamp_7 " in (tmp_path / "lights.lp").read_text()


def test_lights_without_names_have_their_numbers(
    source: ExportSource, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = source.field()
    header = plain.header
    numbers = tuple(number + 100 for number in header.lights)
    bare = replace(header, rig=replace(header.rig, names=()), lights=numbers, rows=160)
    given = replace(source, field=lambda: replace(plain, header=bare))
    write_rti(given, tmp_path, RtiOptions("ptm"), ignore)
    assert "needs names" not in caplog.text
    assert "light_0107 " in (tmp_path / "lights.lp").read_text()


def test_progress_rises_to_its_end(source: ExportSource, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_rti(source, tmp_path, RtiOptions(), lambda done, total: told.append((done, total)))
    done = [part for part, _ in told]
    assert done == sorted(set(done))
    assert {total for _, total in told} == {done[-1]}


@pytest.mark.slow
def test_a_real_object_is_shown(shared_data: Path, tmp_path: Path) -> None:
    from olat.api.exporting import source_of
    from olat.api.opened import open_session
    from olat.api.processing import process
    from olat.inspection.capture import inspect_capture
    from olat.inspection.session_text import write_session

    write_session(inspect_capture(shared_data / "uw" / "cat"), tmp_path / "s")
    assert process(tmp_path / "s", workers=0).exit_code == 0
    real = source_of(open_session(tmp_path / "s"))
    write_rti(real, tmp_path / "web", RtiOptions("rbf9"), ignore)
    samples = all_samples(real)
    truth = captured(samples)
    shown = np.stack([show_web_set(tmp_path / "web", light) for light in samples.directions])
    print(f"uw/cat, rbf9: {psnr_db(shown, truth):.1f} dB")
    assert psnr_db(shown, truth) > 28.0
