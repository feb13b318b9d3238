"""Calibrations as files: a TOML document with a header, and arrays beside it.

``sensor.toml`` with ``sensor.exr``, ``color.toml``, ``lens.toml``, ``rig.toml`` with ``rig.csv``.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from pydantic import TypeAdapter, ValidationError

from olat.errors import FileError
from olat.io.calibration_digests import (
    ARRAYS,
    check_arrays,
    content_digest,
    edited_tables,
    table_digests,
    values_of,
)
from olat.io.calibration_tables import (
    ColorTable,
    Document,
    LensTable,
    RigTable,
    SensorTable,
)
from olat.io.content_hash import ContentHashes
from olat.io.exr import read_exr, write_exr
from olat.io.light_file import read_lights, rig_from_lights
from olat.io.publish import publish_text
from olat.model.calibration import (
    Calibration,
    CalibrationHeader,
    ColorCalibration,
    Kind,
    LensCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.model.rig import LightRig

SCHEMA = 1
_ADVICE = "Measure it again, or restore the file."


def kind_of(calibration: Calibration) -> Kind:
    """Return the word for a calibration's kind in file names."""
    match calibration:
        case SensorCalibration():
            return "sensor"
        case ColorCalibration():
            return "color"
        case LensCalibration():
            return "lens"
        case RigCalibration():
            return "rig"


def files_of(document: Path, kind: Kind) -> list[Path]:
    """Return the files of a calibration, the document first."""
    beside = arrays_of(document, kind)
    return [document] if beside is None else [document, beside]


def arrays_of(document: Path, kind: Kind) -> Path | None:
    """Return the file beside a document that holds its arrays, for kinds that have one."""
    suffix = {"sensor": ".exr", "rig": ".csv"}.get(kind)
    return None if suffix is None else document.with_suffix(suffix)


def write_calibration(
    path: Path, header: CalibrationHeader, calibration: Calibration
) -> list[Path]:
    """Write a calibration; the document last, so that where it stands all of it does.

    Parameters
    ----------
    path
        Of the document, which ends in ``.toml``.
    header
        Where it came from and when it holds.
    calibration
        What was measured.

    Returns
    -------
    list
        The files, the document first.
    """
    kind = kind_of(calibration)
    match calibration:
        case SensorCalibration():
            _write_maps(path.with_suffix(".exr"), calibration)
            table: SensorTable | ColorTable | LensTable | RigTable = SensorTable.of(calibration)
        case ColorCalibration():
            table = ColorTable.of(calibration)
        case LensCalibration():
            table = LensTable.of(calibration)
        case RigCalibration():
            publish_text(path.with_suffix(".csv"), _light_table(calibration.rig))
            table = RigTable.of(calibration)
    known = {name: value for name, value in asdict(header).items() if value not in (None, "")}
    document = {
        "schema": SCHEMA,
        "header": known,
        "residuals": {name: float(value) for name, value in calibration.residuals.items()},
        kind: table.model_dump(exclude_none=True),
    }
    digests = table_digests(Document.model_validate(document))
    if arrays := arrays_of(path, kind):
        digests[ARRAYS] = _file_digest(arrays)
    publish_text(path, tomli_w.dumps(document | {"digests": digests}))
    return files_of(path, kind)


def read_calibration(path: Path | str) -> tuple[CalibrationHeader, Calibration]:
    """Read a calibration and its header.

    Parameters
    ----------
    path
        Of the document; the file with its arrays lies beside it.

    Raises
    ------
    FileError
        If the document or the file beside it is missing, damaged, or says what cannot be meant.
    """
    path = Path(path)
    document = _document(path)
    header = _header(path, document)
    arrays = arrays_of(path, header.kind)
    if arrays is not None and arrays.exists():  # if it does not, its reader says so
        check_arrays(arrays, document, _file_digest(arrays))
    try:
        return header, _calibration(path, document)
    except ValueError as error:
        raise FileError(f"{path}: {error}. {_ADVICE}") from error


def read_header(path: Path) -> CalibrationHeader:
    """Read no more than where a calibration came from and when it holds; `FileError` as above."""
    return _header(path, _document(path))


