"""What stands in the document of a calibration, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from olat.model.calibration import (
    ColorCalibration,
    LensCalibration,
    RigCalibration,
    RigPart,
    SensorCalibration,
)
from olat.model.color import ColorSpace
from olat.model.rig import LightRig
from olat.model.shapes import Matrix3

Row: TypeAlias = tuple[float, float, float]
Rows: TypeAlias = tuple[Row, Row, Row]
Residuals: TypeAlias = Mapping[str, float]


class _Table(BaseModel):
    """A table: strict, so that a mistyped key is no silent default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SensorTable(_Table):
    """The numbers of a sensor; its maps lie in the file beside the document."""

    dn_per_electron: PositiveFloat | None = None
    read_noise_dn: NonNegativeFloat | None = None
    full_dn: float | None = None
    dark_exposure_s: PositiveFloat | None = None

    @model_serializer(mode="wrap")
    def _as_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out an unknown exposure, so that the digests of older files still hold."""
        table: dict[str, Any] = dump(self)
        if self.dark_exposure_s is None:
            table.pop("dark_exposure_s", None)
        return table

    @classmethod
    def of(cls, what: SensorCalibration) -> SensorTable:
        """Return the table of a calibration."""
        return cls(
            dn_per_electron=what.dn_per_electron,
            read_noise_dn=what.read_noise_dn,
            full_dn=what.full_dn,
            dark_exposure_s=what.dark_exposure_s,
        )

    def calibration(
        self, maps: Mapping[str, np.ndarray[Any, Any]], residuals: Residuals
    ) -> SensorCalibration:
        """Return the calibration; `maps` are dark, flat and defects, ``h w plane``."""
        return SensorCalibration(
            maps["dark"],
            maps["flat"],
            maps["defects"] > 0,
            self.dn_per_electron,
            self.read_noise_dn,
            self.full_dn,
            residuals,
            dark_exposure_s=self.dark_exposure_s,
        )


class ColorTable(_Table):
    """The matrices of a camera's colors."""

    matrix: Rows
    led_matrix: Rows | None = None

    @classmethod
    def of(cls, what: ColorCalibration) -> ColorTable:
        """Return the table of a calibration."""
        return cls(matrix=_rows(what.matrix), led_matrix=_rows(what.led_matrix))

    def calibration(self, residuals: Residuals) -> ColorCalibration:
        """Return the calibration."""
        matrix = np.array(self.matrix, np.float64)
        return ColorCalibration(matrix, _matrix(self.led_matrix), residuals)


class LensTable(_Table):
    """The numbers of a lens, and where its camera stands."""

    matrix: Rows
    distortion: tuple[float, ...]
    height: int = Field(gt=0)
    width: int = Field(gt=0)
    rotation: Rows | None = None
    translation: Row | None = None

    @classmethod
    def of(cls, what: LensCalibration) -> LensTable:
        """Return the table of a calibration."""
        translation = what.translation
        return cls.model_validate(
            {
                "matrix": _rows(what.matrix),
                "distortion": tuple(what.distortion.tolist()),
                "height": what.height,
                "width": what.width,
                "rotation": _rows(what.rotation),
                "translation": None if translation is None else tuple(translation.tolist()),
            }
        )

    def calibration(self, residuals: Residuals) -> LensCalibration:
        """Return the calibration; `ValueError` if its numbers make no lens."""
        return LensCalibration(
            np.array(self.matrix),
            np.array(self.distortion, np.float64),
            self.height,
            self.width,
            _matrix(self.rotation),
            None if self.translation is None else np.array(self.translation),
            residuals,
        )


class RigTable(_Table):
    """What a rig is called; its lights lie in the file beside the document."""

    name: str
    holds: Literal["directions", "positions"]
    space: ColorSpace | None = None
    falloff: float | None = None
    unmeasured: tuple[RigPart, ...] = ()

    @model_serializer(mode="wrap")
    def _as_written(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out that all was measured, so that the digests of older files still hold."""
        table: dict[str, Any] = dump(self)
        if not self.unmeasured:
            table.pop("unmeasured", None)
        return table

    @classmethod
    def of(cls, what: RigCalibration) -> RigTable:
        """Return the table of a calibration."""
        holds: Literal["directions", "positions"] = (
            "directions" if what.rig.positions is None else "positions"
        )
        return cls(
            name=what.rig.name,
            holds=holds,
            space=what.rig.space,
            falloff=what.falloff,
            unmeasured=what.unmeasured,
        )

    def calibration(self, rig: LightRig, residuals: Residuals) -> RigCalibration:
        """Return the calibration of a rig that was read as `holds` says."""
        plain = LightRig(
            self.name, rig.directions, rig.intensities, rig.positions, space=self.space
        )
        return RigCalibration(plain, self.falloff, residuals, unmeasured=self.unmeasured)


class Document(_Table):
    """A whole document: a header, residuals, and the table of its kind."""

    schema_number: Literal[1] = Field(alias="schema")
    header: dict[str, Any]
    residuals: dict[str, float] = {}
    digests: dict[str, str] = {}
    """Of the tables and of the file beside, when they were written; empty if made by hand."""
    sensor: SensorTable | None = None
    color: ColorTable | None = None
    lens: LensTable | None = None
    rig: RigTable | None = None


def _rows(matrix: Matrix3 | None) -> Any:
    """Return a matrix as rows of plain numbers, which the table checks."""
    return None if matrix is None else matrix.tolist()


def _matrix(rows: Rows | None) -> Matrix3 | None:
    return None if rows is None else np.array(rows, np.float64)
