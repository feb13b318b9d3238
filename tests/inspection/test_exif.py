from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from olat.inspection.exif import day_of, exposure_findings, read_exposure

MODEL, EXIF_IFD = 0x0110, 0x8769
SECONDS, APERTURE, ISO, TIME, FRACTION = 0x829A, 0x829D, 0x8827, 0x9003, 0x9291


def photograph(
    path: Path, *, seconds: float = 0.01, iso: int = 100, time: str = "12:00:00", part: str = ""
) -> Path:
    exif = Image.Exif()
    exif[MODEL] = "Test Camera"
    exif.get_ifd(EXIF_IFD).update(
        {
            SECONDS: IFDRational(seconds),
            APERTURE: IFDRational(8),
            ISO: iso,
            TIME: f"2026:11:23 {time}",
            FRACTION: part,
        }
    )
    Image.new("L", (8, 8)).save(path, exif=exif)
    return path


def test_exposure_is_read_with_the_fraction_of_the_second(tmp_path: Path) -> None:
    shot = read_exposure(photograph(tmp_path / "a.jpg", part="25"))
    assert shot is not None
    assert shot.time == datetime(2026, 11, 23, 12, 0, 0, 250_000)
    assert (shot.seconds, shot.iso, shot.aperture, shot.camera) == (0.01, 100, 8, "Test Camera")


def test_the_day_is_that_of_the_first_photograph_that_tells_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    Image.new("L", (8, 8)).save(tmp_path / "b.jpg")
    bare = [tmp_path / "a.png", tmp_path / "b.jpg"]
    assert day_of(bare) is None
    assert day_of([*bare, photograph(tmp_path / "c.jpg")]) == date(2026, 11, 23)


def test_a_file_without_exif_says_nothing(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes(b"")
    (tmp_path / "c.png").write_bytes(b"")
    assert [read_exposure(tmp_path / name) for name in ("a.jpg", "b.jpg", "c.png")] == [None] * 3


def test_what_changed_between_frames_is_warned_about(tmp_path: Path) -> None:
    frames = {n: photograph(tmp_path / f"{n}.jpg", time=f"12:00:0{n}") for n in range(4)}
    photograph(frames[2], iso=200, time="12:00:02")
    photograph(frames[3], seconds=0.02, time="12:00:03")
    findings, warnings = exposure_findings(frames)
    assert findings[0].value == "Test Camera, 0.01 s, f/8, ISO 100"
    assert [warning.split(".")[0] for warning in warnings] == [
        "the exposure time changes: 0",
        "the ISO changes: 200",
    ]
    assert "instead of 100.0 in frames 2." in warnings[1]


def test_names_in_another_order_than_time_are_warned_about(tmp_path: Path) -> None:
    """9999 rolled over to 0001 in the middle of the sweep."""
    names = (1, 2, 9998, 9999)
    times = ("12:00:03", "12:00:04", "12:00:01", "12:00:02")
    frames = {
        n: photograph(tmp_path / f"{n}.jpg", time=time)
        for n, time in zip(names, times, strict=True)
    }
    _, warnings = exposure_findings(frames)
    assert len(warnings) == 1
    assert "not in the order of time: frames 9998 were taken before" in warnings[0]


def test_frames_in_the_order_of_time_need_no_warning(tmp_path: Path) -> None:
    frames = {n: photograph(tmp_path / f"{n}.jpg", part=str(n)) for n in range(3)}
    assert exposure_findings(frames)[1] == []
