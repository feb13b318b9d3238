"""The smallest session there is: a matte sphere under nine lights, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures

MANIFEST = """\
schema = 1

[session]
name = "bare"

[rig]
lights = "lights.txt"

[camera.A]
files = "{frame}.png"

[sequence]
"""


def bare_sweep(folder: Path) -> Path:
    """Write the session."""
    directions = spread_directions(9, hemisphere=True)
    write_pictures([folder / f"{n}.png" for n in range(9)], sphere_pictures(directions))
    np.savetxt(folder / "lights.txt", directions)
    (folder / "session.toml").write_text(MANIFEST, encoding="utf-8")
    return folder
