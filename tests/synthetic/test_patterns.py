"""Simulated white gradients, second-order patterns, polarized light and stages without a floor."""

from __future__ import annotations

from pathlib import Path

import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import ValidationError

from olat.io.manifest import read_session
from olat.model.condition import Olat, Polarized, Tracking, complement_of, full_on_of
from olat.model.roles import PATTERNS, condition_from_role, role
from olat.model.shapes import Radiance
from olat.synthetic.capture import radiance_of
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.support.sessions import CLEAN

STILL = CLEAN | {"size": 48, "lights": 24, "tracking_every": 8}
STAGE = SyntheticStage.model_validate(STILL | {"patterns": tuple(PATTERNS)})


def lit(word: str, stage: SyntheticStage = STAGE) -> Radiance:
    """Return the radiance of the first frame of a role, at the level of OLAT frames."""
    condition = condition_from_role(word)
    return radiance_of(stage, stage.conditions.index(condition)) / stage.drive(condition)


def test_patterns_lie_between_the_color_gradients_and_the_sweep() -> None:
    stage = SyntheticStage(lights=8, tracking_every=2, patterns=("gradient_x",) * 3)
    words = [role(condition) for condition in stage.conditions[:13]]
    patterns = ["gradient_x", "gradient_x", "tracking", "gradient_x", "tracking"]
    start = ["dark", "dark", "tracking", "gradient", "complement"]
    assert words == [*start, *patterns, "olat", "olat", "tracking"]
    plain = SyntheticStage(lights=8, tracking_every=2)
    assert stage.conditions[10:] == plain.conditions[6:]


@pytest.mark.parametrize("word", PATTERNS)
def test_every_pattern_exposes_well_and_adds_up_to_full_on_light(word: str) -> None:
    condition = PATTERNS[word]
    reading = lit(word) * STAGE.drive(condition) * STAGE.white_patch
    assert 0.05 < reading.max() < 1.0
    partner = complement_of(condition)
    if partner is not None:
        both = lit(word) + lit(role(partner))
        assert_allclose(both, lit(role(full_on_of(condition))), rtol=0, atol=1e-5)


def test_squares_of_the_axes_add_up_to_full_on_light() -> None:
    squares = sum(lit(f"second_order_{axes}") for axes in ("xx", "yy", "zz"))
    assert_allclose(squares, lit("tracking"), rtol=0, atol=1e-5)


def test_polarizers_part_diffuse_light_from_gloss() -> None:
    """D/2 crossed, D/2 + S parallel."""
    matte = SyntheticStage.model_validate(STILL | {"material": "lambert"})
    diffuse = lit("tracking", matte)
    gloss = lit("tracking") - diffuse
    assert gloss.max() > 0.1
    assert_allclose(lit("full_on_crossed"), diffuse / 2.0, rtol=0, atol=1e-5)
    assert_allclose(lit("full_on_parallel"), diffuse / 2.0 + gloss, rtol=0, atol=1e-5)


def test_words_of_no_pattern_are_refused() -> None:
    with pytest.raises(ValidationError, match="there is no pattern 'tracking'; there are patterns"):
        SyntheticStage(patterns=("tracking",))


def test_the_manifest_tells_what_was_captured(tmp_path: Path) -> None:
    words = ("gradient_x", "binary_complement_y", "full_on_crossed", "second_order_xy")
    stage = SyntheticStage.model_validate(STILL | {"size": 32, "patterns": words})
    write_session(tmp_path, stage)
    session = read_session(tmp_path)
    frames = session.frames_of("A")
    assert [frames[index].condition for index in sorted(frames)] == list(stage.conditions)
    gains = {frame.condition: frame.gain for frame in session.frames}
    for word in words:
        assert gains[PATTERNS[word]] == pytest.approx(1.0 / stage.drive(PATTERNS[word]), rel=1e-6)
    assert session.camera("A").distance_m == stage.camera.distance
    crossed = Polarized(Tracking(), "crossed")
    assert gains[crossed] == gains[Tracking()]


def test_a_stage_without_a_floor_has_the_other_lights_as_they_were(tmp_path: Path) -> None:
    whole = SyntheticStage.model_validate(STILL | {"size": 32})
    part = SyntheticStage.model_validate(STILL | {"size": 32, "lowest_light": -0.5})
    above = whole.rig.directions[:, 1] >= -0.5
    assert part.light_count == above.sum() == 18
    assert_array_equal(part.rig.directions, whole.rig.directions[above])
    assert_array_equal(part.rig.intensities, whole.rig.intensities[above])
    write_session(tmp_path, part)
    session = read_session(tmp_path)
    assert len(session.rig) == 18
    assert [frame.condition for frame in session.olat_frames("A")] == [Olat(i) for i in range(18)]
