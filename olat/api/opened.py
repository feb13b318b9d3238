"""A processed session in Python: its lights, maps and fields."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from olat.api.currency import calibration_folders, is_current
from olat.api.field import Field
from olat.engine.capture import Unit
from olat.engine.pipeline import load_pipeline
from olat.engine.receipt import Receipt
from olat.engine.store import Store
from olat.errors import CalibrationError, FileError, SessionError, UsageError
from olat.io.manifest import read_session
from olat.model.maps import NormalMap, PhongMaps
from olat.model.rig import LightRig
from olat.model.session import Session
from olat.stages import STAGES
from olat.stages.calibrations import Calibrations
from olat.stages.capture import GIVEN, SessionCapture
from olat.stages.products import codecs

logger = logging.getLogger(__name__)


class OpenSession:
    """A session and what was made of it."""

    def __init__(self, folder: Path, pipeline: str = "standard") -> None:
        definition = load_pipeline(pipeline, catalog=STAGES, given=GIVEN)
        session = read_session(folder)
        self.folder = session.folder
        folders = calibration_folders(self.folder / definition.folder)
        self._calibrations = Calibrations(session, [f for f in folders if f.is_dir()])
        self.session: Session = self._with_rig(folders)
        self._store = Store(self.folder / definition.folder, codecs(self.session))
        self._warn_if_outdated()

    def __repr__(self) -> str:
        return f"<olat session {self.session.name!r}, cameras {', '.join(self.cameras)}>"

    @property
    def rig(self) -> LightRig:
        """The lights."""
        return self.session.rig

    @cached_property
    def cameras(self) -> list[str]:
        """Names of the cameras."""
        return [camera.name for camera in self.session.cameras]

    def field(self, camera: str | None = None) -> Field:
        """Return the reflectance field of a camera (of the only one, if there is one).

        Raises
        ------
        SessionError
            If the field was not made, or not all of it.
        """
        unit = Unit(self._named(camera))
        self._receipt("field", unit, "assemble_field")
        return Field(self._store.place("field", unit).with_suffix(".zarr"))

    def normals(self, camera: str | None = None) -> NormalMap:
        """Return the normals of a camera; `SessionError` if they were not solved."""
        unit = Unit(self._named(camera))
        self._receipt("normals", unit, "solve_normals")
        from olat.io.map_files import read_normals

        return read_normals(self._store.place("normals", unit).with_suffix(".exr"))

    def phong(self, camera: str | None = None) -> PhongMaps:
        """Return the Phong terms of a camera; `SessionError` if they were not fitted."""
        unit = Unit(self._named(camera))
        self._receipt("phong", unit, "fit_phong")
        from olat.io.map_files import read_phong

        return read_phong(self._store.place("phong", unit).with_suffix(".exr"))

    def _warn_if_outdated(self) -> None:
        """Say so if products may be those of another version of the session."""
        products = self._store.folder
        hashes = products / ".hashes.json"
        capture = SessionCapture(self.session, hashes, self._calibrations)
        try:
            is_outdated = products.is_dir() and not is_current(products, capture.digest())
        except (CalibrationError, FileError):
            is_outdated = True
        if is_outdated:
            logger.warning(
                "%s: the session changed after these products were made, or the last run did not "
                "come to its end. `olat process` brings them up to date.",
                self.folder,
            )

    def _with_rig(self, folders: Sequence[Path]) -> Session:
        """Return the session with its measured rig; products stand, whatever came to a shelf."""
        for folder in folders:
            if not folder.is_dir():
                logger.warning(
                    "%s: the folder of calibrations that the last run was given is gone.", folder
                )
        try:
            return self._calibrations.with_rig()
        except (CalibrationError, FileError) as error:
            logger.warning("%s The lights are told as the light file has them.", error)
            return self._calibrations.session

    def _named(self, camera: str | None) -> str:
        if camera is None and len(self.cameras) == 1:
            return self.cameras[0]
        if camera not in self.cameras:
            asked = "no camera was named" if camera is None else f"there is no camera {camera!r}"
            raise UsageError(f"{self.folder}: {asked}; there are {', '.join(self.cameras)}.")
        return camera

    def _receipt(self, product: str, unit: Unit, verb: str) -> Receipt:
        receipt = self._store.receipt(product, unit)
        if receipt is None:
            raise SessionError(
                f"{self.folder}: camera {unit.camera!r} has no finished {product!r} ({verb} has "
                f"not run to its end). Run `olat process {self.folder}`."
            )
        return receipt


def open_session(folder: Path | str, *, pipeline: str = "standard") -> OpenSession:
    """Open a session folder (or a session.toml).

    Parameters
    ----------
    folder
        The session.
    pipeline
        The definition that made the products; ``preview`` keeps its own beside the others.

    Raises
    ------
    SessionError
        If there is no session.
    """
    return OpenSession(Path(folder), pipeline)
