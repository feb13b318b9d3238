"""What is said on the command line about light, as a lighting."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from olat.model.lighting import Light, Lighting, Triple
    from olat.model.rig import LightRig

METHODS = ("nearest", "barycentric", "local", "thin_plate", "radial", "model")
KERNELS = ("auto", "voronoi", "barycentric", "kernel")


def _list_presets(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print all presets and leave."""
    if asked:
        click.echo(_preset_words())
        context.exit()


def _preset_words() -> str:
    from olat.relight.presets import PRESETS

    return "\n".join(f"  {name:<12} {words}" for name, (words, _) in PRESETS.items())


_OPTIONS = (
    click.option(
        "--light",
        "lights",
        multiple=True,
        metavar="X,Y,Z",
        help="Direction to a distant light; +x right, +y up. Several add up.",
    ),
    click.option(
        "--point",
        "points",
        multiple=True,
        metavar="X,Y,Z",
        help="Place of a lamp in meters from the subject. Several add up.",
    ),
    click.option("--env", type=click.Path(path_type=Path), metavar="MAP", help=".exr or .hdr."),
    click.option(
        "--harmonics",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Spherical harmonics in a text file.",
    ),
    click.option(
        "--harmonics-of",
        type=click.Choice(["olat", "dpr", "sfsnet"]),
        default="olat",
        show_default=True,
        help="Whose order and axes they have.",
    ),
    click.option(
        "--lighting",
        "file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Lights, groups and gains in a TOML file.",
    ),
    click.option("--preset", metavar="NAME", help="A lighting by name; see --presets."),
    click.option(
        "--presets",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_list_presets,
        help="List the lightings that have names.",
    ),
    click.option(
        "--rotate",
        default="0",
        metavar="DEG|START:STOP:STEP",
        help="Turn the map around +y; with three numbers, one picture for each angle.",
    ),
    click.option(
        "--turn",
        "turns",
        multiple=True,
        metavar="AXIS:DEG",
        help="Turn the map about another axis first: x, y, z or X,Y,Z.",
    ),
    click.option(
        "--method",
        type=click.Choice(METHODS),
        default="barycentric",
        show_default=True,
        help="How lights between the rig's are mixed; model moves highlights by Phong terms.",
    ),
    click.option(
        "--kernel",
        type=click.Choice(KERNELS),
        default="auto",
        show_default=True,
        help="How a map is shared among the lights.",
    ),
)


