"""The simulated stage: what is captured, under which lights, in which order."""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    field_validator,
)

from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import Condition, Olat, Tracking
from olat.model.rig import LightRig
from olat.model.roles import PATTERNS, SOME_PATTERNS
from olat.synthetic.flaws import sensor_flaws
from olat.synthetic.head import head
from olat.synthetic.plan import Shot, drive_under, performance, target_frames
from olat.synthetic.scene import PinholeCamera, Pose, Subject, ball
from olat.synthetic.sensor import Sensor
from olat.synthetic.studio import (
    STUDIO_IMPERFECTIONS,
    STUDIO_TARGETS,
    Imperfections,
    Targets,
)

BLINK = (0.5, 0.0, 0.0, 0.3, 0.8)
"""How far the eyes are open, frame by frame."""
STAGE_RADIUS = 1.7
"""Distance of the lights from the subject's center [m]."""
BALL_RADIUS = 0.1
"""Of the calibration balls and of the plain subject [m]."""
EYE_DEPTH = 0.08
"""How far in front of the axis of its turns the face lies [m]."""


class SyntheticStage(BaseModel):
    """Everything that decides about a simulated capture; equal stages write equal files."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    size: Annotated[int, Field(ge=32, multiple_of=2)] = 384
    """Width and height of the pictures [px]."""
    lights: Annotated[int, Field(ge=4)] = 60
    """Number of lights, spread over the whole sphere."""
    lowest_light: Annotated[float, Field(ge=-1, lt=1)] = -1.0
    """Height of the lowest light: those below are left out, as where a floor is [radius]."""
    tracking_every: NonNegativeInt = 10
    """Frames between two tracking frames; 0 leaves all full-on frames out."""
    patterns: tuple[str, ...] = ()
    """Role words of `PATTERNS` that are shot between the color gradients and the sweep."""
    subject: Literal["head", "sphere"] = "head"
    """Who is captured; the sphere is white."""
    material: Literal["phong", "lambert"] = "phong"
    """Whether surfaces have gloss."""
    shadows: bool = True
    """Whether the subject casts shadows on itself."""
    near_lights: bool = True
    """Whether lights are 1.7 m away, or infinitely far."""
    light_spread: NonNegativeFloat = 0.04
    """Standard deviation of the lights' intensities [fraction]."""
    sway_px: NonNegativeFloat = 2.0
    """How far the subject moves during the capture; 0 is a still subject with open eyes [px]."""
    sway_period: PositiveFloat = 70.0
    """[frames]"""
    blink_at: NonNegativeInt | None = None
    """Frame in which the eyes begin to close; none: three fifths into the capture."""
    drift_px: NonNegativeFloat = 0.0
    """How far the subject goes to the right from each frame to the next [px]."""
    is_frozen: bool = False
    """Whether the subject stays as it is in the reference frame."""
    vignetting: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Light that the corners lose [fraction]."""
    blur_px: NonNegativeFloat = 0.45
    """Standard deviation of the lens's blur [px]."""
    noise: bool = True
    """Whether the sensor scatters."""
    white_patch: Annotated[float, Field(gt=0, le=1)] = 0.8
    """What a white Lambert patch facing a light reads [fraction of full scale]."""
    bracket: Annotated[int, Field(ge=1, le=4)] = 1
    """Exposures of each frame of the subject, the shortest first, each four times the last."""
    targets: Targets = Targets()
    """Calibration targets that are photographed after the subject."""
    imperfections: Imperfections = Imperfections()
    """How the stage and its camera differ from perfect ones."""
    light_file: Literal["exact", "nominal", "none"] = "exact"
    """Whether it tells the lights as they are, or as planned and all alike; or is not there."""
    serial: str = ""
    """Serial number of the camera."""
    lens: str = ""
    """What the manifest calls the lens."""
    date: datetime.date | None = None
    """Day of the capture."""
    seed: NonNegativeInt = 0
    """Of intensities, flaws and noise."""

    @field_validator("patterns")
    @classmethod
    def _are_patterns(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse words of no pattern."""
        unknown = [word for word in words if word not in PATTERNS]
        if unknown:
            raise ValueError(f"there is no pattern {unknown[0]!r}; there are {SOME_PATTERNS}")
        return words

    @classmethod
    def preset(cls, name: Literal["tiny", "demo", "studio", "full"]) -> SyntheticStage:
        """Return a stage for unit tests, for a first look, for calibration, or for benchmarks.

        The lights of all but the first are distant, as the solves take all lights to be. The
        ``studio`` is the ``demo`` with all imperfections and all targets to calibrate them by.
        """
        if name == "tiny":
            return cls(size=64, lights=24, tracking_every=8)
        if name == "demo":
            return cls(near_lights=False)
        if name == "studio":
            return cls(
                near_lights=False,
                vignetting=0.1,
                targets=STUDIO_TARGETS,
                imperfections=STUDIO_IMPERFECTIONS,
                light_file="nominal",
                serial="OLAT-0001",
                lens="simulated 80 mm at 1.6 m",
                date=datetime.date(2026, 11, 23),
            )
        return cls(size=1024, lights=156, tracking_every=12, near_lights=False)

    @cached_property
    def rig(self) -> LightRig:
        """The lights, as precise as the light file tells them."""
        rng = np.random.default_rng([self.seed, 1])
        places = np.round(fibonacci_sphere(self.lights) * STAGE_RADIUS, 6)
        common, tint = rng.normal(size=(self.lights, 1)), rng.normal(size=(self.lights, 3))
        intensities = np.round(1.0 + self.light_spread * (common + 0.25 * tint), 4)
        is_there = places[:, 1] >= self.lowest_light * STAGE_RADIUS
        places, intensities = places[is_there], intensities[is_there]
        return LightRig(
            name=f"synthetic-{len(places)}",
            directions=places / np.linalg.norm(places, axis=1, keepdims=True),
            intensities=np.maximum(intensities, 0.05),
            positions=places if self.near_lights else None,
        )

    @property
    def light_count(self) -> int:
        """Number of lights that are there."""
        return len(self.rig)

    @cached_property
    def led_rig(self) -> LightRig:
        """The lights, with the intensities that give a gray card those of `rig`."""
        bands = self.imperfections.bands_from_rec709
        if not self.imperfections.has_own_colors:
            return self.rig
        return replace(self.rig, intensities=self.rig.intensities @ bands.T)

    @cached_property
    def told_rig(self) -> LightRig:
        """What the light file tells of the lights."""
        if self.light_file == "exact":
            return self.rig
        rng = np.random.default_rng([self.seed, 5])
        off = rng.normal(0.0, np.radians(self.imperfections.mounting_deg), (self.light_count, 3))
        planned = self.rig.directions + off / np.sqrt(2.0)
        planned /= np.linalg.norm(planned, axis=1, keepdims=True)
        positions = planned * STAGE_RADIUS if self.near_lights else None
        return LightRig(self.rig.name, planned, np.ones((self.light_count, 3)), positions)

    @cached_property
    def camera(self) -> PinholeCamera:
        """The camera in front of the subject."""
        return PinholeCamera(self.size, 11.5, 1.6, self.imperfections.distortion)

    @cached_property
    def sensor(self) -> Sensor:
        """What is behind the lens."""
        shape = (self.size, self.size)
        return Sensor(
            self.white_patch,
            self.vignetting,
            self.blur_px,
            self.noise,
            self.imperfections.vignetting_by_color,
            self.imperfections.black_error_dn,
            sensor_flaws(shape, seed=self.seed) if self.imperfections.site_flaws else None,
        )

    @cached_property
    def body(self) -> Subject:
        """The subject, with the reflection and the shadows that are asked for."""
        subject = head() if self.subject == "head" else ball(BALL_RADIUS)
        subject = subject if self.shadows else subject.without_shadows()
        return subject.matte() if self.material == "lambert" else subject

    @cached_property
    def shots(self) -> tuple[Shot, ...]:
        """What is taken, frame by frame."""
        return (*self._performance, *target_frames(self.light_count, self.targets))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """What the lights do, frame by frame."""
        return tuple(shot.condition for shot in self.shots)

    @cached_property
    def _performance(self) -> tuple[Shot, ...]:
        return performance(
            self.light_count,
            tracking_every=self.tracking_every,
            bracket=self.bracket,
            patterns=[PATTERNS[word] for word in self.patterns],
        )

    @property
    def _span(self) -> int:
        """Frames of the capture, with three plain targets."""
        return len(self._performance) + 3

    @property
    def reference(self) -> int:
        """Frame whose pose all truth is told in: the middle tracking frame, or the first OLAT."""
        tracking = [
            index
            for index, shot in enumerate(self.shots)
            if isinstance(shot.condition, Tracking) and shot.exposure == 1.0
        ]
        return tracking[len(tracking) // 2] if tracking else self.conditions.index(Olat(0))

    @property
    def rectified(self) -> SyntheticStage:
        """The stage with an ideal lens in place of the camera's own."""
        changes = {"imperfections": self.imperfections.model_dump() | {"distortion": ()}}
        return SyntheticStage.model_validate(self.model_dump() | changes)

    def drive(self, condition: Condition) -> float:
        """Return the level of the lights, so low that many at once expose as one does alone."""
        return drive_under(condition, self.lights, self.targets)

    @cached_property
    def levels(self) -> tuple[float, ...]:
        """What the lights really give in each frame, relative to when they were cold [1]."""
        count = len(self.shots)
        rng = np.random.default_rng([self.seed, 4])
        warmth = -np.expm1(-3.0 * np.arange(count) / self._span)
        shaken = 1.0 + self.imperfections.flicker * rng.standard_normal(count)
        return tuple((1.0 - self.imperfections.warm_up * warmth) * shaken)

    def pose(self, frame: int) -> Pose:
        """Return where the subject is in a frame: it sways, drifts a little, and blinks once."""
        frame = self.reference if self.is_frozen else frame
        drift = self.drift_px * self.camera.footprint * (frame - self._span / 2)
        if self.sway_px == 0.0:
            return Pose(shift=(drift, 0.0, 0.0))
        sway = self.sway_px * self.camera.footprint
        phase = 2.0 * np.pi * frame / self.sway_period
        turn = sway / EYE_DEPTH
        progress = frame / self._span - 0.5
        since_blink = frame - (3 * self._span // 5 if self.blink_at is None else self.blink_at)
        is_blinking = 0 <= since_blink < len(BLINK)
        return Pose(
            angles=(0.2 * turn * np.sin(0.7 * phase), 0.4 * turn * np.sin(0.9 * phase + 1.0), 0.0),
            shift=(
                drift + sway * (0.6 * np.sin(phase) + 0.3 * progress),
                sway * (0.35 * np.sin(0.8 * phase + 0.5) - 0.3 * progress),
                sway * 0.5 * np.sin(0.6 * phase),
            ),
            eyes_open=BLINK[since_blink] if is_blinking else 1.0,
        )
