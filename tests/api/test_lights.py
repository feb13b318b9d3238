"""Rigs by rule, and lights from files, folders and sessions."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.api.lights import (
    Meaning,
    OpenLights,
    at_distance,
    in_order,
    light_rows,
    open_lights,
    rhythm_words,
    summary_of_lights,
)
from olat.api.rig_rule import RigRule
from olat.errors import CalibrationError, FileError, UsageError
from olat.io.calibration_file import write_calibration
from olat.io.calibration_shelf import place_on_shelf
from olat.io.light_file_write import write_lights
from olat.io.light_list import LightPatterns
from olat.light.arrangements import angles_of, fibonacci_sphere
from olat.model.calibration import CalibrationHeader, ColorCalibration, RigCalibration
from olat.model.rig import LightRig
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage

Y, Z = np.eye(3)[1:]


def rig_of(count: int = 12) -> LightRig:
    return LightRig(
        "made",
        fibonacci_sphere(count),
        np.linspace(0.5, 1.5, 3 * count).reshape(count, 3),
        names=tuple(f"{light}.png" for light in range(count)),
    )


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        (RigRule(fibonacci=156), 156),
        (RigRule(arcs=12, per_arc=14), 168),
        (RigRule(geodesic=6), 362),
        (RigRule(geodesic=6, exclude_below_deg=-53.0), 331),
        (RigRule(arcs=8, per_arc=5, elevation_deg=(-40.0, 60.0), exclude_below_deg=0.0), 24),
    ],
)
def test_a_rule_makes_as_many_lights_as_it_says(rule: RigRule, count: int) -> None:
    rig = rule.rig(name="r", radius=1.7)
    assert len(rig) == count
    assert rig.positions is not None
    assert_allclose(np.linalg.norm(rig.positions, axis=1), 1.7, rtol=1e-12)
    assert replace(rule, in_spiral=True).rig(name="r").positions is None


def test_a_turn_brings_the_front_to_the_right() -> None:
    rule = RigRule(arcs=4, per_arc=1, elevation_deg=(0.0, 0.0))
    plain, turned = rule.rig(name="a"), replace(rule, turn_deg=90.0).rig(name="b")
    assert_allclose(plain.directions[0], Z, rtol=0, atol=1e-12)
    assert_allclose(turned.directions[0], plain.directions[1], rtol=0, atol=1e-12)
    azimuth, _ = angles_of(turned.directions[:1])
    assert azimuth[0] == pytest.approx(np.pi / 2)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (RigRule(), "no rule; one of --arcs, --fibonacci, --geodesic is needed"),
        (RigRule(fibonacci=9, geodesic=2), "--fibonacci and --geodesic; one of"),
        (RigRule(arcs=3), "--arcs N and --per-arc M belong together"),
        (RigRule(fibonacci=3, per_arc=4), "--arcs N and --per-arc M belong together"),
        (RigRule(geodesic=2, elevation_deg=(0, 9)), "--elevation is about --arcs"),
        (RigRule(fibonacci=9, exclude_below_deg=89), "all 9 lights are below an elevation of 89"),
        (RigRule(arcs=3, per_arc=3, elevation_deg=(0, 90)), "meet in the pole"),
    ],
)
def test_a_rule_that_is_none_is_refused(rule: RigRule, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rule.rig(name="r")


@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan, np.inf])
def test_a_distance_must_be_one(radius: float) -> None:
    with pytest.raises(UsageError, match="a distance above 0, in meters"):
        at_distance(rig_of(), radius)


def test_lights_that_have_positions_are_not_moved() -> None:
    with pytest.raises(UsageError, match="has positions already"):
        at_distance(at_distance(rig_of(), 1.5), 2.0)


def test_an_order_takes_everything_of_a_light_along() -> None:
    rig = at_distance(rig_of(), 2.0)
    order = [*range(11, -1, -1)]
    back = in_order(in_order(rig, order), order)
    turned = in_order(rig, order)
    assert turned.names[0] == "11.png"
    assert_allclose(turned.intensities[0], rig.intensities[11], rtol=0, atol=0)
    assert turned.positions is not None
    assert_allclose(turned.positions, 2.0 * turned.directions, rtol=0, atol=1e-12)
    assert_allclose(back.directions, rig.directions, rtol=0, atol=0)


def test_an_order_renumbers_the_lights_of_the_frames() -> None:
    patterns = LightPatterns((0,), {1: 0, 2: 1, 3: 2}, ())
    lights = OpenLights(rig_of(3), "made", patterns=patterns).in_order([2, 0, 1])
    assert lights.patterns == LightPatterns((0,), {1: 1, 2: 2, 3: 0}, ())
    assert lights.rig.names == ("2.png", "0.png", "1.png")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (range(1, 13), r"12 \(from 0\) is not a light; .* Is --index-base right\?"),
        ([0, 0, *range(2, 12)], r"0 \(from 0\) is twice"),
        (range(11), r"11 \(from 0\) is missing"),
    ],
)
def test_an_order_that_is_none_is_refused(order: range, words: str) -> None:
    with pytest.raises(FileError, match=words):
        in_order(rig_of(), order)


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (LightPatterns((), {0: 0}, ()), "no frame has all lights on"),
        (LightPatterns((0,), {1: 0, 2: 1}, ()), "all lights on in frames 0"),
        (
            LightPatterns((0, 3, 6, 8), dict.fromkeys((1, 2, 4, 5, 7), 0), ()),
            "all lights on in frames 0-6x3,8, with 2 x 2, 1 lights between them",
        ),
    ],
)
def test_a_rhythm_is_told_in_words(patterns: LightPatterns, words: str) -> None:
    assert rhythm_words(patterns) == words


def test_a_session_is_opened_with_its_own_meaning(tmp_path: Path) -> None:
    stage = SyntheticStage.preset("tiny")
    write_lights(tmp_path / "lights.csv", stage.rig)
    (tmp_path / "1.png").touch()
    (tmp_path / "session.toml").write_text(
        'schema = 1\n[session]\nname = "s"\n[rig]\nlights = "lights.csv"\nname = "stage"\n'
        f'[camera.A]\nfiles = "{{frame}}.png"\n[sequence]\nskip_lights = {[*range(1, 24)]}\n',
        encoding="utf-8",
    )
    for place in (tmp_path, tmp_path / "session.toml"):
        lights = open_lights(place)
        assert (lights.rig.name, len(lights.rig)) == ("stage", 24)
        assert lights.source == "session, by its light file: it names no certified rig"
    with pytest.raises(UsageError, match="the manifest of this session says how"):
        open_lights(tmp_path, Meaning(units="mm"))


def brighter(rig: LightRig) -> RigCalibration:
    """Return a rig as if it had been measured: twice as bright, and without names."""
    return RigCalibration(LightRig(rig.name, rig.directions, 2.0 * rig.intensities, rig.positions))


def test_of_a_session_the_certified_lights_are_shown(tmp_path: Path) -> None:
    write_session(tmp_path, SyntheticStage.preset("tiny"))
    told = open_lights(tmp_path)
    assert told.source == "session, by its light file: it names no certified rig"
    name, day = told.rig.name, datetime.date(2026, 5, 17)
    place = place_on_shelf(tmp_path / "calibration", "rig", name, day)
    header = CalibrationHeader("rig", name, "olat", "test", valid_from=day)
    write_calibration(place, header, brighter(told.rig))
    lights = open_lights(tmp_path)
    assert lights.source == "session, certified from 2026-05-17"
    assert lights.rig.names == told.rig.names
    assert_allclose(lights.rig.intensities, 2.0 * told.rig.intensities, rtol=1e-8)


def test_certified_lights_of_another_count_are_refused(tmp_path: Path) -> None:
    write_session(tmp_path, SyntheticStage.preset("tiny"))
    name, day = open_lights(tmp_path).rig.name, datetime.date(2026, 5, 17)
    place = place_on_shelf(tmp_path / "calibration", "rig", name, day)
    header = CalibrationHeader("rig", name, "olat", "test", valid_from=day)
    write_calibration(place, header, RigCalibration(replace(rig_of(5), name=name)))
    with pytest.raises(CalibrationError, match="it has 5 lights"):
        open_lights(tmp_path)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (None, "rig calibration, a candidate, not certified, measured in May"),
        (datetime.date(2026, 5, 17), "rig calibration, certified from 2026-05-17, measured in May"),
    ],
)
def test_a_rig_calibration_is_opened(tmp_path: Path, day: datetime.date | None, words: str) -> None:
    measured = brighter(at_distance(rig_of(), 1.6))
    path = tmp_path / "rig.toml"
    write_calibration(
        path, CalibrationHeader("rig", "made", "olat", "May", valid_from=day), measured
    )
    lights = open_lights(path)
    assert lights.source == words
    assert lights.rig.positions is not None
    assert_allclose(lights.rig.positions, measured.rig.positions, rtol=0, atol=5e-9)
    assert_allclose(lights.rig.intensities, measured.rig.intensities, rtol=1e-8)
    with pytest.raises(UsageError, match="a calibration says how its lights are meant"):
        open_lights(path, Meaning(units="mm"))


def test_a_calibration_without_lights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "color.toml"
    header = CalibrationHeader("color", "A", "olat", "May")
    write_calibration(path, header, ColorCalibration(np.eye(3)))
    with pytest.raises(UsageError, match=r"color\.toml: it is a color calibration, which holds no"):
        open_lights(path)


def test_a_light_file_is_opened_as_it_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("600 -1500 1700\n1700 -1500 500\n", encoding="utf-8")
    meaning = Meaning(frame="opencv", units="mm", center=(600.0, -1500.0, 500.0))
    rig = open_lights(path, meaning).rig
    assert rig.positions is not None
    assert_allclose(rig.positions, [[0, 0, -1.2], [1.1, 0, 0]], rtol=0, atol=1e-12)


def test_a_convention_is_about_folders(tmp_path: Path) -> None:
    write_lights(tmp_path / "a.csv", rig_of())
    with pytest.raises(UsageError, match="--convention is about a folder"):
        open_lights(tmp_path / "a.csv", Meaning(convention="skylibs"))


def test_a_goliath_pair_tells_its_frames(tmp_path: Path) -> None:
    patterns = LightPatterns((0, 4), {1: 0, 2: 1, 3: 2}, ())
    path = tmp_path / "light_pattern_metadata.json"
    write_lights(path, at_distance(rig_of(3), 1.6), patterns=patterns)
    assert open_lights(path).patterns == patterns


def test_what_is_known_of_each_light_is_plain(tmp_path: Path) -> None:
    rows = json.loads(json.dumps(light_rows(at_distance(rig_of(), 2.0))))
    assert [row["light"] for row in rows] == [*range(12)]
    assert rows[3]["name"] == "3.png"
    assert_allclose(rows[3]["position_m"], 2 * fibonacci_sphere(12)[3], rtol=0, atol=1e-12)


def test_a_rig_that_is_not_located_says_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"9 lights that are not located.*calibrate_rig"):
        summary_of_lights(LightRig.unlocated("new", 9))
