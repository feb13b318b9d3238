"""Flow and warp: Mpx/s of one core.

Budget at 8 Mpx: a ``standard`` pair, forward, backward and checked, 1.5 s; a warp with flags 0.3 s.

::

    pytest benchmarks/bench_motion.py
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.model.image import RadianceImage
from olat.motion.flow import flow_between
from olat.motion.methods import flow_method
from olat.motion.warp import warped
from tests.support.texture import Texture, noisy, pixel_centers

HEIGHT, WIDTH = 1000, 1500


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(before)


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(20260101)
    texture, points = Texture.random(rng, 40), pixel_centers(HEIGHT, WIDTH)
    motion = 4.0 * np.sin(points[..., ::-1] / 150.0)
    return noisy(texture.at(points + motion), rng), noisy(texture.at(points), rng), motion


def with_rate(benchmark, function, *args, **kwargs):
    benchmark.pedantic(function, args, kwargs, rounds=3, warmup_rounds=1)
    if benchmark.stats is not None:
        benchmark.extra_info["Mpx/s"] = round(HEIGHT * WIDTH / 1e6 / benchmark.stats["min"], 2)


@pytest.mark.parametrize("preset", ["draft", "standard", "fine"])
def bench_flow_between(benchmark, pair, preset):
    reference, moving, _ = pair
    with_rate(benchmark, flow_between, reference, moving, preset=preset)


@pytest.mark.parametrize("name", ["dis", "deepflow", "tvl1"])
def bench_flow_method(benchmark, pair, name):
    reference, moving, _ = pair
    with_rate(benchmark, flow_between, reference, moving, preset="draft", method=flow_method(name))


def bench_flow_of_a_subject_on_black(benchmark, pair):
    reference, moving, _ = pair
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    head = (np.hypot(x - WIDTH / 2, y - HEIGHT / 2) < 350)[..., None].astype(np.float32)
    with_rate(benchmark, flow_between, head * reference, head * moving, preset="standard")


@pytest.mark.parametrize("share_flagged", [0.0, 0.01])
def bench_warped(benchmark, pair, share_flagged):
    _, moving, motion = pair
    flagged = np.random.default_rng(7).random((HEIGHT, WIDTH)) < share_flagged
    image = RadianceImage(moving, flagged.astype(np.uint8))
    confidence = np.ones((HEIGHT, WIDTH), np.float32)
    with_rate(benchmark, warped, image, motion.astype(np.float32), confidence, confidence_floor=0.5)
