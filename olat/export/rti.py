"""Web sets that Relight and OpenLIME show: a picture whose light one drags.

References
----------
.. [1] Ponchio, Corsini and Scopigno, A compact representation of relightable images for the web,
   ACM Web3D 2018.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, UInt8

from olat.errors import SessionError
from olat.export.rti_samples import RtiSamples, samples_of
from olat.export.source import Advance, ExportSource
from olat.io.display import picture_from_normals, write_png
from olat.io.light_file_write import write_lights
from olat.io.publish import publish_text
from olat.io.relight_web import write_info, write_jpeg
from olat.light.interpolation import weights_for_directions
from olat.model.shapes import Array
from olat.relight.rti_fit import LinearModel, least_squares_model, principal_model
from olat.relight.rti_hemispherical import hemispherical_basis
from olat.relight.rti_octahedral import SIDE, octahedral_grid
from olat.relight.rti_polynomial import polynomial_basis
from olat.relight.rti_radial import radial_sigma

logger = logging.getLogger(__name__)

BASES: Final[dict[str, tuple[str, int]]] = {
    "rbf18": ("rbf", 18),
    "rbf9": ("rbf", 9),
    "rbf27": ("rbf", 27),
    "bilinear18": ("bilinear", 18),
    "bilinear9": ("bilinear", 9),
    "ptm": ("ptm", 18),
    "hsh": ("hsh", 27),
}
"""Type and number of planes of each basis."""
NEEDED: Final = {"ptm": 6, "hsh": 9, "rbf": 3, "bilinear": 3}
"""Lights in front of the subject that a type needs."""
ROBUST: Final = (0.02, 99.98)
"""Percentiles of a plane that its codes span: highlights are in few pixels."""
LOOKED_AT: Final = 200_000
"""Pixels that tell the range of planes."""
README = """\
Relightable picture of {name}, camera {camera}: a web set of the Relight format.

Open info.json with OpenLIME or RelightLab; the planes are JPEG pictures that hold coefficients.
Light is dragged over the hemisphere in front of the subject: x to the right, y up, z to the camera.

