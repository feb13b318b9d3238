"""Cameras of other programs: read, named, placed, and put on the shelf of a session."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.api.camera_calibrations import certify_cameras
from olat.api.cameras import Meaning, camera_rows, open_cameras
from olat.api.certification import Terms
from olat.api.processing import process
from olat.errors import CalibrationError, FileError, UsageError
from olat.geometry.placement import place_of
from olat.io.calibration_file import read_calibration
from olat.io.camera_file import write_cameras
from olat.io.manifest import read_session
from olat.model.calibration import LensCalibration
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.geometry.test_placement import in_other_world, looking_at, stage

SIZE = 48
UNIT = 0.25
DAY = datetime.date(2026, 11, 23)
MATRIX = np.array([[120.0, 0.0, 23.5], [0.0, 120.0, 23.5], [0.0, 0.0, 1.0]])
FORMATS = ["", ".xml", ".calib", ".json"]


def cameras(**renamed: str) -> dict[str, LensCalibration]:
    """Return two cameras of small pictures in the world of the stage."""
    places = {"A": [0.0, 0.0, 1.5], "B": [0.9, 0.3, 1.1]}
    lenses = {
        name: looking_at(place, [0.0, 0.0, 0.0], matrix=MATRIX, height=SIZE, width=SIZE)
        for name, place in places.items()
    }
    return {renamed.get(name, name): lens for name, lens in lenses.items()}


@pytest.fixture(scope="module")
def two_cameras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small session of two cameras."""
    folder = tmp_path_factory.mktemp("two")
    write_session(folder, SyntheticStage(size=SIZE, lights=12, tracking_every=0, sway_px=0.0))
    manifest = folder / "session.toml"
    text = manifest.read_text("utf-8")
    table = text[text.index("[camera.A]") : text.index("[sequence]")]
    second = table.replace("[camera.A]", "[camera.B]").replace("\n", '\nserial = "B-7"\n', 1)
    text = text.replace("[sequence]", second + "[sequence]")
    text = text.replace("[session]\n", f"[session]\ndate = {DAY}\n")
    manifest.write_text(text, encoding="utf-8")
    return folder


def session_beside(two_cameras: Path, folder: Path) -> Path:
    """Return a session on the same photographs, with a shelf of its own."""
    text = (two_cameras / "session.toml").read_text("utf-8")
    for word in ("raw/", "lights.csv"):
        assert f'"{word}' in text
        text = text.replace(f'"{word}', f'"{two_cameras}/{word}')
    text = text.replace('mask = "', f'mask = "{two_cameras}/')
    folder.mkdir(parents=True)
    (folder / "session.toml").write_text(text, encoding="utf-8")
    return folder


def elsewhere(folder: Path, suffix: str, lenses: dict[str, LensCalibration]) -> Path:
    """Write cameras as another program would: in a world and a unit of its own."""
    moved = in_other_world(lenses, np.random.default_rng(3), UNIT)
    told = {
        name: replace(lenses[name], rotation=lens.rotation, translation=lens.translation)
        for name, lens in moved.items()
    }
    write_cameras(folder / f"cameras{suffix}", told)
    return folder / f"cameras{suffix}"


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_cameras_of_a_file_are_processed_with_their_poses(
    two_cameras: Path, tmp_path: Path, suffix: str
) -> None:
    folder = session_beside(two_cameras, tmp_path / "session")
    session, truth = read_session(folder), cameras()
    meaning = Meaning(reference="A", scale=UNIT)
    opened = open_cameras(elsewhere(tmp_path, suffix, truth), meaning, session=session)
    certified = certify_cameras(opened, terms=Terms(by="Bo"), session=session)
    assert [item.device for item in certified] == ["A", "B"]
    for item in certified:
        header, lens = read_calibration(item.document)
        assert isinstance(lens, LensCalibration)
        assert lens.rotation is not None
        off = np.linalg.norm(place_of(lens) - place_of(truth[item.device]))
        print(f"cameras{suffix} -> {item.device}: {1e3 * off:.2e} mm off")
        assert_allclose(lens.rotation, truth[item.device].rotation, rtol=0, atol=1e-9)
        assert off < 1e-9
        assert (header.valid_from, header.captured, header.certified_by) == (DAY, DAY, "Bo")
        assert header.serial == {"A": "", "B": "B-7"}[item.device]
        assert header.from_session == f"cameras{suffix}"

    summary = process(folder, workers=0)
    assert not summary.failures
    (told,) = [words for words in summary.notes if words.startswith("Calibrated:")]
    assert told == "Calibrated: lens of 'A' from 2026-11-23, lens of 'B' from 2026-11-23."
    keys = {lens_in_receipt(folder, name) for name in "AB"}
    assert len(keys) == 2  # a lens for each camera
    bare = session_beside(two_cameras, tmp_path / "bare")
    assert not process(bare, workers=0).failures
    assert lens_in_receipt(bare, "A") not in keys


