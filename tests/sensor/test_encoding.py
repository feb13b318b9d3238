from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.model.encoding import ResponseCurve
from olat.sensor.encoding import display_from_linear, linear_from_codes

# Codes and linear values of the standard's curve, from its text.
SRGB = {0: 0.0, 10: 0.0030353, 11: 0.0033465, 128: 0.2158605, 188: 0.5028865, 255: 1.0}


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_srgb_codes_become_the_light_of_the_standard(kind: type) -> None:
    codes = np.array([list(SRGB)], kind)
    linear = linear_from_codes(codes, white=255.0, encoding="srgb")
    np.testing.assert_allclose(linear[0], list(SRGB.values()), rtol=0, atol=1e-6)


def test_every_8_bit_code_survives_the_way_to_light_and_back() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    linear = linear_from_codes(codes, white=255.0, encoding="srgb")
    np.testing.assert_array_equal(display_from_linear(linear), codes)


def test_linear_codes_are_fractions_of_white() -> None:
    codes = np.array([[0, 1023, 4095]], np.uint16)
    linear = linear_from_codes(codes, white=4095.0, encoding="linear")
    np.testing.assert_allclose(linear, [[0, 1023 / 4095, 1]], rtol=0, atol=1e-7)


def test_an_exponent_leads_from_codes_to_light() -> None:
    codes = np.array([[128]], np.uint8)
    linear = linear_from_codes(codes, white=255.0, encoding=2.2)
    np.testing.assert_allclose(linear, (128 / 255) ** 2.2, rtol=1e-6)


@given(value=st.floats(0, 100, width=32), encoding=st.sampled_from(["linear", "srgb", 1.8, 2.2]))
def test_negative_values_mirror_positive_ones(value: float, encoding: str | float) -> None:
    pair = np.array([[value, -value]], np.float32)
    linear = linear_from_codes(pair, white=np.inf, encoding=encoding)
    assert linear[0, 0] == -linear[0, 1]
    assert linear[0, 0] >= 0


@pytest.mark.parametrize("encoding", ["log", -1.0, 0.0])
def test_an_unknown_encoding_is_refused(encoding: str | float) -> None:
    with pytest.raises(ValueError, match="there are 'linear', 'srgb' and exponents above 0"):
        linear_from_codes(np.zeros((1, 1), np.uint8), white=255.0, encoding=encoding)


def test_displays_clip_what_they_cannot_show() -> None:
    linear = np.array([[-1, np.nan, np.inf, 7, -np.inf]], np.float32)
    assert display_from_linear(linear).tolist() == [[0, 0, 255, 255, 0]]


def test_a_measured_response_is_looked_up_by_channel_or_for_all_alike() -> None:
    table = np.stack([np.arange(256.0), 2 * np.arange(256.0), 3 * np.arange(256.0)], axis=1)
    curve = ResponseCurve(tuple(map(tuple, table.tolist())))
    gray = ResponseCurve(tuple((float(code),) for code in range(256)))
    codes = np.full((2, 3, 3), 7, np.uint8)
    linear = linear_from_codes(codes, white=255.0, encoding=curve)
    np.testing.assert_array_equal(linear[0, 0], (7, 14, 21))
    np.testing.assert_array_equal(linear_from_codes(codes, white=255.0, encoding=gray), codes)
    np.testing.assert_array_equal(
        linear_from_codes(codes[..., 0], white=255.0, encoding=gray), codes[..., 0]
    )
    with pytest.raises(ValueError, match="256 codes, but the picture holds uint16"):
        linear_from_codes(codes.astype(np.uint16), white=65535.0, encoding=curve)
    with pytest.raises(ValueError, match="three channels, but the picture is gray"):
        linear_from_codes(codes[..., 0], white=255.0, encoding=curve)
