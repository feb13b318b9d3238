"""Previews of fields: compressed once, kept beside the field, made anew when it changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from olat.io.array_file import read_arrays, write_arrays
from olat.io.field_stamp import field_stamp
from olat.model.field import ReflectanceField
from olat.relight.preview import PreviewField, compressed


def preview_of(
    path: Path,
    field: ReflectanceField,
    advance: Callable[[int, int], None] | None = None,
) -> PreviewField:
    """Return a field's compressed twin, from ``<field>.preview.npz`` if it is of this field.

    Parameters
    ----------
    path
        Folder of the field.
    field
        The same, opened.
    advance
        Told after each row of tiles, where it is made.

    Raises
    ------
    StorageError
        If it cannot be kept: the disk is full, read-only or failing.
    """
    place = path.with_suffix(".preview.npz")
    stamp = field_stamp(path)
    kept = read_arrays(place)
    if kept is not None and str(kept.get("stamp")) == stamp:
        return PreviewField(
            field.header.height, field.header.width, kept["basis"], kept["components"]
        )
    made = compressed(field, advance)
    write_arrays(place, stamp=stamp, basis=made.basis, components=made.components)
    return made
