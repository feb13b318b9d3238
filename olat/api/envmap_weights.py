"""Environment maps, shared out among the lights of a rig."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from olat.errors import UsageError
from olat.io.environment_file import WRITTEN, read_environment, write_environment
from olat.light.latlong_cells import radiance_of_weights
from olat.light.latlong_resampling import rolled
from olat.model.environment import EnvironmentMap

if TYPE_CHECKING:
    from olat.model.rig import LightRig
    from olat.model.shapes import LightColors

LEAST_HEIGHT, LARGEST_HEIGHT = 256, 1024
"""Of the map that weights stand for; between, it is as high as the one they come from [px]."""


@dataclass(frozen=True)
class Shared:
    """An environment, shared out among lights."""

    environment: EnvironmentMap
    """As it was turned."""
    rig: LightRig
    weights: LightColors
    left_out: float
    """Share of the map's energy from where there are no lights."""
    kernel: str

    def told(self) -> dict[str, Any]:
        """Return what is known of the weights, as JSON can hold it."""
        return {
            "map": self.environment.name,
            "rig": self.rig.name,
            "kernel": self.kernel,
            "color": self.environment.space,
            "left_out": self.left_out,
            "scale": "a white Lambert surface that faces a light of weight 1 reads 1",
        }

    def probe(self, *, height: int) -> EnvironmentMap:
        """Return the map that the weights stand for: each light spread over its cell."""
        radiance = radiance_of_weights(self.rig.directions, self.weights, height=height)
        return replace(self.environment, radiance=radiance)


def shared_out(
    path: Path, rig: LightRig, *, kernel: str = "auto", rotate_deg: float = 0.0
) -> Shared:
    """Share the light of a map out among the lights of a rig.

    Parameters
    ----------
    path
        Latitude-longitude map in OpenEXR orientation.
    rig
        The lights; where they are must be known.
    kernel
        How pixels are shared; see `weights_for_environment`.
    rotate_deg
        Turns the map about +y [degree].

    Raises
    ------
    FileError
        If the map cannot be read.
    UsageError
        If there is no such kernel, or nobody knows where the lights are.
    """
    from olat.light import environment_weights

    known = get_args(environment_weights.Kernel)
    if kernel not in known:
        raise UsageError(f"--kernel {kernel}: there are {', '.join(known)}. Name one of them.")
    if not rig.is_located or not np.isfinite(rig.directions).all():
        raise UsageError(
            f"{rig.name}: it is not known where its lights are; directions are needed to share a "
            "map out. Measure the rig, or name a light file."
        )
    environment = read_environment(path)
    found = environment_weights.weights_for_environment(
        rig.directions,
        environment,
        rotation=rotate_deg,
        kernel=cast(environment_weights.Kernel, kernel),
    )
    turned = replace(environment, radiance=rolled(environment.radiance, rotate_deg)[0])
    return Shared(turned, rig, found.weights, found.left_out, found.kernel)


def write_shared(path: Path, shared: Shared) -> None:
    """Write weights by suffix: ``.csv``, ``.json``, a ``.png`` to look at, or the map as ``.exr``.

    Raises
    ------
    UsageError
        If the name ends in something else.
    """
    from olat.io import environment_weights_file as table

    suffix = path.suffix.lower()
    if suffix == ".csv":
        table.write_weights_csv(path, shared.rig, shared.weights)
    elif suffix == ".json":
        table.write_weights_json(path, shared.rig, shared.weights, shared.told())
    elif suffix in WRITTEN:
        height = min(max(len(shared.environment.radiance), LEAST_HEIGHT), LARGEST_HEIGHT)
        words = f"what the lights of {shared.rig.name} make of it; OpenEXR orientation"
        write_environment(path, shared.probe(height=height), words=words)
    elif suffix == ".png":
        _write_picture(path, shared)
    else:
        raise UsageError(f"{path}: needed is a name that ends in .csv, .json, .png, .exr or .hdr.")


def _write_picture(path: Path, shared: Shared) -> None:
    """Draw the map, the lights and their cells."""
    from olat.io.display import write_png
    from olat.io.environment_weights_picture import picture_of_weights
    from olat.sensor.working_space import converted

    space, radiance = shared.environment.space, shared.environment.radiance
    radiance = converted(radiance, source=space, target="rec709")
    colors = shared.weights.astype(np.float32)[None]
    shown = converted(colors, source=space, target="rec709")[0].astype(np.float64)
    words = (
        f"{shared.environment.name} over {len(shared.rig)} lights of {shared.rig.name}, kernel "
        f"{shared.kernel}; {100 * shared.left_out:.1f} % of the light is left out"
    )
    write_png(path, picture_of_weights(radiance, shared.rig, shown, words=words))