The set holds display-coded values at one exposure ({exposure:.4g} times linear), fitted to {count}
lights. It is for looking. Sums of such pictures are not what an environment does; relight the field
itself for that: olat relight.
"""


@dataclass(frozen=True)
class RtiOptions:
    """What the set is made of."""

    basis: str = "rbf18"
    quality: int = 99
    """Of the JPEG pictures."""
    exposure_stops: float | None = None


@dataclass(frozen=True)
class Quantized:
    """Planes as codes, and what brings them back: ``(code/255 - bias) scale``."""

    codes: UInt8[Array, "plane h w"]
    scale: Float64[Array, " plane"]
    bias: Float64[Array, " plane"]


def write_rti(
    source: ExportSource, folder: Path, options: RtiOptions, advance: Advance
) -> list[Path]:
    """Write ``info.json``, ``plane_0.jpg`` and so on, ``lights.lp``, normals and a README.

    Parameters
    ----------
    source
        A processed camera.
    folder
        Folder to fill.
    options
        What the set is made of; see `BASES`.
    advance
        Told after strips of rows.

    Returns
    -------
    files
        All that were written.

    Raises
    ------
    UsageError
        If too few lights are in front of the subject.

    Notes
    -----
    Models are fitted to display-coded pictures, because viewers show what they decode as it is.
    """
    kind, count = BASES[options.basis]
    field = source.field()
    samples = samples_of(field, needed=NEEDED[kind], exposure_stops=options.exposure_stops)
    model = model_of(samples, kind, count)
    planes = quantized(samples, model, advance)
    told = _info(samples, model, planes, kind, options.quality)
    files = [folder / "info.json"]
    write_info(files[0], told)
    for number in range(len(planes.codes) // 3):
        files.append(folder / f"plane_{number}.jpg")
        picture = np.moveaxis(planes.codes[3 * number : 3 * number + 3], 0, 2)
        write_jpeg(files[-1], np.ascontiguousarray(picture), quality=options.quality)
    files += _beside(source, samples, folder, options.quality)
    return files


def model_of(samples: RtiSamples, kind: str, count: int) -> LinearModel:
    """Return the fit of a type of basis with so many planes."""
    directions = samples.directions
    if kind == "ptm":
        return least_squares_model(polynomial_basis(directions), samples.solid_angles)
    if kind == "hsh":
        return least_squares_model(hemispherical_basis(directions), samples.solid_angles)
    if kind == "rbf":
        mix = np.eye(len(directions))
    else:
        mix = weights_for_directions(directions, octahedral_grid()).weights
    kept = min(count, 3 * min(mix.shape) // 3 * 3)
    if kept < count:
        logger.warning("%d planes instead of %d: there are not more lights.", kept, count)
    return principal_model(samples.strips, mix, kept)


def quantized(samples: RtiSamples, model: LinearModel, advance: Advance) -> Quantized:
    """Return the planes of all pixels as codes that span the middle of their values."""
    _, height, width = samples.field.shape
    every = max(1, height * width // LOOKED_AT)
    looked = [
        model.planes(strip).reshape(len(model.to_planes), -1)[:, ::every]
        for _, _, strip in samples.strips()
    ]
    low, high = 255.0 * np.percentile(np.concatenate(looked, axis=1), ROBUST, axis=1)
    span = np.maximum(high - low, 1e-3)
    bias = -low / span
    codes = np.empty((len(model.to_planes), height, width), np.uint8)
    for top, bottom, strip in samples.strips():
        values = 255.0 * model.planes(strip).astype(np.float64)
        texels = 255.0 * (values / span[:, None, None] + bias[:, None, None])
        codes[:, top:bottom] = np.clip(np.floor(texels), 0, 255)
        advance(bottom, height)
    # Viewers take a code for its lower end; this makes it the middle.
    return Quantized(codes, span / 255.0, bias - 0.5 / 255.0)


def _info(
    samples: RtiSamples, model: LinearModel, planes: Quantized, kind: str, quality: int
) -> dict[str, Any]:
    """Return the description that viewers read."""
    count, height, width = planes.codes.shape
    material: dict[str, Any] = {"scale": _listed(planes.scale), "bias": _listed(planes.bias)}
    told: dict[str, Any] = {
        "width": width,
        "height": height,
        "format": "jpg",
        "type": kind,
        "colorspace": "mrgb" if len(model.mean) else "rgb",
        "nplanes": count,
        "quality": quality,
        "lights": _listed(samples.directions.ravel()),
    }
    if len(model.mean):
        ranges = 127.0 / np.maximum(np.abs(model.from_planes).max(axis=0), 1e-9)
        mean = np.clip(np.rint(255.0 * model.mean), 0, 255)
        rows = np.rint(127.0 + ranges * model.from_planes).T
        told["basis"] = np.vstack([mean, rows]).astype(int).ravel().tolist()
        material["range"] = _listed(ranges)
    if kind == "rbf":
        told["sigma"] = radial_sigma(samples.directions)
    if kind == "bilinear":
        told["resolution"] = SIDE
    return {**told, "materials": [material]}


def _listed(values: np.ndarray[Any, Any]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _beside(source: ExportSource, samples: RtiSamples, folder: Path, quality: int) -> list[Path]:
    """Write what goes with a set: its lights, normals, and how to open it."""
    rig = samples.field.header.rig
    names = tuple(rig.names[row] for row in np.flatnonzero(samples.chosen)) if rig.names else ()
    lights = replace(
        rig,
        directions=samples.directions,
        intensities=np.ones((len(samples.directions), 3)),
        positions=None,
        names=names,
    )
    files, _ = write_lights(folder / "lights.lp", lights)
    written = [*files, folder / "README.txt"]
    text = README.format(
        name=source.session.name,
        camera=source.camera,
        exposure=samples.exposure,
        count=len(samples.directions),
    )
    publish_text(written[-1], text)
    try:
        picture = picture_from_normals(source.normals())
    except SessionError as error:
        logger.warning("left out: %s", error)
        return written
    # Viewers ask for the one, RelightLab writes the other.
    write_png(folder / "normals.png", picture)
    write_jpeg(folder / "normals.jpg", picture, quality=quality)
    return [*written, folder / "normals.png", folder / "normals.jpg"]
