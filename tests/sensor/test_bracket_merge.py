from __future__ import annotations

import numpy as np
import pytest

from olat.model.calibration import SensorCalibration
from olat.model.flags import PixelFlag
from olat.model.image import Picture, RadianceImage
from olat.sensor.bracket_merge import merged
from olat.sensor.bracket_noise import transfer_of_differences, transfer_of_variances
from olat.sensor.develop import developed
from olat.sensor.working_space import in_space, variance_in_space
from tests.support.texture import Texture, pixel_centers

FULL_WELL, READ = 4000.0, 4.0
SECONDS = (0.064, 0.016, 0.004, 0.001)
S, H, U = (int(f) for f in (PixelFlag.SATURATED, PixelFlag.OCCLUDED, PixelFlag.UNTRACKED))


def shot(
    rate: np.ndarray, seconds: float, rng: np.random.Generator, *, calibrated: bool = True
) -> RadianceImage:
    """Photograph a rate of electrons [1/s] through three equal channels; radiance is the rate."""
    light = np.broadcast_to(rate[..., None] if rate.ndim == 2 else rate, (*rate.shape[:2], 3))
    counts = np.minimum(rng.poisson(light * seconds) + rng.normal(0, READ, light.shape), FULL_WELL)
    variance = (np.maximum(counts, 0) + READ**2) / seconds**2
    return RadianceImage(
        (counts / seconds).astype(np.float32),
        (counts >= FULL_WELL).any(axis=2) * np.uint8(S),
        variance.astype(np.float32) if calibrated else None,
    )


def flat(
    values: tuple[float, ...], flags: tuple[int, ...], seconds: tuple[float, ...] = (1.0, 1.0)
) -> list[RadianceImage]:
    """Return samples that are the same everywhere, with read noise only."""
    return [
        RadianceImage(
            np.full((5, 6, 3), value, np.float32),
            np.full((5, 6), flag, np.uint8),
            np.full((5, 6, 3), 0.01 / time**2, np.float32),
        )
        for value, flag, time in zip(values, flags, seconds, strict=True)
    ]


def naive(samples: list[RadianceImage], weights: np.ndarray) -> np.ndarray:
    """Average with given weights, clipped readings left out."""
    radiance = np.stack([sample.radiance for sample in samples]).astype(np.float64)
    usable = np.stack([sample.flags == 0 for sample in samples])[..., None]
    weights = weights * usable
    return (weights * radiance).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-300)


def test_inverse_variance_beats_hat_weights_by_1_9(rng: np.random.Generator) -> None:
    """The simulation of Debevec's hat against Hasinoff's weights: 50 to 3e6 electrons a second."""
    rate = np.repeat(np.geomspace(50, 3e6, 300)[:, None], 500, axis=1)
    samples = [shot(rate, seconds, rng) for seconds in SECONDS]
    times = np.array(SECONDS)[:, None, None, None]
    counts = np.stack([sample.radiance for sample in samples]) * times
    hat = np.maximum(1 - np.abs(2 * counts / FULL_WELL - 1), 1e-6)
    image, _ = merged(samples, exposures_s=SECONDS)
    bare = [RadianceImage(sample.radiance, sample.flags) for sample in samples]
    found = {
        "hat": naive(samples, hat),
        "uniform": naive(samples, np.ones_like(hat)),
        "w = t": naive(samples, times),
        "no noise model": merged(bare, exposures_s=SECONDS)[0].radiance,
        "inverse variance": image.radiance,
    }
    truth = rate[..., None]
    rmse = {
        name: float(np.exp(np.log(np.sqrt(((e / truth - 1) ** 2).mean(axis=(1, 2)))).mean()))
        for name, e in found.items()
    }
    print("relative RMSE:", ", ".join(f"{name} {value:.4f}" for name, value in rmse.items()))
    print(f"inverse variance is {rmse['hat'] / rmse['inverse variance']:.2f} times better than hat")
    assert rmse["hat"] >= 1.9 * rmse["inverse variance"]
    assert rmse["inverse variance"] < rmse["no noise model"]
    np.testing.assert_allclose(rmse["no noise model"], rmse["w = t"], rtol=1e-4)
    # The variance that the merge states is that of its errors: chi squared over pixels is 1.
    chi2 = ((image.radiance - truth) ** 2).mean(axis=(1, 2)) / image.variance.mean(axis=(1, 2))
    assert abs(chi2.mean() - 1) < 0.02


