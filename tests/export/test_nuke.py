"""What the node of the Nuke script computes."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import SessionError
from olat.export.nuke import write_nuke
from olat.io.exr import read_exr
from tests.support.exports import ALBEDO, sphere_normals, sphere_source


def node_value(script: str, layers: dict[str, np.ndarray], light: SimpleNamespace) -> np.ndarray:
    """Evaluate the Expression node of a script over all pixels, as Nuke would over each."""
    texts = dict(re.findall(r'^ (temp_expr\d|expr\d) "(.*)"$', script, re.MULTILINE))
    names = dict(re.findall(r"^ temp_name(\d) (\w+)$", script, re.MULTILINE))
    scope = {"max": np.maximum, "pow": np.power, "sqrt": np.sqrt, "where": np.where}
    scope |= {"Light": light}
    for layer in {name.split(".")[0] for name in layers}:
        parts = {n.split(".")[1]: plane for n, plane in layers.items() if n.startswith(f"{layer}.")}
        # Nuke calls R, G and B of a layer red, green and blue.
        words = {"R": "red", "G": "green", "B": "blue"}
        scope[layer] = SimpleNamespace(**{words.get(k, k): plane for k, plane in parts.items()})

    def value(text: str) -> np.ndarray:
        choice = re.fullmatch(r"(.*) && (.*) \? (.*) : (.*)", text)
        if choice:
            text = "where(({}) & ({}), {}, {})".format(*choice.groups())
        return eval(text, {"__builtins__": {}}, scope)  # noqa: S307 - our own words

    for number, name in sorted(names.items()):
        scope[name] = value(texts[f"temp_expr{number}"])
    return np.stack([value(texts[f"expr{k}"]) for k in range(3)], axis=-1)


def test_the_node_shades_a_glossy_sphere_by_phongs_law(tmp_path: Path) -> None:
    script, layers = write_nuke(sphere_source(48), tmp_path / "head.nk")
    channels, _ = read_exr(layers)
    toward = np.array([0.3, 0.4, 1.2])
    light = SimpleNamespace(
        toward=SimpleNamespace(**dict(zip("xyz", toward, strict=True))),
        color=SimpleNamespace(r=1.0, g=2.0, b=0.5),
    )
    found = node_value(script.read_text(), channels, light)
    normals, unit = sphere_normals(48), toward / np.linalg.norm(toward)
    facing = normals @ unit
    mirrored = 2.0 * facing[..., None] * normals - unit  # the light's mirror direction
    gloss = np.maximum(mirrored[..., 2], 0.0) ** 20 * (facing > 0)
    shade = ALBEDO * (np.maximum(facing, 0.0) + 0.1 * gloss)[..., None] * [1.0, 2.0, 0.5]
    inside = normals.any(axis=2)
    assert_allclose(found[inside], shade[inside], rtol=0, atol=2e-3)


def test_the_script_finds_its_layers_beside_itself(tmp_path: Path) -> None:
    files = write_nuke(sphere_source(), tmp_path / "head.nk")
    assert [path.name for path in files] == ["head.nk", "head.exr"]
    text = files[0].read_text()
    assert r'file "\[file dirname \[value root.name]]/head.exr"' in text
    assert str(tmp_path) not in text
    assert text.count("{") == text.count("}")


def test_nothing_is_written_without_normals(tmp_path: Path) -> None:
    with pytest.raises(SessionError):
        write_nuke(sphere_source(maps=False), tmp_path / "head.nk")
    assert not list(tmp_path.iterdir())
