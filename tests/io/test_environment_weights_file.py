from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from olat.io.environment_weights_file import COLUMNS, write_weights_csv, write_weights_json
from olat.io.environment_weights_picture import picture_of_weights
from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig

RIG = LightRig("dome", fibonacci_sphere(6), np.ones((6, 3)), names=tuple("abcdef"))
WEIGHTS = np.arange(18, dtype=np.float64).reshape(6, 3) / 7.0


def test_a_table_is_read_back_as_it_was(tmp_path: Path) -> None:
    write_weights_csv(tmp_path / "w.csv", RIG, WEIGHTS)
    with (tmp_path / "w.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["name"] for row in rows] == list("abcdef")
    found = np.array([[float(row[name]) for name in "rgb"] for row in rows])
    assert_array_equal(found, WEIGHTS)
    ways = np.array([[float(row[name]) for name in "xyz"] for row in rows])
    assert_array_equal(ways, RIG.directions)


def test_a_document_holds_what_is_told(tmp_path: Path) -> None:
    write_weights_json(tmp_path / "w.json", RIG, WEIGHTS, {"kernel": "auto"})
    document = json.loads((tmp_path / "w.json").read_text())
    assert document["kernel"] == "auto"
    assert document["lights"][5]["id"] == 5
    assert_allclose([document["lights"][5][name] for name in "rgb"], WEIGHTS[5])


def test_the_picture_shows_a_cell_in_the_color_of_its_light() -> None:
    lights = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]])
    rig = LightRig("six", lights, np.ones((6, 3)))
    weights = np.zeros((6, 3))
    weights[0] = (1.0, 0.0, 0.0)
    map_ = np.zeros((32, 64, 3), np.float32)
    map_[:, 8:24, 0] = 1.0
    picture = picture_of_weights(map_, rig, weights, words="red from image right")
    left, top, height, gap = 24, 128, 600, 652
    row, column = height // 2 + 60, 300  # beside the light at a quarter of the width
    for panel in (0, 1):
        red = picture[top + panel * gap + row, left + column + 40].astype(int)
        dark = picture[top + panel * gap + row, left + 900].astype(int)
        assert red[0] > 150
        assert red[1] < 60
        assert dark.max() < 60
