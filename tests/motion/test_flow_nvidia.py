"""NVIDIA's optical flow against a driver of our own making, where there is no GPU."""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from olat.motion import flow_nvidia, nvidia_structs
from olat.motion.flow import flow_between
from olat.motion.flow_dis import dis
from olat.motion.flow_nvidia import NvidiaFlow, nvidia_or_dis
from olat.motion.methods import flow_method
from olat.motion.nvidia_driver import NvidiaError
from olat.motion.nvidia_engine import Engine, decoded, encoded
from olat.motion.nvidia_probe import known_pair, probe, trouble
from tests.support.nvidia_stub import compiled_stub

SIZE = (61, 97)
STEP = 1 / 32
"""The stub finds whole pixels and adds a step right and takes one up, the smallest it can tell."""
EXTRA = np.array([STEP, -STEP], np.float32)
PITCH = 512
FUNCTIONS = (
    "NvOFAPICreateInstanceCuda",
    "nvCreateOpticalFlowCuda",
    "nvOFGetCaps",
    "nvOFInit",
    "nvOFCreateGPUBufferCuda",
    "nvOFGPUBufferGetStrideInfo",
    "nvOFExecute",
)
CUDA_FUNCTIONS = (
    "cuInit",
    "cuDeviceGet",
    "cuDeviceGetName",
    "cuDevicePrimaryCtxRetain",
    "cuCtxSetCurrent",
    "cuMemcpy2D_v2",
    "cuCtxSynchronize",
)


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    gc.freeze()  # each test collects its garbage: not among all that was imported
    return compiled_stub(tmp_path_factory.mktemp("nvidia"))


@pytest.fixture(autouse=True)
def stub(library: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ctypes.CDLL]:
    """Let both libraries be the stub, and ask nobody what was found before."""
    for variable in ("OLAT_NVOF_LIBRARY", "OLAT_CUDA_LIBRARY"):
        monkeypatch.setenv(variable, str(library))
    loaded = ctypes.CDLL(str(library))
    loaded.stub_reset()
    flow_nvidia._trouble.cache_clear()
    flow_nvidia._shared.cache_clear()
    yield loaded
    flow_nvidia._trouble.cache_clear()
    flow_nvidia._shared.cache_clear()
    gc.collect()


def moved(rng: np.random.Generator, shift: tuple[int, int], size: tuple[int, int] = SIZE):
    """Return noise, and the same noise moved by whole pixels (right, down)."""
    margin = max(map(abs, shift))
    height, width = size
    scene = rng.integers(0, 256, (height + 2 * margin, width + 2 * margin), np.uint8)
    dx, dy = shift
    reference = scene[margin:, margin:][:height, :width]
    return reference, scene[margin - dy :, margin - dx :][:height, :width]


def shift_field(shift: tuple[int, int], size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.broadcast_to(np.array(shift, np.float32), (*size, 2)).copy()


# What goes over the border to C


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("InitParams", 48),
        ("BufferDescriptor", 16),
        ("ExecuteInput", 56),
        ("ExecuteOutput", 24),
        ("StrideInfo", 28),
        ("FunctionList", 96),
        ("Copy2D", 128),
    ],
)
def test_a_structure_is_as_long_as_the_compiler_makes_it(name, size, stub) -> None:
    assert ctypes.sizeof(getattr(nvidia_structs, name)) == size
    assert stub.stub_sizeof(name.encode()) == size


@pytest.mark.parametrize(
    ("name", "field", "offset"),
    [
        ("InitParams", "enable_cost", 28),
        ("InitParams", "private", 32),
        ("InitParams", "enable_roi", 44),
        ("ExecuteInput", "disable_temporal_hints", 24),
        ("ExecuteInput", "private", 32),
        ("ExecuteInput", "roi_count", 44),
        ("ExecuteInput", "rois", 48),
        ("StrideInfo", "plane_count", 24),
        ("Copy2D", "source_pitch", 48),
        ("Copy2D", "target_type", 72),
        ("Copy2D", "target_pitch", 104),
        ("Copy2D", "rows", 120),
    ],
)
def test_a_field_lies_where_c_looks_for_it(name, field, offset) -> None:
    assert getattr(getattr(nvidia_structs, name), field).offset == offset


