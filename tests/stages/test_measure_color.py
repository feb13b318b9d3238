"""A camera's colors from frames of targets: what is made of them, noted and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.errors import SolveError
from olat.io.photograph import read_photograph
from olat.model.condition import Target
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera, Frame
from olat.sensor.working_space import in_space
from olat.stages.develop import Develop
from olat.stages.measure_color import MeasureColor
from tests.sensor.charts import CAMERA, UPRIGHT, picture_of_chart

A = Camera("A")
M = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
EXACT = np.linalg.inv(CAMERA) * CAMERA[1].sum()


def frames_of(
    pictures: dict[str, np.ndarray], flags: dict[str, np.ndarray] | None = None, **about: object
) -> Frames[RadianceImage]:
    """Return the frames of a camera that show targets, one of each kind."""
    shots = {
        number: Frame("A", number, Target(kind.rstrip("+")), Path(f"{kind}.exr"))
        for number, kind in enumerate(pictures)
    }
    images = {
        number: RadianceImage(
            picture, (flags or {}).get(kind, np.zeros(picture.shape[:2], np.uint8)), **about
        )
        for number, (kind, picture) in enumerate(pictures.items())
    }
    return Frames(shots, lambda frame: images[frame.index])


def cards() -> dict[str, np.ndarray]:
    pictures = {}
    for name, column in zip(("led_red", "led_green", "led_blue"), M.T, strict=True):
        pictures[name] = np.full((60, 80, 3), 0.05, np.float32)
        pictures[name][20:40, 25:55] = 0.4 * column
    return pictures


def test_a_chart_and_cards_make_both_matrices(caplog: pytest.LogCaptureFixture) -> None:
    color = MeasureColor().run(frames_of({"chart": picture_of_chart(), **cards()}), A)
    np.testing.assert_allclose(color.matrix, EXACT, rtol=0, atol=0.02)
    np.testing.assert_allclose(color.led_matrix, M / M[1].sum(), rtol=1e-5)
    assert color.residuals["mean_delta_e_2000"] < 0.3
    assert color.residuals["gray_row_r2"] > 0.9999
    assert color.residuals["led_leak_percent"] == pytest.approx(20, abs=1e-3)
    assert 1 < color.residuals["led_condition"] < 2
    (note,) = (record.getMessage() for record in caplog.records)
    assert "edition since_november_2014" in note


def test_a_chart_alone_makes_no_led_matrix() -> None:
    color = MeasureColor(edition="since_november_2014").run(
        frames_of({"chart": picture_of_chart()}), A
    )
    assert color.led_matrix is None
    assert "led_condition" not in color.residuals


def test_frames_of_one_chart_are_averaged() -> None:
    half = picture_of_chart() * np.float32(0.5)
    color = MeasureColor().run(frames_of({"chart": picture_of_chart(), "chart+": half}), A)
    np.testing.assert_allclose(color.matrix, EXACT, rtol=0, atol=0.02)


def test_given_corners_are_used() -> None:
    corners = [place for corner in UPRIGHT for place in corner]
    shots = frames_of({"chart": picture_of_chart()})
    color = MeasureColor(corners=corners).run(shots, A)
    np.testing.assert_allclose(color.matrix, EXACT, rtol=0, atol=0.02)
    with pytest.raises(SolveError, match=r"camera 'A': chart: the colors between the corners"):
        MeasureColor(corners=[place + 35 for place in corners]).run(shots, A)


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (cards(), "none of a chart; one is needed"),
        ({"chart": picture_of_chart(), "led_red": cards()["led_red"]}, "no frames of led_green, l"),
        ({"chart": np.full((200, 300, 3), 0.2, np.float32)}, "0 grids of squares were seen"),
        ({"chart": picture_of_chart().clip(1e-4) ** np.float32(0.45)}, r"r2 0\.9\d+; 0.99 or more"),
    ],
    ids=["no chart", "one primary", "nothing there", "coded"],
)
def test_frames_that_tell_no_color_are_refused(pictures: dict, words: str) -> None:
    with pytest.raises(SolveError, match=words):
        MeasureColor().run(frames_of(pictures), A)


def doubted(flag: PixelFlag, share: float) -> np.ndarray:
    """Return flags over the left part of what is read of the card: 16 of 80 columns, 12 of 60."""
    flags = np.zeros((60, 80), np.uint8)
    count = round(share * 12 * 16)
    flags[24:36, 32:48] = np.where(np.arange(192).reshape(12, 16, order="F") < count, flag, 0)
    return flags


@pytest.mark.parametrize("name", ["led_red", "led_green", "led_blue"])
@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (
            PixelFlag.SATURATED,
            "40% of the pixels of the gray card are clipped; 2% or less .* less,",
        ),
        (PixelFlag.DEAD, "40% of the pixels of the gray card hold no number; 2% or less"),
    ],
)
def test_a_card_that_is_clipped_or_dead_is_refused_by_frame_and_primary(
    name: str, flag: PixelFlag, words: str
) -> None:
    pictures = {"chart": picture_of_chart(), **cards()}
    frame = list(pictures).index(name)
    with pytest.raises(SolveError, match=rf"camera 'A': frame {frame} \({name}\): {words}"):
        MeasureColor().run(frames_of(pictures, {name: doubted(flag, 0.4)}), A)


def test_a_card_that_clips_a_little_is_read_beside_that_and_noted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A reflex on the red card, and a dead site on the blue one: no number there at all."""
    pictures = {"chart": picture_of_chart(), **cards()}
    flags = {
        "led_red": doubted(PixelFlag.SATURATED, 2 / 192),
        "led_blue": doubted(PixelFlag.DEAD, 1 / 192),
    }
    pictures["led_red"][flags["led_red"] != 0] = 1.0
    pictures["led_blue"][flags["led_blue"] != 0] = np.nan
    color = MeasureColor().run(frames_of(pictures, flags), A)
    np.testing.assert_allclose(color.led_matrix, M / M[1].sum(), rtol=1e-5)
    (note,) = (text for text in map(str, caplog.messages) if "gray card" in text)
    print(note)
    assert note.startswith("1 % of the pixels of the gray card are clipped or dead in one of the")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_pixel_of_the_card_that_is_no_number_is_dead_though_no_flag_says_so(
    caplog: pytest.LogCaptureFixture, value: float
) -> None:
    pictures = {"chart": picture_of_chart(), **cards()}
    pictures["led_green"][30, 40, 1] = value
    color = MeasureColor().run(frames_of(pictures), A)
    np.testing.assert_allclose(color.led_matrix, M / M[1].sum(), rtol=1e-5)
    assert any("0.52 % of the pixels of the gray card are cl" in text for text in caplog.messages)


