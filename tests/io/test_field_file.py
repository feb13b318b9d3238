"""The reflectance field on disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import dask.array
import numpy as np
import pytest
import zarr
from numpy.testing import assert_array_equal

import olat
from olat.errors import FileError
from olat.io.field_file import create_field, open_field, remove_planes, write_plane
from olat.io.field_layout import with_checksum
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.field import FieldHeader, LightPlane, confidence_codes
from olat.model.rig import LightRig

LIGHTS = (3, 4, 9)
ROWS = 11
SIZES = [(40, 24), (64, 24), (1, 1), (33, 7)]


def header(height=40, width=24, *, camera="front", white=1.0, lights=LIGHTS, rows=ROWS):
    directions = fibonacci_sphere(ROWS)[list(lights)]
    rig = LightRig(
        name="sphere",
        directions=directions,
        intensities=np.full((len(lights), 3), white),
        positions=1.3 * directions,
        names=tuple("abcdefghijk"[light] for light in lights),
    )
    return FieldHeader("take 7", camera, height, width, rows, rig, lights, solid_angles(directions))


def planes(rng, height=40, width=24):
    return [
        LightPlane(
            light,
            rng.normal(size=(3, height, width)).astype(np.float16),
            rng.integers(0, 255, (height, width)).astype(np.uint8),
        )
        for light in LIGHTS
    ]


def written(path, rng, head=None):
    head = head or header()
    whole = planes(rng, head.height, head.width)
    create_field(path, head)
    for plane in whole:
        write_plane(path, plane)
    return whole


def shard(path, light):
    return path / f"reflectance/c/{light}/0/0/0"


@pytest.mark.parametrize("size", SIZES)
def test_a_field_comes_back_as_it_was(tmp_path, rng, size):
    whole = written(tmp_path / "field.zarr", rng, header(*size))
    field = open_field(tmp_path / "field.zarr")
    assert field.shape == (3, *size)
    for row, plane in enumerate(whole):
        assert_array_equal(field.planes[row], plane.reflectance)
        assert_array_equal(field.flag_planes[row], plane.flags)


def test_the_header_comes_back_as_it_was(tmp_path, rng):
    written(tmp_path / "field.zarr", rng)
    found, wanted = open_field(tmp_path / "field.zarr").header, header()
    assert (found.session, found.camera, found.lights) == ("take 7", "front", LIGHTS)
    assert (found.height, found.width, found.rows) == (40, 24, ROWS)
    assert (found.rig.name, found.rig.names) == ("sphere", ("d", "e", "j"))
    for name in ("directions", "intensities", "positions"):
        assert_array_equal(getattr(found.rig, name), getattr(wanted.rig, name))
    assert_array_equal(found.solid_angles, wanted.solid_angles)


@pytest.mark.parametrize("size", SIZES)
def test_stock_zarr_and_dask_read_the_same(tmp_path, rng, size):
    whole = written(tmp_path / "field.zarr", rng, header(*size))
    group = zarr.open_group(tmp_path / "field.zarr", mode="r")
    assert group["reflectance"].shape == (ROWS, 3, *size)
    assert group["flags"].shape == (ROWS, *size)
    for plane in whole:
        assert_array_equal(group["reflectance"][plane.light], plane.reflectance)
        assert_array_equal(group["flags"][plane.light], plane.flags)
    lazy = dask.array.from_zarr(str(tmp_path / "field.zarr"), component="reflectance")
    assert_array_equal(lazy[4, :, -1].compute(), whole[1].reflectance[:, -1])


def test_stock_zarr_knows_axes_scale_and_origin(tmp_path, rng):
    written(tmp_path / "field.zarr", rng)
    group = zarr.open_group(tmp_path / "field.zarr", mode="r")
    assert group["reflectance"].metadata.dimension_names == ("light", "channel", "y", "x")
    assert group["flags"].metadata.dimension_names == ("light", "y", "x")
    assert group["reflectance"].chunks == (1, 1, 32, 24)
    assert group.attrs["schema"] == 1
    assert group.attrs["olat"] == olat.__version__
    assert group.attrs["colorspace"] == "scene-linear camera RGB, not converted"
    assert group.attrs["color"] == "camera"
    assert "from the subject to the light" in group.attrs["frame"]


def test_stock_zarr_reads_a_light_without_a_plane_as_nan(tmp_path, rng):
    written(tmp_path, rng)
    shard(tmp_path, 4).unlink()
    group = zarr.open_group(tmp_path, mode="r")
    present = np.isfinite(group["reflectance"][:]).all(axis=(1, 2, 3))
    assert np.flatnonzero(present).tolist() == [3, 9]
    absent = [light for light in range(ROWS) if light not in LIGHTS]
    assert np.isnan(group["reflectance"].oindex[[*absent, 4]]).all()
    assert (group["flags"].oindex[absent] == 255).all()


@pytest.mark.parametrize("lights", [(3, 9), (4,), (9,)])
def test_leaving_lights_out_moves_no_other(tmp_path, rng, lights):
    whole = {plane.light: plane for plane in written(tmp_path, rng)}
    create_field(tmp_path, header(lights=lights))
    field = open_field(tmp_path)
    assert field.header.lights == lights
    assert_array_equal(field.header.rig.directions, fibonacci_sphere(ROWS)[list(lights)])
    strip, flags = field.read_rows(30, 34)
    for row, light in enumerate(lights):
        assert_array_equal(field.planes[row], whole[light].reflectance)
        assert_array_equal(field.flag_planes[row], whole[light].flags)
        assert_array_equal(strip[row], whole[light].reflectance[:, 30:34])
        assert_array_equal(flags[row], whole[light].flags[30:34])


def test_leaving_a_light_out_rewrites_one_document(tmp_path, rng):
    written(tmp_path, rng)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
    create_field(tmp_path, header(lights=(3, 9)))
    after = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
    assert {file for file in after if after[file] != before.get(file)} == {tmp_path / "zarr.json"}


def test_the_plane_of_a_light_that_was_left_out_may_go(tmp_path, rng):
    whole = written(tmp_path, rng)
    create_field(tmp_path, header(lights=(3, 9)))
    shard(tmp_path, 4).unlink()
    assert_array_equal(open_field(tmp_path).planes[1], whole[2].reflectance)


def test_a_light_that_comes_back_takes_its_place_again(tmp_path, rng):
    create_field(tmp_path, header(lights=(3, 9)))
    whole = planes(rng)
    for plane in (whole[0], whole[2]):
        write_plane(tmp_path, plane)
    create_field(tmp_path, header())
    with pytest.raises(FileError, match="no reflectance of light 4; all 3 lights"):
        open_field(tmp_path)
    write_plane(tmp_path, whole[1])
    field = open_field(tmp_path)
    for row, plane in enumerate(whole):
        assert_array_equal(field.planes[row], plane.reflectance)


def test_lights_that_are_added_to_the_rig_move_none(tmp_path, rng):
    whole = written(tmp_path, rng)
    create_field(tmp_path, header(rows=20))
    assert_array_equal(open_field(tmp_path).planes[1], whole[1].reflectance)
    group = zarr.open_group(tmp_path, mode="r")
    assert group["reflectance"].shape == (20, 3, 40, 24)
    assert_array_equal(group["flags"][9], whole[2].flags)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rows": 9}, "lights 3 to 9 do not fit 9 rows"),
        ({"lights": (4, 3, 9)}, "do not ascend"),
        ({"lights": (3, 3, 9)}, "do not ascend"),
        ({"lights": (-1, 3, 9)}, "lights -1 to 9 do not fit"),
        ({"lights": (3, 9)}, "2 lights, 3 in the rig and 3 solid angles"),
        ({"solid_angles": np.ones(2)}, "3 lights, 3 in the rig and 2 solid angles"),
    ],
)
def test_a_header_that_does_not_agree_with_itself_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        replace(header(), **wrong)


@pytest.mark.parametrize("rows", [(0, 40), (0, 1), (31, 33), (39, 40)])
def test_rows_are_those_of_the_planes(tmp_path, rng, rows):
    whole = written(tmp_path / "field.zarr", rng)
    strip, flags = open_field(tmp_path / "field.zarr").read_rows(*rows)
    cut = slice(*rows)
    assert_array_equal(strip, [plane.reflectance[:, cut] for plane in whole])
    assert_array_equal(flags, [plane.flags[cut] for plane in whole])


@pytest.mark.parametrize("rows", [(-1, 4), (4, 2), (7, 7), (0, 41)])
def test_rows_that_are_not_there_are_refused(tmp_path, rng, rows):
    written(tmp_path / "field.zarr", rng)
    with pytest.raises(ValueError, match="40 rows"):
        open_field(tmp_path / "field.zarr").read_rows(*rows)


def test_the_strips_of_a_field_cover_every_row_once(tmp_path, rng):
    written(tmp_path / "field.zarr", rng, header(200, 8))
    strips = open_field(tmp_path / "field.zarr").strips(budget=3 * 8 * 7 * 70)
    assert strips == [(0, 64), (64, 128), (128, 192), (192, 200)]


def test_planes_cannot_be_written_to(tmp_path, rng):
    written(tmp_path / "field.zarr", rng)
    with pytest.raises(ValueError, match="read-only"):
        open_field(tmp_path / "field.zarr").planes[0][0, 0, 0] = 1


@pytest.mark.alone
def test_reading_rows_leaves_nothing_mapped(tmp_path, rng):
    written(tmp_path / "field.zarr", rng, header(2048, 512))
    field = open_field(tmp_path / "field.zarr")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for top in range(0, 2048, 32):
        field.read_rows(top, top + 32)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 8e6  # the whole field has 22 MB


def test_rows_can_be_read_in_another_process(tmp_path, rng):
    whole = written(tmp_path / "field.zarr", rng)
    read_rows = open_field(tmp_path / "field.zarr").read_rows
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        strip, _ = pool.submit(read_rows, 3, 5).result()
    assert_array_equal(strip[2], whole[2].reflectance[:, 3:5])


def test_writing_returns_the_flags_and_last_the_reflectance(tmp_path, rng):
    path = tmp_path / "field.zarr"
    create_field(path, header())
    files = write_plane(path, planes(rng)[2])
    assert files == [path / "flags/c/9/0/0", path / "reflectance/c/9/0/0/0"]
    assert all(file.is_file() for file in files)


def test_every_worker_writes_the_same_documents(tmp_path):
    for name in ("one", "other"):
        create_field(tmp_path / name, header())
    for place in ("zarr.json", "reflectance/zarr.json", "flags/zarr.json"):
        assert (tmp_path / "one" / place).read_bytes() == (tmp_path / "other" / place).read_bytes()


def test_making_a_field_again_touches_nothing(tmp_path, rng):
    path = tmp_path / "field.zarr"
    written(path, rng)
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    create_field(path, header())
    assert {file: file.stat().st_mtime_ns for file in path.rglob("*")} == before


def test_planes_that_are_not_contiguous_are_written_as_they_look(tmp_path, rng):
    path = tmp_path / "field.zarr"
    create_field(path, header())
    interleaved = rng.normal(size=(40, 24, 3)).astype(np.float16)
    flags = np.zeros((24, 40), np.uint8)
    for light in LIGHTS:
        write_plane(path, LightPlane(light, interleaved.transpose(2, 0, 1), flags.T))
    assert_array_equal(open_field(path).planes[1], interleaved.transpose(2, 0, 1))


def test_a_light_that_the_field_does_not_list_is_refused(tmp_path, rng):
    create_field(tmp_path, header(lights=(3, 9)))
    with pytest.raises(ValueError, match=r"light 4 is none of the field's lights \(3, 9\)"):
        write_plane(tmp_path, planes(rng)[1])
    assert not (tmp_path / "flags/c").exists()


def test_planes_of_another_size_are_refused(tmp_path, rng):
    create_field(tmp_path, header())
    with pytest.raises(ValueError, match=r"\(3, 41, 24\).*needs \(3, 40, 24\)"):
        write_plane(tmp_path, planes(rng, 41)[0])


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_reflectance_that_is_not_finite_is_refused(tmp_path, rng, hole):
    create_field(tmp_path, header())
    plane = planes(rng)[0]
    plane.reflectance[1, 2, 3] = hole
    with pytest.raises(ValueError, match="light 3 has reflectance that is not finite"):
        write_plane(tmp_path, plane)


def test_a_missing_light_is_named(tmp_path, rng):
    written(tmp_path, rng)
    shard(tmp_path, 4).unlink()
    with pytest.raises(FileError, match="no reflectance of light 4; all 3 lights"):
        open_field(tmp_path)


@pytest.mark.parametrize("size", [0, 1, 100, 3000, -1])
def test_a_torn_plane_is_not_opened(tmp_path, rng, size):
    written(tmp_path, rng)
    with shard(tmp_path, 4).open("r+b") as file:
        file.truncate(size % shard(tmp_path, 4).stat().st_size)
    with pytest.raises(FileError, match="without a sound index"):
        open_field(tmp_path)


@pytest.mark.parametrize("other", [{"camera": "left"}, {"white": 2.0}])
def test_a_plane_that_was_made_for_something_else_is_not_opened(tmp_path, rng, other):
    written(tmp_path, rng)
    create_field(tmp_path, header(**other))
    with pytest.raises(FileError, match="another light, camera, intensity or color"):
        open_field(tmp_path)


def test_planes_of_a_field_of_another_size_are_not_opened(tmp_path, rng):
    written(tmp_path, rng)
    create_field(tmp_path, header(height=72))
    with pytest.raises(FileError, match="without a sound index"):
        open_field(tmp_path)


def test_a_file_that_shrinks_after_opening_is_noticed(tmp_path, rng):
    written(tmp_path, rng)
    field = open_field(tmp_path)
    os.truncate(shard(tmp_path, 9), 64 * 24 * 2 * 2)
    with pytest.raises(FileError, match="end before row"):
        field.read_rows(8, 16)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "found no 'zarr.json'"),
        (b"", "no readable JSON"),
        (b"{not json", "no readable JSON"),
        (b"[]", "needed a JSON object"),
        (b'{"zarr_format": 3, "node_type": "group", "attributes": {}}', "group of another kind"),
        (b'{"attributes": {"kind": "olat reflectance field", "schema": 9}}', "schema 9"),
        (b'{"attributes": {"kind": "olat reflectance field", "schema": 1}}', "do not describe"),
    ],
)
def test_what_is_no_field_is_told_so(tmp_path, content, words):
    if content is not None:
        (tmp_path / "zarr.json").write_bytes(content)
    with pytest.raises(FileError, match=words):
        open_field(tmp_path)


def test_a_field_that_another_program_compressed_is_still_read(tmp_path, rng):
    whole = written(tmp_path, rng)
    group = zarr.open_group(tmp_path, mode="a")
    pixels = group["reflectance"][:]
    group.create_array(
        "reflectance", data=pixels, chunks=(1, 3, 16, 24), overwrite=True, fill_value=np.nan
    )
    field = open_field(tmp_path)
    assert_array_equal(field.planes[2], whole[2].reflectance)
    assert_array_equal(field.flag_planes[-1], whole[2].flags)
    assert len(field.planes[:2]) == 2
    strip, flags = field.read_rows(5, 9)
    assert_array_equal(strip, [plane.reflectance[:, 5:9] for plane in whole])
    assert_array_equal(flags, [plane.flags[5:9] for plane in whole])


def test_a_plane_that_stock_zarr_wrote_into_a_field_is_still_read(tmp_path, rng):
    whole = written(tmp_path, rng)
    zarr.open_group(tmp_path, mode="a")["reflectance"][4] = whole[0].reflectance
    assert_array_equal(open_field(tmp_path).planes[1], whole[0].reflectance)


def test_a_missing_plane_of_a_compressed_field_is_noticed(tmp_path, rng):
    whole = written(tmp_path, rng)
    group = zarr.open_group(tmp_path, mode="a")
    pixels = group["reflectance"][:]
    pixels[4] = np.nan
    group.create_array("reflectance", data=pixels, overwrite=True, fill_value=np.nan)
    field = open_field(tmp_path)
    assert_array_equal(field.planes[2], whole[2].reflectance)
    for ask in (lambda: field.planes[1], lambda: field.read_rows(0, 8)):
        with pytest.raises(FileError, match="missing"):
            ask()


def test_a_foreign_array_of_another_shape_is_refused(tmp_path, rng):
    written(tmp_path, rng)
    group = zarr.open_group(tmp_path, mode="a")
    group.create_array("flags", shape=(3, 40, 24), dtype="uint8", overwrite=True)
    with pytest.raises(FileError, match=r"\[3, 40, 24\]; needed uint8 \[11, 40, 24\]"):
        open_field(tmp_path)


def test_a_codec_that_zarr_does_not_know_is_told_so(tmp_path, rng):
    written(tmp_path, rng)
    place = tmp_path / "reflectance/zarr.json"
    document = json.loads(place.read_bytes())
    document["codecs"] = [{"name": "no such codec"}]
    place.write_text(json.dumps(document))
    with pytest.raises(FileError, match="no array that zarr can open"):
        open_field(tmp_path)


def test_the_checksum_is_that_of_the_standard():
    # The check value of CRC-32C (RFC 3720, appendix B.4, and every catalogue of checksums).
    assert with_checksum(b"123456789")[-4:] == (0xE3069283).to_bytes(4, "little")


# Confidence, where frames were moved


def moved(rng, plane):
    confidence = rng.integers(0, 256, plane.flags.shape).astype(np.uint8)
    return replace(plane, confidence=confidence)


def written_in_part_moved(path, rng, head=None):
    """Write a field of which the frames of lights 3 and 9 were moved, but that of 4 was not."""
    head = head or header()
    first, second, third = planes(rng, head.height, head.width)
    whole = [moved(rng, first), second, moved(rng, third)]
    create_field(path, head)
    for plane in whole:
        write_plane(path, plane)
    return whole


def assert_confidence_is(field, whole):
    for row, plane in enumerate(whole):
        if plane.confidence is None:
            assert field.confidence_planes[row] is None
        else:
            assert_array_equal(field.confidence_planes[row], plane.confidence)
    expected = [
        np.full(plane.flags.shape, 255) if plane.confidence is None else plane.confidence
        for plane in whole
    ]
    assert_array_equal(field.read_confidence(0, 1), [plane[:1] for plane in expected])
    height = field.header.height
    assert_array_equal(field.read_confidence(0, height), expected)
    assert field.read_confidence(0, height).dtype == np.uint8


def test_a_confidence_is_stored_to_half_a_part_in_255():
    confidence = np.linspace(0.0, 1.0, 10001, dtype=np.float32).reshape(73, 137)
    codes = confidence_codes(confidence)
    error = np.abs(codes / 255.0 - confidence).max()
    print(f"confidence, largest error of a round trip: {error:.6f}; a part in 255 is {1 / 255:.6f}")
    assert error < 0.5 / 255 + 1e-7
    extremes = np.array([[0.0, 1.0, 1.0 + 1e-6, -1e-6, np.nan]], np.float32)
    assert confidence_codes(extremes).tolist() == [[0, 255, 255, 0, 0]]


@pytest.mark.parametrize("size", SIZES)
def test_the_confidence_comes_back_as_it_was(tmp_path, rng, size):
    whole = written_in_part_moved(tmp_path, rng, header(*size))
    field = open_field(tmp_path)
    assert_confidence_is(field, whole)
    for row, plane in enumerate(whole):
        assert_array_equal(field.planes[row], plane.reflectance)
        assert_array_equal(field.flag_planes[row], plane.flags)
    with pytest.raises(ValueError, match="not among the field's"):
        field.read_confidence(0, size[0] + 1)


def test_a_field_that_was_not_moved_has_no_array_of_confidence(tmp_path, rng):
    # Such are the fields from before confidence was stored, to the byte.
    written(tmp_path, rng)
    assert sorted(place.name for place in tmp_path.iterdir()) == [
        "flags",
        "reflectance",
        "zarr.json",
    ]
    field = open_field(tmp_path)
    assert field.confidence_planes == ()
    assert field.read_confidence(0, 40) is None


@pytest.mark.parametrize("size", SIZES)
def test_stock_zarr_and_dask_read_the_same_confidence(tmp_path, rng, size):
    whole = written_in_part_moved(tmp_path, rng, header(*size))
    group = zarr.open_group(tmp_path, mode="r")
    assert group["confidence"].shape == (ROWS, *size)
    assert group["confidence"].metadata.dimension_names == ("light", "y", "x")
    for plane in (whole[0], whole[2]):
        assert_array_equal(group["confidence"][plane.light], plane.confidence)
    assert (group["confidence"][4] == 255).all()
    lazy = dask.array.from_zarr(str(tmp_path), component="confidence")
    assert_array_equal(lazy[9, :, -1].compute(), whole[2].confidence[:, -1])


def test_a_lost_confidence_is_not_taken_for_certainty(tmp_path, rng):
    written_in_part_moved(tmp_path, rng)
    (tmp_path / "confidence/c/9/0/0").unlink()
    with pytest.raises(FileError, match="found no confidence of light 9"):
        open_field(tmp_path)


def test_a_torn_confidence_is_not_opened(tmp_path, rng):
    written_in_part_moved(tmp_path, rng)
    os.truncate(tmp_path / "confidence/c/3/0/0", 500)
    with pytest.raises(FileError, match="without a sound index"):
        open_field(tmp_path)


def test_a_confidence_comes_before_the_reflectance_and_with_its_document(tmp_path, rng):
    create_field(tmp_path, header())
    files = write_plane(tmp_path, moved(rng, planes(rng)[2]))
    names = ["flags/c/9/0/0", "confidence/c/9/0/0", "reflectance/c/9/0/0/0"]
    assert files == [tmp_path / name for name in names]
    assert create_field(tmp_path, header())[-1] == tmp_path / "confidence/zarr.json"


def test_a_plane_that_is_made_again_without_motion_loses_its_confidence(tmp_path, rng):
    whole = written_in_part_moved(tmp_path, rng)
    still = [replace(plane, confidence=None) for plane in whole]
    write_plane(tmp_path, still[0])
    assert_confidence_is(open_field(tmp_path), [still[0], *whole[1:]])
    assert (zarr.open_group(tmp_path, mode="r")["confidence"][3] == 255).all()
    write_plane(tmp_path, still[2])
    remove_planes(tmp_path, keep=LIGHTS)
    assert not (tmp_path / "confidence").exists()
    assert open_field(tmp_path).read_confidence(0, 40) is None


def test_the_confidence_of_a_light_that_is_left_out_goes_with_its_plane(tmp_path, rng):
    whole = written_in_part_moved(tmp_path, rng)
    create_field(tmp_path, header(lights=(4, 9)))
    remove_planes(tmp_path, keep=(4, 9))
    assert not (tmp_path / "confidence/c/3").exists()
    assert_confidence_is(open_field(tmp_path), whole[1:])


def test_lights_that_are_added_to_the_rig_move_no_confidence(tmp_path, rng):
    whole = written_in_part_moved(tmp_path, rng)
    create_field(tmp_path, header(rows=20))
    assert_confidence_is(open_field(tmp_path), whole)
    assert zarr.open_group(tmp_path, mode="r")["confidence"].shape == (20, 40, 24)


def test_the_confidence_of_a_field_that_another_program_compressed_is_still_read(tmp_path, rng):
    whole = written_in_part_moved(tmp_path, rng)
    group = zarr.open_group(tmp_path, mode="a")
    for name in ("confidence", "reflectance"):
        content, missing = group[name][:], group[name].fill_value
        group.create_array(name, data=content, overwrite=True, fill_value=missing)
    field = open_field(tmp_path)
    for row in (0, 2):
        assert_array_equal(field.confidence_planes[row], whole[row].confidence)
    assert (field.confidence_planes[1] == 255).all()
    assert_array_equal(field.read_confidence(5, 9)[2], whole[2].confidence[5:9])


def test_a_confidence_of_another_size_is_refused(tmp_path, rng):
    create_field(tmp_path, header())
    plane = replace(planes(rng)[0], confidence=np.zeros((41, 24), np.uint8))
    with pytest.raises(ValueError, match=r"\(40, 24\) and \(41, 24\); the field needs"):
        write_plane(tmp_path, plane)


def test_strips_make_room_for_the_confidence(tmp_path, rng):
    written_in_part_moved(tmp_path, rng, header(200, 8))
    strips = open_field(tmp_path).strips(budget=3 * 8 * 8 * 64)
    assert strips == [(0, 64), (64, 128), (128, 192), (192, 200)]
    assert open_field(tmp_path).strips(budget=3 * 8 * 7 * 64)[0] == (0, 32)


def _write_for_ever(path, plane):
    while True:
        write_plane(path, plane)


@pytest.mark.slow
@pytest.mark.alone
def test_killing_a_writer_leaves_no_torn_plane(tmp_path, rng):
    size = (512, 512)
    whole = written(tmp_path, rng, header(*size))
    for delay in np.linspace(0.05, 0.4, 6):
        process = multiprocessing.get_context("fork").Process(
            target=_write_for_ever, args=(tmp_path, whole[1])
        )
        shard(tmp_path, 4).unlink()
        process.start()
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        if shard(tmp_path, 4).exists():
            assert_array_equal(open_field(tmp_path).planes[1], whole[1].reflectance)
        else:
            with pytest.raises(FileError, match="no reflectance of light 4"):
                open_field(tmp_path)
            write_plane(tmp_path, whole[1])