def lit_by(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what lights."""
    for option in reversed(_OPTIONS):
        verb = option(verb)
    return verb


@dataclass(frozen=True)
class AskedLight:
    """What was said about light."""

    lights: tuple[str, ...]
    points: tuple[str, ...]
    env: Path | None
    harmonics: Path | None
    harmonics_of: str
    file: Path | None
    preset: str | None
    rotate: str
    turns: tuple[str, ...]
    method: str
    kernel: str

    def check(self) -> None:
        """Refuse what cannot be meant, before anything is opened."""
        from olat.errors import UsageError

        kinds = {
            "--light or --point": self.lights or self.points,
            "--env": self.env,
            "--harmonics": self.harmonics,
            "--lighting": self.file,
            "--preset": self.preset,
        }
        given = [name for name, value in kinds.items() if value]
        if len(given) != 1:
            found = "both " * (len(given) == 2) + " and ".join(given) if given else "nothing"
            raise UsageError(
                f"relight: found {found}; one of {', '.join(kinds)} is needed. Put several "
                "kinds of light into a --lighting file."
            )
        has_map = self.env or self.harmonics or self.file
        if not has_map and (self.rotate != "0" or self.turns):
            raise UsageError("relight: --rotate and --turn turn a map; there is none.")
        self.angles()
        if self.preset is not None:
            _preset(self.preset)
        for text in self.turns:
            _turn(text)
        for text in (*self.lights, *self.points):
            vector(text, "--light" if text in self.lights else "--point")

    def angles(self) -> list[float]:
        """Return the angles of the sequence, or the one of a single picture [degree]."""
        return parse_sweep(self.rotate)

    @property
    def is_sweep(self) -> bool:
        """Whether a sequence of angles was asked for."""
        return ":" in self.rotate

    def lighting(self, rig: LightRig) -> Lighting:
        """Return the lighting, its maps not yet turned by --rotate, but by --turn."""
        from dataclasses import replace

        from olat.model.lighting import EnvironmentLight

        found = self._lighting(rig)
        lights: tuple[Light, ...] = found.lights
        for text in self.turns:
            turn = _turn(text)
            lights = tuple(
                replace(light, rotation=turn @ light.rotation)
                if isinstance(light, EnvironmentLight)
                else light
                for light in lights
            )
        return replace(found, lights=lights)

    def _lighting(self, rig: LightRig) -> Lighting:
        from olat.errors import FileError, UsageError
        from olat.model.lighting import DistantLight, Lighting, PointLight

        try:
            if self.env is not None:
                return _of_map(self.env)
            if self.harmonics is not None:
                return _of_harmonics(self.harmonics, self.harmonics_of)
            if self.file is not None:
                from olat.io.lighting_file import read_lighting

                return read_lighting(self.file, rig)
        except FileError as error:
            option = "--env" if self.env else "--harmonics" if self.harmonics else "--lighting"
            raise UsageError(f"{option}: {error}") from error
        if self.preset is not None:
            return _preset(self.preset)
        distant = [DistantLight(vector(text, "--light")) for text in self.lights]
        near = [PointLight(vector(text, "--point")) for text in self.points]
        words = [f"distant light from {text}" for text in self.lights]
        words += [f"lamp at {text} m" for text in self.points]
        return Lighting((*distant, *near), name=", ".join(words))


def parse_sweep(text: str) -> list[float]:
    """Return the angles of ``DEG`` or of ``START:STOP:STEP``, without the last, as in Python.

    So that ``0:360:5`` is 72 pictures that repeat without a seam.
    """
    from olat.errors import UsageError

    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not all(map(math.isfinite, parts)) or len(parts) not in (1, 3):
        raise UsageError(
            f"--rotate {text}: needed is an angle in degrees, or START:STOP:STEP as in 0:360:5."
        )
    if len(parts) == 1:
        return parts
    start, stop, step = parts
    count = math.ceil((stop - start) / step - 1e-9) if step else 0
    if not 0 < count <= MOST_FRAMES:
        raise UsageError(
            f"--rotate {text}: that is {max(count, 0)} pictures; from 1 to {MOST_FRAMES} are "
            "needed. Is the sign of the step right?"
        )
    return [start + number * step for number in range(count)]


MOST_FRAMES = 100_000
"""Pictures of one sequence."""


def vector(text: str, option: str) -> Triple:
    """Read ``X,Y,Z``."""
    from olat.errors import UsageError

    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError:
        parts = []
    if len(parts) != 3 or not any(parts) or not all(map(math.isfinite, parts)):
        raise UsageError(
            f"{option} {text}: needed are three finite numbers, not all zero, as in "
            f"{option} 0.5,0.5,1."
        )
    x, y, z = parts
    return x, y, z


def _turn(text: str) -> Any:
    """Read ``AXIS:DEG`` as a matrix."""
    from olat.errors import UsageError
    from olat.light.latlong import rotation_about

    axis, _, angle = text.rpartition(":")
    named = {"x": "1,0,0", "y": "0,1,0", "z": "0,0,1"}
    try:
        degrees = float(angle)
        return rotation_about(vector(named.get(axis, axis), "--turn"), degrees)
    except (ValueError, UsageError) as error:
        raise UsageError(
            f"--turn {text}: needed is an axis and an angle in degrees, as in --turn x:90."
        ) from error


def _of_map(path: Path) -> Lighting:
    from olat.io.environment_file import read_environment
    from olat.model.lighting import EnvironmentLight, Lighting

    return Lighting((EnvironmentLight(read_environment(path)),), name=f"environment {path}")


def _of_harmonics(path: Path, convention: Any) -> Lighting:
    from olat.io.harmonics_file import read_harmonics
    from olat.light.spherical_harmonics import MAP_HEIGHT, radiance_of
    from olat.model.lighting import EnvironmentLight, Lighting

    map_ = radiance_of(read_harmonics(path, convention), MAP_HEIGHT)
    return Lighting((EnvironmentLight(map_),), name=f"harmonics {path}")


def _preset(name: str) -> Lighting:
    from olat.errors import UsageError
    from olat.relight.presets import PRESETS, preset

    if name not in PRESETS:
        raise UsageError(f"--preset {name}: needed is one of\n{_preset_words()}")
    return preset(name)
