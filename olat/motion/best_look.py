"""Which of some photographs of one subject is the best to move the others to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from olat.model.image import RadianceImage
from olat.model.motion import TrackingLook
from olat.motion.looks import fault_of, gray_of, look_of
from olat.motion.resemblance import SmallPlane, detail_of, resemblance

COMPARED = 3
"""Sound frames that are looked at before the middle one is taken."""
MUCH_BLURRIER = 0.7
"""Part of the sharpest one's sharpness below which a frame is passed over."""
AS_SHARP = 0.95
"""Part of it from which on the frame nearer to the middle is better."""
ALIKE = 0.5
"""Likeness from which on two frames show the same subject."""


class Looks:
    """Looks at frames one at a time, and only at those that matter.

    Parameters
    ----------
    load
        Returns a frame, given its number.
    frames
        Numbers, from the middle one outward.
    """

    def __init__(self, load: Callable[[int], RadianceImage], frames: Sequence[int]) -> None:
        self.frames = tuple(frames)
        self._passed_over: dict[int, str] = {}
        self._load = load
        self._seen: dict[int, tuple[TrackingLook, SmallPlane]] = {}

    @property
    def looks(self) -> tuple[TrackingLook, ...]:
        """Of the frames that were looked at, in order of their numbers."""
        return tuple(self._seen[frame][0] for frame in sorted(self._seen))

    def fault(self, frame: int) -> str:
        """Look at a frame; say why it shows nothing, empty if it may show something."""
        return fault_of(self._look(frame)[0])

    def before(self, chosen: int) -> dict[int, str]:
        """Say what was wrong with frames that would have come before the one that was chosen."""
        nearer = self.frames[: self.frames.index(chosen)]
        return {frame: self._passed_over[frame] for frame in nearer if frame in self._passed_over}

    def middle(self) -> int:
        """Return the first sound frame from the middle outward.

        Passed over are those that show nothing, that are much blurrier than the sharpest of the
        three that were looked at, or that show something else than the other two.

        Raises
        ------
        ValueError
            If no frame shows anything.
        """
        sound = self._alike(COMPARED)
        least = MUCH_BLURRIER * max(self._sharpness(frame) for frame in sound)
        chosen = next(frame for frame in sound if self._sharpness(frame) >= least)
        for frame in sound[: sound.index(chosen)]:
            self._passed_over[frame] = "much blurrier than others"
        return chosen

    def sharpest(self) -> int:
        """Return the sharpest frame; of those that are about as sharp, the nearest to the middle.

        Raises
        ------
        ValueError
            If no frame shows anything.
        """
        alike = self._alike(len(self.frames))
        best = max(self._sharpness(frame) for frame in alike)
        return next(frame for frame in alike if self._sharpness(frame) >= AS_SHARP * best)

    def _alike(self, most: int) -> list[int]:
        """Return sound frames that show what most of them show; note the others."""
        sound = self._sound(most)
        unlike = {frame: self._unlike(frame, sound) for frame in sound}
        # Where each is unlike the others nobody knows which one is right.
        alike = [frame for frame in sound if not unlike[frame]] or sound
        self._passed_over |= {frame: why for frame, why in unlike.items() if frame not in alike}
        return alike

    def _sound(self, most: int) -> list[int]:
        """Return the first frames, at most so many, that show something; note the others.

        Saturated ones only where there is nothing else.
        """
        sound: list[int] = []
        for frame in self.frames:
            if len(sound) == most:
                break
            fault = self.fault(frame)
            if fault:
                self._passed_over[frame] = fault
            else:
                sound.append(frame)
        # Outlines and shadows of a saturated frame may still be followed.
        sound = sound or [at for at, why in self._passed_over.items() if why == "saturated"][:most]
        if not sound:
            told = ", ".join(
                f"{frame} is {why}" for frame, why in sorted(self._passed_over.items())
            )
            raise ValueError(f"no tracking frame shows the subject: {told}.")
        return sound

    def _unlike(self, frame: int, sound: Sequence[int]) -> str:
        """Say if a frame shows something else than most others, which show one thing."""
        others = [other for other in sound if other != frame]
        if len(others) < COMPARED - 1 or self._share_alike(frame, others) >= 0.5:
            return ""
        first, *rest = others
        return "unlike the others" if self._share_alike(first, rest) >= 0.5 else ""

    def _share_alike(self, frame: int, others: Sequence[int]) -> float:
        own = self._look(frame)[1]
        alike = [
            resemblance(own, self._look(other)[1], width=1).likeness >= ALIKE for other in others
        ]
        return float(np.mean(alike))

    def _sharpness(self, frame: int) -> float:
        return self._look(frame)[0].sharpness

    def _look(self, frame: int) -> tuple[TrackingLook, SmallPlane]:
        if frame not in self._seen:
            image = self._load(frame)
            look = look_of(image.radiance, image.flags, frame=frame)
            self._seen[frame] = look, detail_of(gray_of(image.radiance))
        return self._seen[frame]
