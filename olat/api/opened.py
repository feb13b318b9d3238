"""A processed session in Python: its lights, maps and fields."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from olat.api.field import Field
from olat.engine.capture import Unit
from olat.engine.receipt import Receipt, read_receipt
from olat.engine.store import Store
from olat.errors import SessionError, UsageError
from olat.io.manifest import read_session
from olat.model.maps import NormalMap, PhongMaps
from olat.model.rig import LightRig
from olat.model.session import Session
from olat.stages.products import codecs
from olat.stages.work import PRODUCTS


class OpenSession:
    """A session and what was made of it."""

    def __init__(self, folder: Path) -> None:
        self.session: Session = read_session(folder)
        self.folder = self.session.folder
        self._store = Store(self.folder / PRODUCTS, codecs(self.session))

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

    def _named(self, camera: str | None) -> str:
        if camera is None and len(self.cameras) == 1:
            return self.cameras[0]
        if camera not in self.cameras:
            asked = "no camera was named" if camera is None else f"there is no camera {camera!r}"
            raise UsageError(f"{self.folder}: {asked}; there are {', '.join(self.cameras)}.")
        return camera

    def _receipt(self, product: str, unit: Unit, verb: str) -> Receipt:
        receipt = read_receipt(self._store.receipt_path(product, unit))
        if receipt is None:
            raise SessionError(
                f"{self.folder}: camera {unit.camera!r} has no finished {product!r} ({verb} has "
                f"not run to its end). Run `olat process {self.folder}`."
            )
        return receipt


def open_session(folder: Path | str) -> OpenSession:
    """Open a session folder (or a session.toml).

    Raises
    ------
    SessionError
        If there is no session.
    """
    return OpenSession(Path(folder))
