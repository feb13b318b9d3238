from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import SessionError, UsageError
from olat.inspection.capture import Inspection, inspect_capture
from olat.inspection.picture_names import direction_in_name
from olat.inspection.session_text import write_session
from olat.io.manifest import read_session
from olat.model.condition import Dark, Olat, Target, Tracking
from olat.model.session import Session
from olat.synthetic.session import write_session as write_simulation
from olat.synthetic.stage import SyntheticStage
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures


def resolved(capture: Path, session: Path) -> tuple[Inspection, Session]:
    """Inspect a capture, write its session elsewhere and read that back."""
    inspection = inspect_capture(capture)
    write_session(inspection, session)
    return inspection, read_session(session)


def directions_by_file(session: Session) -> dict[str, np.ndarray]:
    return {
        frame.path.name: session.rig.directions[frame.condition.light]
        for frame in session.frames
        if isinstance(frame.condition, Olat)
    }


def confidence(inspection: Inspection, what: str) -> str:
    return next(item.confidence for item in inspection.findings if item.what == what)


def test_real_photographs_beside_their_lights_need_no_argument(
    shared_data: Path, tmp_path: Path
) -> None:
    inspection, session = resolved(shared_data / "uw" / "cat", tmp_path / "session")
    lights = directions_by_file(session)
    assert list(lights) == [f"cat.{number}.png" for number in range(12)]
    assert_allclose(lights["cat.0.png"], [0.403259, 0.480808, 0.778592], rtol=0, atol=1e-6)
    assert_allclose(lights["cat.10.png"], [0.0985318, 0.0492659, 0.993914], rtol=0, atol=1e-6)
    camera = session.camera("A")
    assert camera.mask is not None
    assert camera.mask.samefile(shared_data / "uw" / "cat" / "cat.mask.png")
    assert camera.encoding == "linear"
    assert confidence(inspection, "encoding") == "guess"
    assert "--encoding" in inspection.warnings[0]


def test_real_faces_tell_their_lights_in_their_names(shared_data: Path, tmp_path: Path) -> None:
    capture = shared_data / "yale" / "yaleB01"
    _, session = resolved(capture, tmp_path / "session")
    lights = directions_by_file(session)
    assert len(lights) == 64
    for name, direction in lights.items():
        assert_allclose(direction, direction_in_name(Path(name).stem), rtol=0, atol=1e-8)
    dark = [frame for frame in session.frames if frame.condition == Dark()]
    assert [frame.path.name for frame in dark] == ["yaleB01_P00_Ambient.pgm"]
    assert {path.name for path in (tmp_path / "session").iterdir()} == {
        "session.toml",
        "lights.csv",
        "frames.csv",
    }


def diligent(folder: Path, count: int = 12) -> np.ndarray:
    """Write an object as DiLiGenT stores it, with a line of files that is not sorted."""
    directions = spread_directions(count, hemisphere=True)
    names = [f"{number:03d}.png" for number in range(1, count + 1)]
    write_pictures([folder / name for name in names], sphere_pictures(directions))
    write_pictures([folder / "mask.png", folder / "Normal_gt.png"], np.ones((2, 8, 8, 3)), bits=8)
    np.savetxt(folder / "light_directions.txt", directions)
    np.savetxt(folder / "light_intensities.txt", np.linspace(1, 2, 3 * count).reshape(-1, 3))
    (folder / "filenames.txt").write_text("\n".join(names) + "\n")
    return directions


def test_a_diligent_object_needs_no_argument(tmp_path: Path) -> None:
    directions = diligent(tmp_path / "ball")
    inspection, session = resolved(tmp_path / "ball", tmp_path / "session")
    lights = directions_by_file(session)
    assert_allclose(lights["003.png"], directions[2], rtol=0, atol=1e-12)
    assert_allclose(
        session.rig.intensities[-1], [64 / 35 + 4 / 35, 69 / 35, 2.0], rtol=0, atol=0.03
    )
    mask = session.camera("A").mask
    assert mask is not None
    assert mask.samefile(tmp_path / "ball" / "mask.png")
    assert session.camera("A").encoding == "linear"
    assert (confidence(inspection, "lights"), confidence(inspection, "sequence")) == (
        "certain",
        "certain",
    )


def test_filenames_in_another_order_move_the_lights(tmp_path: Path) -> None:
    directions = diligent(tmp_path / "ball")
    names = (tmp_path / "ball" / "filenames.txt").read_text().split()
    (tmp_path / "ball" / "filenames.txt").write_text("\n".join(names[::-1]))
    _, session = resolved(tmp_path / "ball", tmp_path / "session")
    assert_allclose(directions_by_file(session)["001.png"], directions[-1], rtol=0, atol=1e-12)


def test_a_folder_of_diligent_objects_is_several_captures(tmp_path: Path) -> None:
    diligent(tmp_path / "ball")
    diligent(tmp_path / "cat")
    with pytest.raises(UsageError, match="2 captures with lights of their own: ball, cat"):
        inspect_capture(tmp_path)


