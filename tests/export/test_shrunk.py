"""Cameras as if their sensors were coarser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from olat.export import shrunk
from olat.export.rti import RtiOptions, write_rti
from olat.export.shrunk import shrunk_source
from olat.export.source import ExportSource
from tests.support.exports import sphere_source
from tests.support.fields import field_of, rig_of
from tests.support.lambert_sphere import spread_directions


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


def source_of(readings: np.ndarray, flags: np.ndarray | None = None) -> ExportSource:
    rig = rig_of(spread_directions(len(readings), hemisphere=True))
    made = field_of(readings, rig, flags)
    return replace(sphere_source(16, 3), field=lambda: made)


def test_whole_blocks_become_their_means(rng: np.random.Generator) -> None:
    readings = rng.uniform(0, 1, (4, 3, 12, 18)).astype(np.float16)
    field = shrunk_source(source_of(readings), 6).field()
    assert field.shape == (4, 4, 6)
    means = readings.astype(float).reshape(4, 3, 4, 3, 6, 3).mean(axis=(3, 5))
    half, _ = field.read_rows(0, 4)
    assert_allclose(half, means, rtol=0, atol=1e-3)
    assert_allclose(np.stack(list(field.planes)), means, rtol=0, atol=1e-3)


def test_any_ratio_keeps_the_light(rng: np.random.Generator) -> None:
    readings = rng.uniform(0, 1, (3, 3, 37, 53)).astype(np.float16)
    field = shrunk_source(source_of(readings), 20).field()
    assert field.shape == (3, 14, 20)
    half, _ = field.read_rows(0, 14)
    assert_allclose(half.mean(axis=(2, 3)), readings.mean(axis=(2, 3)), rtol=0, atol=1e-3)


def test_places_stay_where_they_are() -> None:
    y, x = np.mgrid[0:60, 0:100]
    ramps = np.stack([x / 100, y / 60, 0.5 + 0 * x])[None]
    half, _ = shrunk_source(source_of(ramps), 25).field().read_rows(0, 15)
    across = (np.arange(25) * 4 + 1.5) / 100
    down = (np.arange(15) * 4 + 1.5) / 60
    assert_allclose(half[0, 0], np.broadcast_to(across, (15, 25)), rtol=0, atol=1e-3)
    assert_allclose(half[0, 1], np.broadcast_to(down[:, None], (15, 25)), rtol=0, atol=1e-3)


def test_strips_are_the_same_as_the_whole(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = rng.uniform(0, 1, (2, 3, 41, 30)).astype(np.float16)
    flags = (rng.uniform(0, 1, (2, 41, 30)) < 0.1).astype(np.uint8)
    field = shrunk_source(source_of(readings, flags), 17).field()
    whole, doubts = field.read_rows(0, 17)
    monkeypatch.setattr(shrunk, "READ_BYTES", 1)
    small = shrunk_source(source_of(readings, flags), 17).field()
    parts = [small.read_rows(*rows) for rows in ((0, 1), (1, 8), (8, 17))]
    assert_allclose(np.concatenate([half for half, _ in parts], axis=2), whole, rtol=0, atol=1e-3)
    assert (np.concatenate([flag for _, flag in parts], axis=1) == doubts).all()
    assert (np.stack(list(field.flag_planes)) == doubts).all()


def test_a_doubt_is_not_lost() -> None:
    flags = np.zeros((2, 33, 47), np.uint8)
    flags[0, 32, 46], flags[1, 0, 0], flags[1, 1, 1] = 4, 1, 2
    _, doubts = (
        shrunk_source(source_of(np.zeros((2, 3, 33, 47)), flags), 10).field().read_rows(0, 7)
    )
    assert doubts[0, -1, -1] == 4
    assert doubts[1, 0, 0] == 3
    assert np.count_nonzero(doubts) == 2


def test_what_is_not_a_number_counts_as_black() -> None:
    readings = np.ones((1, 3, 4, 4))
    readings[0, 0, 0, 0] = np.nan
    half, _ = shrunk_source(source_of(readings), 2).field().read_rows(0, 2)
    assert_allclose(half[0, 0], [[0.75, 1], [1, 1]])


def test_nothing_is_enlarged() -> None:
    source = sphere_source(16, 3)
    assert shrunk_source(source, 16) is source
    assert shrunk_source(source, 400) is source
    assert shrunk_source(source, None) is source


def test_normals_stay_of_unit_length() -> None:
    small = shrunk_source(sphere_source(64, 3), 16).normals()
    length = np.linalg.norm(small.normals, axis=2)
    known = length > 0
    assert_allclose(length[known], 1, atol=1e-5)
    assert not known[0, 0]
    y, x = (np.mgrid[0:16, 0:16] - 7.5) / 8
    inner = np.hypot(x, y) < 0.8
    assert_allclose(small.normals[..., 0][inner], x[inner], rtol=0, atol=0.05)
    assert_allclose(small.normals[..., 1][inner], -y[inner], rtol=0, atol=0.05)


def test_a_small_set_has_small_planes(tmp_path: Path) -> None:
    options = RtiOptions("rbf9", longest=20)
    write_rti(sphere_source(48, 12), tmp_path, options, ignore)
    info = json.loads((tmp_path / "info.json").read_text())
    assert (info["width"], info["height"]) == (20, 20)
    for name in ("plane_0.jpg", "normals.png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (20, 20)
