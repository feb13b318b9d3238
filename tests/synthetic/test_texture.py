from __future__ import annotations

import numpy as np

from olat.synthetic.texture import RandomWaves


def test_the_pattern_has_unit_variance(rng: np.random.Generator) -> None:
    points = rng.uniform(-1.0, 1.0, size=(3, 20000)).astype(np.float32)
    values = RandomWaves.make(3, 0.05).value(points, 0.0)
    # Sixteen waves over forty wavelengths: the variance itself is known to a few percent.
    np.testing.assert_allclose([values.mean(), values.std()], [0.0, 1.0], rtol=0, atol=0.05)


def test_the_gradient_is_the_slope_of_the_value(rng: np.random.Generator) -> None:
    waves = RandomWaves.make(4, 0.05)
    points = rng.uniform(-0.1, 0.1, size=(3, 200)).astype(np.float32)
    gradient = waves.gradient(points, 0.01)
    step = 1e-3
    for axis in range(3):
        ahead = np.zeros((3, 1), np.float32)
        ahead[axis] = step
        rise = waves.value(points + ahead, 0.01) - waves.value(points - ahead, 0.01)
        # The step is a fiftieth of a wave: a third derivative remains.
        np.testing.assert_allclose(gradient[axis], rise / (2 * step), rtol=0, atol=1.5)
    assert np.abs(gradient).max() > 50.0


def test_what_pixels_cannot_carry_fades(rng: np.random.Generator) -> None:
    waves = RandomWaves.make(5, 0.002)
    points = rng.uniform(-0.1, 0.1, size=(3, 2000)).astype(np.float32)
    assert waves.value(points, 0.0001).std() > 0.9
    assert waves.value(points, 0.004).std() < 0.01
