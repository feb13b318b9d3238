"""Stage: the subject under even light from everywhere."""

from __future__ import annotations

import numpy as np

from olat.engine.stage import Grain, Stage
from olat.model.field import ReflectanceField
from olat.model.image import RadianceImage


class LightEvenly(Stage):
    """The field relit by a uniform environment of radiance 1: its picture, and a check on it."""

    grain = Grain.CAMERA
    makes = "flat_lit"

    def run(self, field: ReflectanceField) -> RadianceImage:
        """Return the sum of all planes, weighted by their lights' solid angles over pi."""
        from olat.relight.planes import relit

        weights = np.repeat(field.header.solid_angles[:, None] / np.pi, 3, axis=1)
        _, height, width = field.shape
        radiance = np.empty((height, width, 3), np.float32)
        flags = np.empty((height, width), np.uint8)
        for top, bottom in field.strips():
            reflectance, doubts = field.read_rows(top, bottom)
            radiance[top:bottom] = relit(list(reflectance), weights, threads=1)
            flags[top:bottom] = np.bitwise_or.reduce(doubts, axis=0)
        return RadianceImage(radiance, flags, space=field.header.space)
