"""The solves on a GPU come to what the processor comes to."""

from __future__ import annotations

import numpy as np
import pytest

from olat.gpu.cosine_lobe import lobes_from_moments
from olat.gpu.lambert import normals_from_olats
from olat.gpu.phong_ladder import phong_from_olats
from olat.gpu.strips import GpuStrip
from olat.surface import cosine_lobe, lambert, phong_ladder
from tests.gpu.scene import COLUMNS, ROWS, scene

KINDS = {
    "halves": {},
    "singles": {"half": False},
    "certain": {"told": False},
    "gray": {"channels": 1},
    "gray and certain": {"channels": 1, "told": False},
    "few lights": {"lights": 7},
    "near": {"near": True},
}


def on_gpu(made):
    return GpuStrip.of(made.reflectance, made.flags, made.lights, made.confidence)


@pytest.mark.parametrize("method", ["robust", "least_squares"])
@pytest.mark.parametrize("kind", KINDS)
def test_normals_are_those_of_the_processor_to_the_bit(gpu, kind, method):
    made = scene(**KINDS[kind])
    found = normals_from_olats(on_gpu(made), method=method)
    theirs = lambert.normals_from_olats(
        made.reflectance, made.flags, made.lights, confidence=made.confidence, method=method
    )
    assert (theirs[3] == 0).mean() > 0.5
    assert len(np.unique(theirs[3])) > 3
    for ours, expected in zip(found, theirs, strict=True):
        # Fall-off off the axis of a lamp is a power, which libraries round differently.
        if kind == "near":
            np.testing.assert_allclose(gpu.asnumpy(ours), expected, rtol=0, atol=2e-5)
        else:
            np.testing.assert_array_equal(gpu.asnumpy(ours), expected)


def test_normals_are_true(gpu):
    made = scene(lights=150)
    found = normals_from_olats(on_gpu(made))
    known = gpu.asnumpy(found.flags) == 0
    cosine = (gpu.asnumpy(found.normals) * made.normals).sum(axis=-1)[known]
    assert np.degrees(np.median(np.arccos(np.clip(cosine, -1, 1)))) < 1.5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "gray" not in kind])
def test_phong_terms_are_those_of_the_processor(gpu, kind):
    made = scene(**KINDS[kind])
    largest = phong_ladder.largest_exponent(made.lights)
    found = phong_from_olats(on_gpu(made), made.normals, made.view, largest=largest)
    expected = phong_ladder.phong_from_olats(
        made.reflectance,
        made.flags,
        made.lights,
        made.normals,
        made.view,
        confidence=made.confidence,
    )
    assert (expected.specular_albedo > 0).mean() > 0.1 or kind == "few lights"
    np.testing.assert_array_equal(gpu.asnumpy(found.flags), expected.flags)
    for ours, expect in (
        (found.diffuse_albedo, expected.diffuse_albedo),
        (found.specular_albedo, expected.specular_albedo[..., 0]),
        (found.exponent, expected.exponent),
        (found.confidence, expected.confidence),
    ):
        np.testing.assert_allclose(gpu.asnumpy(ours), expect, rtol=1e-6, atol=1e-9)


def test_parts_make_the_whole(gpu, monkeypatch):
    made = scene(near=True)
    whole = normals_from_olats(on_gpu(made))
    terms = phong_from_olats(on_gpu(made), made.normals, made.view, largest=64.0)
    monkeypatch.setattr("olat.gpu.strips.SCRATCH_BYTES", 4 * 5 * 50 * 100)
    for ours, expected in zip(normals_from_olats(on_gpu(made)), whole, strict=True):
        np.testing.assert_array_equal(gpu.asnumpy(ours), gpu.asnumpy(expected))
    again = phong_from_olats(on_gpu(made), made.normals, made.view, largest=64.0)
    for ours, expected in zip(again, terms, strict=True):
        np.testing.assert_array_equal(gpu.asnumpy(ours), gpu.asnumpy(expected))


@pytest.mark.parametrize("per_channel", [False, True], ids=["shared", "by channel"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lobes_are_those_of_the_processor_to_the_bit(gpu, per_channel, dtype):
    rng = np.random.default_rng(5)
    integral = rng.uniform(0, 2, (ROWS, COLUMNS, 3)).astype(dtype)
    axes = (3, 3) if per_channel else (3,)
    moment = (0.6 * rng.normal(0, 1, (ROWS, COLUMNS, *axes))).astype(dtype)
    integral[0, :3, 1], moment[1, 1, 0], moment[1, 3] = 0.0, np.nan, 0.0
    found = lobes_from_moments(integral, moment)
    theirs = cosine_lobe.lobes_from_moments(integral, moment)
    assert len(np.unique(theirs.flags)) >= 3
    for name in ("axis", "ratio", "integral", "flags"):
        ours = gpu.asnumpy(getattr(found, name))
        np.testing.assert_array_equal(ours, getattr(theirs, name))


def test_what_does_not_fit_is_refused(gpu):
    made, gray = scene(), scene(channels=1)
    with pytest.raises(ValueError, match="reweightings: -1"):
        normals_from_olats(on_gpu(made), reweightings=-1)
    with pytest.raises(ValueError, match="three channels were needed"):
        phong_from_olats(on_gpu(gray), made.normals, made.view, largest=8.0)
    with pytest.raises(ValueError, match="one vector for each pixel"):
        phong_from_olats(on_gpu(made), made.normals[1:], made.view[1:], largest=8.0)
    with pytest.raises(ValueError, match="one shape was needed"):
        lobes_from_moments(made.normals, made.normals[1:])
