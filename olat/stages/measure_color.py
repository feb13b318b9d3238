"""Stage: what a camera's colors are, from a chart and from a card under each LED primary."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import ColorCalibration
from olat.model.condition import Target
from olat.model.evidence import ChartEvidence
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera
from olat.model.shapes import Mask, Matrix3

if TYPE_CHECKING:
    from olat.sensor.color_matrix import ColorFit

logger = logging.getLogger(__name__)

PRIMARIES = ("led_red", "led_green", "led_blue")
"""Targets whose frames the LED matrix is made of."""
CROOKED = 0.99
"""Square of the correlation of the gray row below which a picture is not linear."""
VEILED = 0.005
"""Stray light, as a share of white, that is noted."""
TILTED = 0.05
"""Change of the light over the chart that is noted."""
LOST = 0.02
"""Share of the gray card that may be clipped or dead under a primary; it is left out."""
UNREADABLE = (
    (PixelFlag.SATURATED, "are clipped", "Expose less, all three primaries alike."),
    (PixelFlag.DEAD, "hold no number", "Look at the file, or measure the sensor again."),
)
"""What makes a pixel of the card useless, in words, and what to do."""


class MeasureColor(Stage):
    """Color matrix from a chart, cross-talk from LED primaries (Finlayson 1997, Fyffe 2012)."""

    grain = Grain.CAMERA
    makes = "color"
    revision = 2

    edition: Literal["auto", "before_november_2014", "since_november_2014"] = "auto"
    """When the chart was made: its pigments changed; auto: the one whose gray row fits."""
    corners: Annotated[list[float], Field(min_length=8, max_length=8)] | None = None
    """x and y of the outer corners of the patches, going around; none: they are found [px]."""
    inner: Annotated[float, Field(gt=0, le=0.9)] = 0.6
    """Side of the middle of a patch that is read [share of the patch]."""
    card: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Sides of the middle of the picture that the gray card fills [share of the picture]."""

    def run(
        self,
        radiance: Annotated[
            Frames[RadianceImage],
            Under((Target("chart"), Target("led_red"), Target("led_green"), Target("led_blue"))),
        ],
        camera: Camera,
    ) -> ColorCalibration:
        """Return the calibration of one camera's colors."""
        try:
            fit, evidence = self._fit(radiance.under(Target("chart")))
            led = self._led_matrix({name: radiance.under(Target(name)) for name in PRIMARIES})
        except ValueError as error:
            raise SolveError(f"measure_color: camera {camera.name!r}: {error}") from error
        residuals = {
            "mean_delta_e_2000": fit.mean_delta_e,
            "max_delta_e_2000": float(fit.delta_e.max()),
            "gray_row_r2": fit.gray_row_r2,
            "veil_percent": 100.0 * float(np.abs(fit.veil).max()),
            "tilt_percent": 100.0 * fit.tilt,
        }
        if led is not None:
            from olat.light.led_matrix import condition_of, leak

            residuals["led_condition"] = condition_of(led)
            residuals["led_leak_percent"] = 100.0 * leak(led)
        return ColorCalibration(fit.matrix, led, residuals, evidence)

    def _fit(self, frames: Frames[RadianceImage]) -> tuple[ColorFit, ChartEvidence]:
        """Return the color matrix that the chart asks for, and what the first chart looks like."""
        from olat.sensor.chart import chart_at, find_chart
        from olat.sensor.chart_evidence import chart_evidence
        from olat.sensor.chart_reference import REFERENCES
        from olat.sensor.color_matrix import fit_color_matrix

        if not frames:
            raise ValueError(
                "there are frames under LED primaries, but none of a chart; one is needed. "
                "Photograph a ColorChecker under all lights and list it as chart."
            )
        charts = []
        for image in map(_of_camera, frames.values()):
            if self.corners is None:
                found = find_chart(image.radiance, image.flags, inner=self.inner)
            else:
                corners = np.array(self.corners).reshape(4, 2)
                found = chart_at(image.radiance, image.flags, corners, inner=self.inner)
            charts.append(found)
        if any(chart.is_mirrored for chart in charts):
            logger.warning("The chart is seen mirrored: the pictures are, or a mirror was used.")
        colors = np.mean([chart.colors for chart in charts], axis=0)
        fits = [fit_color_matrix(colors, reference) for reference in REFERENCES]
        best = max(fits, key=lambda fit: fit.gray_row_r2)
        if self.edition != "auto":
            best = next(fit for fit in fits if fit.reference.edition == self.edition)
        first = next(iter(frames.values())).radiance
        seen = chart_evidence(first, charts[0], colors, best, inner=self.inner)
        return _checked(best, fits), seen

    def _led_matrix(self, frames: dict[str, Frames[RadianceImage]]) -> Matrix3 | None:
        """Return what the channels see of each primary; nothing where none was photographed."""
        from olat.light.led_matrix import led_matrix

        missing = [name for name, shots in frames.items() if not shots]
        if len(missing) == len(frames):
            return None
        if missing:
            raise ValueError(
                f"there are no frames of {', '.join(missing)}; one of each of "
                f"{', '.join(frames)} is needed. Photograph the card under each primary alone."
            )
        cards = {
            name: {index: self._card_in(image) for index, image in shots.items()}
            for name, shots in frames.items()
        }
        red, green, blue = (
            np.mean([card.radiance for card in shots.values()], axis=0) for shots in cards.values()
        )
        return led_matrix(red, green, blue, card=_readable(cards))

    def _card_in(self, image: RadianceImage) -> RadianceImage:
        """Return the middle of a picture, which the gray card fills; what is no number is dead."""
        height, width = image.flags.shape
        top, left = (round((1.0 - self.card) / 2.0 * side) for side in (height, width))
        middle = np.s_[top : height - top, left : width - left]
        radiance = _of_camera(image).radiance[middle]
        is_dead = ~np.isfinite(radiance).all(axis=2)
        flags = image.flags[middle] | np.where(is_dead, np.uint8(PixelFlag.DEAD), np.uint8(0))
        return RadianceImage(radiance, flags)


