"""Products of a whole camera that are one file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from olat.engine.capture import Unit
from olat.stages.drawing import drawn


class WholeCameraFile:
    """Products of a whole camera that are one file, ``<camera>/<product><suffix>``.

    ``picture`` names the module that draws a display PNG beside it, where there is one.
    """

    collection: type | None = None

    def __init__(
        self,
        module: str,
        noun: str,
        suffix: str,
        metrics: Callable[[Any], dict[str, float]],
        *,
        picture: str = "",
    ) -> None:
        self._module = module
        self._picture = picture
        self._noun = noun
        self._suffix = suffix
        self._metrics = metrics

    def write(self, place: Path, unit: Unit, product: Any, provenance: str) -> list[Path]:
        """Write the file, and the picture beside it."""
        path = place.with_name(f"{place.name}{self._suffix}")
        self._function("write")(path, product)
        if not self._picture:
            return [path]
        draw = getattr(import_module(self._picture), f"picture_of_{self._noun}")
        return [path, *drawn(path.with_suffix(".png"), lambda: draw(product))]

    def read(self, place: Path, unit: Unit) -> Any:
        """Read the file."""
        return self._function("read")(place.with_name(f"{place.name}{self._suffix}"))

    def read_all(self, place: Path) -> Any:
        """Refuse: the product is of a whole camera."""
        raise TypeError(f"{place}: {self._noun} is not made frame by frame")

    def settle(self, place: Path, camera: str) -> list[Path]:
        """Return nothing: nothing is shared."""
        return []

    def metrics(self, product: Any) -> dict[str, float]:
        """Return numbers for the receipt."""
        return self._metrics(product)

    def _function(self, verb: str) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(import_module(self._module), f"{verb}_{self._noun}")
        return function
