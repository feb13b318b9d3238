"""Light groups: a picture for each, which add up to the whole."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from olat.errors import UsageError
from olat.model.lighting import Lighting

if TYPE_CHECKING:
    from olat.api.field import Field
    from olat.api.field_weights import Mixing
    from olat.model.shapes import Radiance

REST = "rest"
"""Group of lights that are of none, and of gains."""


def groups_of(lighting: Lighting) -> dict[str, Lighting]:
    """Return a lighting for each group, by names that are good for layers.

    Raises
    ------
    UsageError
        If two groups would have layers of one name.
    """
    names = list(dict.fromkeys(light.group for light in lighting.lights))
    groups: dict[str, Lighting] = {}
    for name in names:
        layer = layer_name(name or REST)
        if layer in groups:
            raise UsageError(
                f"group {name!r}: its layer would be {layer!r}, as that of another group; another "
                "name is needed, of letters and digits."
            )
        lights = tuple(light for light in lighting.lights if light.group == name)
        groups[layer] = Lighting(lights, name=name)
    if lighting.gains is not None:
        rest = groups.get(REST, Lighting(name=REST))
        groups[REST] = replace(rest, gains=lighting.gains)
    return groups


def relit_groups(
    field: Field, lighting: Lighting, mixing: Mixing | None = None
) -> dict[str, Radiance]:
    """Return a picture for each group; they add up to that of the lighting."""
    return {
        name: field.relight(lighting=group, mixing=mixing)
        for name, group in groups_of(lighting).items()
    }


def layer_name(name: str) -> str:
    """Return a name that Nuke and Blender keep: a letter first, no punctuation."""
    word = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return word if word[:1].isalpha() else f"group_{word}"
