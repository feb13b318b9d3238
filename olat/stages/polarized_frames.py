"""Polarized photographs as those of light from beneath the surface, and of light at its face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from olat.errors import SolveError
from olat.model.condition import Polarized, Polarizer
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.roles import role
from olat.model.session import Frame


def behind(frames: Frames[RadianceImage], polarizer: Polarizer) -> dict[Polarized, Frame]:
    """Return the first frame under each pattern behind a polarizer."""
    found: dict[Polarized, Frame] = {}
    for frame in frames.shots.values():
        condition = frame.condition
        if isinstance(condition, Polarized) and condition.polarizer == polarizer:
            found.setdefault(condition, frame)
    return found


def beneath_frames(frames: Frames[RadianceImage]) -> Frames[RadianceImage]:
    """Return what came from beneath the surface, as frames under patterns without a polarizer."""
    from olat.surface.polarized import beneath

    shots = {
        frame.index: replace(frame, condition=condition.pattern)
        for condition, frame in behind(frames, "crossed").items()
    }

    def load(frame: Frame) -> RadianceImage:
        image = frames[frame.index]
        return replace(image, radiance=beneath(image.radiance), variance=None)

    return Frames(shots, load)


def face_frames(
    frames: Frames[RadianceImage], drift: LightDrift | None = None
) -> Frames[RadianceImage]:
    """Return what was reflected at the surface, as frames under patterns without a polarizer.

    Each stands at the place of its parallel photograph, at whose level of the lights it is.

    Raises
    ------
    SolveError
        If a pattern was shot behind one polarizer only.
    """
    from olat.light.drift import gains_at
    from olat.surface.polarized import at_the_face

    parallel, crossed = behind(frames, "parallel"), behind(frames, "crossed")
    partner = {
        frame.index: crossed.get(replace(condition, polarizer="crossed"))
        for condition, frame in parallel.items()
    }
    alone = [role(condition) for condition, frame in parallel.items() if not partner[frame.index]]
    if alone:
        raise SolveError(
            f"polarized frames: there is {', '.join(alone)} without its crossed partner; needed "
            "are both, as their difference is the light of the surface. Shoot the pair."
        )
    shots = {
        frame.index: replace(frame, condition=condition.pattern)
        for condition, frame in parallel.items()
    }

    def load(frame: Frame) -> RadianceImage:
        other = partner[frame.index]
        assert other is not None  # noqa: S101  (those alone were refused)
        both, below = frames[frame.index], frames[other.index]
        levels = gains_at(drift, [frame.index, other.index]).astype(np.float32)
        face = at_the_face(both.radiance, below.radiance * (levels[0] / levels[1]))
        known = [image.confidence for image in (both, below) if image.confidence is not None]
        return replace(
            both,
            radiance=face,
            flags=both.flags | below.flags,
            variance=None,
            confidence=np.asarray(np.minimum.reduce(known)) if known else None,
        )

    return Frames(shots, load)
