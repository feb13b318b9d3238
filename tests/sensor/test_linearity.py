from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.sensor.linearity import LevelReading, linearity

TIMES = (0.01, 0.02, 0.04, 0.08, 0.12, 0.16)


def readings(curve, *, slopes=(60_000.0, 90_000.0, 50_000.0), times=TIMES, dark=512.0):
    return [
        LevelReading(channel, time, curve(slope * time), dark)
        for channel, slope in enumerate(slopes)
        for time in times
    ]


@given(scale=st.floats(0.01, 1.0))
def test_twice_the_light_reads_twice_as_much(scale: float) -> None:
    found = linearity(readings(lambda light: scale * light), within_percent=1.0)
    assert found.deviation_percent == pytest.approx(0.0, abs=1e-9)
    assert found.full_dn is None
    assert found.highest_dn == pytest.approx(512.0 + scale * 90_000 * 0.16)


def test_a_sensor_that_bends_at_the_top_is_linear_up_to_where_it_bends() -> None:
    knee = 8000.0
    found = linearity(
        readings(lambda light: min(light, knee + 0.7 * (light - knee))), within_percent=1.0
    )
    # The channel with the highest slope reads 7200 DN, then 10 800 of which the top is lost.
    assert found.full_dn == pytest.approx(512.0 + 8000.0)
    assert found.deviation_percent < 1e-9


def test_a_departure_is_told_in_percent() -> None:
    found = linearity(readings(lambda light: light * (1.0 - 1e-6 * light)), within_percent=2.0)
    lower = [90_000 * time for time in TIMES if time <= 0.08]
    slope = np.median([1.0 - 1e-6 * s for s in lower])
    assert found.deviation_percent == pytest.approx(100 * (1 - (1 - 0.0144) / slope), rel=1e-6)


def test_a_dark_that_is_wrong_is_not_taken_for_a_bend() -> None:
    with pytest.raises(ValueError, match=r"read [+-]\d.* % off a straight line at 948 DN"):
        linearity(readings(lambda light: light - 64.0), within_percent=1.0)


def test_two_exposures_say_nothing() -> None:
    assert linearity(readings(float, times=(0.01, 0.02)), within_percent=1.0) is None
