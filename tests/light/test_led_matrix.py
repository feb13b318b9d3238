"""Cross-talk of primaries: measured from a card, and taken out of color gradients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.light.led_matrix import (
    condition_of,
    from_primaries,
    in_primaries,
    leak,
    led_matrix,
    shares,
)
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
    own = [in_primaries(shot, matrix=M) for shot in seen]
    for name, (shot, whole) in (("without", seen), ("with", own)):
        lobes = lobes_from_moments(whole, 2 * shot - whole)
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
    found, confidence, _ = normals_from_color_gradients(
        *(in_primaries(shot, matrix=M) for shot in pair)
    )
    left = normals_from_color_gradients(*pair)[0]
    np.testing.assert_allclose(found, normals, rtol=0, atol=2e-5)
    assert confidence.min() > 0.99
    assert np.degrees(np.arccos(np.einsum("hwc,hwc->hw", left, normals).clip(-1, 1))).mean() > 3


@given(st.integers(0, 10_000))
def test_primaries_go_back_to_the_color_they_came_from(seed: int) -> None:
    color = np.random.default_rng(seed).uniform(-0.1, 1, (3, 4, 3)).astype(np.float32)
    back = from_primaries(in_primaries(color, matrix=M), matrix=M)
    np.testing.assert_allclose(back, color, rtol=0, atol=1e-6)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_sensitivity_of_channels_plays_no_part(red: float, green: float, blue: float) -> None:
    gains = np.array([red, green, blue])
    np.testing.assert_allclose(shares(gains[:, None] * M), shares(M), rtol=1e-12)


def test_on_gray_it_is_the_ratio_formula_of_the_shares() -> None:
    axis = directions(400)
    full_on = (0.3 * np.ones_like(axis) @ M.T).astype(np.float32)
    gradient = (0.3 * (1 + axis * 0.9) / 2 @ M.T).astype(np.float32)
    by_shares = (gradient / full_on) @ np.linalg.inv(shares(M)).T
    found = in_primaries(gradient, matrix=M) / in_primaries(full_on, matrix=M)
    np.testing.assert_allclose(found, by_shares, rtol=0, atol=1e-6)


def test_color_of_the_surface_turns_no_normal_and_neither_does_a_color_matrix() -> None:
    """Reflectance differs from primary to primary, by factors of 2 and more."""
    convert = np.array([[2.64, -0.79, -0.02], [-0.54, 1.67, -0.70], [0.08, -0.82, 3.99]])
    normals = directions(4000)
    albedo = 0.3 * np.exp(np.random.default_rng(2).normal(scale=0.5, size=normals.shape))
    shots = albedo * (1 + normals * 2 / 3) / 2, albedo
    for name, to_seen in (("camera color", M), ("Rec.709", convert @ M)):
        seen = [(shot @ to_seen.T).astype(np.float32) for shot in shots]
        own = [in_primaries(shot, matrix=to_seen) for shot in seen]
        ratios = {
            "as it is": seen[0] / seen[1],
            "by ratios and shares": (seen[0] / seen[1]) @ np.linalg.inv(shares(to_seen)).T,
            "in primaries": own[0] / own[1],
        }
        lean = {way: lean_of(2 * ratio - 1, normals) for way, ratio in ratios.items()}
        told = ", ".join(f"{way} {error.mean():.2f} deg" for way, error in lean.items())
        print(f"normals of a colored surface in {name}: {told}")
        assert lean["as it is"].mean() > 8
        assert lean["by ratios and shares"].mean() > 4
        assert lean["in primaries"].max() < 0.1


def lean_of(vectors: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return angles in degrees."""
    return np.degrees(np.arccos(np.einsum("hwc,hwc->hw", unit(vectors), normals).clip(-1, 1)))


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.1, 10))
def test_how_bright_a_primary_is_tells_nothing_of_its_color(r: float, g: float, b: float) -> None:
    assert condition_of(M * np.array([r, g, b])) == pytest.approx(condition_of(M))


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
