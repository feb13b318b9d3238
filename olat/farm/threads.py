"""One native thread for each library in each worker: parallelism belongs to the farm."""

from __future__ import annotations

import os

LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMBA", "BLIS")


def limit_threads(count: int = 1) -> None:
    """Limit OpenCV, BLAS, OpenMP and numba in this process.

    Four processes of eight threads each took three times the CPU time of four single-threaded
    ones, so every worker calls this before its first task.
    """
    for library in LIBRARIES:
        os.environ[f"{library}_NUM_THREADS"] = str(count)
    import cv2
    import numba
    import threadpoolctl

    cv2.setNumThreads(count)
    cv2.ocl.setUseOpenCL(False)
    numba.set_num_threads(count)
    threadpoolctl.threadpool_limits(count)
