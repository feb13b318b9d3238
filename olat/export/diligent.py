"""The folder that photometric-stereo programs read: DiLiGenT's.

References
----------
.. [1] Shi et al., A benchmark dataset and evaluation for non-Lambertian and uncalibrated
   photometric stereo, IEEE TPAMI 41(2), 2019: layout, axes (+x right, +y up, +z to the camera)
   and pictures that are divided by the intensity of their light.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from olat.errors import SessionError
from olat.export.source import Advance, ExportSource
from olat.io.array_file import write_mat
from olat.io.color_header import WORDS
from olat.io.display import picture_from_normals, write_png, write_png16
from olat.io.light_file_write import write_lights
from olat.io.publish import publish_text
from olat.model.field import ReflectanceField
from olat.model.shapes import HalfPlanes

logger = logging.getLogger(__name__)

FULL_SCALE = 65535
NOTE = """\
# DiLiGenT layout of an OLAT capture

Session {session}, camera {camera}; {count} lights. `NNN.png` are linear, 16 bit; their color is
{color}. A picture divided by 65535 and by its line of `light_intensities.txt` is reflectance: a
white Lambert patch that faces the light reads 1. One factor, {factor:.6g}, is in all intensities;
it makes the brightest pixel fit into 16 bits. Lines of the `light_*.txt` and `filenames.txt` belong
together. Directions point from the subject to the light; +x is the picture's right, +y up, +z to
the camera.

{normals}
{lost}
"""


@dataclass(frozen=True)
class DiligentOptions:
    """What the normals are called."""

    as_truth: bool = False
    """Name the solved normals ``Normal_gt``, as loaders want, though they are an estimate."""


def write_diligent(
    source: ExportSource, folder: Path, options: DiligentOptions, advance: Advance
) -> list[Path]:
    """Write 16-bit pictures, their lights, mask and normals.

    Files are ``001.png`` and so on, ``filenames.txt``, ``light_directions.txt``,
    ``light_intensities.txt``, ``mask.png``, ``Normal_est.mat`` (variable ``Normal_gt``, the name
    that readers look for), ``Normal_est.png`` and ``README.md``.

    Parameters
    ----------
    source
        A processed camera.
    folder
        Folder to fill.
    options
        What the normals are called.
    advance
        Told after each picture.

    Returns
    -------
    files
        All that were written.

    Raises
    ------
    SessionError
        If no light shines on anything.
    StorageError
        If the disk is full, read-only or failing.

    Notes
    -----
    A code is ``65535 f e_i R_i`` with the light's intensity e and one factor f for all, which is
    in the intensities that are written, so that dividing gives R back. Pixels below zero, which
    noise leaves, become 0, as 16-bit pictures hold no sign; how many is said in the README.
    """
    field = source.field()
    rig = field.header.rig
    factor = 1.0 / _brightest(field)
    names = [f"{row + 1:03d}.png" for row in range(len(rig))]
    files, below = [], 0
    for row, plane in enumerate(field.planes):
        codes, dark = _codes(plane, factor * rig.intensities[row])
        files.append(folder / names[row])
        write_png16(files[-1], codes)
        below += dark
        advance(row + 1, len(rig))
    lights = replace(rig, names=tuple(names), positions=None, intensities=factor * rig.intensities)
    written, _ = write_lights(folder / "light_directions.txt", lights)
    files += written
    files += _write_matte(source, folder)
    normals, words = _write_normals(source, folder, options)
    files += normals
    files.append(folder / "README.md")
    share = below / max(1, 3 * len(rig) * field.header.height * field.header.width)
    text = NOTE.format(
        session=source.session.name,
        camera=source.camera,
        count=len(rig),
        color=WORDS[field.header.space],
        factor=factor,
        normals=words,
        lost=f"{100 * share:.2g} % of all values, most of them in the background, were below zero "
        "by noise, and are 0 here.",
    )
    publish_text(files[-1], text)
    return files


def _brightest(field: ReflectanceField) -> float:
    """Return the largest photographed value of all pixels and lights."""
    pairs = zip(field.planes, field.header.rig.intensities, strict=True)
    tops = [(plane.max(axis=(1, 2)).astype(np.float64) * color).max() for plane, color in pairs]
    top = float(max(tops, default=0.0))
    if not top > 0.0:
        raise SessionError("diligent: no pixel is lit by any light; needed is a field with light.")
    return top


def _codes(plane: HalfPlanes, gain: np.ndarray) -> tuple[np.ndarray, int]:
    """Return 16-bit codes ``h w 3``, and how many values were below zero."""
    radiance = np.moveaxis(plane, 0, 2).astype(np.float32) * gain.astype(np.float32)
    codes = np.rint(radiance.clip(0.0, 1.0) * FULL_SCALE).astype(np.uint16)
    return codes, int((radiance < 0.0).sum())


def _write_matte(source: ExportSource, folder: Path) -> list[Path]:
    """Write the mask, of the whole picture if the session has none: readers want one."""
    matte, told_by = source.matte()
    if matte is None:
        logger.warning("mask.png is all white, told by %s.", told_by)
        header = source.field().header
        matte = np.ones((header.height, header.width), bool)
    place = folder / "mask.png"
    write_png(place, np.repeat(np.where(matte, 255, 0).astype(np.uint8)[..., None], 3, axis=2))
    return [place]


def _write_normals(
    source: ExportSource, folder: Path, options: DiligentOptions
) -> tuple[list[Path], str]:
    """Write the normals, if they were solved; return the files and what they are."""
    try:
        solved = source.normals()
    except SessionError as error:
        logger.warning("left out: %s", error)
        return [], "There are no normals: they were not solved."
    stem = "Normal_gt" if options.as_truth else "Normal_est"
    files = [folder / f"{stem}.mat", folder / f"{stem}.png"]
    write_mat(files[0], {"Normal_gt": solved.normals.astype(np.float64)})
    write_png(files[1], picture_from_normals(solved))
    return files, (
        f"`{stem}.mat` holds the normals that olat solved from these pictures, as the variable "
        "`Normal_gt`, zero where unknown: an estimate, NOT ground truth."
    )
