"""The light file of a capture: in it, below it or beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from olat.errors import FileError, UsageError
from olat.inspection.finding import Confidence, Finding
from olat.io.light_file import FORMATS, holds_of, read_lights, rig_from_lights
from olat.io.light_footprints import shows_footprints
from olat.io.light_list import Holds, LightFile, Units
from olat.model.rig import LightRig
from olat.model.shapes import Array
from olat.model.words import counted

_CERTAIN = ("light_directions.txt", "light_pattern_metadata.json")
_SUFFIXES = (".lp", ".dome", ".pc", ".csv", ".tsv", ".txt", ".json", ".npy", ".npz")
_COMPANIONS = ("light_intensities.txt", "light_pattern_per_frame.json")


@dataclass(frozen=True)
class FoundLights:
    """A light file, and how its numbers are meant."""

    file: LightFile
    holds: Holds
    units: Units | None
    center: tuple[float, float, float]
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]

    def rig(self) -> LightRig:
        """Return the lights in the world frame, if the file has its axes."""
        return rig_from_lights(self.file, units=self.units, center=self.center, holds=self.holds)


def find_lights(folder: Path, *, given: Path | None, photographs: Sequence[Path]) -> FoundLights:
    """Find the lights of a capture.

    Parameters
    ----------
    folder
        The capture.
    given
        Light file that a person named; none to search.
    photographs
        Of several light files, the one with as many lights as there are photographs is taken.

    Raises
    ------
    UsageError
        If there is no light file.
    FileError
        If the one that a person named cannot be read, or none that was found can.
    """
    if given is not None:
        return _meant(read_lights(given), "said", "named with --lights")
    places = (
        ("certain", "in the capture", folder.glob("*")),
        ("likely", "in a folder of the capture", folder.glob("*/*")),
        ("likely", "beside the capture", folder.absolute().parent.glob("*")),
    )
    faults: list[str] = []
    for confidence, where, paths in places:
        here = list(paths)
        readable, wrong = _readable(light_files(here))
        faults += wrong
        maps = footprint_folders(here)
        if not readable:
            readable, wrong = _readable(maps)
            faults += wrong
            maps = []
        if readable:
            best = min(readable, key=lambda lights: len(lights) != len(photographs))
            others = [lights.path.name for lights in readable if lights is not best]
            others += [path.name for path in maps]
            also = f"; {', '.join(others)} would do too" if others else ""
            fits = len(best) == len(photographs) and not also
            sure = confidence if fits or best.path.name in _CERTAIN else "likely"
            found = _meant(best, "certain" if sure == "certain" else "likely", where + also)
            return FoundLights(**{**vars(found), "warnings": (*found.warnings, *faults)})
    if faults:
        raise FileError(
            "\n".join([*faults, "Correct it, or give a light file with --lights FILE."])
        )
    kinds = ", ".join(sorted({path.suffix.lower() for path in photographs}))
    raise UsageError(
        f"{folder}: {counted(len(photographs), 'photograph')} ({kinds}), but no light file; the "
        f"direction to every light is needed. Give one with --lights FILE: {'; '.join(FORMATS)}. "
        "If the photographs are of balls that tell where the lights are, write session.toml with "
        "count = N under [rig], as docs/calibration.md shows, and run olat process --pipeline "
        "calibrate_rig."
    )


def _readable(paths: Iterable[Path]) -> tuple[list[LightFile], list[str]]:
    """Return the lights that can be read, and what is wrong with the others."""
    readable: list[LightFile] = []
    faults = []
    for path in paths:
        try:
            readable.append(read_lights(path))
        except FileError as error:
            faults.append(str(error))
    return readable, faults


def footprint_folders(paths: Iterable[Path]) -> list[Path]:
    """Return the folders with one latitude-longitude picture a light."""
    folders = (path for path in paths if path.is_dir() and not path.name.startswith("."))
    return sorted(path for path in folders if shows_footprints(path))


def light_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files that are named like light files, the surest kinds first."""
    found = [
        path
        for path in paths
        if path.suffix.lower() in _SUFFIXES
        and path.name.lower() not in _COMPANIONS
        and (
            path.suffix.lower() in (".lp", ".dome")
            or any(word in path.stem.lower() for word in ("light", "dome"))
        )
        and path.is_file()
    ]
    return sorted(found, key=lambda path: (_rank(path), path.name))


def _rank(path: Path) -> int:
    """Return how unsure it is that a file lists lights."""
    return -1 if path.name in _CERTAIN else _SUFFIXES.index(path.suffix.lower())


def _meant(lights: LightFile, confidence: Confidence, where: str) -> FoundLights:
    """Decide what the numbers of a light file are: directions, or positions and of what."""
    holds = holds_of(lights)
    findings = [
        Finding(
            "lights",
            f"{counted(len(lights), holds[:-1])} from {lights.path.name} ({lights.source_format})",
            confidence,
            where,
        )
    ]
    units, center = lights.units, (0.0, 0.0, 0.0)
    if holds == "positions":
        units, unit_finding = _units(lights)
        center, center_findings = _center(lights, units)
        findings += [unit_finding, *center_findings]
    return FoundLights(lights, holds, units, center, tuple(findings), _warnings(lights))


def _units(lights: LightFile) -> tuple[Units, Finding]:
    """Return the unit of length: what the file says, or by the size that stages have."""
    size = float(np.median(np.linalg.norm(lights.vectors, axis=1)))
    if lights.units:
        return lights.units, Finding("units", lights.units, "certain", "the file says it")
    units: Units = "mm" if size > 200 else "cm" if size > 20 else "m"
    return units, Finding("units", units, "guess", f"the lights are {size:.3g} from the origin")


def _center(
    lights: LightFile, units: Units
) -> tuple[tuple[float, float, float], tuple[Finding, ...]]:
    """Return the center of the sphere that the lights stand on, unless the origin will do."""
    if len(lights) < 8:
        return (0.0, 0.0, 0.0), ()
    center, radius, spread = sphere_through(lights.vectors)
    is_sphere = spread < 0.05 * radius
    if not is_sphere or np.linalg.norm(center) < 0.05 * radius:
        return (0.0, 0.0, 0.0), ()
    x, y, z = (round(float(value), 4 if units == "m" else 1) for value in center)
    reason = f"the lights lie on a sphere around it of radius {radius:.4g} {units}"
    return (x, y, z), (Finding("center", f"{x:g}, {y:g}, {z:g}", "likely", reason),)


def sphere_through(
    points: Float64[Array, "light 3"],
) -> tuple[Float64[Array, " 3"], float, float]:
    r"""Fit a sphere to points by linear least squares.

    :math:`|p|^2 = 2\,c\cdot p + (r^2 - |c|^2)` is linear in the center c and the last term.

    Returns
    -------
    center, radius
        In the unit of the points.
    spread
        Root mean square of the distances from the sphere.
    """
    system = np.column_stack([2.0 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, np.sum(points**2, axis=1), rcond=None)[0]
    center = solution[:3]
    radius = float(np.sqrt(max(0.0, solution[3] + center @ center)))
    away = np.linalg.norm(points - center, axis=1) - radius
    return center, radius, float(np.sqrt(np.mean(away**2)))


def _warnings(lights: LightFile) -> tuple[str, ...]:
    """Return what was strange about a light file."""
    return tuple(f"{lights.path.name}: {note}." for note in lights.notes)
