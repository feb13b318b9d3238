"""Light files that are JSON or NumPy arrays, as they are written."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import numpy as np
from jaxtyping import Float64

from olat.io.light_file_write_text import is_even, vectors_of
from olat.io.light_list import LightPatterns
from olat.model.rig import LightRig
from olat.model.shapes import Array

_MM = 1000.0
_INNERMOST = re.compile(r"\[[^\[\]]*\]")


def array_file(rig: LightRig) -> dict[str, bytes]:
    """Return an array of N x 3, or N x 6 with the intensities where lights differ."""
    vectors = vectors_of(rig)
    rows = vectors if is_even(rig) else np.hstack([vectors, rig.intensities])
    stream = io.BytesIO()
    np.save(stream, rows, allow_pickle=False)
    return {"": stream.getvalue()}


def arrays_file(rig: LightRig) -> dict[str, bytes]:
    """Return arrays that say what they are: directions, positions, intensities, names."""
    arrays: dict[str, Any] = {"intensities": rig.intensities}
    arrays["directions" if rig.positions is None else "positions"] = vectors_of(rig)
    if rig.names:
        arrays["names"] = np.array(rig.names, dtype=np.str_)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return {"": stream.getvalue()}


def goliath_file(rig: LightRig) -> dict[str, bytes]:
    """Return the metadata of a Goliath pair: positions in mm, said in an entry of our own.

    Patterns are left to their rule: pattern 0 is all lights, pattern p is light p - 1.
    """
    positions = _rounded(vectors_of(rig) * _MM, 6)
    return {"": _json({"light_positions": positions, "light_patterns": [], "units": "mm"})}


def per_frame_file(patterns: LightPatterns) -> bytes:
    """Return the other half of a Goliath pair: ``[frame, pattern]`` for each frame."""
    pairs = [[frame, 0] for frame in patterns.tracking]
    pairs += [[frame, light + 1] for frame, light in patterns.olat.items()]
    return _json(sorted(pairs))


def dome_file(rig: LightRig) -> dict[str, bytes]:
    """Return a RelightLab dome: directions, positions in mm, intensities where lights differ."""
    dome: dict[str, Any] = {"label": rig.name, "directions": _rounded(rig.directions, 9)}
    if rig.positions is not None:
        distance = float(np.median(np.linalg.norm(rig.positions, axis=1)))
        dome["domeDiameter"] = round(2.0 * distance * _MM, 6)
        dome["positions3d"] = _rounded(rig.positions * _MM, 6)
    if not is_even(rig):
        dome["ledAdjust"] = [[float(f"{level:.9g}") for level in row] for row in rig.intensities]
    return {"": _json(dome)}


def _rounded(vectors: Float64[Array, "light 3"], decimals: int) -> list[list[float]]:
    """Return triples of rounded numbers; zero has no sign."""
    triples: list[list[float]] = (np.round(vectors, decimals) + 0.0).tolist()
    return triples


def _json(content: Any) -> bytes:
    """Return JSON with an innermost list a line, so that lights can be told apart."""
    text = json.dumps(content, indent=1, ensure_ascii=False)
    return (_INNERMOST.sub(lambda match: " ".join(match[0].split()), text) + "\n").encode()