def test_the_functions_stand_in_the_order_of_the_library() -> None:
    assert [name for name, _ in nvidia_structs.FunctionList._fields_] == [
        "nvCreateOpticalFlowCuda",
        "nvOFInit",
        "nvOFCreateGPUBufferCuda",
        "nvOFGPUBufferGetCUarray",
        "nvOFGPUBufferGetCUdeviceptr",
        "nvOFGPUBufferGetStrideInfo",
        "nvOFSetIOCudaStreams",
        "nvOFExecute",
        "nvOFDestroyGPUBufferCuda",
        "nvOFDestroy",
        "nvOFGetLastError",
        "nvOFGetCaps",
    ]


@pytest.mark.parametrize(
    ("raw", "pixels"),
    [(32, 1.0), (-1, -1 / 32), (0, 0.0), (32767, 1023.96875), (-32768, -1024.0), (1, 1 / 32)],
)
def test_vectors_have_five_bits_of_fraction(raw: int, pixels: float) -> None:
    assert_array_equal(decoded(np.full((1, 1, 2), raw, np.int16)), np.float32(pixels))


@given(arrays(np.int16, (3, 5, 2)))
def test_a_start_flow_comes_back_to_the_bit(vectors: np.ndarray) -> None:
    assert_array_equal(encoded(decoded(vectors), grid=1), vectors)


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 4, 8]))
def test_a_square_starts_at_the_mean_of_its_pixels(rows: int, columns: int, grid: int) -> None:
    rng = np.random.default_rng(rows * 100 + columns)
    hint = rng.integers(-3, 4, (rows, columns, 2)).astype(np.float32)
    found = encoded(hint, grid=grid)
    assert found.shape == (-(-rows // grid), -(-columns // grid), 2)
    if rows >= grid and columns >= grid:
        expected = hint[:grid, :grid].mean(axis=(0, 1))
        # Rounded to the nearest step of 1/32.
        assert_allclose(found[0, 0] / 32, expected, rtol=0, atol=STEP / 2 + 1e-6)


def test_a_start_flow_beyond_ten_bits_becomes_the_largest() -> None:
    hint = np.array([[[5000.0, -5000.0]]], np.float32)
    assert_array_equal(encoded(hint, grid=1), [[[32767, -32768]]])


# Motion


@pytest.mark.parametrize("shift", [(2, 1), (-3, 5), (0, -8), (0, 0)])
@pytest.mark.parametrize("size", [(61, 97), (64, 64), (40, PITCH), (33, PITCH + 44)])
def test_a_shift_is_found_in_the_right_direction(shift, size, rng, stub) -> None:
    reference, moving = moved(rng, shift, size)
    with closing(Engine(size, grid=1)) as engine:
        found = engine.solve(reference, moving)
        back = engine.solve(moving, reference)
    assert_array_equal(found.flow, shift_field(shift, size) + EXTRA)
    assert_array_equal(back.flow, -shift_field(shift, size) + EXTRA)
    assert stub.stub_executed() == 2


@pytest.mark.parametrize(("asked", "given"), [(None, 2), (1, 1), (2, 2), (4, 4)])
def test_two_pixels_share_a_vector_unless_another_grid_is_asked_for(asked, given, rng) -> None:
    with closing(Engine(SIZE, grid=asked)) as engine:
        found = engine.solve(*moved(rng, (2, 1)))
    rows, columns = (-(-side // given) for side in SIZE)
    assert (found.grid, found.flow.shape) == (given, (rows, columns, 2))


def test_a_grid_that_is_not_on_offer_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("STUB_TURING", "1")
    with pytest.raises(NvidiaError, match="offers grids of 4 px; 2 px was asked"):
        Engine(SIZE, grid=2)


def test_every_cost_lies_where_its_vector_does(rng) -> None:
    with closing(Engine(SIZE, grid=1)) as engine:
        found = engine.solve(*moved(rng, (2, 1)))
    y, x = np.indices(SIZE)
    assert_array_equal(found.cost, (x + 3 * y) % 256)


def test_a_turing_gpu_gives_a_vector_for_four_by_four_pixels(rng, monkeypatch) -> None:
    monkeypatch.setenv("STUB_TURING", "1")
    with closing(Engine(SIZE)) as engine:
        found = engine.solve(*moved(rng, (2, 1)))
    assert (found.grid, found.flow.shape, found.cost.shape) == (4, (16, 25, 2), (16, 25))


@pytest.mark.parametrize("turing", [False, True])
def test_flow_and_trust_are_given_for_every_pixel_of_the_picture(turing, rng, monkeypatch) -> None:
    if turing:
        monkeypatch.setenv("STUB_TURING", "1")
    flow, confidence = NvidiaFlow()(*moved(rng, (-3, 5)))
    # Reading between equal vectors costs a rounding.
    assert_allclose(flow, shift_field((-3, 5)) + EXTRA, rtol=0, atol=1e-5)
    # There and back leaves two steps in x and in y: 0.09 px of 1 px.
    assert confidence.shape == SIZE
    assert confidence.min() > 0.99


def test_vectors_of_squares_belong_to_their_middles(rng, monkeypatch) -> None:
    monkeypatch.setenv("STUB_TURING", "1")
    monkeypatch.setenv("STUB_RAMP", "1")
    flow, _ = NvidiaFlow()(*moved(rng, (2, 1)))
    rows, columns = (
        # Square k has its middle at 4 k + 1.5; beyond the outermost middles the flow is level.
        np.clip((np.arange(side) - 1.5) / 4, 0, -(-side // 4) - 1)
        for side in SIZE
    )
    expected = np.stack(np.meshgrid(columns, rows), axis=-1) * STEP + (2, 1) + EXTRA
    assert_allclose(flow, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("turing", [False, True])
def test_with_a_start_flow_motion_beyond_the_search_range_is_found(
    turing, rng, monkeypatch
) -> None:
    if turing:
        monkeypatch.setenv("STUB_TURING", "1")
    pair = moved(rng, (20, -15))
    nvidia = NvidiaFlow()
    cold, _ = nvidia(*pair)
    assert np.linalg.norm(cold[0, 0] - (20, -15)) > 5
    flow, confidence = nvidia(*pair, shift_field((18, -14)))
    assert_allclose(flow, shift_field((20, -15)) + EXTRA, rtol=0, atol=1e-4)
    assert confidence.min() > 0.99


def test_two_frames_in_linear_light_are_followed(rng, monkeypatch) -> None:
    shift = (4, -6)
    frames = [np.square(codes / np.float32(255)) for codes in moved(rng, shift, (256, 300))]
    reference, moving = (np.repeat(f[..., None], 3, axis=2).astype(np.float32) for f in frames)
    method = flow_method("nvidia")
    flow, confidence = flow_between(reference, moving, preset="fine", method=method)
    inner = (slice(30, -30), slice(30, -30))
    # The stub is off by a step; what every flow ends with takes that off.
    assert_allclose(flow[inner], shift_field(shift, (256, 300))[inner], rtol=0, atol=STEP / 2)
    assert confidence[inner].min() > 0.9


# Giving back


def test_a_closed_engine_holds_nothing(rng, stub) -> None:
    engine = Engine(SIZE, hinted=True)
    engine.solve(*moved(rng, (2, 1)), shift_field((0, 0)))
    assert stub.stub_buffers() == 5
    engine.close()
    assert stub.stub_alive() == 0
    engine.close()


def test_a_lost_engine_holds_nothing(stub) -> None:
    engine = Engine(SIZE)
    assert stub.stub_buffers() == 4
    del engine
    gc.collect()
    assert stub.stub_alive() == 0


def test_the_engine_is_kept_for_pairs_of_like_size_and_changed_for_others(rng, stub) -> None:
    nvidia = NvidiaFlow()
    alive, engines = [], []
    for size in (SIZE, (128, 64), (129, 64), SIZE):
        nvidia(*moved(rng, (1, 2), size))
        alive.append((stub.stub_alive(), stub.stub_buffers()))
        engines.append(stub.stub_sessions())
    nvidia(*moved(rng, (1, 2)), shift_field((0, 0)))
    assert engines == [1, 1, 2, 3]
    # One device, one session; four buffers, and a fifth for the start flow.
    assert alive == [(6, 4)] * 4
    assert (stub.stub_alive(), stub.stub_buffers()) == (7, 5)
    nvidia.close()
    assert stub.stub_alive() == 0


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("status", range(1, 12))
def test_a_refusal_is_named_and_leaves_nothing_behind(
    function, status, rng, stub, monkeypatch
) -> None:
    monkeypatch.setenv("STUB_FAIL", f"{function}:{status}")
    name = nvidia_structs.STATUS_NAMES[status]
    with pytest.raises(NvidiaError, match=rf"^{function} answered {name} \({status}\)") as caught:
        NvidiaFlow()(*moved(rng, (2, 1)))
    assert stub.stub_alive() == 0
    has_session = function not in ("NvOFAPICreateInstanceCuda", "nvCreateOpticalFlowCuda")
    assert str(caught.value).endswith(" (as the test wants it)") == has_session


@pytest.mark.parametrize("place", range(1, 6))
def test_whichever_buffer_is_refused_those_before_it_are_given_back(
    place, stub, monkeypatch
) -> None:
    monkeypatch.setenv("STUB_FAIL", f"nvOFCreateGPUBufferCuda:8@{place}")
    with pytest.raises(NvidiaError, match="NV_OF_ERR_OUT_OF_MEMORY"):
        Engine(SIZE, hinted=True)
    assert stub.stub_alive() == 0


@pytest.mark.parametrize("function", CUDA_FUNCTIONS)
def test_an_error_of_cuda_is_named_and_leaves_nothing_behind(
    function, rng, stub, monkeypatch
) -> None:
    monkeypatch.setenv("STUB_FAIL", f"{function}:100@1")
    with pytest.raises(NvidiaError, match=rf"^{function} answered CUDA_ERROR_NO_DEVICE \(100\)"):
        NvidiaFlow()(*moved(rng, (2, 1)))
    assert stub.stub_alive() == 0


def test_an_error_that_cuda_has_no_name_for_keeps_its_number(monkeypatch) -> None:
    monkeypatch.setenv("STUB_FAIL", "cuInit:987")
    with pytest.raises(NvidiaError, match=r"cuInit answered an unknown error \(987\)"):
        Engine(SIZE)


def test_a_status_that_nobody_knows_keeps_its_number(monkeypatch) -> None:
    monkeypatch.setenv("STUB_FAIL", "nvOFInit:77")
    with pytest.raises(NvidiaError, match=r"nvOFInit answered an unknown status \(77\)"):
        Engine(SIZE)


def test_a_buffer_without_an_address_is_refused(stub, monkeypatch) -> None:
    monkeypatch.setenv("STUB_FAIL", "nvOFGPUBufferGetCUdeviceptr:1")
    with pytest.raises(NvidiaError, match="GetCUdeviceptr answered no address"):
        Engine(SIZE)
    assert stub.stub_alive() == 0


def test_what_cannot_be_given_back_is_told(rng, stub, monkeypatch, caplog) -> None:
    engine = Engine(SIZE)
    monkeypatch.setenv("STUB_FAIL", "nvOFDestroyGPUBufferCuda:11@2")
    with caplog.at_level(logging.WARNING):
        engine.close()
    assert stub.stub_buffers() == 1
    assert "nvOFDestroyGPUBufferCuda answered NV_OF_ERR_GENERIC (11)" in caplog.text


def test_after_a_refused_pair_the_next_one_is_solved(rng, stub, monkeypatch) -> None:
    nvidia, pair = NvidiaFlow(), moved(rng, (2, 1))
    monkeypatch.setenv("STUB_FAIL", "nvOFExecute:11")
    with pytest.raises(NvidiaError):
        nvidia(*pair)
    monkeypatch.delenv("STUB_FAIL")
    flow, _ = nvidia(*pair)
    assert_array_equal(flow, shift_field((2, 1)) + EXTRA)


def test_threads_take_turns(rng, stub) -> None:
    shifts = [(x, y) for x in (-4, 0, 3) for y in (-2, 1)] * 2
    sizes = [SIZE, (140, 64)] * 6
    pairs = [moved(rng, shift, size) for shift, size in zip(shifts, sizes, strict=True)]
    nvidia = NvidiaFlow()
    with ThreadPoolExecutor(4) as pool:
        flows = list(pool.map(lambda pair: nvidia(*pair)[0], pairs))
    for flow, shift, size in zip(flows, shifts, sizes, strict=True):
        assert_array_equal(flow, shift_field(shift, size) + EXTRA)
    assert (stub.stub_alive(), stub.stub_buffers()) == (6, 4)


# What the engine does not take


@pytest.mark.parametrize(
    ("largest", "size", "words"),
    [
        ("90", SIZE, "the pictures are 97 x 61 px; Stub 2000 takes 32 x 32 to 90 x 90 px"),
        ("8192", (61, 31), "the pictures are 31 x 61 px; Stub 2000 takes 32 x 32 to 8192"),
    ],
)
def test_a_picture_of_a_size_that_is_not_offered_is_refused(
    largest, size, words, stub, monkeypatch
) -> None:
    monkeypatch.setenv("STUB_LARGEST", largest)
    with pytest.raises(NvidiaError, match=words):
        Engine(size)
    assert stub.stub_alive() == 0


def test_a_start_flow_is_refused_where_none_is_taken(monkeypatch) -> None:
    monkeypatch.setenv("STUB_NO_HINTS", "1")
    with pytest.raises(NvidiaError, match="Stub 2000 takes no start flow"):
        Engine(SIZE, hinted=True)


def test_an_engine_refuses_pictures_of_another_size(rng) -> None:
    with (
        closing(Engine(SIZE)) as engine,
        pytest.raises(ValueError, match="64 x 48 px; this engine takes 97 x 61 px"),
    ):
        engine.solve(*moved(rng, (1, 1), (48, 64)))


@pytest.mark.parametrize(
    ("hinted", "words"), [(True, "no start flow; .* one"), (False, "a start flow; .* none")]
)
def test_an_engine_refuses_a_start_flow_that_it_was_not_made_for(hinted, words, rng) -> None:
    hint = None if hinted else shift_field((0, 0))
    with closing(Engine(SIZE, hinted=hinted)) as engine, pytest.raises(ValueError, match=words):
        engine.solve(*moved(rng, (1, 1)), hint)


# The trial


def test_the_known_pair_is_moved_by_what_it_says() -> None:
    reference, moving = known_pair()
    same = reference[:-1, :-2] == moving[1:, 2:]
    # All but the patch of 48 x 48 that nothing matches.
    assert 1 - same.mean() == pytest.approx(48 * 48 / same.size, rel=0.05)
    assert reference.std() > 30


@pytest.mark.parametrize("turing", [False, True])
def test_a_trial_tells_what_the_engine_offers(turing, stub, monkeypatch) -> None:
    if turing:
        monkeypatch.setenv("STUB_TURING", "1")
    answer = probe()
    assert answer.works
    assert answer.ability is not None
    assert answer.ability.grids == ((4,) if turing else (1, 2, 4))
    assert answer.ability.hint_grids == ((4, 8) if turing else (1, 2, 4, 8))
    assert answer.grid == (4 if turing else 2)
    assert answer.cold == answer.hinted
    assert answer.cold is not None
    assert answer.cold.flow == (2 + STEP, 1 - STEP)
    assert answer.cold.share == 1.0
    assert stub.stub_alive() == 0


def test_a_trial_without_a_start_flow_will_do(monkeypatch) -> None:
    monkeypatch.setenv("STUB_NO_HINTS", "1")
    answer = probe()
    assert answer.works
    assert answer.hinted is None


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("OLAT_NVOF_LIBRARY", "/absent/libflow.so", "library /absent/libflow.so cannot be loaded"),
        ("OLAT_CUDA_LIBRARY", "/absent/libcuda.so", "library /absent/libcuda.so cannot be loaded"),
        ("OLAT_NVOF_LIBRARY", "libc.so.6", "libc.so.6 has no NvOFAPICreateInstanceCuda"),
        ("OLAT_CUDA_LIBRARY", "libc.so.6", "libc.so.6 has no cuInit"),
        ("STUB_HOLE", "nvOFExecute", "the optical flow library has no nvOFExecute"),
        ("STUB_FAIL", "NvOFAPICreateInstanceCuda:7", "answered NV_OF_ERR_INVALID_VERSION (7)"),
        ("STUB_FAIL", "cuInit:100", "cuInit answered CUDA_ERROR_NO_DEVICE (100)"),
        ("STUB_WRONG", "1", "moved by (2, 1) px was found to move by (-2.03, -0.97) px, 0 % of"),
        ("STUB_LARGEST", "300", "322 x 250 px; Stub 2000 takes 32 x 32 to 300 x 300 px"),
    ],
)
def test_a_trial_says_in_one_line_why_it_failed(variable, value, words, monkeypatch) -> None:
    monkeypatch.setenv(variable, value)
    answer = probe()
    assert not answer.works
    assert words in answer.reason
    assert "\n" not in answer.reason


def test_a_driver_that_works_gives_no_trouble(stub) -> None:
    assert trouble() == ""
    assert stub.stub_executed() == 0, "the trial ran in this process"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("STUB_CRASH", "1", "the driver ended the probe by SIGSEGV"),
        ("STUB_WRONG", "1", "was found to move by (-2.03, -0.97) px"),
        ("OLAT_NVOF_LIBRARY", "/absent/libflow.so", "/absent/libflow.so cannot be loaded"),
    ],
)
def test_a_driver_that_fails_does_so_in_another_process(
    variable, value, words, monkeypatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert words in trouble()


def test_a_driver_that_never_answers_is_given_up(monkeypatch) -> None:
    monkeypatch.setenv("STUB_HANG", "1")
    assert trouble(timeout_s=2.0) == "the probe did not answer within 2 s"


def test_a_probe_that_cannot_even_start_is_told(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/absent/python")
    assert "could not be started" in trouble()


def test_a_probe_that_says_nothing_is_told(monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert trouble() == "the probe ended with exit status 0: without a word"


def test_a_folder_named_like_the_package_is_not_taken_for_it(tmp_path, monkeypatch) -> None:
    (tmp_path / "olat" / "A").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert trouble() == ""


@pytest.mark.parametrize("works", [True, False])
def test_the_probe_prints_one_line_of_json(works) -> None:
    extra = {} if works else {"OLAT_CUDA_LIBRARY": "/absent/libcuda.so"}
    done = subprocess.run(
        [sys.executable, "-m", "olat.motion.nvidia_probe"],
        env={**os.environ, **extra},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stderr == ""
    assert done.returncode == (0 if works else 1)
    assert len(done.stdout.splitlines()) == 1
    answer = json.loads(done.stdout)
    assert answer["works"] is works
    assert ("libcuda.so cannot be loaded" in answer["reason"]) is not works


# Falling back


def test_where_the_engine_works_it_is_asked(rng, stub, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        method = nvidia_or_dis()
        flow, _ = method(*moved(rng, (2, 1)))
    assert_array_equal(flow, shift_field((2, 1)) + EXTRA)
    assert stub.stub_executed() == 2
    assert not caplog.records


def test_where_it_does_not_work_one_line_says_why_and_dis_is_used(
    rng, stub, monkeypatch, caplog
) -> None:
    monkeypatch.setenv("STUB_FAIL", "nvOFInit:2")
    with caplog.at_level(logging.WARNING):
        assert nvidia_or_dis() is dis
    (record,) = caplog.records
    assert record.getMessage() == (
        "NVIDIA Optical Flow: nvOFInit answered NV_OF_ERR_UNSUPPORTED_DEVICE (2) "
        "(as the test wants it); dense inverse search is used instead"
    )


def test_the_driver_is_tried_once_in_a_process(library, monkeypatch) -> None:
    monkeypatch.setenv("OLAT_NVOF_LIBRARY", "/absent/libflow.so")
    assert nvidia_or_dis() is dis
    monkeypatch.setenv("OLAT_NVOF_LIBRARY", str(library))
    assert nvidia_or_dis() is dis


def test_a_pair_that_the_engine_refuses_is_left_to_dis(rng, stub, monkeypatch, caplog) -> None:
    monkeypatch.setenv("STUB_LARGEST", "400")
    method = nvidia_or_dis()
    pair = known_pair()
    small = tuple(np.ascontiguousarray(picture[:200, :240]) for picture in pair)
    wide = tuple(np.tile(picture, (1, 2)) for picture in pair)
    with caplog.at_level(logging.WARNING):
        method(*small)
        assert stub.stub_executed() == 2
        flow, confidence = method(*wide)
    (record,) = caplog.records
    assert record.getMessage() == (
        "NVIDIA Optical Flow: the pictures are 768 x 256 px; Stub 2000 takes 32 x 32 to "
        "400 x 400 px; dense inverse search takes this pair"
    )
    assert stub.stub_executed() == 2
    assert_array_equal(flow, dis(*wide)[0])
    assert_allclose(np.median(flow, axis=(0, 1)), (2, 1), rtol=0, atol=0.05)
    assert np.median(confidence) > 0.9
