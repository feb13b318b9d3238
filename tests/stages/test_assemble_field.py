"""Planes of the field, and what is said of photographs that cannot be right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import Olat
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Frame
from olat.sensor.develop import radiance_from_mosaic
from olat.stages.assemble_field import AssembleField
from olat.surface.lambert import normals_from_olats
from olat.synthetic.capture import photograph
from olat.synthetic.stage import SyntheticStage
from tests.support.sessions import CLEAN
from tests.surface.readings import Surface

SHAPE = (48, 64)


def assembled(radiance, *, light=0, rig=None, flags=None):
    rig = rig or LightRig("sphere", fibonacci_sphere(60), np.ones((60, 3)))
    flags = np.zeros(radiance.shape[:2], np.uint8) if flags is None else flags
    frame = Frame("A", 7, Olat(light), Path("7.exr"))
    return AssembleField().run(RadianceImage(radiance.astype(np.float32), flags), frame, rig)


def test_a_plane_is_radiance_over_the_intensity_of_its_light(caplog):
    rig = LightRig("two", fibonacci_sphere(2), np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 0.5]]))
    plane = assembled(np.full((*SHAPE, 3), 0.5), light=1, rig=rig)
    assert plane.light == 1
    assert_allclose(plane.reflectance[:, 3, 4], [0.25, 0.5, 1.0], rtol=1e-3, atol=0)
    assert not caplog.records


def test_the_trust_in_the_motion_goes_into_the_field(rng):
    trust = rng.random(SHAPE, np.float32)
    image = RadianceImage(
        rng.random((*SHAPE, 3), np.float32), np.zeros(SHAPE, np.uint8), confidence=trust
    )
    rig = LightRig("one", fibonacci_sphere(4), np.ones((4, 3)))
    frame = Frame("A", 7, Olat(0), Path("7.exr"))
    plane = AssembleField().run(image, frame, rig)
    assert np.abs(plane.confidence / 255.0 - trust).max() < 1.0 / 255.0
    assert AssembleField().run(replace(image, confidence=None), frame, rig).confidence is None


@pytest.mark.parametrize(
    "noise",
    [
        lambda rng: rng.normal(0.0, 0.01, (*SHAPE, 3)),
        lambda rng: np.abs(rng.normal(0.0, 0.01, (*SHAPE, 3))),
        lambda rng: np.maximum(rng.normal(0.0, 0.01, (*SHAPE, 3)), 0.0),
        lambda rng: rng.integers(0, 4, (*SHAPE, 3)) / 255.0,
        lambda rng: rng.poisson(0.5, (*SHAPE, 1)).repeat(3, axis=2) / 255.0,
    ],
    ids=["signed", "unsigned", "clipped", "8 bits", "gray"],
)
def test_a_dead_light_is_told_from_noise_of_any_kind(rng, caplog, noise):
    assembled(noise(rng), light=5)
    assert [record.getMessage() for record in caplog.records] == [
        "Frame 7 (camera A) shows no more than noise: light 5 gave no light that can be seen, or "
        "the picture is damaged."
    ]


@pytest.mark.parametrize("changes", [{}, CLEAN], ids=["noisy", "clean"])
def test_no_light_of_a_sphere_around_a_head_passes_for_dead(caplog, changes):
    stage = SyntheticStage.model_validate({"size": 96, "lights": 60, **changes})
    for frame, condition in enumerate(stage.conditions):
        if isinstance(condition, Olat):
            shot, flags = radiance_from_mosaic(
                photograph(stage, frame), white_patch=stage.white_patch
            )
            assembled(shot, light=condition.light, flags=flags)
    assert not caplog.records


def test_even_light_on_grainy_stone_does_not_pass_for_noise(rng, caplog):
    assembled(np.repeat(rng.uniform(0.2, 0.45, (*SHAPE, 1)), 3, axis=2))
    assert not caplog.records


def test_a_frame_without_a_value_above_zero_is_not_called_noise(rng, caplog):
    assembled(-rng.uniform(0.0, 0.1, (*SHAPE, 3)))
    assert [record.getMessage() for record in caplog.records] == [
        "Frame 7 (camera A) has no value above 0: light 0 gave no light, or black is wrong."
    ]


def test_dead_pixels_are_counted_and_not_taken_for_darkness(caplog):
    flags = np.full(SHAPE, PixelFlag.DEAD, np.uint8)
    assembled(np.zeros((*SHAPE, 3)), flags=flags)
    assert [record.getMessage() for record in caplog.records] == [
        "Frame 7 (camera A) holds no number in 3072 pixels (100.0%); they are DEAD."
    ]


def test_a_frame_a_million_times_too_bright_is_noted_and_costs_no_albedo(rng, caplog):
    lights = fibonacci_sphere(60)
    x, y = np.meshgrid(np.linspace(-0.6, 0.6, SHAPE[1]), np.linspace(0.6, -0.6, SHAPE[0]))
    normals = np.stack([x, y, np.sqrt(1.0 - x * x - y * y)], axis=-1)
    surface = Surface(normals, rng.uniform(0.4, 0.6, (*SHAPE, 3)))
    readings = surface.readings(lights).transpose(0, 2, 3, 1)
    readings[31] *= 1e6
    planes = [assembled(shot, light=light) for light, shot in enumerate(readings)]
    clamped = np.count_nonzero(planes[31].flags & PixelFlag.CLAMPED)
    notes = [record.getMessage() for record in caplog.records]
    assert sum(f"in {clamped} pixels; they are CLAMPED" in note for note in notes) == 1
    _, albedo, _, _ = normals_from_olats(
        np.stack([plane.reflectance for plane in planes]),
        np.stack([plane.flags for plane in planes]),
        lights,
    )
    assert_allclose(albedo, surface.albedo, rtol=0.01, atol=0)


def test_lights_measured_in_another_color_are_refused():
    rig = LightRig("dome", np.eye(3)[2:], np.ones((1, 3)), space="camera")
    flags = np.zeros((4, 4), np.uint8)
    image = RadianceImage(np.ones((4, 4, 3), np.float32), flags, space="rec709")
    frame = Frame("A", 7, Olat(0), Path("7.dng"))
    with pytest.raises(SolveError, match=r"developed to rec709 color, but .* measured in camera"):
        AssembleField().run(image, frame, rig)
    told = LightRig("dome", np.eye(3)[2:], np.ones((1, 3)))
    assert AssembleField().run(image, frame, told).space == "rec709"
