"""Viewers of RTI in NumPy, written from the descriptions of the formats alone."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
from PIL import Image


def show_web_set(folder: Path, light: np.ndarray) -> np.ndarray:
    """Return what a viewer of a Relight web set shows, display codes 0 to 1, not clipped."""
    info = json.loads((folder / "info.json").read_text())
    material = info["materials"][0]
    texels = []
    for number in range(math.ceil(info["nplanes"] / 3)):
        with Image.open(folder / f"plane_{number}.jpg") as picture:
            assert picture.size == (info["width"], info["height"])
            texels.append(np.asarray(picture, float) / 255.0)
    planes = np.concatenate(texels, axis=2)
    planes = (planes - np.array(material["bias"])) * np.array(material["scale"])
    if info["colorspace"] == "rgb":
        weights = {"ptm": ptm_terms, "hsh": hsh_terms}[info["type"]](*light)
        return sum(w * planes[..., 3 * j : 3 * j + 3] for j, w in enumerate(weights))
    shares = rbf_shares(info, light) if info["type"] == "rbf" else grid_shares(info, light)
    dimensions = len(shares)
    basis = np.array(info["basis"], float).reshape(info["nplanes"] + 1, dimensions, 3)
    picture = np.broadcast_to(shares @ (basis[0] / 255.0), (*planes.shape[:2], 3)).copy()
    for p in range(info["nplanes"]):
        color = shares @ ((basis[p + 1] - 127.0) / material["range"][p])
        picture += planes[..., p, None] * color
    return picture


def ptm_terms(x: float, y: float, z: float) -> list[float]:
    return [1.0, x, y, x * x, x * y, y * y]


def hsh_terms(x: float, y: float, z: float) -> list[float]:
    phi = math.atan2(y, x)
    theta = min(math.acos(z), math.pi / 2 - 0.15)
    c = math.cos(theta)
    root = math.sqrt(c - c * c)
    return [
        1 / math.sqrt(2 * math.pi),
        math.sqrt(6 / math.pi) * math.cos(phi) * root,
        math.sqrt(3 / (2 * math.pi)) * (2 * c - 1),
        math.sqrt(6 / math.pi) * math.sin(phi) * root,
        math.sqrt(30 / math.pi) * math.cos(2 * phi) * (c * c - c),
        math.sqrt(30 / math.pi) * math.cos(phi) * (2 * c - 1) * root,
        math.sqrt(5 / (2 * math.pi)) * (1 - 6 * c + 6 * c * c),
        math.sqrt(30 / math.pi) * math.sin(phi) * (2 * c - 1) * root,
        math.sqrt(30 / math.pi) * math.sin(2 * phi) * (c * c - c),
    ]


def rbf_shares(info: dict, light: np.ndarray) -> np.ndarray:
    lights = np.array(info["lights"]).reshape(-1, 3)
    kernel = np.exp(-((lights - light) ** 2).sum(axis=1) / info["sigma"] ** 2)
    return kernel / kernel.sum()


def grid_shares(info: dict, light: np.ndarray) -> np.ndarray:
    side = info["resolution"]
    x, y, z = light
    s = abs(x) + abs(y) + abs(z)
    u, v = ((x + y) / s + 1) / 2 * (side - 1), ((y - x) / s + 1) / 2 * (side - 1)
    i, j = min(side - 2, int(u)), min(side - 2, int(v))
    shares = np.zeros((side, side))  # [v, u]
    shares[j, i] = (1 - (u - i)) * (1 - (v - j))
    shares[j, i + 1] = (u - i) * (1 - (v - j))
    shares[j + 1, i] = (1 - (u - i)) * (v - j)
    shares[j + 1, i + 1] = (u - i) * (v - j)
    return shares.ravel()


def show_ptm(path: Path, light: np.ndarray) -> np.ndarray:
    """Return what a viewer of a .ptm shows, codes 0 to 255, not clipped."""
    content = path.read_bytes()
    lines = content.split(b"\n", 6)
    assert lines[0] == b"PTM_1.2"
    has_base = {b"PTM_FORMAT_RGB": False, b"PTM_FORMAT_LRGB": True}[lines[1]]
    width, height = int(lines[2]), int(lines[3])
    scale = [float(word) for word in lines[4].split()]
    bias = [int(word) for word in lines[5].split()]
    assert len(lines[6]) == (9 if has_base else 18) * width * height
    count = 1 if has_base else 3
    body = np.frombuffer(lines[6], np.uint8)
    raw = body[: 6 * count * width * height].reshape(count, height, width, 6).astype(float)
    x, y, _ = light
    terms = [x * x, y * y, x * y, x, y, 1.0]
    picture = sum(term * (raw[..., k] - bias[k]) * scale[k] for k, term in enumerate(terms))
    if has_base:
        base = body[6 * width * height :].reshape(height, width, 3) / 255.0
        picture = picture * np.moveaxis(base, 2, 0)
    return np.moveaxis(picture[:, ::-1], 0, 2)  # rows from the bottom
