"""What each light of a rig gives of an environment, as a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from olat.io.publish import publish_bytes
from olat.model.rig import LightRig
from olat.model.shapes import LightColors

COLUMNS = ("id", "name", "x", "y", "z", "r", "g", "b")
"""Number of a light from 0, what its file calls it, its direction, its weights."""


def weight_rows(rig: LightRig, weights: LightColors) -> list[dict[str, int | str | float]]:
    """Return one row a light, in the order of the rig."""
    names = rig.names or ("",) * len(rig)
    numbers = zip(rig.directions.tolist(), weights.tolist(), strict=True)
    return [
        dict(zip(COLUMNS, (light, names[light], *toward, *color), strict=True))
        for light, (toward, color) in enumerate(numbers)
    ]


def write_weights_csv(path: Path, rig: LightRig, weights: LightColors) -> None:
    """Write `COLUMNS`, one line a light; numbers are whole, as read back."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(weight_rows(rig, weights))
    publish_bytes(path, text.getvalue().encode())


def write_weights_json(
    path: Path, rig: LightRig, weights: LightColors, told: Mapping[str, object]
) -> None:
    """Write what is told about the weights, and under ``lights`` the rows."""
    document = {**told, "lights": weight_rows(rig, weights)}
    publish_bytes(path, (json.dumps(document, indent=1) + "\n").encode())
