"""A subject for RTI exports, and how near pictures of it are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from olat.export.rti_samples import RtiSamples, samples_of
from olat.export.source import ExportSource
from tests.support.exports import sphere_source
from tests.support.fields import field_of


def glossy_source() -> ExportSource:
    """Return a grainy sphere with a soft highlight under 60 lights in front of it."""
    plain = sphere_source(64, 60)
    field = plain.field()
    rng = np.random.default_rng(5)
    normals = plain.normals().normals
    half = field.header.rig.directions + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    gloss = 0.3 * np.clip(np.einsum("hwc,lc->lhw", normals, half), 0, None) ** 25
    grain = rng.uniform(0.6, 1.0, (64, 64))
    readings = np.stack(field.planes).astype(float) * grain + gloss[:, None]
    made = field_of(readings, field.header.rig)
    return replace(plain, field=lambda: made)


def psnr_db(found: np.ndarray, truth: np.ndarray) -> float:
    return float(-10.0 * np.log10(np.mean((np.clip(found, 0, 1) - truth) ** 2)))


def all_samples(source: ExportSource) -> RtiSamples:
    return samples_of(source, needed=3, exposure_stops=None, asked="rti")


def captured(samples: RtiSamples) -> np.ndarray:
    """Return the display-coded pictures, ``light h w 3``."""
    strips = [strip for _, _, strip in samples.strips()]
    return np.moveaxis(np.concatenate(strips, axis=2), 1, 3)