def lens_in_receipt(folder: Path, camera: str) -> str:
    """Return the digest of the lens that a product was made with."""
    receipts = sorted((folder).rglob(f"{camera}/**/*.receipt.json"))
    found = {
        inputs["lens"]
        for path in receipts
        if "lens" in (inputs := json.loads(path.read_text("utf-8"))["inputs"])
    }
    (digest,) = found
    return str(digest)


def test_a_file_and_a_session_may_name_cameras_differently(
    two_cameras: Path, tmp_path: Path
) -> None:
    session = read_session(two_cameras)
    path = elsewhere(tmp_path, ".json", cameras(A="IMG_1", B="IMG_2"))
    with pytest.raises(UsageError, match=r"has the cameras IMG_1, IMG_2; .* needs 'A', 'B' as"):
        open_cameras(path, session=session)
    names = {"IMG_1": "A", "IMG_2": "B"}
    opened = open_cameras(path, Meaning(names=names, reference="A", scale=UNIT), session=session)
    assert list(opened.lenses) == ["A", "B"]
    with pytest.raises(UsageError, match=r"no camera 'IMG_3'\. Did you mean 'IMG_"):
        open_cameras(path, Meaning(names={"IMG_3": "A"}))
    with pytest.raises(UsageError, match="two cameras would be called 'IMG_2'"):
        open_cameras(path, Meaning(names={"IMG_1": "IMG_2"}))


def test_a_camera_that_the_file_lacks_is_named(two_cameras: Path, tmp_path: Path) -> None:
    write_cameras(tmp_path / "one.json", {"A": cameras()["A"]})
    with pytest.raises(UsageError, match=r"has the cameras A; session .* needs 'B' as well"):
        open_cameras(tmp_path / "one.json", session=read_session(two_cameras))


def test_cameras_that_a_session_has_not_are_left_out_and_named(
    two_cameras: Path, tmp_path: Path
) -> None:
    three = cameras() | {"top": looking_at([0.1, 1.2, 0.4], [0.0, 0.0, 0.0])}
    write_cameras(tmp_path / "three.json", three)
    opened = open_cameras(tmp_path / "three.json", session=read_session(two_cameras))
    assert list(opened.lenses) == ["A", "B"]
    assert opened.notes == ("left out, as the session has no such cameras: top.",)


def test_a_reference_camera_that_the_session_has_not_still_defines_the_world(
    two_cameras: Path, tmp_path: Path
) -> None:
    moved = {"front": cameras()["A"], "A": cameras()["B"], "B": looking_at([-1, 0.2, 1], [0, 0, 0])}
    moved["B"] = replace(moved["A"], rotation=moved["B"].rotation)
    write_cameras(tmp_path / "three.json", moved)
    session = read_session(two_cameras)
    opened = open_cameras(tmp_path / "three.json", session=session)
    assert opened.in_stage
    certify_cameras(opened, terms=Terms(), session=session, folder=tmp_path / "shelf")


