"""What the columns of a light table mean, by their names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from olat.errors import FileError
from olat.io.light_list import Holds, LightRow, Units

_UNIT = re.compile(r"(?:[ _]*[\[(](\w+)[\])]|_(m|cm|mm|deg|rad|sr))$")
_PREFIX = re.compile(
    r"^(direction|dir|position|pos|light|vector|vec|l|d|p)[ _.]?(?=(x|y|z|dx|dy|dz)$)"
)
_LENGTHS: dict[str, Units] = {"m": "m", "cm": "cm", "mm": "mm"}
_AXES = {"dx": "x", "dy": "y", "dz": "z"}
_SAME = {
    "az": "azimuth",
    "azim": "azimuth",
    "el": "elevation",
    "elev": "elevation",
    "altitude": "elevation",
    "r": "red",
    "g": "green",
    "b": "blue",
    "brightness": "intensity",
    "file": "name",
    "filename": "name",
    "image": "name",
    "label": "name",
    "id": "number",
    "light": "number",
    "index": "number",
}
_NEEDED = "x, y, z, or azimuth, elevation, or theta, phi are needed"


class Header:
    """The columns of a table, and how a line of it becomes a light.

    Azimuth 0, elevation 0 is the camera (+z); azimuth grows to the image's right (+x), elevation
    upwards (+y). Theta is the angle from +z, phi the angle in the image plane from +x to +y.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.holds: Holds = "auto"
        self.units: Units | None = None
        self.notes: list[str] = []
        self._places: dict[str, int] = {}
        self._radians = False
        for place, column in enumerate(columns):
            self._places.setdefault(self._meaning(column), place)
        self._kind = self._find_kind(path)

    def _meaning(self, column: str) -> str:
        """Return the common word for a column, and note what its name tells."""
        word = column.strip().lower()
        unit = _UNIT.search(word)
        if unit:
            self._radians |= unit.group(1, 2) in (("rad", None), (None, "rad"))
            word = word[: unit.start()]
        prefix = _PREFIX.match(word)
        if prefix:
            word = word[prefix.end() :]
            if prefix[1].startswith("d"):
                self.holds = "directions"
            elif prefix[1].startswith("p"):
                self.holds = "positions"
        word = _AXES.get(word, word)
        length = _LENGTHS.get(unit[1] or unit[2]) if unit else None
        if word in ("x", "y", "z") and length:
            self.holds, self.units = "positions", length
        return _SAME.get(word, word)

    def _find_kind(self, path: Path) -> tuple[str, ...]:
        """Return the columns that say where the light is."""
        for kind in (("x", "y", "z"), ("azimuth", "elevation"), ("theta", "phi")):
            if all(word in self._places for word in kind):
                break
        else:
            raise FileError(f"{path}:1: the columns are {', '.join(self.columns)}; {_NEEDED}.")
        if len(kind) == 2:
            self.holds = "directions"
            unit = "radians" if self._radians else "degrees"
            self.notes.append(
                f"azimuth and elevation are read in {unit}: 0, 0 is the camera, azimuth grows to "
                "the image's right"
                if kind[0] == "azimuth"
                else f"theta and phi are read in {unit}: theta from the camera's direction, phi "
                "from the image's right upwards"
            )
        return kind

    def row(self, where: str, fields: Sequence[str]) -> LightRow:
        """Return the light that a line describes."""
        numbers = [self._number(where, fields, word) for word in self._kind]
        if len(numbers) == 3:
            vector = (numbers[0], numbers[1], numbers[2])
        else:
            angles = numbers if self._radians else [math.radians(angle) for angle in numbers]
            vector = (_from_azimuth if self._kind[0] == "azimuth" else _from_theta)(*angles)
        return LightRow(where, vector, self._color(where, fields), self._word(fields, "name"))

    def numbers(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """Return what the column that numbers the lights says in each row; empty without one."""
        return [self._word(fields, "number") for fields in rows]

    def _word(self, fields: Sequence[str], word: str) -> str:
        """Return the text in a column; empty if there is none."""
        return fields[self._places[word]] if word in self._places else ""

    def _color(self, where: str, fields: Sequence[str]) -> tuple[float, float, float] | None:
        """Return red, green, blue, or an intensity three times."""
        for words in (("red", "green", "blue"), ("intensity",) * 3):
            if all(word in self._places for word in words):
                red, green, blue = (self._number(where, fields, word) for word in words)
                return red, green, blue
        return None

    def _number(self, where: str, fields: Sequence[str], word: str) -> float:
        """Return the number in a column."""
        place = self._places[word]
        try:
            return float(fields[place].replace(",", "."))
        except ValueError:
            raise FileError(
                f"{where}: column {self.columns[place]!r} is {fields[place]!r}; a number is needed."
            ) from None


def _from_azimuth(azimuth: float, elevation: float) -> tuple[float, float, float]:
    """Return the direction at an azimuth and elevation [radian]."""
    return (
        math.sin(azimuth) * math.cos(elevation),
        math.sin(elevation),
        math.cos(azimuth) * math.cos(elevation),
    )


def _from_theta(theta: float, phi: float) -> tuple[float, float, float]:
    """Return the direction at an angle from the camera and one around it [radian]."""
    return math.sin(theta) * math.cos(phi), math.sin(theta) * math.sin(phi), math.cos(theta)
