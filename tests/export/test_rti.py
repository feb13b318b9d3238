"""RTI exports, shown by viewers that share nothing with what wrote them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from olat.errors import UsageError
from olat.export.ptm import PtmOptions, write_polynomial
from olat.export.rti import BASES, RtiOptions, model_of, write_rti
from olat.export.rti_samples import RtiSamples, samples_of
from olat.export.source import ExportSource
from olat.io.light_file import read_lights
from olat.relight.rti_hemispherical import hemispherical_basis
from olat.relight.rti_octahedral import octahedral_mix
from olat.relight.rti_polynomial import polynomial_basis
from olat.relight.rti_radial import radial_mix, radial_sigma
from tests.support.exports import sphere_source
from tests.support.fields import field_of
from tests.support.rti_decoders import show_ptm, show_web_set


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def source() -> ExportSource:
    """Return a grainy sphere with a soft highlight under 60 lights in front of it."""
    plain = sphere_source(64, 60)
    field = plain.field()
    rng = np.random.default_rng(5)
    normals = plain.normals().normals
    half = field.header.rig.directions + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    gloss = 0.3 * np.clip(np.einsum("hwc,lc->lhw", normals, half), 0, None) ** 25
    grain = rng.uniform(0.6, 1.0, (64, 64))
    readings = np.stack(field.planes).astype(float) * grain + gloss[:, None]
    made = field_of(readings, field.header.rig)
    object.__setattr__(plain, "field", lambda: made)
    return plain


def psnr_db(found: np.ndarray, truth: np.ndarray) -> float:
    return float(-10.0 * np.log10(np.mean((np.clip(found, 0, 1) - truth) ** 2)))


def captured(samples: RtiSamples) -> np.ndarray:
    """Return the display-coded pictures, ``light h w 3``."""
    strips = [strip for _, _, strip in samples.strips()]
    return np.moveaxis(np.concatenate(strips, axis=2), 1, 3)


def unquantized(samples: RtiSamples, basis: str) -> np.ndarray:
    """Return what the fit gives at the lights before anything is rounded."""
    kind, count = BASES[basis]
    model = model_of(samples, kind, count)
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
    samples = samples_of(source.field(), needed=3, exposure_stops=None)
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


@pytest.mark.parametrize(("basis", "resolution"), [("bilinear18", 8), ("ptm", None), ("hsh", None)])
def test_other_types_say_what_they_need(
    source: ExportSource, tmp_path: Path, basis: str, resolution: int | None
) -> None:
    write_rti(source, tmp_path, RtiOptions(basis), ignore)
    info = json.loads((tmp_path / "info.json").read_text())
    assert info.get("resolution") == resolution
    assert ("basis" in info) == (resolution is not None)
    assert info["nplanes"] == {"bilinear18": 18, "ptm": 18, "hsh": 27}[basis]


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


def test_a_ptm_shows_what_was_fitted(source: ExportSource, tmp_path: Path) -> None:
    (path,) = write_polynomial(source, tmp_path / "ball.ptm", PtmOptions())
    samples = samples_of(source.field(), needed=6, exposure_stops=None)
    truth, fit = captured(samples), unquantized(samples, "ptm")
    shown = np.stack([show_ptm(path, light) / 255.0 for light in samples.directions])
    ours, theirs = psnr_db(fit, truth), psnr_db(shown, truth)
    print(f".ptm fit {ours:.2f} dB, decoded {theirs:.2f} dB")
    assert theirs > ours - 0.3
    above = show_ptm(path, np.array([0.0, 0.7, 0.714])).clip(0, 255)
    assert above[:32].mean() > 1.3 * above[32:].mean()


def test_lights_behind_are_left_out_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = sphere_source(24, 40, hemisphere=False)
    write_rti(source, tmp_path, RtiOptions("rbf9"), ignore)
    assert "of 40 lights are behind the subject" in caplog.text
    info = json.loads((tmp_path / "info.json").read_text())
    assert min(info["lights"][2::3]) > 0
    assert len(info["lights"]) // 3 < 22


def test_too_few_lights_are_refused_and_few_planes_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UsageError, match=r"5 lights are in front of the subject; .* needs 9"):
        write_rti(sphere_source(16, 5), tmp_path, RtiOptions("hsh"), ignore)
    write_rti(sphere_source(16, 5), tmp_path, RtiOptions("rbf18"), ignore)
    assert "15 planes instead of 18" in caplog.text
    assert json.loads((tmp_path / "info.json").read_text())["nplanes"] == 15


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
    samples = samples_of(real.field(), needed=3, exposure_stops=None)
    truth = captured(samples)
    shown = np.stack([show_web_set(tmp_path / "web", light) for light in samples.directions])
    print(f"uw/cat, rbf9: {psnr_db(shown, truth):.1f} dB")
    assert psnr_db(shown, truth) > 28.0
