"""Refinement of motion: what it gains, and what it costs.

``python -m benchmarks.bench_refinement`` prints the table of decision 0019; ``--lights 331`` for
a larger stage. The time of a small sweep::

    pytest benchmarks/bench_refinement.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from olat.motion import refinement
from olat.motion.refinement import refined
from olat.surface.lambert import normals_from_olats
from tests.support.moving_sweeps import MovingSweep, moving_sweep

CASES = {
    "still": {"tracking_every": 10, "sway_px": 0.0},
    "still, spiral": {"tracking_every": 10, "sway_px": 0.0, "is_spiral": True},
    "11 / 60": {"tracking_every": 10, "sway_period": 60.0},
    "11 / 60, spiral": {"tracking_every": 10, "sway_period": 60.0, "is_spiral": True},
    "21 / 60": {"tracking_every": 20, "sway_period": 60.0},
    "21 / 60, spiral": {"tracking_every": 20, "sway_period": 60.0, "is_spiral": True},
    "11 / 24": {"tracking_every": 10, "sway_period": 24.0},
    "21 / 24": {"tracking_every": 20, "sway_period": 24.0},
}
"""Frames between tracking frames / frames of a sway of 2 px, and how lights are fired."""


def normals_error_deg(sweep: MovingSweep, pictures: np.ndarray) -> float:
    """Return the mean error of normals inside the subject [degree]."""
    directions = sweep.stage.rig.directions[list(sweep.lights)]
    level = sweep.stage.rig.intensities[list(sweep.lights)].mean(axis=1)
    readings = (pictures / level[:, None, None]).astype(np.float16)
    readings = np.repeat(readings[:, None], 3, axis=1)
    flags = np.zeros(pictures.shape, np.uint8)
    normals, *_ = normals_from_olats(readings, flags, directions)
    known = sweep.sweep.mask & normals.any(axis=2)
    cosine = np.einsum("pc,pc->p", normals[known], sweep.normals[known])
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))).mean())


def bench_refined(benchmark):
    sweep = moving_sweep(size=128, lights=40, tracking_every=10, sway_period=24.0)
    motion = sweep.known_motion()
    found = benchmark.pedantic(refined, (sweep.sweep, motion), rounds=1)
    assert sweep.error_px(motion, found.flow) < sweep.error_px(motion)


def table(lights: int, size: int, cases: list[str]) -> None:
    """Print what refinement does to sweeps with some number of lights."""
    print(f"\n{lights} lights, {size} x {size} px, noise; before -> after")
    print("interval / period   flows     error [px]      leave one out       normals [deg]  CPU s")
    for case in cases:
        sweep = moving_sweep(size=size, lights=lights, **CASES[case])
        for kind, motion in (
            ("exact", sweep.known_motion(scatter=0.0)),
            ("0.1 px", sweep.known_motion(scatter=0.1)),
            ("found", sweep.tracked_motion()),
        ):
            began = time.process_time()
            found = refined(sweep.sweep, motion)
            taken = time.process_time() - began
            before, after = sweep.error_px(motion), sweep.error_px(motion, found.flow)
            crooked = normals_error_deg(sweep, sweep.aligned(motion))
            straight = normals_error_deg(sweep, sweep.aligned(motion, found.flow))
            print(
                f"{case:18}  {kind:7}  {before:.3f} -> {after:.3f}  "
                f"{found.residuals[0]:.5f} -> {found.residuals[-1]:.5f}  "
                f"{crooked:.2f} -> {straight:.2f}  {taken:5.1f}",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lights", type=int, default=60)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    parser.add_argument("--believe-all", action="store_true", help="no limit on what is believed")
    told = parser.parse_args()
    if told.believe_all:
        refinement.LEAST_FALL = 0.0
    table(told.lights, told.size, told.cases)
