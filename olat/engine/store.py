"""Products on disk: where they lie, how they are written, read and proven whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from olat.engine.capture import Unit
from olat.engine.receipt import Receipt, read_receipt
from olat.engine.stage import Stage
from olat.errors import PipelineError


class Codec(Protocol):
    """Writes and reads one type of product; ``place`` is its path without a suffix."""

    collection: type | None
    """What the products of all frames are together, if they are more than ``Frames[T]``."""

    def write(self, place: Path, unit: Unit, product: Any, provenance: str) -> list[Path]:
        """Write a product, each file whole or not at all; return the files."""

    def read(self, place: Path, unit: Unit) -> Any:
        """Read a product."""

    def read_all(self, place: Path) -> Any:
        """Read the collection of a camera; ``place`` is that of the camera's product."""

    def metrics(self, product: Any) -> dict[str, float]:
        """Return numbers about a product that are worth keeping in its receipt."""

    def settle(self, place: Path, camera: str) -> list[Path]:
        """Bring what frames share up to date with the session; return those files.

        `FileError` says that they are lost, and with them the products of all frames.
        """


class Store:
    """The products of one session: ``folder/<camera>/<product>[/<frame>]``."""

    def __init__(self, folder: Path, codecs: Mapping[type, Codec]) -> None:
        self.folder = folder
        self._codecs = codecs

    def place(self, product: str, unit: Unit) -> Path:
        """Return the path of a product without its suffix."""
        place = self.folder / unit.camera / product
        return place if unit.frame is None else place / f"{unit.frame:04d}"

    def receipt_path(self, product: str, unit: Unit) -> Path:
        """Return the path of a product's receipt."""
        place = self.place(product, unit)
        return place.with_name(place.name + ".receipt.json")

    def receipt(self, product: str, unit: Unit) -> Receipt | None:
        """Return the receipt of a product that stands whole, or nothing."""
        path = self.receipt_path(product, unit)
        receipt = read_receipt(path)
        return receipt if receipt is not None and receipt.is_complete(path) else None

    def units(self, product: str, camera: str) -> list[Unit]:
        """Return the frames of which a product has a receipt."""
        receipts = self.place(product, Unit(camera)).glob("*.receipt.json")
        names = sorted(path.name.split(".")[0] for path in receipts)
        return [Unit(camera, int(name)) for name in names if name.isdecimal()]

    def forget(self, product: str, unit: Unit) -> None:
        """Remove a product; first its receipt, so that it is never whole in part."""
        path = self.receipt_path(product, unit)
        receipt = read_receipt(path)
        path.unlink(missing_ok=True)
        for name in receipt.outputs if receipt else ():
            (path.parent / name).unlink(missing_ok=True)

    def codec(self, stage: Stage) -> Codec:
        """Return what writes and reads a stage's product."""
        kind = stage.product_type()
        if kind not in self._codecs:
            raise PipelineError(
                f"{stage.verb()}: its product {stage.makes!r} ({kind.__name__}) cannot be kept; "
                "there is no file format for it."
            )
        return self._codecs[kind]

    def save(self, stage: Stage, unit: Unit, product: Any, provenance: str) -> dict[str, int]:
        """Write a product; return its files, relative to its receipt, and their sizes [B]."""
        place = self.place(stage.makes, unit)
        beside = self.receipt_path(stage.makes, unit).parent
        self.receipt_path(stage.makes, unit).unlink(missing_ok=True)
        files = self.codec(stage).write(place, unit, product, provenance)
        return {os.path.relpath(file, beside): file.stat().st_size for file in files}

    def load(self, stage: Stage, unit: Unit) -> Any:
        """Read a product."""
        return self.codec(stage).read(self.place(stage.makes, unit), unit)

    def load_all(self, stage: Stage, camera: str) -> Any:
        """Read the collection that a frame stage's products are together."""
        return self.codec(stage).read_all(self.place(stage.makes, Unit(camera)))
