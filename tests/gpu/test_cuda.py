"""Where a GPU cannot be used, what is missing is said, and nothing else is done."""

from __future__ import annotations

import ctypes
import sys

import pytest
from click.testing import CliRunner

from olat.api.field import Field
from olat.cli.main import cli
from olat.errors import GpuError, UsageError
from olat.gpu import cuda, strips
from olat.gpu.cuda import cupy, device_name, free_bytes
from tests.gpu.conftest import forget
from tests.gpu.scene import scene


class MissingSubmodule:
    """Stands where CuPy is, whose libraries are not."""

    def __getattr__(self, name):
        raise ImportError("libcublas.so.13: cannot open shared object file")


@pytest.fixture
def driver(monkeypatch):
    """Let the driver be there."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: name)
    forget()
    yield
    forget()


def test_a_missing_driver_is_told_before_all_else(monkeypatch):
    def missing(name):
        raise OSError(name)

    forget()
    monkeypatch.setattr(ctypes, "CDLL", missing)
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(GpuError, match=r"driver is not installed .libcuda.so.1 is not found"):
        cupy()


def test_a_missing_package_is_told(driver, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(
        GpuError, match=r"package cupy is not installed.*pip install 'olat\[cuda\]'"
    ):
        cupy()


def test_a_missing_library_is_told(stub, driver, monkeypatch):
    monkeypatch.delattr(stub.cuda, "cublas")
    monkeypatch.setitem(sys.modules, "cupy.cuda", MissingSubmodule())
    with pytest.raises(GpuError, match=r"cannot be loaded .libcublas.so.13.*cupy-cuda13x\[ctk\]"):
        cupy()


def test_no_gpu_is_told(stub, monkeypatch):
    monkeypatch.setattr(stub.cuda.runtime, "getDeviceCount", lambda: 0)
    with pytest.raises(GpuError, match="CUDA lists none; one was needed"):
        cupy()

    def nothing_there():
        error = stub.cuda.runtime.CUDARuntimeError("cudaErrorNoDevice: no device")
        error.status = 100
        raise error

    monkeypatch.setattr(stub.cuda.runtime, "getDeviceCount", nothing_there)
    with pytest.raises(GpuError, match="CUDA lists none; one was needed"):
        cupy()


def test_a_driver_that_fails_is_told_in_its_words(stub, monkeypatch):
    def failing():
        raise stub.cuda.runtime.CUDARuntimeError("cudaErrorInsufficientDriver: too old")

    monkeypatch.setattr(stub.cuda.runtime, "getDeviceCount", failing)
    with pytest.raises(GpuError, match="CUDA answers cudaErrorInsufficientDriver: too old; a work"):
        cupy()


def test_what_may_be_used_is_less_than_what_is_free(gpu):
    assert 0 <= free_bytes() < gpu.cuda.Device().mem_info[1]
    assert device_name()


def test_numbers_of_another_kind_are_refused(gpu, monkeypatch):
    made = scene()
    doubles = made.reflectance.astype(float)
    monkeypatch.setattr(strips, "pixels_under_lights", lambda *_: (doubles, (made.flags, None), 0))
    with pytest.raises(ValueError, match="float64; halves or singles were needed"):
        strips.GpuStrip.of(made.reflectance, made.flags, made.lights)


def test_a_field_that_asks_for_a_gpu_says_at_once_that_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(cuda, "cupy", _none)
    with pytest.raises(GpuError, match="none here"):
        Field(tmp_path / "field.zarr", device="cuda")


def _none():
    raise GpuError("none here")


def test_lobes_need_no_device():
    words = ["relight", "session", "--lobes", "--light", "0,0,1", "--device", "cuda", "-o", "a.png"]
    found = CliRunner().invoke(cli, words)
    assert isinstance(found.exception, UsageError)
    assert "--device is about the OLAT field" in str(found.exception)