def test_near_black_the_merge_is_not_biased(rng: np.random.Generator) -> None:
    """Three electrons in the longest exposure, read with a noise of four."""
    rate = np.full((600, 600), 50.0)
    samples = [shot(rate, seconds, rng) for seconds in SECONDS]
    image, _ = merged(samples, exposures_s=SECONDS)
    weights = np.stack([1 / sample.variance for sample in samples])
    bias = {
        "own": naive(samples, weights).mean() / 50 - 1,
        "predicted": image.radiance.mean() / 50 - 1,
    }
    print("bias near black, variance of the reading itself / predicted:", bias)
    assert bias["own"] < -0.04
    assert abs(bias["predicted"]) < 0.006  # 1e6 readings of spread 1.3: 4 standard errors


def test_equal_samples_merge_to_themselves_with_the_sum_of_their_information() -> None:
    image, ghosts = merged(flat((2.0, 2.0), (0, 0), (1.0, 0.25)), exposures_s=(1.0, 0.25))
    np.testing.assert_allclose(image.radiance, 2.0)
    np.testing.assert_allclose(image.variance, 0.01 / (1 + 1 / 16), rtol=1e-5)
    assert not image.flags.any()
    assert not ghosts.any()


@pytest.mark.parametrize(
    ("flags", "expected", "flag"),
    [
        ((0, 0, 0), 27 / 21, 0),
        ((S, 0, 0), 11 / 5, 0),
        ((S, S, 0), 3, 0),
        ((S, S, S), 3, S),
        ((H, 0, 0), 11 / 5, 0),
        ((U, S, 0), 3, 0),
        ((H, S, S), 1, H),
        ((U, U, U), 27 / 21, U),
        ((H | U, U, U), 11 / 5, U),
    ],
)
def test_the_least_doubtful_samples_are_merged(
    flags: tuple[int, ...], expected: float, flag: int
) -> None:
    """Samples read 1, 2, 3 from 4 s to 1 s: read noise weighs them 16, 4, 1."""
    seconds = (4.0, 2.0, 1.0)
    samples = flat((1.0, 2.0, 3.0), flags, seconds)
    image, _ = merged(samples, exposures_s=seconds, ghost_sigmas=np.inf)
    np.testing.assert_allclose(image.radiance, expected, rtol=1e-5)
    assert (image.flags == flag).all()


def test_the_order_of_the_samples_does_not_matter(rng: np.random.Generator) -> None:
    rate = rng.uniform(50, 3e6, (40, 30))
    samples = [shot(rate, seconds, rng) for seconds in SECONDS]
    first, _ = merged(samples, exposures_s=SECONDS)
    second, _ = merged(samples[::-1], exposures_s=SECONDS[::-1])
    np.testing.assert_array_equal(first.radiance, second.radiance)
    np.testing.assert_array_equal(first.flags, second.flags)


def test_rows_are_merged_alike_wherever_they_are_cut(rng: np.random.Generator) -> None:
    rate = rng.uniform(500, 3e5, (300, 20))
    samples = [shot(rate, seconds, rng) for seconds in SECONDS]
    moved = np.where(np.arange(300)[:, None] % 50 == 0, 3 * rate, rate)
    samples[1] = shot(moved, SECONDS[1], rng)  # something to reject on both sides of a cut
    whole, ghosts = merged(samples, exposures_s=SECONDS)
    part = [RadianceImage(s.radiance[100:], s.flags[100:], s.variance[100:]) for s in samples]
    cut, cut_ghosts = merged(part, exposures_s=SECONDS)
    np.testing.assert_allclose(whole.radiance[101:], cut.radiance[1:], rtol=1e-5)
    np.testing.assert_array_equal(ghosts[101:], cut_ghosts[1:])


