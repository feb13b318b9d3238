"""The GPU of this machine, or what stands in for it where there is none."""

from __future__ import annotations

import sys

import pytest

from olat.errors import GpuError
from olat.gpu import cuda, kernel_source
from tests.support import cuda_stub


def forget():
    cuda.cupy.cache_clear()
    kernel_source.kernel.cache_clear()


@pytest.fixture(scope="session")
def compiled_kernels(tmp_path_factory):
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture
def stub(monkeypatch, compiled_kernels):
    """Put a stand-in in the place of CuPy."""
    module = cuda_stub.module_in(compiled_kernels)
    forget()
    for name in ("cupy", "cupy.cuda"):
        monkeypatch.setitem(sys.modules, name, module if name == "cupy" else module.cuda)
    yield module
    forget()


@pytest.fixture
def gpu(request):
    """Return CuPy: on a GPU if there is one, else the stand-in."""
    forget()
    try:
        return cuda.cupy()
    except GpuError:
        return request.getfixturevalue("stub")