def test_a_file_about_smaller_pictures_is_scaled_and_that_is_noted(
    two_cameras: Path, tmp_path: Path
) -> None:
    half = {name: lens.at(SIZE // 2, SIZE // 2) for name, lens in cameras().items()}
    write_cameras(tmp_path / "half.json", half)
    opened = open_cameras(tmp_path / "half.json", session=read_session(two_cameras))
    assert_allclose(opened.lenses["B"].matrix, MATRIX, rtol=0, atol=1e-9)
    assert "camera 'B': half.json is about 24 x 24 px, the session has 48 x 48" in opened.notes[1]


def test_another_shape_of_pictures_is_refused(two_cameras: Path, tmp_path: Path) -> None:
    wide = {name: replace(lens, width=64) for name, lens in cameras().items()}
    write_cameras(tmp_path / "wide.json", wide)
    with pytest.raises(UsageError, match=r"camera 'A': .* 64 x 48 px, but the picture has 48 x 48"):
        open_cameras(tmp_path / "wide.json", session=read_session(two_cameras))


def test_the_size_is_that_of_the_session_or_said(two_cameras: Path, tmp_path: Path) -> None:
    write_cameras(tmp_path / "c.calib", cameras())
    with pytest.raises(FileError, match="the size of the photographs is needed"):
        open_cameras(tmp_path / "c.calib")
    said = open_cameras(tmp_path / "c.calib", Meaning(size=(SIZE, SIZE)))
    known = open_cameras(tmp_path / "c.calib", session=read_session(two_cameras))
    assert_allclose(said.lenses["B"].matrix, known.lenses["B"].matrix, rtol=0, atol=0)
    assert known.lenses["B"].width == SIZE


def test_a_focal_length_that_no_picture_has_is_refused_by_camera(tmp_path: Path) -> None:
    write_cameras(tmp_path / "c.calib", cameras())
    text = (tmp_path / "c.calib").read_text("utf-8").replace("2.5", "0.025")
    (tmp_path / "c.calib").write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=r"camera 'A': focal lengths 1.2 and 1.2 px.*make no lens"):
        open_cameras(tmp_path / "c.calib", Meaning(size=(SIZE, SIZE)))


def test_a_world_of_its_own_makes_no_calibrations(tmp_path: Path) -> None:
    opened = open_cameras(elsewhere(tmp_path, ".json", cameras()))
    assert not opened.in_stage
    with pytest.raises(UsageError, match=r"none of A, B stands on .* --reference CAMERA"):
        certify_cameras(opened, terms=Terms(DAY), folder=tmp_path)


def test_what_places_cameras_needs_a_reference(tmp_path: Path) -> None:
    path = elsewhere(tmp_path, ".json", cameras())
    with pytest.raises(UsageError, match="Say which: --reference CAMERA"):
        open_cameras(path, Meaning(scale=0.001))
    with pytest.raises(UsageError, match="no camera 'C'; there are A, B"):
        open_cameras(path, Meaning(reference="C"))


def test_a_day_and_a_folder_are_needed(tmp_path: Path) -> None:
    write_cameras(tmp_path / "c.json", cameras())
    opened = open_cameras(tmp_path / "c.json")
    with pytest.raises(UsageError, match="Say --valid-from YYYY-MM-DD"):
        certify_cameras(opened, terms=Terms(), folder=tmp_path)
    with pytest.raises(UsageError, match="Name it with -o DIR"):
        certify_cameras(opened, terms=Terms(DAY))


def test_a_day_that_is_taken_is_replaced_only_by_force(tmp_path: Path) -> None:
    write_cameras(tmp_path / "c.json", cameras())
    opened = open_cameras(tmp_path / "c.json")
    certify_cameras(opened, terms=Terms(DAY), folder=tmp_path)
    with pytest.raises(CalibrationError, match="lens calibration of 'A' is certified from that"):
        certify_cameras(opened, terms=Terms(DAY), folder=tmp_path)
    assert certify_cameras(opened, terms=Terms(DAY, insist=True), folder=tmp_path)


def test_a_calibration_of_another_serial_or_size_is_refused_where_it_is_used(
    two_cameras: Path, tmp_path: Path
) -> None:
    session = read_session(two_cameras)
    write_cameras(tmp_path / "c.json", cameras())
    opened = open_cameras(tmp_path / "c.json", session=session)
    certify_cameras(opened, terms=Terms(), session=session, folder=tmp_path / "shelf")
    manifest = session_beside(two_cameras, tmp_path / "other") / "session.toml"
    text = manifest.read_text("utf-8").replace('"B-7"', '"B-8"')
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(CalibrationError, match="serial number 'B-7', but the session's is 'B-8'"):
        process(manifest.parent, calibration=[tmp_path / "shelf"], workers=0)


def test_a_session_shows_its_certified_lenses(two_cameras: Path, tmp_path: Path) -> None:
    folder = session_beside(two_cameras, tmp_path / "session")
    with pytest.raises(CalibrationError, match="no lens is certified for camera 'A', 'B'"):
        open_cameras(folder)
    session = read_session(folder)
    write_cameras(tmp_path / "c.json", cameras())
    opened = open_cameras(tmp_path / "c.json", session=session)
    first, _ = certify_cameras(opened, terms=Terms(), session=session)
    shown = open_cameras(folder)
    assert shown.in_stage
    assert list(shown.lenses) == ["A", "B"]
    assert list(open_cameras(first.document).lenses) == ["A"]
    with pytest.raises(UsageError, match="no option is needed"):
        open_cameras(folder, Meaning(reference="A"))


def test_own_calibrations_keep_whose_lens_they_are(two_cameras: Path, tmp_path: Path) -> None:
    session = read_session(two_cameras)
    write_cameras(tmp_path / "c.json", cameras())
    opened = open_cameras(tmp_path / "c.json", session=session)
    terms = Terms(by="Bo")
    shelved = certify_cameras(opened, terms=terms, session=session, folder=tmp_path / "a")
    document = shelved[1].document
    document.with_suffix(".png").write_bytes(b"a picture")
    before, lens = read_calibration(document)
    assert (before.serial, before.captured) == ("B-7", DAY)

    later = DAY + datetime.timedelta(days=1)
    terms = Terms(later, by="Eve", note="lent")
    (copied,) = certify_cameras(open_cameras(document), terms=terms, folder=tmp_path / "b")
    after, same = read_calibration(copied.document)
    assert after == replace(before, valid_from=later, certified_by="Eve", note="lent")
    assert isinstance(lens, LensCalibration)
    assert isinstance(same, LensCalibration)
    assert_allclose(place_of(same), place_of(lens), rtol=0, atol=0)
    assert copied.document.with_suffix(".png").read_bytes() == b"a picture"

    own = session_beside(two_cameras, tmp_path / "own")
    certify_cameras(opened, terms=Terms(), session=read_session(own))
    _, kept = certify_cameras(open_cameras(own), terms=Terms(later), folder=tmp_path / "c")
    assert read_calibration(kept.document)[0].serial == "B-7"

    other = session_beside(two_cameras, tmp_path / "other") / "session.toml"
    text = other.read_text("utf-8").replace('"B-7"', '"B-8"').replace(str(DAY), str(later))
    other.write_text(text, encoding="utf-8")
    for folder in ("b", "c"):
        with pytest.raises(CalibrationError, match="serial number 'B-7', but the session's is"):
            process(other.parent, calibration=[tmp_path / folder], workers=0)


def test_a_calibration_that_was_changed_by_hand_makes_no_new_one(tmp_path: Path) -> None:
    write_cameras(tmp_path / "c.json", cameras())
    opened = open_cameras(tmp_path / "c.json")
    first, _ = certify_cameras(opened, terms=Terms(DAY), folder=tmp_path / "a")
    text = first.document.read_text("utf-8")
    assert "120.0" in text
    first.document.write_text(text.replace("120.0", "121.0"), encoding="utf-8")
    with pytest.raises(CalibrationError, match=r"\[lens\] was changed by hand .* Copy the file"):
        certify_cameras(open_cameras(first.document), terms=Terms(DAY), folder=tmp_path / "b")


def test_rows_tell_view_and_place() -> None:
    rows = {row["name"]: row for row in camera_rows(stage())}
    assert rows["front"]["looks_along"] == [0.0, 0.0, -1.0]
    assert rows["front"]["position"] == [0.0, 0.0, 1.5]
    # 320 px beside the axis of a lens of 520 px.
    assert rows["left"]["field_of_view_deg"][0] == pytest.approx(
        2 * np.degrees(np.arctan(320 / 520))
    )
    assert rows["left"]["distortion"]["k1"] == -0.28