def test_an_lp_dome_is_matched_by_name(tmp_path: Path) -> None:
    capture, directions = tmp_path / "dome", spread_directions(9, hemisphere=True)
    names = [f"coin a {number}.jpg" for number in range(1, 10)]
    write_pictures([capture / name for name in names], sphere_pictures(directions), bits=8)
    pairs = zip(names, directions, strict=True)
    lines = [f"D:\\RTI\\my coin\\{name} {x} {y} {z}" for name, (x, y, z) in pairs]
    (capture / "coin.lp").write_text("9\r\n" + "\r\n".join(lines[::-1]))
    inspection, session = resolved(capture, tmp_path / "session")
    lights = directions_by_file(session)
    assert_allclose([lights[name] for name in names], directions, rtol=0, atol=1e-6)
    assert confidence(inspection, "sequence") == "certain"


def test_an_lp_dome_whose_names_are_others_is_matched_by_order(tmp_path: Path) -> None:
    capture, directions = tmp_path / "dome", spread_directions(11, hemisphere=True)
    write_pictures([capture / f"{n}.tif" for n in range(11)], sphere_pictures(directions))
    lines = [f"led{n} {x} {y} {z}" for n, (x, y, z) in enumerate(directions)]
    (capture / "dome.lp").write_text("11\n" + "\n".join(lines))
    inspection, session = resolved(capture, tmp_path / "session")
    assert_allclose(directions_by_file(session)["10.tif"], directions[10], rtol=0, atol=1e-6)
    assert confidence(inspection, "sequence") == "likely"


def goliath(
    capture: Path, *, cameras: tuple[str, ...], shared: Path
) -> tuple[list[int], np.ndarray]:
    """Write a capture in the rhythm of a real stage: the full-on frames of its 331 lights."""
    rhythm = [0, *range(20, 336, 21), 348, 349]
    assert len(list((shared / "stage" / "OLAT_EnvMaps").glob("*.png"))) == 350
    center, lights = np.array([608.0, 1547.0, 534.0]), spread_directions(331)
    positions = center + 1711.0 * lights
    sweep = iter(range(331))
    pairs = [[n + 1, 0 if n in rhythm else next(sweep) + 1] for n in range(350)]
    (capture / "lights").mkdir(parents=True)
    (capture / "lights" / "light_pattern_per_frame.json").write_text(json.dumps(pairs))
    (capture / "lights" / "light_pattern_metadata.json").write_text(
        json.dumps({"light_positions": positions.tolist()})
    )
    for camera in cameras:
        files = [capture / camera / "ID7" / f"ID7.{n:06d}.png" for n in range(1, 351)]
        write_pictures(files, np.full((350, 4, 4, 3), 0.1))
    return rhythm, lights


def test_a_goliath_capture_of_several_cameras_resolves(tmp_path: Path, shared_data: Path) -> None:
    rhythm, lights = goliath(tmp_path / "c", cameras=("Cam01", "Cam02"), shared=shared_data)
    inspection, session = resolved(tmp_path / "c", tmp_path / "session")
    assert [camera.name for camera in session.cameras] == ["Cam01", "Cam02"]
    for camera in ("Cam01", "Cam02"):
        frames = session.frames_of(camera)
        tracking = [n for n, frame in frames.items() if frame.condition == Tracking()]
        assert tracking == [n + 1 for n in rhythm]
        assert frames[2].condition == Olat(0)
        assert frames[2].path.name == "ID7.000002.png"
    assert_allclose(session.rig.directions, lights, rtol=0, atol=1e-4)
    assert_allclose(session.rig.positions, 1.711 * lights, rtol=0, atol=1e-3)
    assert confidence(inspection, "Cam01: sequence") == "certain"
    assert confidence(inspection, "center") == "likely"


def test_dark_and_full_on_frames_are_recognized_where_pictures_outnumber_lights(
    tmp_path: Path,
) -> None:
    directions = spread_directions(30)
    olat = 0.5 * sphere_pictures(directions)
    full = 0.1 * olat.sum(axis=0)
    pictures = [0 * full, full, *olat[:10], full, *olat[10:20], full, *olat[20:], full]
    write_pictures([tmp_path / f"{n:03d}.tif" for n in range(len(pictures))], np.array(pictures))
    np.savetxt(tmp_path / "lights.txt", directions)
    inspection, session = resolved(tmp_path, tmp_path)
    roles = {n: frame.condition for n, frame in session.frames_of("A").items()}
    assert roles[0] == Dark()
    assert [n for n, told in roles.items() if told == Tracking()] == [1, 12, 23, 34]
    assert_allclose(directions_by_file(session)["033.tif"], directions[29], rtol=0, atol=1e-12)
    text = (tmp_path / "session.toml").read_text()
    assert 'frames = "0-34"' in text
    assert 'tracking = "1-34x11"' in text
    sequence = next(item for item in inspection.findings if item.what == "sequence")
    assert sequence.value == "35 pictures - 4 tracking (1-34x11) - 1 dark (0) = 30 OLAT frames"


