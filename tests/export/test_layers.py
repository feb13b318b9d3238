"""Layered EXR files, as other programs see them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.export import layers
from olat.export.layers import LayerOptions, write_layers
from olat.io.exr import read_exr
from tests.support.exports import ALBEDO, sphere_normals, sphere_source


def nuke_layers(names: list[str]) -> dict[str, set[str]]:
    """Return layers and channels as Nuke's own reader names them.

    It splits at dots, strips leading digits, turns what is no letter or digit into ``_``, drops
    what is empty, and joins all but the last part.
    """
    found: dict[str, set[str]] = {}
    for name in names:
        parts = [
            re.sub(r"[^A-Za-z0-9]", "_", part.lstrip("0123456789")) for part in name.split(".")
        ]
        parts = [part for part in parts if part]
        layer = "_".join(parts[:-1]) or "rgba"
        assert parts[-1] not in found.get(layer, set()), f"{name} collides"
        found.setdefault(layer, set()).add(parts[-1])
    return found


def test_layers_open_under_their_names_with_four_channels_at_most(tmp_path: Path) -> None:
    (path,) = write_layers(sphere_source(), tmp_path / "head.exr", LayerOptions())
    channels, header = read_exr(path)
    found = nuke_layers(list(channels))
    assert found == {
        "rgba": {"R", "G", "B", "A", "Z"},
        "albedo": {"R", "G", "B"},
        "specular": {"R", "G", "B"},
        "N": {"X", "Y", "Z"},
        "P": {"X", "Y", "Z"},
        "confidence": {"Y"},
        "exponent": {"Y"},
        "roughness": {"Y"},
    }
    assert header["olat/alpha"] == "the session's mask"
    assert header["colorInteropID"] == "unknown"


def test_geometry_is_float_and_color_is_half(tmp_path: Path) -> None:
    (path,) = write_layers(sphere_source(), tmp_path / "head.exr", LayerOptions())
    stored = OpenEXR.File(str(path), separate_channels=True).channels()
    kinds = {name: channel.pixels.dtype for name, channel in stored.items()}
    floats = {name for name, kind in kinds.items() if kind == np.float32}
    assert floats == {"Z", *(f"{layer}.{axis}" for layer in "NP" for axis in "XYZ")}
    normals = np.stack([stored[f"N.{axis}"].pixels for axis in "XYZ"], axis=-1)
    rows = normals.any(axis=2).any(axis=1)
    assert_array_equal(normals[rows], sphere_normals(32).astype(np.float32)[rows])


def test_the_unnamed_picture_is_even_light_over_the_matte(tmp_path: Path) -> None:
    # In light of radiance 1 from everywhere, a matte sphere shows its albedo wherever it faces.
    source = sphere_source(lights=300, hemisphere=False)
    (path,) = write_layers(source, tmp_path / "head.exr", LayerOptions())
    channels, _ = read_exr(path)
    found = np.stack([channels[color] for color in "RGB"], axis=-1)
    inside = sphere_normals(32).any(axis=2)
    expected = np.broadcast_to(ALBEDO, found[inside].shape)
    assert_allclose(found[inside], expected, rtol=0.005, atol=0)
    assert_array_equal(found[~inside], 0.0)
    assert_array_equal(channels["A"], inside)


def test_only_the_matte_is_stored_and_readers_see_the_whole_frame(tmp_path: Path) -> None:
    source = sphere_source()
    matte = np.zeros((32, 32), bool)
    matte[4:20, 9:11] = True
    cropped = replace(source, matte=lambda: (matte, "painted"))
    (path,) = write_layers(cropped, tmp_path / "part.exr", LayerOptions())
    header = OpenEXR.File(str(path)).header()
    assert [corner.tolist() for corner in header["dataWindow"]] == [[9, 4], [10, 19]]
    assert [corner.tolist() for corner in header["displayWindow"]] == [[0, 0], [31, 31]]
    (whole,) = write_layers(cropped, tmp_path / "whole.exr", LayerOptions(crop=False))
    small, big = read_exr(path)[0], read_exr(whole)[0]
    for name, plane in small.items():
        assert_array_equal(plane[matte], big[name][matte])
        assert_array_equal(plane[~matte], 0.0)


def test_lights_become_layers_in_files_that_nuke_can_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layers, "LIGHTS_A_FILE", 4)
    source = sphere_source(lights=9)
    files = write_layers(source, tmp_path / "head.exr", LayerOptions(lights=True, crop=False))
    assert [path.name for path in files] == [
        "head.exr",
        "head.lights.0001.exr",
        "head.lights.0002.exr",
        "head.lights.0003.exr",
    ]
    seen = {}
    for path in files[1:]:
        channels, header = read_exr(path)
        for layer, letters in nuke_layers(list(channels)).items():
            assert letters == {"R", "G", "B"}
            seen[layer] = np.stack([channels[f"{layer}.{color}"] for color in "RGB"])
            row = int(layer.removeprefix("light_")) - 1
            direction = source.field().header.rig.directions[row]
            assert_allclose(header[f"olat/{layer}"], direction, rtol=0, atol=1e-6)
    assert list(seen) == [f"light_{number:04d}" for number in range(1, 10)]
    for plane, found in zip(source.field().planes, seen.values(), strict=True):
        assert_array_equal(found, plane.astype(np.float32))


def test_what_was_not_made_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (path,) = write_layers(sphere_source(maps=False), tmp_path / "bare.exr", LayerOptions())
    channels, _ = read_exr(path)
    assert set(channels) == {"R", "G", "B", "A"}
    assert (channels["A"] == 1.0).all()
    assert caplog.text.count("left out: s: it was not made.") == 3
    assert "A is 1 everywhere" in caplog.text
