"""Lightings that move: what lies between two keys."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation, Slerp

from olat.model.lighting import (
    DistantLight,
    EnvironmentLight,
    Key,
    Light,
    Lighting,
    PointLight,
    RectangleLight,
    SpotLight,
    Triple,
)


def check_keys(keys: Sequence[Key]) -> None:
    """Refuse keys between which nothing can move.

    Raises
    ------
    ValueError
        If there are none, frames do not ascend, or lights of two keys are not of the same kinds.
    """
    if not keys:
        raise ValueError("there are no keys; one at least is needed")
    for one, other in pairwise(keys):
        if other.frame <= one.frame:
            raise ValueError(f"key at frame {other.frame} follows {one.frame}; frames must ascend")
        kinds = [[type(light).__name__ for light in key.lighting.lights] for key in (one, other)]
        if kinds[0] != kinds[1]:
            raise ValueError(
                f"keys at frames {one.frame} and {other.frame} have the lights "
                f"{', '.join(kinds[0])} and {', '.join(kinds[1])}; the same kinds in the same "
                "order are needed. Turn a light off by stops = -99"
            )
        if (one.lighting.gains is None) != (other.lighting.gains is None):
            raise ValueError(f"only one of frames {one.frame} and {other.frame} has gains")


def lighting_at(keys: Sequence[Key], frame: float) -> Lighting:
    """Return the lighting of a frame: that of a key, or what lies between two.

    Directions turn along great circles, the shorter way; maps turn likewise; places move in
    straight lines; colors move evenly in stops, and from or to black evenly. Before the first key
    and after the last nothing moves.

    Parameters
    ----------
    keys
        Ascending; see `check_keys`.
    frame
        Number of the frame.
    """
    place = bisect.bisect_right([key.frame for key in keys], frame)
    if place == 0:
        return keys[0].lighting
    if place == len(keys):
        return keys[-1].lighting
    one, other = keys[place - 1], keys[place]
    part = (frame - one.frame) / (other.frame - one.frame)
    if one.ease:
        part = part * part * (3.0 - 2.0 * part)
    lights = zip(one.lighting.lights, other.lighting.lights, strict=True)
    gains = one.lighting.gains
    if gains is not None and other.lighting.gains is not None:
        gains = (1.0 - part) * gains + part * other.lighting.gains
    return Lighting(tuple(between(a, b, part) for a, b in lights), gains, one.lighting.name)


def between(one: Light, other: Light, part: float) -> Light:
    """Return the light that lies a part of the way from one to another of its kind."""
    color = _color(one.color, other.color, part)
    match one, other:
        case DistantLight(), DistantLight():
            return replace(one, color=color, toward=_turned(one.toward, other.toward, part))
        case EnvironmentLight(), EnvironmentLight():
            turns = Rotation.from_matrix(np.stack([one.rotation, other.rotation]))
            rotation = Slerp([0.0, 1.0], turns)(part).as_matrix()
            return replace(one, color=color, rotation=np.asarray(rotation))
        case PointLight(), PointLight():
            return replace(one, color=color, position=_moved(one.position, other.position, part))
        case SpotLight(), SpotLight():
            return replace(
                one,
                color=color,
                position=_moved(one.position, other.position, part),
                target=_moved(one.target, other.target, part),
                cone_deg=_mixed(one.cone_deg, other.cone_deg, part),
                blend=_mixed(one.blend, other.blend, part),
            )
        case RectangleLight(), RectangleLight():
            return replace(
                one,
                color=color,
                center=_moved(one.center, other.center, part),
                target=_moved(one.target, other.target, part),
                width=_mixed(one.width, other.width, part),
                height=_mixed(one.height, other.height, part),
            )
    raise ValueError(f"nothing lies between {type(one).__name__} and {type(other).__name__}")


def _mixed(one: float, other: float, part: float) -> float:
    return (1.0 - part) * one + part * other


def _moved(one: Triple, other: Triple, part: float) -> Triple:
    x, y, z = (_mixed(a, b, part) for a, b in zip(one, other, strict=True))
    return x, y, z


def _color(one: Triple, other: Triple, part: float) -> Triple:
    """Return a color between: evenly in stops where neither is black."""
    red, green, blue = (
        a ** (1.0 - part) * b**part if a > 0.0 and b > 0.0 else _mixed(a, b, part)
        for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def _turned(one: Triple, other: Triple, part: float) -> Triple:
    """Return a direction on the great circle between two; opposite ones pass by +y, or +x."""
    first, last = (np.array(way) / np.linalg.norm(way) for way in (one, other))
    angle = np.arctan2(np.linalg.norm(np.cross(first, last)), first @ last)
    if angle < 1e-9:
        return one
    if np.pi - angle < 1e-6:
        up = np.eye(3)[1 if abs(first[1]) < 0.9 else 0]
        aside = up - (up @ first) * first
    else:
        aside = last - (last @ first) * first
    aside /= np.linalg.norm(aside)
    x, y, z = (np.cos(part * angle) * first + np.sin(part * angle) * aside).tolist()
    return x, y, z
