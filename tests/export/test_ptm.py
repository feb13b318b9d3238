"""Polynomial texture maps, shown by a viewer that shares nothing with what wrote them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.errors import UsageError
from olat.export.ptm import PtmOptions, write_polynomial
from olat.export.source import ExportSource
from olat.relight.rti_fit import least_squares_fit
from olat.relight.rti_polynomial import polynomial_basis
from tests.support.exports import sphere_source
from tests.support.rti_decoders import show_ptm
from tests.support.rti_subject import all_samples, captured, glossy_source, psnr_db


@pytest.fixture(scope="module")
def source() -> ExportSource:
    return glossy_source()


@pytest.mark.parametrize("form", ["rgb", "lrgb"])
def test_a_ptm_shows_what_was_fitted(source: ExportSource, tmp_path: Path, form: str) -> None:
    (path,) = write_polynomial(source, tmp_path / "ball.ptm", PtmOptions(form))
    samples = all_samples(source)
    truth = captured(samples)
    basis = polynomial_basis(samples.directions)
    smooth = basis @ least_squares_fit(basis, samples.solid_angles)
    fit = np.einsum("ml,lhwc->mhwc", smooth, truth)
    shown = np.stack([show_ptm(path, light) / 255.0 for light in samples.directions])
    ours, theirs = psnr_db(fit, truth), psnr_db(shown, truth)
    print(f".ptm {form} fit of rgb {ours:.2f} dB, decoded {theirs:.2f} dB, {path.stat().st_size}")
    assert theirs > ours - 0.3
    assert path.stat().st_size < {"rgb": 18, "lrgb": 9}[form] * 64 * 64 + 200
    right = show_ptm(path, np.array([0.7, 0.0, 0.714])).clip(0, 255)
    above = show_ptm(path, np.array([0.0, 0.7, 0.714])).clip(0, 255)
    assert right[:, 32:].mean() > 1.3 * right[:, :32].mean()
    assert above[:32].mean() > 1.3 * above[32:].mean()


def test_a_map_is_refused_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ptm: 5 of 5 lights .* 6 are needed"):
        write_polynomial(sphere_source(16, 5), tmp_path / "a.ptm", PtmOptions())