def test_a_card_of_no_numbers_is_said_to_hold_none() -> None:
    pictures = {"chart": picture_of_chart(), **cards()}
    pictures["led_green"][24:36, 32:40] = np.nan
    words = r"frame 2 \(led_green\): 50% of the pixels of the gray card hold no number"
    with pytest.raises(SolveError, match=words):
        MeasureColor().run(frames_of(pictures), A)


def test_what_clips_beside_the_card_does_not_matter(caplog: pytest.LogCaptureFixture) -> None:
    flags = np.full((60, 80), PixelFlag.SATURATED, np.uint8)
    flags[24:36, 32:48] = 0
    pictures = {"chart": picture_of_chart(), **cards()}
    color = MeasureColor().run(frames_of(pictures, {"led_green": flags}), A)
    np.testing.assert_allclose(color.led_matrix, M / M[1].sum(), rtol=1e-5)
    assert not [text for text in caplog.messages if "gray card" in text]


def test_color_that_was_converted_already_is_refused() -> None:
    with pytest.raises(SolveError, match="are in 'rec709' already"):
        MeasureColor().run(frames_of({"chart": picture_of_chart()}, space="rec709"), A)


def test_stray_light_tilted_light_and_mirrors_are_noted(caplog: pytest.LogCaptureFixture) -> None:
    picture = picture_of_chart() * np.linspace(1.3, 0.7, 640, dtype=np.float32)[:, None]
    MeasureColor().run(frames_of({"chart": (picture + np.float32(0.012))[:, ::-1].copy()}), A)
    notes = " ".join(record.getMessage() for record in caplog.records)
    assert "seen mirrored" in notes
    assert "of white more or less than it should" in notes
    assert "over the chart" in notes


def test_the_real_chart_is_measured_from_its_raw_file(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The numbers that the calibration of a real camera comes with, and what it is for."""
    path = shared_data / "raw/colorchart.dng"
    shot = Frame("A", 0, Target("chart"), path)
    image = Develop().run(read_photograph(path), shot, A, None, None)
    color = MeasureColor().run(Frames({0: shot}, lambda _: image), A)
    print("raw/colorchart.dng:", {name: round(n, 5) for name, n in color.residuals.items()})
    print(*(record.getMessage() for record in caplog.records), sep="\n")
    assert color.residuals["gray_row_r2"] >= 0.9995
    assert color.residuals["mean_delta_e_2000"] < 3
    assert "before_november_2014" in caplog.records[0].getMessage()
    # Through develop again: the gray patches of the chart are gray.
    seen = in_space(image.radiance, matrix=color.matrix, space="rec709")
    gray = seen[900:940, 805:840].mean(axis=(0, 1))
    np.testing.assert_allclose(gray / gray[1], 1.0, rtol=0, atol=0.03)


def test_what_was_read_of_the_chart_is_kept_for_people_to_see() -> None:
    picture = picture_of_chart(shape=(960, 1600), corners=tuple((2 * x, 2 * y) for x, y in UPRIGHT))
    color = MeasureColor().run(frames_of({"chart": picture}), A)
    chart = color.evidence
    assert chart is not None
    # The frame is kept at 1000 px: 0.625 of the photograph, which is twice as large as UPRIGHT.
    assert chart.frame.shape == (600, 1000, 3)
    for patch, corner in zip((0, 5, 23, 18), UPRIGHT, strict=True):
        outer, inner = 1.25 * np.array(corner), chart.patches[patch].mean(axis=0)
        assert 0.4 * 1.25 * 50 < np.hypot(*(inner - outer)) < 0.9 * 1.25 * 65
    assert chart.delta_e.mean() == pytest.approx(color.residuals["mean_delta_e_2000"])
    np.testing.assert_allclose(chart.measured, chart.reference, rtol=0, atol=0.01)
    # Seen from straight ahead, patches are in the middle of their cells.
    side = chart.straight.shape[0] // 4
    for patch in range(24):
        y, x = np.divmod(patch, 6)
        cell = chart.straight[y * side : (y + 1) * side, x * side : (x + 1) * side]
        middle = cell[side // 3 : -side // 3, side // 3 : -side // 3].mean(axis=(0, 1))
        np.testing.assert_allclose(middle, chart.reference[patch], rtol=0, atol=0.02)
