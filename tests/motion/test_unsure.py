"""Where tracking frames are missing, and what interpolation leaves there."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.motion import TrackedFrame, UnsureInterval
from olat.motion.forecast import model_of
from olat.motion.time_curve import knot_weights, window
from olat.motion.unsure import unsure_intervals

KNOTS = tuple(range(0, 133, 11))
RATE = 2.0 * np.pi / 50.0


def frames(*refused: int, sudden: tuple[int, ...] = ()) -> dict[int, TrackedFrame]:
    return {
        knot: TrackedFrame(
            knot,
            1.0,
            2.0,
            3.0,
            refusal="black" if knot in refused else "",
            departure_px=6.0,
            is_sudden=knot in sudden,
        )
        for knot in KNOTS
    }


def test_nothing_is_unsure_where_tracking_frames_are_regular() -> None:
    assert unsure_intervals(frames(), interval=11.0, model=None) == ()


def test_what_is_told_of_a_gap_is_what_the_curve_leaves_in_it() -> None:
    """A sway of 2 px, whatever its phase in the gap: the forecast knows of it."""
    refused = (44, 55)
    used = [knot for knot in KNOTS if knot not in refused]
    moments = np.array(used, float)
    moved = 2.0 * np.sin(RATE * moments + 1.0)
    motions = np.stack([moved, 0.0 * moved], axis=-1)[:, None]
    model = model_of(moments, motions, np.ones((len(used), 1)), (1 / 50.0,))
    (found,) = unsure_intervals(frames(*refused), interval=11.0, model=model)
    assert (found.first, found.last) == (33, 66)
    off = []
    for time in range(34, 66):
        near = window(time, used)
        told = knot_weights(time, near, interpolation="sway") @ np.sin(RATE * np.array(near) + 1.0)
        off.append(2.0 * (told - np.sin(RATE * time + 1.0)))
    left = float(np.sqrt(np.mean(np.square(off))))
    print(f"foretold {found.error_px:.3f} px, left {left:.3f} px")
    assert left > 0.2
    assert found.error_px == pytest.approx(left, rel=0.1)


def test_without_a_forecast_half_of_the_motion_counts() -> None:
    (found,) = unsure_intervals(frames(44), interval=11.0, model=None)
    assert found == UnsureInterval(33, 55, 1.0)


def test_a_twitch_is_a_jump_at_any_moment_of_the_intervals_around_it() -> None:
    found = unsure_intervals(frames(sudden=(66,)), interval=11.0, model=None)
    assert [(each.first, each.last) for each in found] == [(55, 66), (66, 77)]
    line, moments = np.linspace(0.0, 1.0, 401), np.linspace(0.0, 1.0, 400)
    jump = (line > moments[:, None]).astype(float)
    off = 6.0 * float(np.sqrt(np.mean((jump - line) ** 2)))
    assert found[0].error_px == pytest.approx(off, rel=0.01)
