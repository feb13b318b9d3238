"""Meshes as PLY files that every program reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from olat.io.publish import publish
from olat.model.maps import Mesh

_FACES_AT_ONCE = 1 << 20


def write_ply(path: Path, mesh: Mesh, comments: Sequence[str] = ()) -> None:
    """Write a mesh as binary little-endian PLY: places, normals and colors of vertices, triangles.

    Parameters
    ----------
    path
        File to make or replace.
    mesh
        May be empty.
    comments
        One line each, in the header; in ASCII.

    Raises
    ------
    StorageError
        If the disk is full, read-only or failing.
    """
    named = [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
    if mesh.colors is not None:
        named += [(name, "u1") for name in ("red", "green", "blue")]
    vertices = np.empty(len(mesh.places), named)
    for k in range(3):
        vertices["xyz"[k]] = mesh.places[:, k]
        vertices["n" + "xyz"[k]] = mesh.normals[:, k]
        if mesh.colors is not None:
            vertices[("red", "green", "blue")[k]] = mesh.colors[:, k]
    words = {"<f4": "float", "u1": "uchar"}
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        *(f"comment {' '.join(comment.split())}" for comment in comments),
        f"element vertex {len(vertices)}",
        *(f"property {words[kind]} {name}" for name, kind in named),
        f"element face {len(mesh.faces)}",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    ]
    publish(path, lambda part: _write(part, "\n".join(lines), vertices, mesh))


def _write(
    path: Path, header: str, vertices: np.ndarray[tuple[int], np.dtype[np.void]], mesh: Mesh
) -> None:
    row = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
    with path.open("wb") as file:
        file.write(header.encode("ascii", "replace"))
        file.write(vertices.tobytes())
        for start in range(0, len(mesh.faces), _FACES_AT_ONCE):
            corners = mesh.faces[start : start + _FACES_AT_ONCE]
            rows = np.empty(len(corners), row)
            rows["count"], rows["corners"] = 3, corners
            file.write(rows.tobytes())
