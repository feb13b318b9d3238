"""The description of a small set, number by number."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from olat.export.rti import RtiOptions, write_rti
from tests.support.exports import sphere_source
from tests.support.fields import field_of, rig_of

GOLDEN = Path(__file__).parent / "golden" / "rti-ptm.json"
LIGHTS = np.array(
    [[0, 0, 1], [0.6, 0, 0.8], [-0.6, 0, 0.8], [0, 0.6, 0.8], [0, -0.6, 0.8], [0.48, 0.64, 0.6]]
)
"""As many as the polynomial has terms, so that the fit is the polynomial."""


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


def light_of(codes: np.ndarray) -> np.ndarray:
    """Return what a display shows codes as, from 0 to 1."""
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


def write(folder: Path) -> dict:
    """Write a set whose codes are ``base + slope x + 0.1 y`` and return its description."""
    base = np.linspace(0.3, 0.5, 12).reshape(3, 4)
    slope = np.linspace(-0.2, 0.2, 12).reshape(4, 3).T
    x, y = LIGHTS[:, 0, None, None], LIGHTS[:, 1, None, None]
    codes = base + slope * x + 0.1 * y
    readings = light_of(codes)[:, None] * np.ones((1, 3, 1, 1))
    made = field_of(readings, rig_of(LIGHTS))
    source = replace(sphere_source(4, 6, maps=False), field=lambda: made)
    write_rti(source, folder, RtiOptions("ptm", exposure_stops=0.0), ignore)
    return json.loads((folder / "info.json").read_text())


def ends(material: dict) -> np.ndarray:
    """Return what the codes 0 and 255 of each plane stand for."""
    scale, bias = np.array(material["scale"]), np.array(material["bias"])
    return np.stack([-bias * scale, (1 - bias) * scale])


def test_the_description_is_as_it_was(tmp_path: Path) -> None:
    found, golden = write(tmp_path), json.loads(GOLDEN.read_text())
    assert list(found) == list(golden)
    numbers = {"lights", "materials"}
    assert {k: v for k, v in found.items() if k not in numbers} == {
        k: v for k, v in golden.items() if k not in numbers
    }
    assert_allclose(found["lights"], golden["lights"], rtol=0, atol=1e-6)
    (material,), (wanted,) = found["materials"], golden["materials"]
    assert list(material) == list(wanted)
    assert_allclose(ends(material), ends(wanted), rtol=0, atol=1e-5)


def test_the_golden_numbers_are_those_of_the_polynomial() -> None:
    (material,) = json.loads(GOLDEN.read_text())["materials"]
    lowest, highest = ends(material)
    # Planes in threes: 1, x, y, x², xy, y²; all channels alike.
    assert_allclose(lowest[:6], [0.3] * 3 + [-0.2] * 3, rtol=0, atol=2e-3)
    assert_allclose(highest[:6], [0.5] * 3 + [0.2] * 3, rtol=0, atol=2e-3)
    assert_allclose([lowest[6:9], highest[6:9]], 0.1, rtol=0, atol=3e-3)
    assert_allclose([lowest[9:], highest[9:]], 0, rtol=0, atol=5e-3)
