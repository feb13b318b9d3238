"""Every set of gradients through the stages: which is picked, what it gives, what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from olat.errors import SolveError
from olat.light.arrangements import fibonacci_sphere
from olat.model.condition import AxisGradient, ColorGradient, Polarized, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames
from olat.model.maps import NormalMap
from olat.model.session import Camera
from olat.stages.fit_phong import FitPhong
from olat.stages.gradient_sets import what_is_missing, white_set
from olat.stages.separate_polarization import SeparatePolarization
from olat.stages.solve_normals import SolveNormals
from tests.support.fields import photographs_of, rig_of
from tests.surface.readings import Surface, degrees_between, normals_facing

SHAPE = (20, 28)
PAIRS = [AxisGradient(axis, complement) for axis, complement in product("xyz", (False, True))]
BINARY = [replace(shot, is_binary=True) for shot in PAIRS]
RISING = [shot for shot in PAIRS if not shot.complement]
COLOR = [ColorGradient(), ColorGradient(complement=True)]
FULL = [Tracking()]
CROSSED = [Polarized(shot, "crossed") for shot in (*RISING, Tracking())]
PARALLEL = [replace(shot, polarizer="parallel") for shot in CROSSED]

SPHERE = rig_of(fibonacci_sphere(331))
FLOORLESS = rig_of(SPHERE.directions[SPHERE.directions[:, 1] >= -0.5])
SETS = {
    "color pair": COLOR,
    "color and full-on": [COLOR[0], *FULL],
    "three white and full-on": [*RISING, *FULL],
    "complements and full-on": [shot for shot in PAIRS if shot.complement] + FULL,
    "six white": PAIRS,
    "six binary": BINARY,
    "binary and full-on": [shot for shot in BINARY if not shot.complement] + FULL,
    "x as a pair, y binary, z with full-on": [*PAIRS[:2], *BINARY[2:4], PAIRS[4], *FULL],
    "crossed": CROSSED,
}


@pytest.fixture
def matte(rng):
    return Surface(normals_facing(rng, SHAPE, 85.0), rng.uniform(0.2, 0.8, (*SHAPE, 3)))


def solve(frames, rig, **settings):
    return SolveNormals(source="gradients", **settings).run(
        None, frames, None, rig, Camera("A"), None
    )


@pytest.mark.parametrize("rig", [SPHERE, FLOORLESS], ids=["sphere", "no floor"])
@pytest.mark.parametrize("name", SETS)
def test_each_set_gives_the_normals_of_a_matte_surface(matte, caplog, name, rig):
    """Asked: mean below 0.05 degree under 331 lights, below 0.6 with the floor missing."""
    solved = solve(photographs_of(matte, rig, SETS[name]), rig)
    error = degrees_between(solved.normals, matte.normals)
    print(f"{name}, {len(rig)} lights: mean {error.mean():.3f}, worst {error.max():.2f} degrees")
    assert error.mean() < (0.05 if rig is SPHERE else 0.15)
    assert error.max() < 0.6
    assert solved.confidence.min() > (0.9 if rig is SPHERE else 0.5)
    assert not solved.flags.any()
    assert not caplog.records


def test_pairs_come_before_full_on_light_and_white_before_color():
    everything = [*COLOR, *BINARY, *PAIRS, *FULL]
    assert [axis.is_pair and not axis.is_binary for axis in white_set(everything)] == [True] * 3
    binary = white_set([*COLOR, *BINARY, *RISING, *FULL])
    assert [axis.is_pair and axis.is_binary for axis in binary] == [True] * 3
    linear = white_set([*BINARY, *RISING, *FULL], linear=True)
    assert not any(axis.is_binary for axis in linear)
    assert white_set([*COLOR, *FULL]) is None
    assert white_set(RISING) is None
    assert white_set(BINARY, linear=True) is None


def test_behind_crossed_polarizers_gloss_bends_no_normal(rng):
    glossy = Surface(
        normals_facing(rng, SHAPE, 70.0), rng.uniform(0.2, 0.8, (*SHAPE, 3)), 0.4, 20.0
    )
    mixed = solve(photographs_of(glossy, SPHERE, PAIRS), SPHERE)
    alone = solve(photographs_of(glossy, SPHERE, [*PAIRS, *CROSSED]), SPHERE)
    lean, error = (degrees_between(found.normals, glossy.normals) for found in (mixed, alone))
    print(f"gloss leans normals by {lean.mean():.1f} degrees, crossed by {error.mean():.3f}")
    assert error.mean() < 0.05
    assert lean.mean() > 1.0


@pytest.mark.parametrize(
    ("shots", "words"),
    [
        (COLOR[:1], "there is gradient; to complete it is needed complement or a full-on frame"),
        (RISING[:2], "needed gradient_z, complement_x, complement_y, or a full-on frame in place"),
        ([*RISING[:2], *FULL], "there is gradient_x, gradient_y; .* is needed gradient_z$"),
        (BINARY[:1], "needed binary_y, binary_z, binary_complement_x, or a full-on frame"),
    ],
)
def test_a_gradient_without_its_partner_is_refused_with_what_is_missing(matte, shots, words):
    with pytest.raises(SolveError, match="gradients are not complete: there is"):
        solve(photographs_of(matte, SPHERE, shots), SPHERE)
    assert re.search(words, what_is_missing(shots))


def brighter(frames, index, factor):
    """Return photographs of which one is exposed otherwise."""

    def load(frame):
        image = frames[frame.index]
        scale = np.float32(factor if frame.index == index else 1.0)
        return replace(image, radiance=image.radiance * scale)

    return Frames(frames.shots, load)


@pytest.mark.parametrize("shots", [PAIRS, BINARY], ids=["six", "binary"])
def test_exposures_that_differ_inside_a_set_are_refused(matte, shots):
    frames = brighter(photographs_of(matte, SPHERE, shots), 1, 2.0)
    with pytest.raises(SolveError, match=r"add up to \d+ % more than .* exposed alike\?"):
        solve(frames, SPHERE)


@pytest.mark.parametrize(
    ("shots", "factor", "words"),
    [
        (PAIRS, 1.15, r"gradient_x and complement_x add up to [78] % more than gradient_y"),
        ([*COLOR, *FULL], 1.5, r"gradient and complement add up to 2\d % more than full-on light"),
    ],
    ids=["six", "color"],
)
def test_a_difference_that_does_not_say_what_is_wrong_is_noted(matte, caplog, shots, factor, words):
    solve(brighter(photographs_of(matte, SPHERE, shots), 1, factor), SPHERE)
    note = caplog.messages[0]
    print(note)
    assert re.search(words, note)


def test_all_in_the_dark_is_refused(matte):
    dark = photographs_of(replace(matte, albedo=1e-7 * matte.albedo), SPHERE, PAIRS)
    with pytest.raises(SolveError, match="nothing is brighter than shadow_floor"):
        solve(dark, SPHERE)


def glossy_head(rng):
    """Return a glossy surface whose normals lean from the view."""
    return Surface(normals_facing(rng, SHAPE, 70.0), rng.uniform(0.1, 0.8, (*SHAPE, 3)), 0.4, 20.0)


@pytest.mark.parametrize("rig", [SPHERE, FLOORLESS], ids=["sphere", "no floor"])
@pytest.mark.parametrize("shots", [[*RISING, *FULL], PAIRS], ids=["four", "six"])
def test_phong_terms_come_from_white_gradients(rng, rig, shots):
    surface = glossy_head(rng)
    frames = photographs_of(surface, rig, shots)
    unknown = NormalMap(
        np.zeros((*SHAPE, 3), np.float32), np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    )
    known = replace(unknown, normals=surface.normals.astype(np.float32))
    terms = FitPhong(source="gradients").run(
        known, None, frames, None, rig, Camera("A"), None, None
    )
    clear = terms.flags == 0
    off = abs(terms.diffuse_albedo / surface.albedo - 1.0).max(axis=-1)[clear]
    print(f"{clear.mean():.0%} clear, matte median {np.median(off):.1e}, exponent "
          f"{np.median(terms.exponent[clear]):.2f}")  # fmt: skip
    assert clear.mean() > 0.5
    # Light that the lobe loses below the horizon is in the simulation, not in the model.
    assert np.median(off) < 5e-3
    assert abs(np.median(terms.exponent[clear]) - 20.0) < 1.0
    assert abs(np.median(terms.specular_albedo[clear]) - 0.4) < 0.02


def separate(frames, rig, **settings):
    return SeparatePolarization(**settings).run(frames, None, rig, Camera("A"), None, None)


@pytest.mark.parametrize("rig", [SPHERE, FLOORLESS], ids=["sphere", "no floor"])
def test_polarized_pairs_give_the_normals_of_the_face(rng, rig):
    surface = replace(glossy_head(rng), normals=normals_facing(rng, SHAPE, 35.0))
    found = separate(photographs_of(surface, rig, [*CROSSED, *PARALLEL]), rig)
    clear = found.flags == 0
    error = degrees_between(found.normals, surface.normals)[clear]
    print(f"{clear.mean():.0%} clear, mean {error.mean():.3f}, worst {error.max():.2f} degrees")
    assert clear.mean() > 0.5
    assert error.mean() < 0.2


def test_polarized_frames_that_lack_a_partner_are_refused(matte):
    with pytest.raises(SolveError, match="there is gradient_x_parallel without its crossed"):
        separate(photographs_of(matte, SPHERE, PARALLEL[:1]), SPHERE)
    with pytest.raises(SolveError, match="is needed gradient_y, gradient_z"):
        separate(photographs_of(matte, SPHERE, [CROSSED[0], PARALLEL[0]]), SPHERE)
    with pytest.raises(SolveError, match="no pair of crossed and parallel gradients"):
        separate(photographs_of(matte, SPHERE, CROSSED), SPHERE)
    with pytest.raises(SolveError, match="no pixel reflects light at its face"):
        separate(photographs_of(matte, SPHERE, [*CROSSED, *PARALLEL]), SPHERE)


def test_pixels_without_motion_are_trusted_less_and_flags_are_kept(matte):
    frames = photographs_of(matte, SPHERE, PAIRS)

    def load(frame):
        image = frames[frame.index]
        trust = np.full(SHAPE, 0.25 if frame.index == 2 else 1.0, np.float32)
        flags = np.full(SHAPE, PixelFlag.OCCLUDED if frame.index == 3 else 0, np.uint8)
        return replace(image, confidence=trust, flags=flags)

    solved = solve(Frames(frames.shots, load), SPHERE)
    assert solved.confidence.max() <= 0.25
    assert (solved.flags == PixelFlag.OCCLUDED).all()


@pytest.mark.parametrize(("at", "notes"), [(3, 0), (40, 1)])
def test_full_on_light_far_from_its_gradients_is_noted(matte, caplog, at, notes):
    frames = photographs_of(matte, SPHERE, [*RISING, *FULL])
    places = dict(zip((0, 1, 2, at), frames.shots.items(), strict=True))
    moved = {place: replace(frame, index=place) for place, (_, frame) in places.items()}
    apart = Frames(moved, lambda frame: frames[places[frame.index][0]])
    solve(apart, SPHERE)
    assert len(caplog.messages) == notes
    assert all(
        note.startswith("From a white gradient to what completes") for note in caplog.messages
    )


def test_half_spheres_of_light_tell_no_gloss_and_are_refused():
    shots = [
        Polarized(AxisGradient(axis, complement, is_binary=True), polarizer)
        for axis in "xyz"
        for complement in (False, True)
        for polarizer in ("crossed", "parallel")
    ]
    glossy = Surface(
        np.broadcast_to([0.0, 0.0, 1.0], (4, 4, 3)), np.full((4, 4, 3), 0.4), 0.4, 20.0
    )
    with pytest.raises(SolveError, match="half spheres of light, which do not tell where gloss"):
        separate(photographs_of(glossy, SPHERE, shots), SPHERE)


@pytest.mark.parametrize("lights", [[[0.0, 0.0, 1.0]], [[0.6, 0.0, 0.8], [0.0, 0.6, 0.8]]])
def test_one_or_two_lights_tell_no_face(rng, lights):
    rig = rig_of(np.array(lights))
    with pytest.raises(SolveError):
        separate(photographs_of(glossy_head(rng), rig, [*CROSSED, *PARALLEL]), rig)
