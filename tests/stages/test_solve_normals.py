"""Normals of a camera: what the rig does to gradients, and sessions that hold no answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import AxisGradient, ColorGradient, Polarized, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames
from olat.model.session import Camera
from olat.stages.solve_normals import SolveNormals
from olat.surface.near_light import Lamps
from tests.support.fields import field_of, gradients_of, photographs_of, rig_of
from tests.surface.readings import Surface, degrees_between, glossy_surface, normals_facing

SHAPE = (24, 32)


@pytest.fixture
def surface(rng):
    return Surface(normals_facing(rng, SHAPE, 70.0), rng.uniform(0.2, 0.8, (*SHAPE, 3)))


CAMERA = Camera("A", field_of_view_deg=8.0, distance_m=1.6)


def solve(rig, *, field=None, aligned=None, mask=None, color=None, camera=CAMERA, **settings):
    return SolveNormals(**settings).run(field, aligned, mask, rig, camera, color)


@pytest.mark.parametrize("full_on", [False, True], ids=["complement", "full-on"])
def test_a_tint_that_all_lights_share_turns_no_normal(surface, caplog, full_on):
    rig = rig_of(fibonacci_sphere(331), [1.0, 0.6, 0.3])
    solved = solve(rig, aligned=gradients_of(surface, rig, full_on=full_on))
    assert degrees_between(solved.normals, surface.normals).max() < 0.2
    assert solved.confidence.min() > 0.98
    assert not caplog.records


def half_a_sphere():
    lights = fibonacci_sphere(156)
    return rig_of(lights[lights[:, 2] > 0.0])


def uneven_sphere():
    levels = np.random.default_rng(3).uniform(0.3, 1.7, (60, 1))
    return rig_of(fibonacci_sphere(60), levels)


@pytest.mark.parametrize(
    ("rig", "least"), [(half_a_sphere(), 0.5), (uneven_sphere(), 0.9)], ids=["half", "uneven"]
)
def test_gradients_under_an_uneven_rig_are_taken_as_the_rig_lights_them(
    surface, caplog, rig, least
):
    solved = solve(rig, aligned=gradients_of(surface, rig))
    error = degrees_between(solved.normals, surface.normals)
    print(f"mean {error.mean():.2f} degrees, confidence {np.median(solved.confidence):.2f}")
    assert error.mean() < 0.6
    assert np.median(solved.confidence) > least
    assert not caplog.records


def test_holes_of_the_sweep_are_filled_with_half_the_confidence(surface, caplog):
    rig = half_a_sphere()
    readings = surface.readings(rig.directions)
    flags = np.zeros((len(rig), *SHAPE), np.uint8)
    flags[:, :, :8] = PixelFlag.SATURATED
    solved = solve(rig, field=field_of(readings, rig, flags), aligned=gradients_of(surface, rig))
    assert not caplog.records
    assert solved.normals[:, :8].any(axis=2).all()
    assert np.median(solved.confidence[:, :8]) < 0.5 < np.median(solved.confidence[:, 8:])


def test_a_rig_that_leaves_normals_open_says_so(surface, caplog):
    """Lights around the view alone: what faces sideways gets little of their light."""
    lights = fibonacci_sphere(600)
    rig = rig_of(lights[lights[:, 2] > 0.45])
    axes = [AxisGradient(axis, complement) for axis in "xyz" for complement in (False, True)]
    solved = solve(rig, aligned=photographs_of(surface, rig, axes))
    (note,) = (record.getMessage() for record in caplog.records)
    print(note)
    assert note.startswith("The lights leave normals from gradients open in")
    error = degrees_between(solved.normals, surface.normals)
    open_ = (solved.flags & (PixelFlag.UNDERDETERMINED | PixelFlag.CLAMPED)) != 0
    assert np.median(solved.confidence[open_]) < 0.3
    assert error[~open_].mean() < error[open_].mean()


def in_a_plane(count):
    turn = np.linspace(-1.0, 1.0, count)
    return np.stack([np.sin(turn), np.zeros(count), np.cos(turn)], axis=1)


@pytest.mark.parametrize(
    ("directions", "words"),
    [
        (fibonacci_sphere(1), "the sweep has 1 light; needed are three"),
        (fibonacci_sphere(2), "the sweep has 2 lights; needed are three"),
        (in_a_plane(8), "the 8 lights lie in a plane with the subject"),
    ],
    ids=["one", "two", "plane"],
)
def test_lights_that_leave_every_normal_open_are_refused(surface, directions, words):
    rig = rig_of(directions)
    with pytest.raises(SolveError, match=words):
        solve(rig, field=field_of(surface.readings(directions), rig))


def test_a_sweep_in_the_dark_is_refused_with_its_brightest_reading(surface):
    rig = rig_of(fibonacci_sphere(24))
    field = field_of(0.001 * surface.readings(rig.directions), rig)
    with pytest.raises(SolveError, match=r"shadow_floor = 0.004; the brightest reading is 0.0007"):
        solve(rig, field=field)


def test_a_clipped_sweep_is_refused_as_clipped(surface):
    rig = rig_of(fibonacci_sphere(24))
    flags = np.full((24, *SHAPE), PixelFlag.SATURATED, np.uint8)
    with pytest.raises(SolveError, match=r"clipped\. Expose less"):
        solve(rig, field=field_of(surface.readings(rig.directions), rig, flags))


def test_an_empty_mask_is_refused_as_empty(surface):
    rig = rig_of(fibonacci_sphere(24))
    field = field_of(surface.readings(rig.directions), rig)
    with pytest.raises(SolveError, match=r"no pixel of the mask .* the mask is empty"):
        solve(rig, field=field, mask=np.zeros(SHAPE, bool))


def test_a_subject_with_few_normals_is_noted_and_its_dark_background_is_not(surface, caplog):
    rig = rig_of(fibonacci_sphere(24))
    flags = np.full((24, *SHAPE), PixelFlag.OCCLUDED, np.uint8)
    flags[:, :1, :10] = 0
    readings = surface.readings(rig.directions)
    solve(rig, field=field_of(readings, rig, flags))
    (note,) = (record.getMessage() for record in caplog.records)
    assert note.startswith("Only 1.3 % of the subject have a normal: their motion cannot be")
    caplog.clear()
    readings[:, :, 1:] = 0.0
    flags[:] = 0
    solve(rig, field=field_of(readings, rig, flags))
    assert not caplog.records


def test_no_photographs_at_all_are_refused():
    with pytest.raises(SolveError, match=r"no OLAT sweep, and there is no gradient\. Needed is a"):
        solve(rig_of(fibonacci_sphere(4)))


def test_uneven_lights_are_evened_out_by_the_subject(surface, caplog, rng):
    rig = rig_of(fibonacci_sphere(48))
    relative = rng.uniform(0.7, 1.3, 48)
    front = int(np.argmax(rig.directions[:, 2]))
    relative[front] = 1.9
    readings = surface.readings(rig.directions) * relative[:, None, None, None]
    field = field_of(readings, rig)
    mean = {
        intensities: degrees_between(
            solve(rig, field=field, intensities=intensities).normals, surface.normals
        ).mean()
        for intensities in ("told", "estimated")
    }
    (note,) = (record.getMessage() for record in caplog.records)
    print(mean, note)
    assert mean["estimated"] < 0.1
    assert mean["told"] > 1.0
    assert "the largest correction is +" in note
    assert f"of light {front}; " in note
    assert "of 48 lights shine on too few pixels and are left out" in note


def test_a_flat_subject_cannot_tell_intensities():
    flat = Surface(np.broadcast_to([0.0, 0.0, 1.0], (*SHAPE, 3)), np.full((*SHAPE, 3), 0.5))
    rig = rig_of(fibonacci_sphere(24))
    with pytest.raises(SolveError, match=r'intensities = "estimated": .* turns by 0\.0 degrees'):
        solve(rig, field=field_of(flat.readings(rig.directions), rig), intensities="estimated")


def test_every_method_solves_a_matte_subject_and_the_robust_ones_a_glossy_one_too(rng):
    rig = rig_of(fibonacci_sphere(96))
    shiny = glossy_surface(rng, SHAPE, exponent=20.0, lobe=1.0)
    mean = {
        method: degrees_between(
            solve(rig, field=field_of(shiny.readings(rig.directions), rig), method=method).normals,
            shiny.normals,
        ).mean()
        for method in ("least_squares", "robust", "sparse_bayesian")
    }
    print(mean)
    assert mean["least_squares"] > 5.0
    assert max(mean["robust"], mean["sparse_bayesian"]) < 0.3


def test_a_head_under_near_lights_is_solved_from_its_places(surface):
    rig = rig_of(fibonacci_sphere(48))
    near = Lamps(1.7 * rig.directions).seen_from(surface.normals.astype(np.float32) / 10)
    facing = np.maximum(np.einsum("lhwk,hwk->lhw", near.beams, surface.normals), 0.0)
    readings = facing[:, np.newaxis] * np.moveaxis(surface.albedo, -1, 0)
    field = field_of(readings, rig)
    for lights, least, most in ((None, 0.5, 5.0), (near, 0.0, 0.05)):
        found = SolveNormals()._from_olats(field, near=lights)
        assert least <= degrees_between(found.normals, surface.normals).mean() < most


@pytest.mark.parametrize(
    "lights",
    [[[0.0, 0.0, 1.0]], [[0.6, 0.0, 0.8], [0.0, 0.6, 0.8]], None],
    ids=["one", "two", "in a plane"],
)
def test_gradients_under_lights_that_tell_no_normal_are_refused(surface, lights):
    if lights is None:
        angle = np.linspace(0.0, np.pi, 12)
        lights = np.stack([np.cos(angle), np.zeros(12), np.sin(angle)], axis=1)
    rig = rig_of(np.array(lights))
    with pytest.raises(SolveError, match=r"no pixel of the subject has a normal"):
        solve(rig, aligned=gradients_of(surface, rig))


def clipped(frames, index, where):
    """Return photographs, one of them clipped in places."""

    def load(frame):
        shot = frames[frame.index]
        if frame.index != index:
            return shot
        radiance, flags = shot.radiance.copy(), shot.flags.copy()
        radiance[where] *= np.float32(0.6)
        flags[where] = PixelFlag.SATURATED
        return replace(shot, radiance=radiance, flags=flags)

    return Frames(frames.shots, load)


PAIRS = [AxisGradient(axis, complement) for axis in "xyz" for complement in (False, True)]


def test_a_clipped_gradient_gives_no_normal_and_clipped_full_on_beside_pairs_does_not_matter(
    surface,
):
    rig = rig_of(fibonacci_sphere(156))
    where = np.zeros(SHAPE, bool)
    where[:, :10] = True
    for pairs in (PAIRS, [ColorGradient(), ColorGradient(complement=True)]):
        frames = photographs_of(surface, rig, [*pairs, Tracking()])
        spoiled = solve(rig, aligned=clipped(frames, 0, where))
        assert not spoiled.normals[where].any()
        assert not spoiled.confidence[where].any()
        assert (spoiled.flags[where] & PixelFlag.SATURATED).all()
        assert degrees_between(spoiled.normals, surface.normals)[~where].max() < 0.5
        beside = solve(rig, aligned=clipped(frames, len(pairs), where))
        assert not beside.flags.any()
        assert degrees_between(beside.normals, surface.normals).max() < 0.5


@pytest.mark.parametrize(
    ("source", "shots", "words"),
    [
        (
            "olats",
            [ColorGradient(), ColorGradient(complement=True)],
            "no OLAT sweep. Needed is one",
        ),
        ("gradients", [ColorGradient()], "needed complement or a full-on frame"),
        ("auto", [ColorGradient(complement=True), Tracking()], "to complete it is needed gradient"),
        ("auto", [ColorGradient(), Polarized(ColorGradient(complement=True), "crossed")], "no gr"),
    ],
)
def test_what_is_missing_is_said(surface, source, shots, words):
    rig = rig_of(fibonacci_sphere(24))
    with pytest.raises(SolveError) as refused:
        solve(rig, aligned=photographs_of(surface, rig, shots), source=source)
    assert words in str(refused.value)
