"""Stage: from a photograph to scene-linear radiance."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from olat.engine.stage import Grain, Stage
from olat.model.image import Picture, RadianceImage, RawMosaic
from olat.model.session import Camera, Frame


class Develop(Stage):
    """Scene-linear radiance, signed, from RAW counts or picture codes (Malvar 2004)."""

    grain = Grain.FRAME
    makes = "radiance"
    is_kept = False

    saturation: Annotated[float, Field(gt=0, le=1)] = 0.98
    """Share of the range above which a value counts as clipped [fraction of full scale]."""
    demosaic: Literal["malvar", "half"] = "malvar"
    """Malvar's linear filters; or half the size: one pixel for each 2 x 2 sensels or pixels."""

    def run(self, photo: RawMosaic | Picture, frame: Frame, camera: Camera) -> RadianceImage:
        """Return the radiance of one photograph."""
        from olat.sensor.develop import halved, radiance_from_mosaic, radiance_from_picture

        if isinstance(photo, RawMosaic):
            radiance, flags = radiance_from_mosaic(
                photo,
                white_patch=camera.white_patch,
                gain=frame.gain,
                saturation=self.saturation,
                demosaic=self.demosaic,
            )
        else:
            radiance, flags = radiance_from_picture(
                photo,
                encoding=camera.encoding,
                white_patch=camera.white_patch,
                gain=frame.gain,
                saturation=self.saturation,
            )
            if self.demosaic == "half":
                radiance, flags = halved(radiance, flags)
        return RadianceImage(radiance, flags)