def test_a_simulated_capture_is_understood_without_its_manifest(tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    write_simulation(truth, SyntheticStage(size=64, lights=24, tracking_every=6))
    inspection, session = resolved(truth, tmp_path / "session")
    expected = read_session(truth)
    skipped = [frame.index for frame in expected.frames if isinstance(frame.condition, Target)]
    assert {frame.index: frame.condition for frame in session.frames} == {
        frame.index: frame.condition for frame in expected.frames if frame.index not in skipped
    }
    for frame in session.frames:
        wanted = expected.frames_of("A")[frame.index].gain
        assert_allclose(frame.gain, wanted, rtol=0.02, atol=0)  # shot noise, clipping
    assert_allclose(session.rig.positions, expected.rig.positions, rtol=0, atol=1e-12)
    (warning,) = inspection.warnings
    assert f"frames {skipped[0]}-{skipped[-1]} are outside the sweep" in warning


def test_numbers_that_do_not_match_are_written_down_to_be_edited(tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.png" for n in range(5)]
    write_pictures(files, sphere_pictures(spread_directions(5)))
    np.savetxt(tmp_path / "lights.txt", spread_directions(7))
    inspection = inspect_capture(tmp_path)
    assert "5 pictures = 5 OLAT frames are left for 7 lights" in " ".join(inspection.warnings)
    write_session(inspection, tmp_path)
    with pytest.raises(SessionError, match=r"leaves 5 OLAT frames \(0-4\) for 7 lights"):
        read_session(tmp_path)


def test_what_a_person_says_is_called_so(tmp_path: Path) -> None:
    capture, lights = tmp_path / "capture", tmp_path / "elsewhere" / "rig.txt"
    write_pictures([capture / f"{n}.jpg" for n in range(3)], sphere_pictures(np.eye(3)), bits=8)
    lights.parent.mkdir()
    np.savetxt(lights, np.eye(3))
    write_pictures([tmp_path / "m.png"], np.ones((1, 8, 8, 3)), bits=8)
    inspection = inspect_capture(capture, lights=lights, encoding="linear", mask=tmp_path / "m.png")
    assert [confidence(inspection, what) for what in ("lights", "encoding", "mask")] == ["said"] * 3
    write_session(inspection, tmp_path / "session")
    found = read_session(tmp_path / "session").camera("A").mask
    assert found is not None
    assert found.samefile(tmp_path / "m.png")


def test_pictures_of_several_sizes_are_warned_about(tmp_path: Path) -> None:
    write_pictures([tmp_path / f"{n}.png" for n in range(2)], sphere_pictures(np.eye(3)[:2]))
    write_pictures([tmp_path / "2.png"], sphere_pictures(np.eye(3)[2:], size=16))
    np.savetxt(tmp_path / "lights.txt", np.eye(3))
    assert "differ in size: 0.png 32 x 32, 1.png 32 x 32, 2.png 16 x 16" in " ".join(
        inspect_capture(tmp_path).warnings
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "there is no such folder"), (".", "it holds no photographs")],
)
def test_a_folder_without_a_capture_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        inspect_capture(tmp_path / name)


def test_folders_of_subjects_under_one_light_file_are_doubted(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "lights.txt", np.eye(3))
    for subject in ("cat", "dog"):
        files = [tmp_path / subject / f"{n}.png" for n in range(3)]
        write_pictures(files, sphere_pictures(np.eye(3)))
    words = "2 folders are taken as 2 cameras of one capture; if they are different subjects, run"
    assert words in " ".join(inspect_capture(tmp_path).warnings)


def test_folders_that_are_called_cameras_are_believed(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "lights.txt", np.eye(3))
    for camera in ("cam01", "cam02"):
        files = [tmp_path / camera / f"{n}.png" for n in range(3)]
        write_pictures(files, sphere_pictures(np.eye(3)))
    inspection = inspect_capture(tmp_path)
    assert len(inspection.cameras) == 2
    assert "different subjects" not in " ".join(inspection.warnings)


def test_a_mask_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file; a mask is needed"):
        inspect_capture(tmp_path, mask=tmp_path / "mask.png")


def test_a_damaged_picture_does_not_hide_what_the_others_are(tmp_path: Path) -> None:
    directions = spread_directions(30)
    olat = 0.5 * sphere_pictures(directions)
    full = 0.1 * olat.sum(axis=0)
    pictures = [full, *olat[:10], full, *olat[10:20], full, *olat[20:], full]
    write_pictures([tmp_path / f"{n}.tif" for n in range(len(pictures))], np.array(pictures))
    np.savetxt(tmp_path / "lights.txt", directions)
    for damaged in ("1.tif", "17.tif"):
        (tmp_path / damaged).write_bytes(b"")
    inspection, session = resolved(tmp_path, tmp_path)
    assert confidence(inspection, "sequence") == "likely"
    assert "17.tif: the file is empty" in " ".join(inspection.warnings)
    assert len(session.olat_frames("A")) == 30


def test_many_8_bit_pictures_that_match_no_lights_are_still_described(tmp_path: Path) -> None:
    pictures = sphere_pictures(spread_directions(12, hemisphere=True))
    write_pictures([tmp_path / f"{n}.png" for n in range(12)], pictures, bits=8)
    np.savetxt(tmp_path / "lights.txt", spread_directions(20))
    assert confidence(inspect_capture(tmp_path), "encoding") == "guess"
