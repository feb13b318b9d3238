"""Stage: what a sensor adds to light, from dark and flat frames."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import SensorCalibration
from olat.model.condition import Dark, Target
from olat.model.image import Frames, Picture, RawMosaic
from olat.model.session import Camera, Frame
from olat.stages.sensor_frames import SensorFrames

logger = logging.getLogger(__name__)


class MeasureSensor(Stage):
    """Dark, flat, defects, gain and noise of a sensor, site by site (Janesick 2007)."""

    grain = Grain.CAMERA
    makes = "sensor"
    revision = 3

    dark_exposure_s: Annotated[float, Field(gt=0)] | None = None
    """Exposure of the dark frames to use; none: the one that most of them have [s]."""
    flat_model: Literal["auto", "sites", "smooth"] = "auto"
    """Response of each site, or a smooth shape; auto: of each site where it stands out of noise."""
    defect_spreads: Annotated[float, Field(gt=0)] = 8.0
    """Robust spreads of its color from which on a site is a defect [1]."""
    linear_within_percent: Annotated[float, Field(gt=0)] = 1.0
    """Departure from a straight line through the dark that counts as linear [%]."""

    def run(
        self,
        photo: Annotated[Frames[RawMosaic | Picture], Under((Dark, Target("flat")))],
        camera: Camera,
    ) -> SensorCalibration:
        """Return the calibration of one camera's sensor."""
        from olat.sensor.flat_group import FlatGroup
        from olat.sensor.sensor_measurement import SensorOptions, sensor_measurement

        darks, exposure_s = _chosen(photo.under(Dark).shots, self.dark_exposure_s, camera)
        frames = SensorFrames(photo, camera, first=darks[0])
        shots = photo.shots
        flats = [
            FlatGroup(light, len(group), frames.of(group), exposure_s=shots[group[0]].exposure_s)
            for light, group in _by_light(photo.under(Target("flat")).shots)
        ]
        options = SensorOptions(self.flat_model, self.defect_spreads, self.linear_within_percent)
        try:
            found = sensor_measurement(
                frames.of(darks),
                flats,
                frames.levels,
                options=options,
                dark_exposure_s=exposure_s,
            )
        except ValueError as error:
            raise SolveError(f"measure_sensor: camera {camera.name!r}: {error}.") from error
        for note in found.notes:
            logger.warning("Camera %s: %s", camera.name, note)
        return found.sensor


def _chosen(
    shots: Mapping[int, Frame], wanted_s: float | None, camera: Camera
) -> tuple[list[int], float | None]:
    """Return the dark frames of one exposure, and that exposure."""
    told = f"measure_sensor: camera {camera.name!r}"
    if not shots:
        raise SolveError(
            f"{told}: there are no dark frames; 4 or more are needed, 16 are better. Photograph "
            "with all lights off, with the exposure of the sweep, and list them as dark in "
            "session.toml."
        )
    counts = Counter(shot.exposure_s for shot in shots.values())
    (exposure_s, count), *others = counts.most_common()
    if wanted_s is not None:
        known = [found for found in counts if found is not None]
        exposure_s = min(known, key=lambda found: abs(found - wanted_s), default=None)
        if exposure_s is None or abs(exposure_s / wanted_s - 1.0) > 0.01:
            have = ", ".join(f"{found:g}" for found in sorted(known)) or "none that is known"
            raise SolveError(
                f"{told}: dark frames have exposures of {have} s; needed is dark_exposure_s = "
                f"{wanted_s:g}. Take dark frames with that exposure, or ask for one there is."
            )
    elif others:
        logger.warning(
            "Camera %s: dark frames have %d exposures; the %d of %s s are used. Set "
            "measure_sensor.dark_exposure_s to the exposure of the sweep if that is not it.",
            camera.name,
            len(counts),
            count,
            "unknown" if exposure_s is None else f"{exposure_s:g}",
        )
    return [index for index, shot in shots.items() if shot.exposure_s == exposure_s], exposure_s


def _by_light(shots: Mapping[int, Frame]) -> list[tuple[float, list[int]]]:
    """Group flat frames by how much light they got: by exposure, or where that is one by gain."""
    exposures = {shot.exposure_s for shot in shots.values()}
    is_series = None not in exposures and len(exposures) > 1
    groups: dict[float, list[int]] = {}
    for index, shot in shots.items():
        light = shot.exposure_s if is_series and shot.exposure_s else 1.0 / shot.gain
        groups.setdefault(light, []).append(index)
    return sorted(groups.items())
