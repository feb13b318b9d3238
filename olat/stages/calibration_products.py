"""Calibrations as products: candidates, which count only once somebody has certified them."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from olat.engine.capture import Unit
from olat.io.photograph import photograph_size
from olat.model.calibration import Calibration, CalibrationHeader
from olat.model.session import Session
from olat.stages.drawing import drawn


class CalibrationFiles:
    """A calibration as a TOML document, with arrays beside it where it has any."""

    collection: type | None = None

    def __init__(self, session: Session) -> None:
        self._session = session

    def write(self, place: Path, unit: Unit, product: Calibration, provenance: str) -> list[Path]:
        """Write ``<place>.toml``, what belongs to it, and a picture of what was measured."""
        from olat.io.calibration_file import write_calibration
        from olat.io.calibration_picture import picture_of_calibration

        path = place.with_name(f"{place.name}.toml")
        files = write_calibration(path, self._header(unit.camera, product), product)
        picture = path.with_suffix(".png")
        return [*files, *drawn(picture, lambda: picture_of_calibration(product))]

    def read(self, place: Path, unit: Unit) -> Calibration:
        """Read ``<place>.toml``."""
        from olat.io.calibration_file import read_calibration

        return read_calibration(place.with_name(f"{place.name}.toml"))[1]

    def read_all(self, place: Path) -> Any:
        """Refuse: a calibration is of a whole camera."""
        raise TypeError(f"{place}: a calibration is not made frame by frame")

    def settle(self, place: Path, camera: str) -> list[Path]:
        """Return nothing: calibrations share no file."""
        return []

    def metrics(self, product: Calibration) -> dict[str, float]:
        """Return how well it fits what it was made from."""
        return {name: round(float(value), 6) for name, value in product.residuals.items()}

    def _header(self, camera_name: str, product: Calibration) -> CalibrationHeader:
        from olat.io.calibration_file import kind_of

        session = self._session
        camera, kind = session.camera(camera_name), kind_of(product)
        first = next(iter(session.frames_of(camera_name).values()))
        height, width = photograph_size(first.path)
        return CalibrationHeader(
            kind=kind,
            device=session.rig.name if kind == "rig" else camera_name,
            made_by=f"olat {version('olat')}",
            from_session=session.name,
            captured=session.date,
            serial=camera.serial,
            lens=camera.lens,
            height=height,
            width=width,
        )
