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
from olat.sensor.flat_sweep import FlatGroup, FlatSweep, flat_sweep
from olat.sensor.linearity import linearity
from olat.sensor.master_dark import ENOUGH_FRAMES, MasterDark, master_dark
from olat.sensor.photon_transfer import photon_transfer
from olat.sensor.readings import CHANNELS, Levels

MANY_DEFECTS = 0.01
"""Share of the sites from which on defects are noted."""
WORST_FIT_PERCENT = 10.0
"""Departure of the noise from a line in light up to which it is used as one [%]."""


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
        Flat frames by exposure; none leaves the lens uncorrected, which is noted.
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
    notes = _notes_on_dark(dark, levels)
    defects = defects_in_darkness(dark, levels.colors, spreads=options.defect_spreads)
    residuals = {"dark_frames": float(dark.frames), "struck_readings": float(dark.struck)}
    if dark_exposure_s is not None:
        residuals["dark_exposure_s"] = dark_exposure_s
    residuals["dark_over_black_dn"] = _over_black(dark, levels)
    flat, gain, full_dn = np.ones_like(dark.mean), None, None
    if flats:
        sweep = flat_sweep(flats, dark, defects, levels)
        defects |= defects_in_light(sweep.signal, levels.colors, spreads=options.defect_spreads)
        field = flat_field(sweep, defects, levels.colors, model=options.flat_model)
        flat = field.response
        residuals |= _flat_residuals(sweep, field, levels)
        notes += _notes_on_flat(sweep, field)
        gain = _gain(sweep, dark, residuals, notes)
        full_dn = _full(sweep, options, residuals, notes)
    else:
        residuals["flat_frames"] = 0.0
        notes.append(
            "There are no flat frames: vignetting, dust and gain are not measured, and the flat is "
            "1 everywhere."
        )
    residuals["defects"] = float(np.count_nonzero(defects))
    if defects.mean() > MANY_DEFECTS:
        notes.append(f"{defects.mean():.1%} of the sites are defects, which is much for a sensor.")
    sensor = SensorCalibration(
        dark.mean, flat, defects, gain, dark.read_noise_dn, full_dn, residuals
    )
    return SensorMeasurement(sensor, tuple(notes))


def _over_black(dark: MasterDark, levels: Levels) -> float:
    """Return how far the dark lies above what the file says of black, on the whole [DN]."""
    step = max(2, max(dark.mean.shape) // 512 // 2 * 2)
    apart = [
        float(np.median(dark.mean[y::step, x::step])) - float(levels.black[y, x])
        for y in (0, 1)
        for x in (0, 1)
    ]
    return max(apart, key=abs)


def _notes_on_dark(dark: MasterDark, levels: Levels) -> list[str]:
    """Say what is remarkable about the dark frames."""
    notes = []
    if dark.frames < ENOUGH_FRAMES:
        notes.append(
            f"There are {dark.frames} dark frames, and {ENOUGH_FRAMES} are better: the noise of "
            "their mean is the same in every photograph and adds up in sums of many lights."
        )
    apart = _over_black(dark, levels)
    if np.isfinite(levels.white) and abs(apart) > max(1.0, dark.read_noise_dn):
        notes.append(
            f"The sensor reads {apart:+.4g} DN in the dark against the black level of "
            f"{levels.black.mean():.5g} DN in its files; photographs that are developed with this "
            "calibration use what was measured."
        )
    return notes


def _flat_residuals(sweep: FlatSweep, field: FlatField, levels: Levels) -> dict[str, float]:
    """Return numbers about the flat, by name and unit."""
    told = {"flat_frames": float(sweep.frames)}
    if field.noise_percent is not None and field.pattern_percent is not None:
        told |= {"flat_noise_percent": field.noise_percent}
        told |= {"site_pattern_percent": field.pattern_percent}
    channels = sorted({color.channel for color in levels.colors})
    for channel, falloff in zip(channels, field.falloff_percent, strict=True):
        told[f"vignetting_{CHANNELS[channel]}_percent"] = falloff
    return told


def _notes_on_flat(sweep: FlatSweep, field: FlatField) -> list[str]:
    """Say what is remarkable about the flat frames."""
    notes = []
    if sweep.full:
        notes.append(
            f"Flat frames of {len(sweep.full)} exposure{'s' * (len(sweep.full) > 1)} are full in "
            "places and were left out of the flat."
        )
    if field.model == "smooth":
        reason = (
            "there are no two flat frames of one exposure"
            if field.noise_percent is None
            else f"the sites of these flat frames differ by {field.pattern_percent:.2g} % and are "
            f"known to {field.noise_percent:.2g} %"
        )
        notes.append(
            f"The flat is a smooth shape without dust and unequal sites: {reason}. Take more flat "
            "frames to correct those too."
        )
    return notes


def _gain(
    sweep: FlatSweep, dark: MasterDark, residuals: dict[str, float], notes: list[str]
) -> float | None:
    """Return the slope of the photon-transfer curve, or say why there is none."""
    if sweep.points is None:
        notes.append(
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
        notes.append(f"The gain is not measured, and radiance has no variance: {error}.")
        return None
    residuals["gain_fit_percent"] = fit.fit_percent
    if fit.fit_percent > WORST_FIT_PERCENT:
        notes.append(
            "The gain is not kept, and radiance has no variance: the noise of the flat frames is "
            f"{fit.fit_percent:.3g} % off a line in light, as files are that were compressed, "
            "sharpened or curved."
        )
        return None
    return fit.dn_per_electron


def _full(
    sweep: FlatSweep, options: SensorOptions, residuals: dict[str, float], notes: list[str]
) -> float | None:
    """Return the count up to which the sensor is linear, where it bends below that."""
    try:
        found = linearity(sweep.readings, within_percent=options.linear_within_percent)
    except ValueError as error:
        notes.append(f"Linearity is not measured: {error}.")
        return None
    if found is None:
        notes.append("Linearity is not measured: it takes flat frames of three exposures.")
        return None
    residuals["linearity_percent"] = found.deviation_percent
    residuals["linear_to_dn"] = found.full_dn or found.highest_dn
    return found.full_dn
