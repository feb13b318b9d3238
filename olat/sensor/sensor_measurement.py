"""Dark and flat frames -> the calibration of a sensor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from olat.model.calibration import SensorCalibration
from olat.model.shapes import Array
from olat.sensor.defects import defects_in_darkness, defects_in_light
from olat.sensor.flat_field import FlatField, FlatModel, flat_field
from olat.sensor.flat_group import FlatGroup
from olat.sensor.flat_sweep import FILE_ALONE, Ceilings, FlatSweep, flat_sweep
from olat.sensor.linearity import linearity
from olat.sensor.master_dark import MasterDark, master_dark
from olat.sensor.photon_transfer import photon_transfer
from olat.sensor.readings import CHANNELS, Levels
from olat.sensor.sensor_evidence import sensor_evidence
from olat.sensor.sensor_remarks import (
    is_cut,
    over_black,
    remarks_on_dark,
    remarks_on_defects,
    remarks_on_exposures,
    remarks_on_flat,
)

WORST_FIT_PERCENT = 10.0
"""Departure of the noise from a line in light up to which it is used as one [%]."""
MOST_ELECTRONS = 1e6
"""Charge of a site that no sensor holds, which a gain tells that is none."""

_NO_FLATS = (
    "There are no flat frames: vignetting, dust and gain are not measured, and the flat is 1 "
    "everywhere."
)


@dataclass(frozen=True)
class SensorOptions:
    """How a sensor is measured."""

    flat_model: FlatModel = "auto"
    defect_spreads: float = 8.0
    """Robust spreads of its color from which on a site is a defect."""
    linear_within_percent: float = 1.0
    """Departure from a line through the dark that counts as linear [%]."""


@dataclass(frozen=True)
class SensorMeasurement:
    """A calibration and what there is to say about it."""

    sensor: SensorCalibration
    notes: tuple[str, ...]


def sensor_measurement(
    darks: Iterable[Float32[Array, "h w plane"]],
    flats: Sequence[FlatGroup],
    levels: Levels,
    *,
    options: SensorOptions,
    dark_exposure_s: float | None = None,
) -> SensorMeasurement:
    """Measure dark, flat, defects, gain, read noise and linearity of a sensor.

    Parameters
    ----------
    darks
        Dark frames of one exposure, read one at a time [DN].
    flats
        Flat frames by exposure; none leaves the lens uncorrected, which is noted. Their frames
        are read a second time if the sensor turns out to bend or stop below the white level.
    levels
        What the files say about black, white and color.
    options
        How.
    dark_exposure_s
        Of the dark frames, to be noted with the calibration [s].

    Returns
    -------
    measurement
        Gain is none where no exposure has two flat frames, or where noise does not follow light.

    Raises
    ------
    ValueError
        If frames are too few, lit, full, or too dark.
    """
    dark = master_dark(darks)
    told = _Told(_dark_residuals(dark, levels), remarks_on_dark(dark, levels))
    defects = defects_in_darkness(dark, levels.colors, spreads=options.defect_spreads)
    flat, gain, full_dn, lost = np.ones_like(dark.mean), None, None, dark.lost
    seen = sensor_evidence()
    if flats:
        first = flat_sweep(flats, dark, defects, levels)
        ceilings = Ceilings(first.wall_dn, _linear(first, options, told))
        sweep = first
        if ceilings != FILE_ALONE:
            sweep = flat_sweep(flats, dark, defects, levels, ceilings=ceilings)
            full_dn = ceilings.full_dn(float(np.median(dark.mean)))
        if sweep.lost is not None:
            lost = sweep.lost if lost is None else lost | sweep.lost
            defects |= sweep.lost
        defects |= defects_in_light(sweep.signal, levels.colors, spreads=options.defect_spreads)
        field = flat_field(sweep, defects, levels.colors, model=options.flat_model)
        flat = field.response
        told.residuals.update(_flat_residuals(first, sweep, field, levels))
        told.notes.extend(remarks_on_flat(first, sweep, field))
        told.notes.extend(remarks_on_exposures(flats, sweep, dark, levels, dark_s=dark_exposure_s))
        gain = _gain(sweep, dark, told)
        seen = sensor_evidence(first.readings, sweep.points)
    else:
        told.residuals["flat_frames"] = 0.0
        told.notes.append(_NO_FLATS)
    told.residuals["defects"] = float(np.count_nonzero(defects))
    told.notes.extend(remarks_on_defects(defects, lost))
    sensor = SensorCalibration(
        dark.mean,
        flat,
        defects,
        gain,
        dark.read_noise_dn,
        full_dn,
        told.residuals,
        seen,
        dark_exposure_s=dark_exposure_s,
    )
    return SensorMeasurement(sensor, tuple(told.notes))


@dataclass(frozen=True)
class _Told:
    """What there is to say so far."""

    residuals: dict[str, float]
    notes: list[str]


def _dark_residuals(dark: MasterDark, levels: Levels) -> dict[str, float]:
    """Return numbers about the dark, by name and unit."""
    told = {"dark_frames": float(dark.frames), "struck_readings": float(dark.struck)}
    told["dark_over_black_dn"] = over_black(dark, levels)
    if is_cut(dark):
        told["dark_zeros_percent"] = 100.0 * dark.zeros
    return told


def _flat_residuals(
    first: FlatSweep, sweep: FlatSweep, field: FlatField, levels: Levels
) -> dict[str, float]:
    """Return numbers about the flat, by name and unit."""
    told = {"flat_frames": float(sweep.frames)}
    if field.noise_percent is not None and field.pattern_percent is not None:
        told |= {"flat_noise_percent": field.noise_percent}
        told |= {"site_pattern_percent": field.pattern_percent}
    channels = sorted({color.channel for color in levels.colors})
    for channel, falloff in zip(channels, field.falloff_percent, strict=True):
        told[f"vignetting_{CHANNELS[channel]}_percent"] = falloff
    if first.wall_dn is not None:
        told["stops_at_dn"] = first.wall_dn
    return told


def _gain(sweep: FlatSweep, dark: MasterDark, told: _Told) -> float | None:
    """Return the slope of the photon-transfer curve, or say why there is none."""
    if sweep.points is None:
        told.notes.append(
            "The gain is not measured, and radiance has no variance: it takes two flat frames of "
            "one exposure."
        )
        return None
    freedom = float(dark.mean.size * (dark.frames - 1))
    try:
        fit = photon_transfer(
            sweep.points, dark_variance=dark.read_noise_dn**2, dark_freedom=freedom
        )
    except ValueError as error:
        told.notes.append(f"The gain is not measured, and radiance has no variance: {error}.")
        return None
    told.residuals["gain_fit_percent"] = fit.fit_percent
    highest = float(sweep.points.signal.max())
    silent = fit.dn_per_electron * highest < 0.5 * dark.read_noise_dn**2
    if silent and highest > MOST_ELECTRONS * fit.dn_per_electron:
        told.notes.append(
            "The gain is not kept, and radiance has no variance: the noise of the flat frames "
            f"hardly grows with light, as if {highest:.4g} DN were more than a million electrons. "
            "So it is where a charge is full, or noise was taken out; look at the flat."
        )
        return None
    if fit.fit_percent > WORST_FIT_PERCENT:
        told.notes.append(
            "The gain is not kept, and radiance has no variance: the noise of the flat frames is "
            f"{fit.fit_percent:.3g} % off a line in light, as files are that were compressed, "
            "sharpened or curved."
        )
        return None
    return fit.dn_per_electron


def _linear(sweep: FlatSweep, options: SensorOptions, told: _Told) -> float | None:
    """Return the count up to which the sensor is linear, where it bends below the top."""
    try:
        found = linearity(sweep.readings, within_percent=options.linear_within_percent)
    except ValueError as error:
        told.notes.append(f"Linearity is not measured: {error}.")
        return None
    if found is None:
        told.notes.append("Linearity is not measured: it takes flat frames of three exposures.")
        return None
    told.residuals["linearity_percent"] = found.deviation_percent
    told.residuals["linear_to_dn"] = found.full_dn or found.highest_dn
    return found.full_dn