def test_the_merge_is_the_formula_of_its_docstring(rng: np.random.Generator) -> None:
    """The plain numpy twin of the compiled loop, without ghosts and with a known line."""
    rate = rng.uniform(50, 3e6, (50, 40))
    samples = [shot(rate, seconds, rng) for seconds in SECONDS]
    image, _ = merged(samples, exposures_s=SECONDS, ghost_sigmas=np.inf)
    times = np.array(SECONDS)[:, None, None, None]
    weights, variances = times**2, np.stack([sample.variance for sample in samples])
    for _ in range(2):
        signal = np.maximum(naive(samples, weights), 0)
        weights = times**2 / (signal * times + READ**2)
    np.testing.assert_allclose(image.radiance, naive(samples, weights), rtol=2e-4)
    weights *= np.stack([sample.flags == 0 for sample in samples])[..., None]
    told = (weights**2 * variances).sum(axis=0) / weights.sum(axis=0) ** 2
    seen = image.flags == 0
    np.testing.assert_allclose(image.variance[seen], told[seen], rtol=1e-3)


def test_the_noise_of_a_sensor_is_read_from_its_variances(rng: np.random.Generator) -> None:
    rate = rng.uniform(50, 3e6, (50, 40))
    line = transfer_of_variances([shot(rate, s, rng) for s in SECONDS], SECONDS)
    assert abs(line.slope - 1) < 1e-3
    assert abs(line.read - READ**2) < 0.05


def test_the_noise_of_a_sensor_is_read_from_differences(rng: np.random.Generator) -> None:
    rate = np.exp(rng.uniform(np.log(50), np.log(3e6), (500, 500)))
    samples = [shot(rate, s, rng, calibrated=False) for s in SECONDS]
    line = transfer_of_differences(samples, SECONDS)
    assert line is not None
    assert abs(line.slope - 1) < 0.15
    assert abs(line.read / READ**2 - 1) < 0.3


def moving_bracket(
    rng: np.random.Generator, *, calibrated: bool
) -> tuple[list[RadianceImage], np.ndarray, np.ndarray]:
    """Return a bracket of a bright square before a texture that moves 12 px each time."""
    still = 8000.0 * Texture.random(rng).at(pixel_centers(120, 160))[..., 0]
    samples = []
    touched = np.zeros(still.shape, bool)
    for place, seconds in enumerate(SECONDS[:3]):
        rate = still.copy()
        left = 30 + 12 * place
        rate[40:80, left : left + 30] = 30_000.0
        touched[40:80, left : left + 30] = True
        samples.append(shot(rate, seconds, rng, calibrated=calibrated))
    truth = still.copy()
    truth[40:80, 30:60] = 30_000.0
    return samples, truth, touched


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_moving_subject_leaves_less_of_a_ghost(
    rng: np.random.Generator, calibrated: bool
) -> None:
    """The longest exposure is what the subject is; the others show it elsewhere."""
    samples, truth, touched = moving_bracket(rng, calibrated=calibrated)
    energy = {}
    for name, sigmas in (("kept", np.inf), ("rejected", 3.0)):
        image, ghosts = merged(samples, exposures_s=SECONDS[:3], ghost_sigmas=sigmas)
        energy[name] = float(((image.radiance.mean(axis=2) / truth - 1)[touched] ** 2).mean())
    factor = energy["kept"] / energy["rejected"]
    print(f"ghost energy with{'' if calibrated else 'out'} noise model: falls by {factor:.0f}")
    assert factor > 20
    assert ghosts[45:75, 65:80].mean() > 0.95
    assert ghosts[~touched].mean() < 0.02


def test_a_still_subject_loses_no_samples(rng: np.random.Generator) -> None:
    rate = np.exp(rng.uniform(np.log(50), np.log(3e6), (200, 200)))
    _, ghosts = merged([shot(rate, s, rng) for s in SECONDS], exposures_s=SECONDS)
    assert ghosts.mean() < 1e-3


