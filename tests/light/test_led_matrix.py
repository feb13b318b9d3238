"""Cross-talk of primaries: measured from a card, and taken out of color gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.light.led_matrix import leak, led_matrix, shares, unmixed
from olat.surface.cosine_lobe import lobes_from_moments
from olat.surface.gradient_normals import normals_from_color_gradients

M = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
"""Channel (row) of each primary (column): 10 to 20 % of what a channel sees is not its own."""


def card_under(primary: int, *, noise: float = 0.0, matrix: np.ndarray = M) -> np.ndarray:
    random = np.random.default_rng(primary).normal(scale=noise, size=(40, 50, 3))
    return (0.3 * matrix[:, primary] + random).astype(np.float32)


def cards(matrix: np.ndarray = M, *, noise: float = 0.0) -> list[np.ndarray]:
    return [card_under(primary, noise=noise, matrix=matrix) for primary in range(3)]


WHOLE = np.ones((40, 50), bool)


def directions(count: int) -> np.ndarray:
    axes = np.random.default_rng(1).normal(size=(20, count // 20, 3))
    return axes / np.linalg.norm(axes, axis=2, keepdims=True)


def test_the_matrix_is_that_of_the_card_with_green_adding_up_to_one() -> None:
    found = led_matrix(*cards(noise=0.01), card=WHOLE)
    # The mean of 2000 pixels with a spread of 0.01 is known to 0.0003, of 0.3.
    np.testing.assert_allclose(found, M / M[1].sum(), rtol=0, atol=0.003)
    np.testing.assert_allclose(found[1].sum(), 1.0, rtol=1e-12)


def test_only_the_card_counts() -> None:
    card = np.zeros((40, 50), bool)
    card[10:20, 10:20] = True
    pictures = [np.where(card[..., None], picture, 9).astype(np.float32) for picture in cards()]
    np.testing.assert_allclose(led_matrix(*pictures, card=card), M / M[1].sum(), rtol=1e-6)


def test_correction_gives_axes_and_exponents_of_lobes_back() -> None:
    """A lobe of exponent 8 (hemispherical), closed form: the numbers that cross-talk costs."""
    axis = directions(4000)
    full_on = np.full_like(axis, 2 * np.pi / 9)
    gradient = (full_on + axis * 2 * np.pi / 10) / 2
    seen = (gradient @ M.T).astype(np.float32), (full_on @ M.T).astype(np.float32)
    error, exponent = {}, {}
    for name, shot in (("without", seen[0]), ("with", unmixed(*seen, matrix=M))):
        lobes = lobes_from_moments(seen[1], 2 * shot - seen[1])
        cosine = np.einsum("hwc,hwc->hw", lobes.axis, axis)
        error[name] = np.degrees(np.arccos(cosine.clip(-1, 1))).mean()
        exponent[name] = float(np.median(lobes.exponent("hemispherical")))
    for name, mean in error.items():
        print(f"{name} correction: axis {mean:.3f} deg, exponent {exponent[name]:.2f}")
    assert 6.6 < error["without"] < 7.6
    assert 2.0 < exponent["without"] < 2.2
    assert error["with"] < 0.02
    assert abs(exponent["with"] - 8.0) < 0.01


def test_correction_gives_normals_of_a_matte_surface_back() -> None:
    normals = directions(2000)
    albedo = 0.4
    pair = [
        (albedo * np.pi * (1 + sign * normals * 2 / 3) / 2 @ M.T).astype(np.float32)
        for sign in (1, -1)
    ]
    whole = pair[0] + pair[1]
    found, confidence, _ = normals_from_color_gradients(
        *(unmixed(shot, whole, matrix=M) for shot in pair)
    )
    left = normals_from_color_gradients(*pair)[0]
    np.testing.assert_allclose(found, normals, rtol=0, atol=2e-5)
    assert confidence.min() > 0.99
    assert np.degrees(np.arccos(np.einsum("hwc,hwc->hw", left, normals).clip(-1, 1))).mean() > 3


@given(st.integers(0, 10_000))
def test_gradient_and_complement_still_add_up(seed: int) -> None:
    random = np.random.default_rng(seed)
    pair = random.uniform(0.01, 1, (2, 3, 4, 3)).astype(np.float32)
    whole = pair.sum(axis=0)
    total = sum(unmixed(shot, whole, matrix=M) for shot in pair)
    np.testing.assert_allclose(total, whole, rtol=1e-5)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_sensitivity_of_channels_plays_no_part(red: float, green: float, blue: float) -> None:
    gains = np.array([red, green, blue])
    np.testing.assert_allclose(shares(gains[:, None] * M), shares(M), rtol=1e-12)


def test_color_that_was_converted_is_unmixed_by_the_converted_matrix() -> None:
    convert = np.array([[1.6, -0.5, -0.1], [-0.2, 1.4, -0.2], [0.0, -0.4, 1.4]])
    axis = directions(400)
    full_on = np.ones_like(axis)
    gradient = (1 + axis * 0.9) / 2
    seen = [(shot @ (convert @ M).T).astype(np.float32) for shot in (gradient, full_on)]
    found = unmixed(seen[0], seen[1], matrix=convert @ M) / seen[1]
    np.testing.assert_allclose(found, gradient, rtol=0, atol=1e-5)


def test_dark_pixels_stay_dark() -> None:
    dark = np.array([[[0.0, 0.1, -0.1]]], np.float32)
    assert np.isfinite(unmixed(dark, dark, matrix=M)).all()


def test_leak_is_the_share_of_foreign_light() -> None:
    assert leak(np.eye(3)) == 0
    assert leak(M) == pytest.approx(0.2)


def test_a_primary_that_was_photographed_twice_is_refused() -> None:
    red, green, _ = cards(noise=0.001)
    with pytest.raises(ValueError, match=r"condition is \d+; .* was one photographed twice"):
        led_matrix(red, green, green, card=WHOLE)


def test_a_primary_that_was_off_is_refused_by_name() -> None:
    red, green, blue = cards()
    with pytest.raises(ValueError, match="under the blue primary the card reads"):
        led_matrix(red, green, 0 * blue, card=WHOLE)


def test_an_uneven_region_is_refused() -> None:
    red, green, blue = cards()
    green = green * np.linspace(0, 2, 50, dtype=np.float32)[:, None]
    with pytest.raises(ValueError, match=r"under the green primary readings spread by \d+%"):
        led_matrix(red, green, blue, card=WHOLE)


def test_an_empty_region_and_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="region of the card is empty"):
        led_matrix(*cards(), card=~WHOLE)
