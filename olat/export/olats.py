"""The field as a sequence of EXR pictures, one for each light, with a list of the lights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from olat.export.source import Advance, ExportSource
from olat.io.color_header import color_attributes
from olat.io.exr import Attribute, write_exr
from olat.io.light_file_write import write_lights
from olat.model.field import ReflectanceField


@dataclass(frozen=True)
class SequenceOptions:
    """How the pictures are named."""

    start_frame: int = 1
    """Number of the first picture; the others follow without gaps."""


def write_olats(
    source: ExportSource, folder: Path, options: SequenceOptions, advance: Advance
) -> list[Path]:
    """Write the picture under each light, and ``lights.lp`` that lists them.

    Pictures are ``SESSION_CAMERA.olat.0001.exr`` and so on: contiguous, whatever lights are
    missing; the header says which light it was (``olat/lightId``, counted from 0 in the session's
    rig), its direction, position and intensity. `olat init` on the folder finds the same lights.

    Parameters
    ----------
    source
        A processed camera.
    folder
        Folder to fill.
    options
        How the pictures are named.
    advance
        Told after each picture.

    Returns
    -------
    files
        All that were written.

    Raises
    ------
    StorageError
        If the disk is full, read-only or failing.

    Notes
    -----
    Half precision, as the field is: nothing is lost. Divided by the light's intensity: a white
    Lambert patch that faces the light reads 1, so that the list of lights needs no intensities.
    """
    field = source.field()
    stem = f"{_word(source.session.name)}_{_word(source.camera)}.olat"
    common = _common(source, field)
    files = []
    for row, plane in enumerate(field.planes):
        place = folder / f"{stem}.{options.start_frame + row:04d}.exr"
        channels = {color: plane[k] for k, color in enumerate("RGB")}
        told = {**common, **_light(field, row)}
        write_exr(place, channels, attributes=told, half=True, compression="piz")
        files.append(place)
        advance(row + 1, len(field.planes))
    rig = replace(field.header.rig, names=tuple(place.name for place in files), positions=None)
    written, _ = write_lights(folder / "lights.lp", rig)
    return [*files, *written]


def _common(source: ExportSource, field: ReflectanceField) -> dict[str, Attribute]:
    return {
        **color_attributes(field.header.space),
        "olat/version": version("olat"),
        "olat/session": source.session.name,
        "olat/camera": source.camera,
        "olat/role": "olat",
        "olat/frame": "world: right-handed, +x image right, +y up, +z to the reference camera; "
        "directions from the subject to the light",
        "olat/scale": "a white Lambert patch facing the light reads 1",
    }


def _light(field: ReflectanceField, row: int) -> dict[str, Attribute]:
    """Return the header of one light's picture."""
    rig = field.header.rig
    told: dict[str, Attribute] = {
        "olat/lightId": field.header.lights[row],
        "olat/lightDirection": rig.directions[row],
        "olat/lightIntensity": rig.intensities[row],
        "olat/lightSolidAngle": float(field.header.solid_angles[row]),
    }
    if rig.positions is not None:
        told["olat/lightPosition"] = rig.positions[row]
    if rig.names:
        told["olat/lightName"] = rig.names[row]
    return told


def _word(name: str) -> str:
    """Return a name as part of a file's name."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
    return kept.strip("_") or "session"