def test_a_single_sample_is_what_it_was(rng: np.random.Generator) -> None:
    sample = shot(np.full((4, 4), 500.0), 0.01, rng)
    image, ghosts = merged([sample], exposures_s=[0.01])
    assert image is sample
    assert not ghosts.any()


def test_what_is_no_bracket_is_refused() -> None:
    pair = flat((1.0, 1.0), (0, 0))
    with pytest.raises(ValueError, match="one for each"):
        merged(pair, exposures_s=(1.0,))
    with pytest.raises(ValueError, match="exposures are 1, 1 s; different ones"):
        merged(pair, exposures_s=(1.0, 1.0))
    small = RadianceImage(pair[0].radiance[:2], pair[0].flags[:2], pair[0].variance[:2])
    with pytest.raises(ValueError, match="sizes"):
        merged([pair[0], small], exposures_s=(1.0, 2.0))
    bare = RadianceImage(pair[0].radiance, pair[0].flags)
    with pytest.raises(ValueError, match="some samples of a bracket have a variance"):
        merged([pair[0], bare], exposures_s=(1.0, 2.0))
    other = RadianceImage(pair[0].radiance, pair[0].flags, pair[0].variance, "rec709")
    with pytest.raises(ValueError, match="color spaces"):
        merged([pair[0], other], exposures_s=(1.0, 2.0))


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("worse", [np.nan, np.inf])
def test_a_reading_that_is_no_number_has_no_part(
    rng: np.random.Generator, worse: float, calibrated: bool
) -> None:
    rate = rng.uniform(500, 3e4, (30, 40))
    samples = [shot(rate, seconds, rng, calibrated=calibrated) for seconds in SECONDS[:3]]
    clean, _ = merged(samples[1:], exposures_s=SECONDS[1:3])
    samples[0].radiance[10, 12, 1] = worse
    for sample in samples:
        sample.radiance[20, 7] = worse
    image, ghosts = merged(samples, exposures_s=SECONDS[:3])
    np.testing.assert_allclose(image.radiance[10, 12], clean.radiance[10, 12], rtol=0.02)
    assert (image.radiance[20, 7] == 0).all()
    assert image.flags[20, 7] == PixelFlag.DEAD
    assert np.argwhere(image.flags).tolist() == [[20, 7]]
    assert np.isfinite(image.radiance).all()
    assert not ghosts[5:25, 3:18].any()
    if calibrated:
        assert np.isinf(image.variance[20, 7]).all()
        assert np.isfinite(image.variance).sum() == image.variance.size - 3


@pytest.mark.parametrize("matrix", [None, np.array([[1.5, -0.5, 0.0], [0, 1, 0], [0, -0.2, 1.2]])])
def test_a_pixel_without_a_number_in_any_exposure_stays_dead(
    rng: np.random.Generator, matrix: np.ndarray | None
) -> None:
    """As an EXR bracket with a hole in the same place of each file is developed."""
    ones = np.ones((20, 24, 3), np.float32)
    sensor = SensorCalibration(0 * ones, ones, ones > 1, 1e-4, 1e-3)
    samples = []
    for seconds in (4.0, 1.0):
        codes = (0.2 * seconds * ones + rng.normal(0, 1e-3, ones.shape)).astype(np.float32)
        codes[10, 10, 1] = np.nan
        seen = developed(Picture(codes, np.inf), sensor=sensor, gain=1 / seconds)
        if matrix is not None:
            radiance = in_space(seen.radiance, matrix=matrix, space="rec709")
            variance = variance_in_space(seen.variance, matrix=matrix, space="rec709")
            seen = RadianceImage(radiance, seen.flags, variance, "rec709")
        samples.append(seen)
    image, _ = merged(samples, exposures_s=(4.0, 1.0))
    assert (image.radiance[10, 10] == 0).all()
    assert np.isinf(image.variance[10, 10]).all()
    assert np.argwhere(image.flags == PixelFlag.DEAD).tolist() == [[10, 10]]
    assert np.isfinite(image.variance).sum() == ones.size - 3
