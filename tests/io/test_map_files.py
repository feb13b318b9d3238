from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenEXR
import pytest

from olat.errors import FileError
from olat.io.exr import read_exr
from olat.io.map_files import (
    read_flow,
    read_lobes,
    read_normals,
    read_phong,
    read_radiance,
    write_flow,
    write_lobes,
    write_normals,
    write_phong,
    write_radiance,
)
from olat.model.image import RadianceImage
from olat.model.maps import LobeMaps, NormalMap, PhongMaps
from olat.model.motion import TrackingFlow

SHAPE = (12, 18)


def _plane(rng: np.random.Generator, *channels: int) -> np.ndarray:
    return rng.standard_normal((*SHAPE, *channels)).astype(np.float32)


def _products(rng: np.random.Generator) -> dict[str, Any]:
    flags = rng.integers(0, 256, SHAPE, dtype=np.uint8)
    color, other, plane = _plane(rng, 3), _plane(rng, 3), _plane(rng)
    exponent = np.exp(_plane(rng))
    return {
        "normals": NormalMap(color, plane, flags),
        "phong": PhongMaps(color, other, exponent, plane, flags),
        "refined": PhongMaps(
            color, other, exponent, plane, flags, normals=other, normal_confidence=exponent
        ),
        "flat-lit": PhongMaps(color, other, exponent, plane, flags, openness=exponent),
        "lobes": LobeMaps(np.abs(color), other / 4, plane, flags),
        "lobes by channel": LobeMaps(
            np.abs(color),
            _plane(rng, 3, 3) / 4,
            np.abs(plane),
            flags,
            "acescg",
            rng.random((3, 3)),
            np.abs(_plane(rng, 2)),
            shadow_floor=0.25,
            blur_px=1.5,
        ),
        "radiance": RadianceImage(color, flags),
        "aligned": RadianceImage(color, flags, np.abs(other), "rec709", np.abs(plane)),
        "flow": TrackingFlow(_plane(rng, 2), plane, (48, 72)),
    }


WRITERS: dict[str, Callable] = {
    "normals": write_normals,
    "phong": write_phong,
    "refined": write_phong,
    "flat-lit": write_phong,
    "lobes": write_lobes,
    "lobes by channel": write_lobes,
    "radiance": write_radiance,
    "aligned": write_radiance,
    "flow": write_flow,
}
READERS: dict[str, Callable] = {
    "normals": read_normals,
    "phong": read_phong,
    "refined": read_phong,
    "flat-lit": read_phong,
    "lobes": read_lobes,
    "lobes by channel": read_lobes,
    "radiance": read_radiance,
    "aligned": read_radiance,
    "flow": read_flow,
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_product_comes_back_to_the_bit_with_a_picture_beside_it(
    tmp_path: Path, rng: np.random.Generator, kind: str
) -> None:
    product = _products(rng)[kind]
    path = tmp_path / "A" / f"{kind}.exr"
    WRITERS[kind](path, product, {"olat/provenance": "{}"})
    found = READERS[kind](path)
    for field in fields(product):
        expected, actual = getattr(product, field.name), getattr(found, field.name)
        np.testing.assert_array_equal(actual, expected)
        assert getattr(actual, "dtype", None) == getattr(expected, "dtype", None)
    picture = cv2.imread(str(path.with_suffix(".png")))
    assert picture.shape[2] == 3
    assert sorted(p.name for p in path.parent.iterdir()) == [f"{kind}.exr", f"{kind}.png"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("normals", "N.X N.Y N.Z confidence.Y flags.Y"),
        (
            "phong",
            "albedo.B albedo.G albedo.R confidence.Y exponent.Y flags.Y roughness.Y "
            "specular.B specular.G specular.R",
        ),
        (
            "lobes",
            "axis.X axis.Y axis.Z confidence.Y exponent.Y flags.Y integral.B integral.G integral.R "
            "moment.B moment.G moment.R",
        ),
        (
            "lobes by channel",
            "axis.X axis.Y axis.Z confidence.Y exponent.Y flags.Y integral.B integral.G integral.R "
            "momentX.B momentX.G momentX.R momentY.B momentY.G momentY.R momentZ.B momentZ.G "
            "momentZ.R spread.major spread.minor",
        ),
        ("radiance", "B G R flags.Y"),
        ("aligned", "B G R confidence.Y flags.Y variance.B variance.G variance.R"),
        ("flow", "confidence.Y flow.X flow.Y"),
    ],
)
def test_channels_have_the_names_that_other_programs_know(
    tmp_path: Path, rng: np.random.Generator, kind: str, names: str
) -> None:
    path = tmp_path / "a.exr"
    WRITERS[kind](path, _products(rng)[kind], {})
    file = OpenEXR.File(str(path), separate_channels=True)
    assert sorted(file.channels()) == names.split()
    assert len(file.parts) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("normals", {"colorInteropID": "data", "olat/frame": "+y up"}),
        ("phong", {"olat/colorSpace": "camera RGB", "olat/scale": "reads 1.0"}),
        ("lobes", {"olat/colorSpace": "camera RGB", "olat/scale": "white is pi"}),
        ("radiance", {"olat/colorSpace": "camera RGB", "olat/scale": "reads 1.0"}),
        ("flow", {"colorInteropID": "data", "olat/frame": "from reference to moving"}),
    ],
)
def test_headers_say_frame_color_scale_and_provenance(
    tmp_path: Path, rng: np.random.Generator, kind: str, expected: dict[str, str]
) -> None:
    provenance = '{"stage": "solve_normals", "subject": "Zoë"}'
    WRITERS[kind](tmp_path / "a.exr", _products(rng)[kind], {"olat/provenance": provenance})
    _, attributes = read_exr(tmp_path / "a.exr")
    assert attributes["olat/provenance"] == provenance
    for name, words in expected.items():
        assert words in str(attributes[name])


def test_what_the_caller_knows_better_stands_in_the_header(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    known = {"colorInteropID": "lin_rec709_scene"}
    write_radiance(tmp_path / "a.exr", _products(rng)["radiance"], known)
    assert read_exr(tmp_path / "a.exr")[1]["colorInteropID"] == "lin_rec709_scene"


def test_roughness_falls_as_lobes_sharpen(tmp_path: Path, rng: np.random.Generator) -> None:
    exponents = np.broadcast_to(np.array([0.0, 4.0, 49.5], np.float32), (2, 3)).copy()
    color = np.zeros((2, 3, 3), np.float32)
    phong = PhongMaps(color, color, exponents, exponents, np.zeros((2, 3), np.uint8))
    write_phong(tmp_path / "a.exr", phong, {})
    roughness = read_exr(tmp_path / "a.exr")[0]["roughness.Y"]
    np.testing.assert_allclose(roughness[0], [1.0, 1.0 / 3.0, 0.1], rtol=1e-6)


@pytest.mark.parametrize("kind", ["normals", "phong", "radiance", "flow"])
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, rng: np.random.Generator, kind: str
) -> None:
    other = "radiance" if kind != "radiance" else "normals"
    WRITERS[other](tmp_path / "a.exr", _products(rng)[other], {})
    with pytest.raises(FileError, match=r"a.exr: .* missing; the file holds"):
        READERS[kind](tmp_path / "a.exr")
