"""Lights written for other programs, and read back."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.errors import StorageError, UsageError
from olat.io.light_file import read_lights, rig_from_lights
from olat.io.light_file_json import read_light_patterns
from olat.io.light_file_write import DILIGENT, FORMATS, format_of, write_lights
from olat.io.light_file_write_text import file_names
from olat.io.light_list import LightPatterns
from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig

NAMES = ("light_directions.txt", *(f"lights{suffix}" for suffix in FORMATS))
DECIMALS = 6e-10
"""Half of the ninth decimal, and a little for the float."""
DIGITS = 6e-9
"""Half of the ninth digit of a number that begins with 1, and a little."""


def rig_of(
    count: int = 12, *, positions: bool = False, intensities: bool = False, names: bool = False
) -> LightRig:
    """Return a made-up rig that has what is asked for."""
    rng = np.random.default_rng(5)
    directions = fibonacci_sphere(count)
    places = directions * rng.uniform(1.2, 1.9, (count, 1)) if positions else None
    return LightRig(
        "made up",
        directions,
        np.round(rng.uniform(0.5, 2.0, (count, 3)), 12) if intensities else np.ones((count, 3)),
        positions=places,
        names=tuple(f"{light:03d} left.tif" for light in range(count)) if names else (),
    )


def rigs() -> st.SearchStrategy[LightRig]:
    """Return rigs of any lights, near and far, named and tinted in any way."""
    place = st.tuples(*[st.floats(-9.0, 9.0, allow_subnormal=False)] * 3).filter(
        lambda xyz: np.linalg.norm(xyz) > 0.2
    )
    color = st.tuples(*[st.floats(1e-3, 1e3)] * 3)
    # NumPy pads words with NUL, so none ends in one; no file name holds it either.
    name = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)

    @st.composite
    def drawn(draw: st.DrawFn) -> LightRig:
        count = draw(st.integers(1, 9))
        places = np.array(draw(st.lists(place, min_size=count, max_size=count)))
        colors = draw(st.none() | st.lists(color, min_size=count, max_size=count))
        names = draw(st.just([]) | st.lists(name, min_size=count, max_size=count))
        return LightRig(
            "drawn",
            places / np.linalg.norm(places, axis=1, keepdims=True),
            np.ones((count, 3)) if colors is None else np.array(colors),
            positions=places if draw(st.booleans()) else None,
            names=tuple(names) if any(names) else (),
        )

    return drawn()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)  # files are flushed to the disk, which takes its time
@given(rig=rigs())
def test_what_a_format_holds_comes_back_and_what_it_does_not_is_said(
    name: str, rig: LightRig
) -> None:
    kind = format_of(Path(name))
    if not kind.directions and rig.positions is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        written, losses = write_lights(Path(folder) / name, rig)
        assert all(path.is_file() for path in written)
        holds = "auto" if kind.tells or rig.positions is None else "positions"
        back = rig_from_lights(read_lights(written[0]), holds=holds)
    said = " ".join(losses)
    # A place of 0.2 m with the last decimal off by half is seen under 3e-9.
    assert_allclose(back.directions, rig.directions, rtol=0, atol=5e-9)
    assert ("no positions" in said) == (rig.positions is not None and not kind.positions)
    if rig.positions is not None and kind.positions:
        assert back.positions is not None
        assert_allclose(back.positions, rig.positions, rtol=0, atol=DECIMALS)
    assert ("no intensities" in said) == (not kind.intensities and (rig.intensities != 1).any())
    if kind.intensities:
        assert_allclose(back.intensities, rig.intensities, rtol=DIGITS, atol=0)
    assert ("no names" in said) == (bool(rig.names) and not kind.names)
    if rig.names and kind.names:
        wanted = rig.names if name.endswith(".npz") else tuple(file_names(rig))
        assert back.names == wanted
        assert said.count("cannot hold the name") == sum(
            old != new for old, new in zip(rig.names, wanted, strict=True)
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_any_format_becomes_any_other(tmp_path: Path, name: str, target: str) -> None:
    rig = rig_of(positions=True)
    first, _ = write_lights(tmp_path / "first" / name, rig)
    middle = rig_from_lights(read_lights(first[0]))
    if middle.positions is None and not format_of(Path(target)).directions:
        with pytest.raises(UsageError, match=r"directions only.*--radius METERS"):
            write_lights(tmp_path / "second" / target, middle)
        return
    second, _ = write_lights(tmp_path / "second" / target, middle)
    back = rig_from_lights(read_lights(second[0]))
    assert_allclose(back.directions, rig.directions, rtol=0, atol=3e-9)


def test_the_text_of_each_format_is_what_its_readers_know(tmp_path: Path) -> None:
    rig = LightRig(
        "two",
        np.array([[0.6, 0.0, 0.8], [-1.0, 0.0, 0.0]]),
        np.array([[1.0, 1.0, 1.0], [0.5, 0.25, 1.0]]),
        positions=np.array([[0.9, 0.0, 1.2], [-2.0, -0.0, 0.0]]),
        names=("a.tif", "b.tif"),
    )
    for name in NAMES:
        write_lights(tmp_path / name, rig)
    texts = {
        "lights.lp": "2\na.tif 0.600000000 0.000000000 0.800000000\n"
        "b.tif -1.000000000 0.000000000 0.000000000\n",
        "lights.pc": "v 0.900000000 0.000000000 1.200000000\n"
        "v -2.000000000 0.000000000 0.000000000\n",
        "light_intensities.txt": "1 1 1\n0.5 0.25 1\n",
        "filenames.txt": "a.tif\nb.tif\n",
        "lights.csv": "light,name,x_m,y_m,z_m,red,green,blue\n"
        "0,a.tif,0.900000000,0.000000000,1.200000000,1,1,1\n"
        "1,b.tif,-2.000000000,0.000000000,0.000000000,0.5,0.25,1\n",
    }
    for name, text in texts.items():
        assert (tmp_path / name).read_text("utf-8") == text
    assert np.load(tmp_path / "lights.npy").shape == (2, 6)
    dome = json.loads((tmp_path / "lights.dome").read_text("utf-8"))
    assert dome["positions3d"] == [[900.0, 0.0, 1200.0], [-2000.0, 0.0, 0.0]]
    assert dome["ledAdjust"][1] == [0.5, 0.25, 1.0]
    goliath = json.loads((tmp_path / "lights.json").read_text("utf-8"))
    assert goliath["light_positions"] == dome["positions3d"]


def test_a_goliath_pair_says_which_light_was_lit_in_which_frame(tmp_path: Path) -> None:
    patterns = LightPatterns((0, 3), {1: 0, 2: 1, 4: 2}, ())
    path = tmp_path / "light_pattern_metadata.json"
    written, losses = write_lights(path, rig_of(3, positions=True), patterns=patterns)
    assert [place.name for place in written] == [path.name, "light_pattern_per_frame.json"]
    assert losses == ()
    assert read_light_patterns(path) == patterns


def test_frames_that_a_format_does_not_hold_are_said_to_be_lost(tmp_path: Path) -> None:
    _, losses = write_lights(tmp_path / "a.csv", rig_of(), patterns=LightPatterns((0,), {1: 0}, ()))
    assert losses == ("a.csv: it does not say which light was lit in which frame.",)


def test_positions_one_meter_away_are_warned_of_where_only_length_tells(tmp_path: Path) -> None:
    directions = fibonacci_sphere(5)
    rig = LightRig("unit", directions, np.ones((5, 3)), positions=directions.copy())
    losses = {name: write_lights(tmp_path / name, rig)[1] for name in ("a.npy", "a.txt", "a.csv")}
    assert losses["a.csv"] == ()
    assert all(
        "vectors of unit length are read as directions" in losses[k][0] for k in ("a.npy", "a.txt")
    )


def test_more_lights_than_relightlab_takes_are_written_with_a_warning(tmp_path: Path) -> None:
    _, losses = write_lights(tmp_path / "many.lp", rig_of(1001, names=True))
    assert losses == ("many.lp: it lists 1001 lights; RelightLab refuses more than 1000.",)
    assert len(read_lights(tmp_path / "many.lp")) == 1001


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.cvs", r"a\.cvs: '\.cvs' is no light file; \.lp, .* is needed\. Did you mean 'a\.csv'"),
        ("a.jsn", r"Did you mean 'a\.json'"),
        ("a.pdf", r"'\.pdf' is no light file"),
        ("lights", "the name has no suffix"),
    ],
)
def test_an_unknown_suffix_is_refused_with_the_near_miss(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        write_lights(tmp_path / name, rig_of())


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "a.lp"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.lp: it is there already; a new name is needed"):
        write_lights(path, rig_of())
    assert path.read_text("utf-8") == "mine"
    write_lights(path, rig_of(), overwrite=True)
    assert len(read_lights(path)) == 12


def test_a_foreign_file_that_would_be_read_along_is_not_left_there(tmp_path: Path) -> None:
    (tmp_path / "filenames.txt").write_text("other.png\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"filenames\.txt: it would be read together with light_d"):
        write_lights(tmp_path / "light_directions.txt", rig_of(), overwrite=True)
    assert not (tmp_path / "light_directions.txt").exists()


def test_lights_that_are_not_located_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="12 lights that are not located yet"):
        write_lights(tmp_path / "a.csv", LightRig.unlocated("new", 12))


def test_a_dead_light_cannot_be_written_for_diligent(tmp_path: Path) -> None:
    colors = np.ones((12, 3))
    colors[[2, 3, 7], 1] = 0.0
    rig = LightRig("dead", fibonacci_sphere(12), colors)
    with pytest.raises(UsageError, match="light 2,3,7 has an intensity of 0"):
        write_lights(tmp_path / "light_directions.txt", rig)
    assert DILIGENT.name == "DiLiGenT"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"a\.csv"):
        write_lights(tmp_path / "file" / "a.csv", rig_of())


def test_the_page_says_what_each_format_holds() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "lights.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*?) \|((?: (?:yes|no)[^|]*\|){5})$", page, re.MULTILINE)
    told = {
        name: [cell.strip().startswith("yes") for cell in cells.split("|")[:5]]
        for words, cells in rows
        for name in re.findall(r"`([\w.]+)`", words)
    }
    kinds = {**FORMATS, "light_directions.txt": DILIGENT}
    assert told == {
        name: [kind.directions, kind.positions, kind.intensities, kind.names, kind.frames]
        for name, kind in kinds.items()
    }
