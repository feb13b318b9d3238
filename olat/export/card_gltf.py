"""A card as glTF 2.0: a rectangle with a metallic-roughness material that is no metal."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from olat.export.card_files import BASE_COLOR, DIELECTRIC, NORMAL, ROUGHNESS, SPECULAR, Card

_FLOAT, _SHORT = 5126, 5123
_VERTICES, _INDICES = 34962, 34963
_CLAMP, _LINEAR, _MIPMAPS = 33071, 9729, 9987


def gltf_text(card: Card) -> str:
    """Return the card as a ``.gltf`` file; its geometry is in it, its textures lie beside it.

    References
    ----------
    .. [1] Khronos, glTF 2.0 specification, 2021, section 3.9; KHR_materials_specular: F0 is 0.04
       times the specular color.
    """
    arrays = _arrays(card)
    images = [BASE_COLOR, NORMAL, ROUGHNESS, SPECULAR]
    document = {
        "asset": {"version": "2.0", "generator": "olat", "extras": {"subject": card.name}},
        "extensionsUsed": ["KHR_materials_specular"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "Card"}],
        "meshes": [{"primitives": [_primitive()]}],
        "materials": [_material(card)],
        "textures": [{"source": index, "sampler": 0} for index in range(len(images))],
        "images": [{"uri": name} for name in images],
        "samplers": [
            {"magFilter": _LINEAR, "minFilter": _MIPMAPS, "wrapS": _CLAMP, "wrapT": _CLAMP}
        ],
        **_buffers(arrays),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _arrays(card: Card) -> dict[str, np.ndarray[Any, Any]]:
    """Return the rectangle: corners from the lower left, counterclockwise."""
    x, y = card.width / 2, card.height / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    return {
        "POSITION": np.hstack([corners * [x, y], np.zeros((4, 1))]).astype(np.float32),
        "NORMAL": np.tile(np.array([0, 0, 1], np.float32), (4, 1)),
        "TANGENT": np.tile(np.array([1, 0, 0, 1], np.float32), (4, 1)),
        # Rows of textures count from the top.
        "TEXCOORD_0": (corners * [0.5, -0.5] + 0.5).astype(np.float32),
        "indices": np.array([0, 1, 2, 0, 2, 3], np.uint16),
    }


def _primitive() -> dict[str, Any]:
    names = ("POSITION", "NORMAL", "TANGENT", "TEXCOORD_0")
    return {
        "attributes": {name: place for place, name in enumerate(names)},
        "indices": len(names),
        "material": 0,
    }


def _material(card: Card) -> dict[str, Any]:
    gain = card.reflectance / DIELECTRIC
    return {
        "name": "Skin",
        "alphaMode": "MASK",
        "alphaCutoff": 0.5,
        "pbrMetallicRoughness": {
            "baseColorTexture": {"index": 0},
            "metallicFactor": 0.0,
            "roughnessFactor": 1.0,
            "metallicRoughnessTexture": {"index": 2},
        },
        "normalTexture": {"index": 1},
        "extensions": {
            "KHR_materials_specular": {
                "specularFactor": 1.0,
                "specularColorFactor": [gain, gain, gain],
                "specularColorTexture": {"index": 3},
            }
        },
    }


def _buffers(arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    """Return accessors, views and the buffer of some arrays, in their order."""
    kinds = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}
    content = b""
    views: list[dict[str, int]] = []
    accessors: list[dict[str, Any]] = []
    for name, array in arrays.items():
        is_index = name == "indices"
        data = array.tobytes()
        views.append(
            {
                "buffer": 0,
                "byteOffset": len(content),
                "byteLength": len(data),
                "target": _INDICES if is_index else _VERTICES,
            }
        )
        accessor: dict[str, Any] = {
            "bufferView": len(accessors),
            "componentType": _SHORT if is_index else _FLOAT,
            "count": len(array),
            "type": kinds[1 if is_index else array.shape[1]],
        }
        if name == "POSITION":
            accessor |= {"min": array.min(axis=0).tolist(), "max": array.max(axis=0).tolist()}
        accessors.append(accessor)
        content += data
    uri = "data:application/octet-stream;base64," + base64.b64encode(content).decode()
    return {
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(content), "uri": uri}],
    }