def values_digest(path: Path, hashes: ContentHashes, *, part: str = "") -> str:
    """Return the digest of what was measured, whoever says what about it in header and residuals.

    Parameters
    ----------
    path
        Of the document.
    hashes
        Digests of files that are known, as the arrays may be large.
    part
        Entry of the table of its kind that alone counts; all, and the arrays, if empty.

    Raises
    ------
    FileError
        If a file cannot be read, or the arrays are not those of the document.
    """
    document = _document(path)
    values, kind = values_of(document), _header(path, document).kind
    if part:
        return content_digest(values[part])
    arrays = arrays_of(path, kind)
    if arrays is None:
        return content_digest([kind, values])
    found = hashes.of(arrays)
    check_arrays(arrays, document, found)
    return content_digest([kind, values, found])


def edits(path: Path, *, sealed: bool = False) -> list[str]:
    """Return the names of tables that were changed by hand; `FileError` as above.

    Tables whose digest somebody took out count too where all are to be sealed.
    """
    return edited_tables(_document(path), sealed=sealed)


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _document(path: Path) -> Document:
    try:
        return Document.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FileError(f"{path}: it cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: this is not TOML: {error}. {_ADVICE}") from None
    except ValidationError as error:
        raise FileError(f"{path}: {_faults(error)}. {_ADVICE}") from None


def _header(path: Path, document: Document) -> CalibrationHeader:
    try:
        header = TypeAdapter(CalibrationHeader).validate_python(document.header, extra="forbid")
    except ValidationError as error:
        raise FileError(f"{path}: [header] {_faults(error)}. {_ADVICE}") from None
    if getattr(document, header.kind) is None:
        raise FileError(
            f"{path}: [header] kind = {header.kind!r}, but there is no table [{header.kind}]. "
            f"{_ADVICE}"
        )
    return header


def _faults(error: ValidationError) -> str:
    told = []
    for fault in error.errors():
        name = ".".join(map(str, fault["loc"]))
        told.append(f"{name}: {fault['msg'][0].lower()}{fault['msg'][1:]}")
    return "; ".join(told)


def _calibration(path: Path, document: Document) -> Calibration:
    """Return what a document and the file beside it say."""
    residuals = document.residuals
    if document.sensor is not None:
        return document.sensor.calibration(_read_maps(path.with_suffix(".exr")), residuals)
    if document.color is not None:
        return document.color.calibration(residuals)
    if document.lens is not None:
        return document.lens.calibration(residuals)
    if document.rig is not None:
        lights = read_lights(path.with_suffix(".csv"))
        rig = rig_from_lights(lights, holds=document.rig.holds)
        return document.rig.calibration(rig, residuals)
    raise ValueError("it has no table of any kind")


def _write_maps(path: Path, what: SensorCalibration) -> None:
    """Write dark, flat and defects of every plane into one EXR."""
    maps = {"dark": what.dark, "flat": what.flat, "defects": what.defects.astype(np.float32)}
    channels = {
        f"{word}.{plane}": np.ascontiguousarray(planes[..., plane])
        for word, planes in maps.items()
        for plane in range(planes.shape[2])
    }
    write_exr(path, channels, attributes={})


def _read_maps(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Read the three maps, ``h w plane`` each."""
    channels, _ = read_exr(path)
    words = ("dark", "flat", "defects")
    planes = range(len(channels) // len(words))
    names = {f"{word}.{plane}" for plane in planes for word in words}
    if not names or names != set(channels):
        raise FileError(
            f"{path}: it has the channels {', '.join(channels)}; needed are dark, flat and defects "
            f"of each plane. {_ADVICE}"
        )
    return {
        word: np.stack([channels[f"{word}.{plane}"] for plane in planes], axis=2) for word in words
    }


def _light_table(rig: LightRig) -> str:
    """Return a light file: positions where they are known, else directions, and intensities."""
    places = rig.directions if rig.positions is None else rig.positions
    rows = [
        ",".join([str(light), *(f"{value:.9g}" for value in (*place, *color))])
        for light, (place, color) in enumerate(zip(places, rig.intensities, strict=True))
    ]
    return "\n".join(["light,x,y,z,red,green,blue", *rows]) + "\n"
