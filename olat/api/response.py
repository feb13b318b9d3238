"""Measure what the codes of a camera stand for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from olat.errors import FileError, SolveError, UsageError
from olat.inspection.brackets import exposures_by_file
from olat.io.photograph import read_photograph
from olat.io.response_file import write_response
from olat.model.encoding import ResponseCurve


def recover_response(
    photographs: Sequence[Path | str],
    output: Path | str,
    *,
    exposures_s: Sequence[float] | None = None,
    method: Literal["debevec", "robertson"] = "debevec",
) -> ResponseCurve:
    """Recover the response of a camera from 8-bit photographs of one scene, and write it.

    Say ``encoding = "response.csv"`` under ``[camera.NAME]`` to use it.

    Parameters
    ----------
    photographs
        Files of one still scene from one place, at different exposures; four or more that spread
        it over all codes.
    output
        Table to write: a line for each code, red, green, blue.
    exposures_s
        Their exposure times; none to read Exif [s].
    method
        ``debevec`` for a smooth curve, ``robertson`` for one that follows the pixels.

    Raises
    ------
    UsageError
        If an exposure is not known.
    FileError
        If a photograph is not an 8-bit picture with three channels.
    SolveError
        If no curve that rises fits.
    """
    from olat.sensor.response_debevec import response_debevec
    from olat.sensor.response_robertson import response_robertson

    paths = [Path(photograph) for photograph in photographs]
    told = list(exposures_by_file(paths) if exposures_s is None else exposures_s)
    seconds = [time for time in told if time is not None]
    if len(seconds) < len(paths):
        silent = ", ".join(
            path.name for path, time in zip(paths, told, strict=False) if time is None
        )
        raise UsageError(f"no exposure time is in {silent}; say exposures_s, one for each.")
    codes = [_codes(path) for path in paths]
    recover = response_debevec if method == "debevec" else response_robertson
    try:
        table = recover(codes, exposures_s=seconds)
    except ValueError as error:
        raise SolveError(f"{paths[0].parent}: {error}.") from error
    response = ResponseCurve(tuple(tuple(row) for row in table.tolist()))
    write_response(Path(output), response)
    return response


def _codes(path: Path) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    codes = getattr(read_photograph(path), "codes", None)
    if codes is None or codes.dtype != np.uint8 or codes.ndim != 3:
        raise FileError(f"{path}: an 8-bit picture with red, green and blue is needed.")
    return np.ascontiguousarray(codes)