def _readable(cards: Mapping[str, Mapping[int, RadianceImage]]) -> Mask:
    """Return where the gray card can be read in all frames: the same places under each primary.

    Raises
    ------
    ValueError
        If more of it than `LOST` is clipped or dead in one frame.
    """
    flags = {(name, index): card.flags for name, of in cards.items() for index, card in of.items()}
    for (name, index), doubts in flags.items():
        for flag, found, way_out in UNREADABLE:
            share = float(np.mean((doubts & flag) != 0)) if doubts.size else 0.0
            if share > LOST:
                raise ValueError(
                    f"frame {index} ({name}): {share:.0%} of the pixels of the gray card {found}; "
                    f"{LOST:.0%} or less is needed. {way_out}"
                )
    unreadable = PixelFlag.SATURATED | PixelFlag.DEAD
    lost = np.asarray((np.bitwise_or.reduce(list(flags.values())) & unreadable) != 0)
    if lost.any():
        logger.warning(
            "%.2g %% of the pixels of the gray card are clipped or dead in one of the LED frames, "
            "and are left out of all.",
            100.0 * float(lost.mean()),
        )
    return ~lost


def _of_camera(image: RadianceImage) -> RadianceImage:
    """Refuse color that has been converted already."""
    if image.space != "camera":
        raise ValueError(
            f"the photographs are in {image.space!r} already; the camera's own color is needed. "
            "Set develop.space to 'camera'."
        )
    return image


def _checked(fit: ColorFit, fits: list[ColorFit]) -> ColorFit:
    """Refuse a fit that means nothing, and note what is doubtful about one that does."""
    told = ", ".join(f"{other.gray_row_r2:.5f} as of {other.reference.edition}" for other in fits)
    if fit.gray_row_r2 < CROOKED:
        raise ValueError(
            f"the gray row of the chart is not linear: r2 {fit.gray_row_r2:.4f}; {CROOKED} or more "
            "is needed. Check the encoding of the camera, and that nothing reflects in the chart."
        )
    logger.warning(
        "The chart is read as of edition %s; its gray row has r2 %s. Say measure_color.edition if "
        "you know better.",
        fit.reference.edition,
        told,
    )
    veil = float(np.abs(fit.veil).max())
    if veil > VEILED:
        logger.warning(
            "Black reads %.1f %% of white more or less than it should (red, green, blue: %s): "
            "stray light, or a wrong black level. It turns the color matrix.",
            100 * veil,
            ", ".join(f"{100 * share:+.1f}" for share in fit.veil),
        )
    if fit.tilt > TILTED:
        logger.warning("The light changes by %.0f %% over the chart.", 100 * fit.tilt)
    return fit
