"""Exports in Python: a camera of an open session, handed to an exporter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from olat.export.source import ExportSource

if TYPE_CHECKING:
    from olat.api.opened import OpenSession


def source_of(opened: OpenSession, camera: str | None = None) -> ExportSource:
    """Return the products of a camera (of the only one, if there is one) for exporters.

    Raises
    ------
    UsageError
        If there is no such camera.
    """
    name = opened.field(camera).header.camera if camera is None else camera
    return ExportSource(
        session=opened.session,
        camera=name,
        field=lambda: opened.field(name).opened,
        normals=lambda: opened.normals(name),
        phong=lambda: opened.phong(name),
        depth=lambda: opened.depth(name),
        matte=lambda: opened.matte(name),
        axes=lambda: opened.camera_axes(name),
    )
