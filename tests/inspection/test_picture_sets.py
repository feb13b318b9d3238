from __future__ import annotations

from pathlib import Path

from olat.inspection.picture_sets import Pictures, find_pictures


def found(folder: Path, *names: str) -> Pictures:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return find_pictures(folder)


def names_of(pictures: Pictures) -> dict[str, tuple[str | None, list[int]]]:
    return {item.camera: (item.pattern, list(item.frames)) for item in pictures.sets}


def test_a_series_of_names_is_one_camera(tmp_path: Path) -> None:
    pictures = found(tmp_path, "cat.2.png", "cat.10.png", "cat.mask.png", "notes.txt", "DEADJOE")
    assert names_of(pictures) == {"A": ("cat.{frame}.png", [2, 10])}
    assert [path.name for path in pictures.masks] == ["cat.mask.png"]


def test_folders_are_cameras(tmp_path: Path) -> None:
    pictures = found(
        tmp_path, *(f"Cam{c:02d}/ID7/ID7.{f:06d}.exr" for c in (1, 2) for f in range(3))
    )
    assert names_of(pictures) == {
        "Cam01": ("ID7.{frame:06d}.exr", [0, 1, 2]),
        "Cam02": ("ID7.{frame:06d}.exr", [0, 1, 2]),
    }


def test_a_number_before_the_frame_is_the_camera(tmp_path: Path) -> None:
    pictures = found(tmp_path, *(f"cam{c}_{f:03d}.dng" for c in (1, 2) for f in range(4)))
    assert names_of(pictures) == {
        "cam1": ("cam1_{frame:03d}.dng", [0, 1, 2, 3]),
        "cam2": ("cam2_{frame:03d}.dng", [0, 1, 2, 3]),
    }


def test_words_in_names_are_cameras(tmp_path: Path) -> None:
    pictures = found(tmp_path, *(f"{c}_{f}.tif" for c in ("left", "right") for f in range(4)))
    assert names_of(pictures) == {
        "left": ("left_{frame}.tif", [0, 1, 2, 3]),
        "right": ("right_{frame}.tif", [0, 1, 2, 3]),
    }


def test_of_raw_and_jpeg_the_raw_is_taken(tmp_path: Path) -> None:
    pictures = found(tmp_path, *(f"i{f}.{kind}" for f in range(3) for kind in ("jpg", "cr2")))
    assert names_of(pictures) == {"A": ("i{frame}.cr2", [0, 1, 2])}
    assert pictures.left_out == ("3 pictures that are there in a better format too",)


def test_single_pictures_and_results_do_not_join_a_series(tmp_path: Path) -> None:
    pictures = found(tmp_path, "001.png", "002.png", "003.png", "Normal_gt.png", "chart.png")
    assert names_of(pictures) == {"A": ("{frame:03d}.png", [1, 2, 3])}
    assert [path.name for path in pictures.singles] == ["chart.png"]
    assert pictures.left_out == ("Normal_gt.png (named as a result, not a photograph)",)


def test_products_previews_and_hidden_files_are_not_the_capture(tmp_path: Path) -> None:
    derived = (".a3.png", "olat/A/normals1.png", "masks/1.png", "thumbs/1.png")
    pictures = found(tmp_path, "a1.png", "a2.png", *derived)
    assert names_of(pictures) == {"A": ("a{frame}.png", [1, 2])}
    assert pictures.singles == ()


def test_names_with_angles_are_one_series_without_a_pattern(tmp_path: Path) -> None:
    pictures = found(tmp_path, "xA+005E+10.pgm", "xA-005E+10.pgm", "x_Ambient.pgm")
    assert names_of(pictures) == {"A": (None, [0, 1])}
    assert [path.name for path in pictures.singles] == ["x_Ambient.pgm"]


def test_a_folder_without_pictures_has_no_camera(tmp_path: Path) -> None:
    assert found(tmp_path, "notes.txt").sets == ()
