"""What a comparison measures, leaves out, aligns and refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

import olat
from olat.api.comparison import compare
from olat.api.comparison_measures import ALLOWED, NAMES, USUAL, for_display, from_display
from olat.errors import FileError, UsageError
from olat.io.color_header import color_attributes
from olat.io.display import picture_from_normals, write_png
from olat.io.exr import write_exr
from olat.io.map_files import write_normals
from olat.model.maps import NormalMap
from olat.sensor.encoding import display_from_linear
from olat.sensor.working_space import converted


def colors(rng, shape=(32, 40)):
    return rng.uniform(0.05, 0.9, (*shape, 3)).astype(np.float32)


def unit_vectors(rng, shape=(32, 40)):
    vectors = rng.normal(size=(*shape, 3)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def written(path: Path, pixels, *, layer="", letters="RGB", attributes=None) -> Path:
    channels = {f"{layer}{letter}": pixels[..., at] for at, letter in enumerate(letters)}
    write_exr(path, channels, attributes=attributes or {})
    return path


def test_a_file_with_itself_has_no_error(rng, tmp_path):
    path = written(tmp_path / "a.exr", colors(rng))
    found = olat.compare(path, path)
    assert found["psnr"] == np.inf
    assert found["ssim"] == pytest.approx(1.0, abs=1e-12)
    assert found["si_mse"] == pytest.approx(0.0, abs=1e-15)
    assert [figure.space for figure in found.figures] == ["display", "display", "linear", "linear"]
    with pytest.raises(KeyError):
        found["angle_mean"]


def test_a_comparison_says_what_it_found(rng):
    truth = colors(rng).astype(np.float64)
    found = compare(truth + 0.1, truth, measures=["rmse"])
    assert repr(found) == "<comparison of A with B: rmse 0.1>"
    assert str(found).splitlines()[-1].split() == ["rmse", "0.1", "linear", "nothing"]


def test_png_files_are_compared_code_by_code(rng, tmp_path):
    codes = rng.integers(0, 256, (2, 20, 30, 3)).astype(np.uint8)
    for name, picture in zip("ab", codes, strict=True):
        write_png(tmp_path / f"{name}.png", picture)
    found = compare(tmp_path / "a.png", tmp_path / "b.png", measures=["psnr"])
    expected = peak_signal_noise_ratio(codes[1], codes[0])
    assert found["psnr"] == pytest.approx(expected, abs=1e-9)
    assert any("taken for sRGB" in note for note in found.notes)
    arrays = compare(codes[0], codes[1], measures=["psnr"])
    assert arrays["psnr"] == pytest.approx(expected, abs=1e-9)


def test_the_display_is_that_of_the_standard(rng):
    light = np.linspace(-0.2, 1.2, 1001)[np.newaxis].astype(np.float32)
    shown = for_display(light.astype(np.float64), 1.0)
    # Codes are rounded, and their table has 65536 steps.
    assert np.abs(np.rint(255 * shown) - display_from_linear(light)).max() <= 1
    codes = np.linspace(0.0, 1.0, 1001)
    assert np.abs(for_display(from_display(codes), 1.0) - codes).max() < 1e-7


def test_an_exposure_error_shows_unless_it_is_aligned_and_then_it_is_told(rng):
    truth = colors(rng).astype(np.float64)
    dark = 0.5 * truth
    plain = compare(dark, truth, measures=["psnr"], space="linear")
    aligned = compare(dark, truth, measures=["psnr", "rmse"], space="linear", scale="global")
    assert plain["psnr"] < 20.0
    assert aligned["psnr"] > 200.0
    assert plain.figures[0].measure.aligned == "nothing"
    assert aligned.figures[0].measure.aligned == "A x 2"
    assert aligned.figures[0].measure.factors == pytest.approx((2.0,))


def test_measures_that_align_themselves_are_not_told_of_another_scale(rng):
    truth = colors(rng).astype(np.float64)
    found = compare(0.5 * truth, truth, measures=["si_mse", "shift_mse"], scale="global")
    si_mse, shift = (figure.measure for figure in found.figures)
    assert si_mse.aligned == "A x 2"
    assert shift.aligned.startswith("A x 2, then A ")


def test_albedo_is_found_by_its_layer_and_aligned_by_channel(rng, tmp_path):
    truth = colors(rng)
    a = written(tmp_path / "a.exr", truth * np.float32([0.5, 0.8, 0.25]), layer="albedo.")
    b = written(tmp_path / "b.exr", truth, layer="albedo.")
    found = compare(a, b)
    assert found.kind == "albedo"
    assert found["rmse"] < 1e-7
    assert found.figures[0].measure.factors == pytest.approx((2.0, 1.25, 4.0), rel=1e-6)


def test_normals_are_found_by_their_channels_and_unknown_ones_are_left_out(rng, tmp_path):
    truth, sure = unit_vectors(rng), np.ones((32, 40), np.float32)
    other = truth.copy()
    other[:4] = 0.0
    for name, normals in (("a", other), ("b", truth)):
        flags = np.zeros((32, 40), np.uint8)
        write_normals(tmp_path / f"{name}.exr", NormalMap(normals, sure, flags), {})
    found = compare(tmp_path / "a.exr", tmp_path / "b.exr")
    assert found.kind == "normals"
    assert found["angle_max"] == pytest.approx(0.0, abs=1e-5)
    assert found.left_out == {"zero, which is unknown": 160}


def test_normals_of_a_display_picture_are_those_of_the_map_within_codes(rng, tmp_path):
    truth = unit_vectors(rng)
    maps = NormalMap(truth, np.ones((32, 40), np.float32), np.zeros((32, 40), np.uint8))
    write_png(tmp_path / "n.png", picture_from_normals(maps))
    found = compare(tmp_path / "n.png", truth.astype(np.float64), kind="normals")
    # Half a code in each of three directions.
    assert found["angle_max"] < np.degrees(np.sqrt(3.0) / 255)
    assert any("read from codes" in note for note in found.notes)


def test_layers_of_two_names_are_compared(rng, tmp_path):
    truth = unit_vectors(rng)
    a = written(tmp_path / "a.exr", truth, layer="view.Normal.", letters="XYZ")
    write_exr(
        tmp_path / "b.exr",
        {f"N.{k}": truth[..., at] for at, k in enumerate("XYZ")} | {"R": truth[..., 0]},
        attributes={},
    )
    found = compare(a, tmp_path / "b.exr", layer="view.Normal,N")
    assert found.kind == "normals"
    assert (found.first.layer, found.second.layer) == ("view.Normal", "N")
    with pytest.raises(UsageError, match=r"no layer 'view.normal'.*Did you mean 'view.Normal'"):
        compare(a, a, layer="view.normal")


def test_a_file_of_several_layers_asks_which(rng, tmp_path):
    picture = colors(rng)
    channels = {f"{layer}.{k}": picture[..., 0] for layer in ("integral", "moment") for k in "RGB"}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    with pytest.raises(UsageError, match=r"several layers, 'integral', 'moment'. Say which"):
        compare(tmp_path / "a.exr", tmp_path / "a.exr")


def test_depth_is_a_number_and_zero_is_unknown(rng, tmp_path):
    depth = rng.uniform(0.1, 0.2, (32, 40)).astype(np.float32)
    depth[0] = 0.0
    for name, plane in (("a", 1.5 * depth), ("b", depth)):
        write_exr(tmp_path / f"{name}.exr", {"Z": plane, "confidence.Y": depth}, attributes={})
    found = compare(tmp_path / "a.exr", tmp_path / "b.exr")
    assert found.kind == "number"
    assert found["eigen_log"] == pytest.approx(0.0, abs=1e-12)
    assert found.left_out == {"zero, which is unknown": 40}
    assert {figure.space for figure in found.figures} == {None}
    assert not found.notes


def test_masks_are_compared_as_masks(tmp_path):
    inside = np.zeros((20, 20), bool)
    inside[5:15, 5:15] = True
    shifted = np.roll(inside, 5, axis=1)
    assert compare(inside, shifted)["dice_loss"] == pytest.approx(0.5, abs=1e-6)
    for name, mask in (("a", inside), ("b", shifted)):
        codes = np.repeat(255 * mask[..., np.newaxis].astype(np.uint8), 3, axis=-1)
        write_png(tmp_path / f"{name}.png", codes)
    found = compare(tmp_path / "a.png", tmp_path / "b.png", kind="mask")
    assert found["dice_loss"] == pytest.approx(0.5, abs=1e-6)


def test_the_mask_of_a_truth_is_taken_from_its_file(rng, tmp_path):
    truth = colors(rng).astype(np.float64)
    inside = rng.random((32, 40)) > 0.5
    np.savez(tmp_path / "truth.npz", albedo=truth, mask=inside)
    other = np.where(inside[..., np.newaxis], truth, 7.0)
    found = compare(other, tmp_path / "truth.npz", mask=tmp_path / "truth.npz", measures=["rmse"])
    assert found["rmse"] == 0.0
    assert found.used.sum() == inside.sum()
    np.savez(tmp_path / "none.npz", albedo=truth)
    with pytest.raises(UsageError, match=r"none.npz: it has no layer 'mask'"):
        compare(truth, truth, mask=tmp_path / "none.npz")


def test_a_map_is_compared_by_direction(rng):
    truth = rng.uniform(0.0, 4.0, (16, 32, 3))
    found = compare(1.7 * (1.0 + truth) - 1.0, truth, kind="environment")
    assert found["env_l1"] == pytest.approx(np.log(1.7), rel=1e-12)
    assert found["env_l2"] == pytest.approx(np.log(1.7) ** 2, rel=1e-12)
    codes = np.full((16, 32, 3), 255, np.uint8)
    assert "it is no HDR map" in compare(codes, truth, kind="environment").notes[1]
    with pytest.raises(UsageError, match="twice as wide as high"):
        compare(truth[:, :20], truth[:, :20], kind="environment")


def test_what_counts_is_told(rng):
    truth = colors(rng).astype(np.float64)
    other = truth.copy()
    other[0, 0], other[20, 3, 1], other[30] = np.nan, np.inf, 7.0
    mask = np.ones((32, 40), bool)
    mask[30] = False
    found = compare(other, truth, mask=mask)
    assert found.left_out == {"outside the mask": 40, "not finite numbers": 2}
    assert found.used.sum() == 32 * 40 - 42
    assert found["psnr"] == np.inf


def test_empty_background_without_a_mask_is_told(rng):
    truth = colors(rng).astype(np.float64)
    truth[:16] = 0.0
    assert any("50 % of what counts is 0 in both" in note for note in compare(truth, truth).notes)
    assert not compare(truth, truth, mask=truth.any(axis=-1)).notes


def test_what_a_display_clips_is_told(rng):
    truth = 4.0 * colors(rng).astype(np.float64)
    assert any("clipped" in note for note in compare(truth, truth).notes)
    assert not compare(truth, truth, exposure_stops=-2.0).notes


def test_pictures_in_two_colors_are_brought_to_one(rng, tmp_path):
    truth = colors(rng)
    aces = converted(truth, source="rec709", target="acescg")
    a = written(tmp_path / "a.exr", aces, attributes=color_attributes("acescg"))
    b = written(tmp_path / "b.exr", truth, attributes=color_attributes("rec709"))
    found = compare(a, b, measures=["rmse"])
    assert found["rmse"] < 1e-6
    assert found.notes == ("A was converted from acescg to rec709",)
    c = written(tmp_path / "c.exr", truth, attributes=color_attributes("camera"))
    assert "compared as they are" in compare(c, b).notes[0]


def test_a_measure_that_does_not_fit_is_told_beside_the_others(rng):
    small = colors(rng, (8, 9)).astype(np.float64)
    found = compare(small, small)
    assert [figure.measure.name for figure in found.figures] == ["psnr", "si_mse"]
    assert set(found.refused) == {"ssim", "lmse"}
    with pytest.raises(UsageError, match="nothing could be measured"):
        compare(small, small, measures=["ssim"])


def test_pictures_that_do_not_fit_are_refused(rng):
    truth = colors(rng).astype(np.float64)
    with pytest.raises(UsageError, match="A is 40 x 32 px, B is 39 x 32 px; one size"):
        compare(truth, truth[:, 1:])
    with pytest.raises(UsageError, match="A is gray, B has three channels"):
        compare(truth[..., 0], truth)
    with pytest.raises(UsageError, match="mask: it is 40 x 31 px for pictures of 40 x 32"):
        compare(truth, truth, mask=np.ones((31, 40), bool))
    with pytest.raises(UsageError, match=r"no pixel of A and B counts: 1,280 outside the mask"):
        compare(truth, truth, mask=np.zeros((32, 40), bool))
    with pytest.raises(UsageError, match="an array of shape"):
        compare(truth[np.newaxis], truth)


def test_what_cannot_be_meant_is_refused(rng, tmp_path):
    truth = colors(rng).astype(np.float64)
    with pytest.raises(UsageError, match=r"for normals there are angle"):
        compare(truth, truth, kind="normals", measures=["psnr"])
    with pytest.raises(UsageError, match="normals have no brightness"):
        compare(truth, truth, kind="normals", scale="global")
    with pytest.raises(UsageError, match="a peak above 0"):
        compare(truth, truth, peak=0.0)
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(FileError, match="is no picture that is compared"):
        compare(tmp_path / "a.txt", truth)
    a = written(tmp_path / "a.exr", unit_vectors(rng), layer="N.", letters="XYZ")
    with pytest.raises(UsageError, match="shows normals, B a picture; both must show the same"):
        compare(a, truth)


def test_every_kind_has_usual_measures_that_it_allows():
    for kind, usual in USUAL.items():
        assert usual
        assert set(usual) <= set(ALLOWED[kind]) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_measure_is_explained(name):
    page = (Path(__file__).resolve().parents[2] / "docs" / "measures.md").read_text("utf-8")
    assert f"| `{name}` |" in page or f"`{name}_" in page
