"""Metashape's cameras in XML (File > Export > Export Cameras).

A camera's transform is camera to chunk, axes x right, y down, z forward, as ours; the chunk's takes
it to the world, with a scale. ``cx`` and ``cy`` count from the middle of the picture, ``b1`` is fx
- fy, ``b2`` the skew, and ``p1``, ``p2`` are OpenCV's p2, p1.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

from olat.errors import FileError
from olat.io.camera_list import (
    Optics,
    added,
    camera_of,
    inverse_of,
    nearest_rotation,
    numbers_in,
    optics_of,
    pose_of,
)
from olat.io.light_file_text import read_text
from olat.io.publish import publish
from olat.model.calibration import LensCalibration

logger = logging.getLogger(__name__)


def read_metashape(path: Path) -> dict[str, LensCalibration]:
    """Read the cameras of a chunk, by their labels, in its world."""
    root = _parsed(path)
    chunk = root if root.tag == "chunk" else root.find("chunk")
    if chunk is None:
        raise FileError(
            f"{path}: found <{root.tag}> without <chunk>; cameras that Metashape exported are "
            "needed."
        )
    lenses = {sensor.get("id"): sensor for sensor in chunk.iter("sensor")}
    cameras: dict[str, LensCalibration] = {}
    lost, unplaced = [], False
    for camera in chunk.iter("camera"):
        label = camera.get("label") or camera.get("id") or ""
        where = f"{path}: camera {label!r}"
        told = camera.findtext("transform")
        if told is None:
            lost.append(label)
            continue
        sensor = lenses.get(camera.get("sensor_id"))
        if sensor is None:
            raise FileError(f"{where}: there is no sensor {camera.get('sensor_id')!r}.")
        to_chunk = numbers_in(where, told.split(), 16).reshape(4, 4)
        turn, shift, scale, known = _chunk_to_world(path, chunk, camera)
        unplaced = unplaced or not known
        rotation = turn @ nearest_rotation(where, to_chunk[:3, :3])
        center = scale * turn @ to_chunk[:3, 3] + shift
        pose = inverse_of(rotation, center)
        added(cameras, where, label, camera_of(where, _optics(where, sensor), *pose))
    if lost:
        logger.warning("%s: Metashape did not align %s: left out.", path, ", ".join(lost))
    if unplaced and cameras:
        logger.warning("%s: the chunk has no transform: its unit of length is not known.", path)
    return cameras


def _parsed(path: Path) -> Element:
    text = read_text(path)
    if "<!ENTITY" in text:
        raise FileError(f"{path}: the file defines entities, which no export of cameras does.")
    try:
        return ElementTree.fromstring(text.encode("utf-8"))  # noqa: S314 - no entities are left
    except ElementTree.ParseError as error:
        raise FileError(f"{path}: {error}; XML is needed.") from None


def _chunk_to_world(
    path: Path, chunk: Element, camera: Element
) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """Return rotation, shift and scale, of the camera's component where the chunk has several."""
    found = chunk.find("transform")
    for component in chunk.iter("component"):
        if found is None and component.get("id") == camera.get("component_id", "0"):
            found = component.find("transform")
    if found is None:
        return np.eye(3), np.zeros(3), 1.0, False
    where = f"{path}: transform of the chunk"
    turn = numbers_in(where, (found.findtext("rotation") or "1 0 0 0 1 0 0 0 1").split(), 9)
    shift = numbers_in(where, (found.findtext("translation") or "0 0 0").split(), 3)
    scale = float(numbers_in(where, (found.findtext("scale") or "1").split(), 1)[0])
    return nearest_rotation(where, turn.reshape(3, 3)), shift, scale, True


def _optics(where: str, sensor: Element) -> Optics:
    """Read a sensor; what Metashape adjusted counts before what it started from."""
    found = {one.get("class", ""): one for one in sensor.iter("calibration")}
    lens = found.get("adjusted", next(iter(found.values()), None))
    size = None if lens is None else lens.find("resolution")
    size = sensor.find("resolution") if size is None else size
    if lens is None or size is None:
        raise FileError(
            f"{where}: its sensor has no calibration or no resolution; needed are both."
        )
    kind = lens.get("type", sensor.get("type", "frame"))
    terms = {one.tag: _number(where, one) for one in lens if one.tag != "resolution"}
    foreign = [name for name in ("k4", "p3", "p4") if terms.get(name)]
    if kind != "frame" or foreign:
        raise FileError(
            f"{where}: its lens is {kind!r} with {', '.join(foreign) or 'its own terms'}; 'frame' "
            "with k1 k2 k3 p1 p2 is needed. Optimize the cameras in Metashape without the others."
        )
    width, height = (int(size.get(side, "0")) for side in ("width", "height"))
    f = terms.get("f", float("nan"))
    k1, k2, k3, p1, p2 = (terms.get(name, 0.0) for name in ("k1", "k2", "k3", "p1", "p2"))
    return Optics(
        height,
        width,
        f + terms.get("b1", 0.0),
        f,
        width / 2.0 + terms.get("cx", 0.0),
        height / 2.0 + terms.get("cy", 0.0),
        (k1, k2, p2, p1, k3),
        terms.get("b2", 0.0),
    )


def _number(where: str, element: Element) -> float:
    try:
        return float(element.text or "")
    except ValueError:
        return 0.0 if len(element) else numbers_in(where, [element.text or ""], 1).item()


def write_metashape(path: Path, cameras: Mapping[str, LensCalibration]) -> None:
    """Write cameras as Metashape exports them, in meters."""
    root = Element("document", version="2.0.0")
    chunk = SubElement(root, "chunk", label="olat", enabled="true")
    sensors, list_ = SubElement(chunk, "sensors"), SubElement(chunk, "cameras")
    for index, (name, lens) in enumerate(cameras.items()):
        optics = optics_of(lens)
        size = {"width": str(optics.width), "height": str(optics.height)}
        sensor = SubElement(sensors, "sensor", id=str(index), label=name, type="frame")
        SubElement(sensor, "resolution", size)
        solved = SubElement(sensor, "calibration", {"type": "frame", "class": "adjusted"})
        SubElement(solved, "resolution", size)
        for term, value in _terms(name, optics):
            SubElement(solved, term).text = repr(value)
        rotation, center = inverse_of(*pose_of(name, lens))
        to_chunk = np.eye(4)
        to_chunk[:3, :3], to_chunk[:3, 3] = rotation, center
        camera = SubElement(list_, "camera", id=str(index), sensor_id=str(index), label=name)
        SubElement(camera, "transform").text = " ".join(map(repr, to_chunk.ravel().tolist()))
    placed = SubElement(chunk, "transform")
    SubElement(placed, "scale").text = "1.0"
    ElementTree.indent(root)
    whole = ElementTree.ElementTree(root)
    publish(path, lambda part: whole.write(part, encoding="utf-8", xml_declaration=True))


def _terms(name: str, optics: Optics) -> Iterator[tuple[str, float]]:
    k1, k2, p1, p2, k3, *rest = (*optics.distortion, *(0.0,) * 5)[: max(5, len(optics.distortion))]
    if any(rest):
        raise FileError(
            f"camera {name!r} has rational or prism terms, which Metashape's lenses do not have."
        )
    yield "f", optics.fy
    yield "cx", optics.cx - optics.width / 2.0
    yield "cy", optics.cy - optics.height / 2.0
    yield "b1", optics.fx - optics.fy
    yield "b2", optics.skew
    yield from (("k1", k1), ("k2", k2), ("k3", k3), ("p1", p2), ("p2", p1))
