"""Web sets that Relight and OpenLIME show: a picture whose light one drags.

References
----------
.. [1] Ponchio, Corsini and Scopigno, A compact representation of relightable images for the web,
   ACM Web3D 2018.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64, UInt8

from olat.errors import SessionError
from olat.export.rti_samples import RtiSamples, samples_of
from olat.export.shrunk import shrunk_source
from olat.export.source import Advance, ExportSource
from olat.io.display import picture_from_normals, write_png
from olat.io.light_file_write import write_lights
from olat.io.publish import publish_text
from olat.io.relight_web import write_info, write_jpeg
from olat.model.shapes import Array, Directions
from olat.relight.rti_codes import CodedBasis, PlaneCodes, coded_basis, plane_codes
from olat.relight.rti_fit import LinearModel, Samples, Strips, least_squares_model, principal_model
from olat.relight.rti_hemispherical import hemispherical_basis
from olat.relight.rti_nodes import best_shown, through_nodes
from olat.relight.rti_octahedral import SIDE, octahedral_mix, octahedral_nodes
from olat.relight.rti_polynomial import polynomial_basis
from olat.relight.rti_radial import mix_of_viewers, radial_nodes, radial_sigma

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
README = """\
Relightable picture of {name}, camera {camera}: a web set of the Relight format.

Open info.json with OpenLIME or RelightLab; the planes are JPEG pictures that hold coefficients.
OpenLIME reads from a web server, not from the disk: python -m http.server in this folder is one.
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
    longest: int | None = None
    """Longer side of the pictures [px]; none keeps that of the field."""


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
    In front of the subject is where the camera is, whichever of several it is; lights and normals
    of the set are in its axes.
    """
    kind, count = BASES[options.basis]
    source = shrunk_source(source, options.longest)
    samples = samples_of(
        source,
        needed=NEEDED[kind],
        exposure_stops=options.exposure_stops,
        asked=f"rti --basis {options.basis}",
    )
    passes = _Passes(samples, advance, 2 if kind in ("ptm", "hsh") else 3)
    model, basis = model_of(samples, kind, count, passes.looks), None
    if len(model.mean):
        basis, model = coded_basis(model)
        model = best_shown(model, _mix_of(kind, samples.directions))
    told = plane_codes(model, passes.looks)
    _, height, width = samples.field.shape
    codes = np.empty((len(model.to_planes), height, width), np.uint8)
    for top, bottom, strip in passes.strips():
        codes[:, top:bottom] = told.codes(model.planes(strip))
    files = [folder / "info.json"]
    write_info(files[0], _info(samples, kind, (told, basis), codes.shape, options.quality))
    files += _write_planes(folder, codes, options.quality)
    return files + _beside(source, samples, folder, options.quality)


class _Passes:
    """Passes over a field, told as one."""

    def __init__(self, samples: RtiSamples, advance: Advance, count: int) -> None:
        self._samples, self._advance, self._count, self._done = samples, advance, count, 0

    def looks(self) -> Iterator[tuple[int, int, Samples]]:
        return self._told(self._samples.looks)

    def strips(self) -> Iterator[tuple[int, int, Samples]]:
        return self._told(self._samples.strips)

    def _told(self, strips: Strips) -> Iterator[tuple[int, int, Samples]]:
        height = self._samples.field.shape[1]
        for top, bottom, strip in strips():
            yield top, bottom, strip
            self._advance(self._done * height + bottom, self._count * height)
        self._done += 1


def model_of(samples: RtiSamples, kind: str, count: int, looks: Strips) -> LinearModel:
    """Return the fit of a type of basis with so many planes."""
    directions = samples.directions
    if kind == "ptm":
        return least_squares_model(polynomial_basis(directions), samples.solid_angles)
    if kind == "hsh":
        return least_squares_model(hemispherical_basis(directions), samples.solid_angles)
    kept = min(count, 3 * len(directions))
    if kept < count:
        logger.warning("%d planes instead of %d: there are not more lights.", kept, count)
    pictures = principal_model(looks, None, kept)
    nodes = radial_nodes(directions) if kind == "rbf" else octahedral_nodes(directions)
    return best_shown(through_nodes(pictures, nodes), _mix_of(kind, directions))


def _mix_of(kind: str, directions: Directions) -> Float64[Array, "shown node"]:
    """Return how viewers mix nodes at the lights."""
    return mix_of_viewers(directions) if kind == "rbf" else octahedral_mix(directions)


def _info(
    samples: RtiSamples,
    kind: str,
    coded: tuple[PlaneCodes, CodedBasis | None],
    shape: tuple[int, ...],
    quality: int,
) -> dict[str, Any]:
    """Return the description that viewers read."""
    planes, basis = coded
    count, height, width = shape
    material: dict[str, Any] = {"scale": _listed(planes.scale), "bias": _listed(planes.bias)}
    told: dict[str, Any] = {
        "width": width,
        "height": height,
        "format": "jpg",
        "type": kind,
        "colorspace": "rgb" if basis is None else "mrgb",
        "nplanes": count,
        "quality": quality,
        "lights": _listed(samples.directions.ravel()),
    }
    if basis is not None:
        told["basis"] = basis.codes.ravel().tolist()
        material["range"] = _listed(basis.ranges)
    if kind == "rbf":
        told["sigma"] = radial_sigma(samples.directions)
    if kind == "bilinear":
        told["resolution"] = SIDE
    return {**told, "materials": [material]}


def _listed(values: np.ndarray[Any, Any]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]


def _write_planes(folder: Path, codes: UInt8[Array, "plane h w"], quality: int) -> list[Path]:
    files = []
    for number in range(len(codes) // 3):
        files.append(folder / f"plane_{number}.jpg")
        picture = np.moveaxis(codes[3 * number : 3 * number + 3], 0, 2)
        write_jpeg(files[-1], np.ascontiguousarray(picture), quality=quality)
    return files


def _beside(source: ExportSource, samples: RtiSamples, folder: Path, quality: int) -> list[Path]:
    """Write what goes with a set: its lights, normals, and how to open it."""
    header = samples.field.header
    rig = header.rig
    # Lines of a .lp end names at blanks.
    names = ["_".join(name.split()) for name in rig.names]
    names = names or [f"light_{number:04d}" for number in header.lights]
    lights = replace(
        rig,
        directions=samples.directions,
        intensities=np.ones((len(samples.directions), 3)),
        positions=None,
        names=tuple(names[row] for row in np.flatnonzero(samples.chosen)),
    )
    files, losses = write_lights(folder / "lights.lp", lights)
    for loss in losses:
        logger.warning("%s", loss)
    written = [*files, folder / "README.txt"]
    text = README.format(
        name=source.session.name,
        camera=source.camera,
        exposure=samples.exposure,
        count=len(samples.directions),
    )
    publish_text(written[-1], text)
    try:
        normals = source.normals()
    except SessionError as error:
        logger.warning("left out: %s", error)
        return written
    turned = (normals.normals @ samples.turn.T).astype(np.float32)
    picture = picture_from_normals(replace(normals, normals=turned))
    # Viewers ask for the one, RelightLab writes the other.
    write_png(folder / "normals.png", picture)
    write_jpeg(folder / "normals.jpg", picture, quality=quality)
    return [*written, folder / "normals.png", folder / "normals.jpg"]
