"""The two kinds of viewers of radial sets, written from the descriptions of what they do."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from PIL import Image


def relightlab_shares(info: dict, light: np.ndarray) -> np.ndarray:
    """Return the weights of lights in RelightLab: in single precision, small ones dropped."""
    lights = np.array(info["lights"], np.float32).reshape(-1, 3)
    radius = np.float32(1.0) / np.float32(info["sigma"]) ** 2
    square = ((np.asarray(light, np.float32) - lights) ** 2).sum(axis=1)
    shares = np.exp(-radius * square)
    shares = shares / shares.sum()
    shares[shares <= 0.001] = 0.0
    return shares.astype(float) / float(shares.sum())


def openlime_shares(info: dict, light: np.ndarray) -> np.ndarray:
    """Return the weights of lights in OpenLIME: its kernel depends on the direction alone."""
    distances = [math.dist(place, light) for place in np.reshape(info["lights"], (-1, 3))]
    soft = [math.exp(-2.0 * distance) for distance in distances]
    typical = sum(d * w for d, w in zip(distances, soft, strict=True)) / sum(soft)
    kernel = np.array([math.exp(-8.0 / typical * distance * distance) for distance in distances])
    return kernel / kernel.sum()


VIEWERS = {"relightlab": relightlab_shares, "openlime": openlime_shares}


class RadialViewer:
    """A set of type rbf, opened once and shown often."""

    def __init__(self, folder: Path, viewer: str) -> None:
        self._shares = VIEWERS[viewer]
        self._info = info = json.loads((folder / "info.json").read_text())
        assert (info["type"], info["colorspace"]) == ("rbf", "mrgb")
        (self._material,) = info["materials"]
        pictures = [Image.open(folder / f"plane_{n}.jpg") for n in range(info["nplanes"] // 3)]
        texels = np.concatenate([np.asarray(picture, float) for picture in pictures], axis=2)
        scale, bias = (np.array(self._material[name]) for name in ("scale", "bias"))
        self._planes = (texels / 255.0 - bias) * scale
        for picture in pictures:
            picture.close()

    def show(self, light: np.ndarray) -> np.ndarray:
        """Return the picture under a light, display codes 0 to 1."""
        info, shares = self._info, self._shares(self._info, light)
        rows = np.array(info["basis"], float).reshape(info["nplanes"] + 1, len(shares), 3)
        picture = (shares @ rows[0]) / 255.0
        for plane, row in enumerate(rows[1:]):
            color = shares @ (row - 127.0) / self._material["range"][plane]
            picture = picture + self._planes[..., plane, None] * color
        return picture.clip(0.0, 1.0)
