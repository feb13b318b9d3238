"""One picture that tells what was made of a session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from olat.api.field import Field
from olat.api.opened import OpenSession
from olat.io.contact_sheet import DisplayPicture, contact_sheet
from olat.io.display import (
    picture_from_exponent,
    picture_from_normals,
    picture_from_radiance,
    write_png,
)
from olat.model.shapes import Radiance

WIDTH = 1536
"""Of the overview [px]."""
STRIP = 6
"""OLAT frames shown, spread over the lights in front of the subject."""


def write_overview(
    path: Path, opened: OpenSession, relit: Mapping[str, Radiance], *, camera: str | None = None
) -> None:
    """Show what was captured, what was solved, and what was relit, row by row.

    Parameters
    ----------
    path
        PNG to write.
    opened
        A processed session.
    relit
        Linear pictures by their labels.
    camera
        Needed if there are several.
    """
    field = opened.field(camera)
    phong = opened.phong(camera)
    solved = [
        ("normals", picture_from_normals(opened.normals(camera))),
        ("albedo", picture_from_radiance(phong.diffuse_albedo, space=phong.space)),
        ("specular", picture_from_radiance(phong.specular_albedo, space=phong.space)),
        ("exponent 1 .. 1000, log", picture_from_exponent(phong)),
    ]
    space = field.header.space
    lit = [
        (label, picture_from_radiance(radiance, space=space)) for label, radiance in relit.items()
    ]
    write_png(path, contact_sheet([_strip(field), solved, lit], width=WIDTH))


def _strip(field: Field) -> list[tuple[str, DisplayPicture]]:
    """Return some OLAT frames, from the light furthest left to the one furthest right."""
    directions = field.rig.directions
    front = np.flatnonzero(directions[:, 2] >= np.quantile(directions[:, 2], 0.5))
    ordered = front[np.argsort(directions[front, 0])]
    chosen = ordered[np.linspace(0, len(ordered) - 1, min(STRIP, len(ordered))).astype(int)]
    planes = [np.moveaxis(field.opened.planes[row], 0, 2).astype(np.float32) for row in chosen]
    return [
        (
            f"light {field.header.lights[row]}",
            picture_from_radiance(plane, space=field.header.space),
        )
        for row, plane in zip(chosen, planes, strict=True)
    ]
