"""What RTI exports are fitted to."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from olat.errors import UsageError
from olat.export import rti_samples
from olat.export.ptm import PtmOptions, write_polynomial
from olat.export.rti import RtiOptions, write_rti
from olat.export.source import ExportSource
from tests.support.exports import sphere_source
from tests.support.fields import field_of
from tests.support.rti_decoders import show_web_set
from tests.support.rti_subject import all_samples, captured, glossy_source, psnr_db


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def source() -> ExportSource:
    return glossy_source()


def test_lights_behind_are_left_out_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = sphere_source(24, 40, hemisphere=False)
    write_rti(source, tmp_path, RtiOptions("rbf9"), ignore)
    assert "of 40 lights are behind the subject" in caplog.text
    info = json.loads((tmp_path / "info.json").read_text())
    assert min(info["lights"][2::3]) > 0
    assert len(info["lights"]) // 3 < 22


@pytest.mark.parametrize(
    ("lights", "basis", "words"),
    [
        (5, "hsh", "rti --basis hsh: 5 of 5 lights are in front .* 9 are needed. .* rbf9"),
        (8, "hsh", "8 of 8 lights .* Choose rti --basis ptm or rbf9"),
        (2, "rbf18", "2 of 2 lights .* 3 are needed. No basis does with so few"),
    ],
)
def test_too_few_lights_are_refused(tmp_path: Path, lights: int, basis: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        write_rti(sphere_source(16, lights), tmp_path, RtiOptions(basis), ignore)
    assert not [*tmp_path.iterdir()]


def test_a_camera_elsewhere_sees_the_light_from_where_it_stands(
    source: ExportSource, tmp_path: Path
) -> None:
    # The world is named anew: what is +z becomes +x, so the camera stands on +x.
    turn = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    plain = source.field()
    rig = replace(plain.header.rig, directions=plain.header.rig.directions @ turn.T)
    field = replace(plain, header=replace(plain.header, rig=rig))
    maps = source.normals()
    normals = replace(maps, normals=(maps.normals @ turn.T).astype(np.float32))
    elsewhere = replace(
        source,
        field=lambda: field,
        normals=lambda: normals,
        axes=lambda: np.diag([1.0, -1.0, -1.0]) @ turn.T,
    )
    for name, given in (("here", source), ("there", elsewhere)):
        (tmp_path / name).mkdir()
        write_rti(given, tmp_path / name, RtiOptions("ptm"), ignore)
    here, there = (
        json.loads((tmp_path / name / "info.json").read_text()) for name in ("here", "there")
    )
    assert_allclose(there["lights"], here["lights"], rtol=0, atol=1e-6)
    pictures = [Image.open(tmp_path / name / "normals.png") for name in ("here", "there")]
    assert_allclose(*(np.asarray(picture, float) for picture in pictures), rtol=0, atol=1)


def test_what_is_not_a_number_is_black(source: ExportSource, tmp_path: Path) -> None:
    plain = source.field()
    readings = np.stack(plain.planes)
    readings[:, :, :8] = np.nan
    holes = field_of(readings, plain.header.rig)
    write_rti(replace(source, field=lambda: holes), tmp_path, RtiOptions(), ignore)
    shown = show_web_set(tmp_path, np.array([0.3, 0.2, 0.933]))
    assert np.abs(shown[:7]).max() < 0.05
    assert shown[30:34, 30:34].min() > 0.3


def test_many_pixels_are_looked_at_here_and_there(
    source: ExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = all_samples(source)
    truth = captured(samples)
    found = []
    for looked in (200_000, 700):
        monkeypatch.setattr(rti_samples, "LOOKED_AT", looked)
        folder = tmp_path / str(looked)
        folder.mkdir()
        write_rti(source, folder, RtiOptions("rbf9"), ignore)
        shown = np.stack([show_web_set(folder, light) for light in samples.directions])
        found.append(psnr_db(shown, truth))
    assert sum(strip.shape[2] * strip.shape[3] for _, _, strip in samples.looks()) < 1000
    print(f"rbf9, all pixels {found[0]:.2f} dB, one of nine {found[1]:.2f} dB")
    assert found[1] > found[0] - 0.5


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rbf18", "ptm", ".ptm"])
def test_memory_does_not_grow_with_the_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(rti_samples, "STRIP_BYTES", 1 << 20)
    monkeypatch.setattr(rti_samples, "LOOKED_AT", 10_000)
    height, width, lights = 3000, 100, 30
    plain = sphere_source(16, lights, maps=False)
    small = plain.field()
    row = np.linspace(0, 1, lights * 3 * width).reshape(lights, 3, 1, width).astype(np.float16)
    nothing = np.zeros((1, 1, 1), np.uint8)

    def rows(top: int, bottom: int) -> tuple[np.ndarray, np.ndarray]:
        shape = (lights, bottom - top, width)
        return np.tile(row, (1, 1, bottom - top, 1)), np.broadcast_to(nothing, shape)

    field = replace(
        small,
        header=replace(small.header, height=height, width=width),
        planes=list(np.broadcast_to(row, (lights, 3, height, width))),
        read_rows=rows,
    )
    big = replace(plain, field=lambda: field)
    tracemalloc.start()
    try:
        if kind == ".ptm":
            write_polynomial(big, tmp_path / "a.ptm", PtmOptions())
        else:
            write_rti(big, tmp_path, RtiOptions(kind), ignore)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    codes = 18 * height * width
    print(f"{kind}: {peak / 1e6:.1f} MB; codes {codes / 1e6:.1f}, field {field.bytes / 1e6:.0f} MB")
    # A strip and what is made of it, and the codes: as planes, and as the body of a file.
    assert peak < 10 * (1 << 20) + 2.2 * codes
