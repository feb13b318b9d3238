"""Write a simulated capture the way a stage operator would hand it over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from threadpoolctl import threadpool_limits

from olat.io.dng import write_dng
from olat.io.publish import publish_text
from olat.synthetic.capture import photograph
from olat.synthetic.manifest import EXPOSURE_S, light_table, manifest
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.truth import RECTIFIED_FILE, SyntheticTruth, truth_of, write_truth
from olat.synthetic.truth_calibration import calibration_truth_of, write_calibration_truth

AT_ONCE = 2
"""Frames that are simulated together; most of the work holds no lock."""


def write_session(
    folder: Path,
    stage: SyntheticStage,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> SyntheticTruth:
    """Capture a simulated subject into real DNG files, with the truth beside them.

    Parameters
    ----------
    folder
        Where ``session.toml``, ``lights.csv``, ``raw/A/*.dng`` and ``truth/`` are written.
    stage
        What to simulate.
    progress
        Told how many frames are done, and of how many.

    Returns
    -------
    SyntheticTruth
        What `read_truth` will read back.
    """
    total = len(stage.shots)

    def take(frame: int) -> None:
        exposure_s = stage.shots[frame].exposure * EXPOSURE_S
        write_dng(
            folder / "raw" / "A" / f"{frame:04d}.dng",
            photograph(stage, frame),
            exposure_s=exposure_s,
            model="olat synthetic",
            serial=stage.serial,
            day=stage.date,
        )

    # BLAS must not start threads of its own for products of three rows: they only wait.
    with threadpool_limits(1), ThreadPoolExecutor(AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(take, range(total)), start=1):
            if progress:
                progress(done, total)
    truth = truth_of(stage)
    write_truth(folder, truth)
    if stage.imperfections.distortion:
        write_truth(folder, truth_of(stage.rectified), file=RECTIFIED_FILE)
    write_calibration_truth(folder, calibration_truth_of(stage))
    if stage.light_file != "none":
        publish_text(folder / "lights.csv", light_table(stage))
    # Last, so that a folder with a manifest is a whole session.
    publish_text(folder / "session.toml", manifest(stage))
    return truth
