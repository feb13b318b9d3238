"""Which file format each product has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from olat.engine.capture import Unit
from olat.engine.store import Codec
from olat.model.calibration import (
    ColorCalibration,
    LensCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.model.color import ColorSpace
from olat.model.condition import Olat
from olat.model.drift import LightDrift
from olat.model.field import CERTAIN, FieldHeader, LightPlane, ReflectanceField
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.maps import DepthMap, LobeMaps, NormalMap, PhongMaps
from olat.model.motion import (
    MotionCorrection,
    ReferenceFrame,
    SweepMotion,
    SweepRegistration,
    TrackingFlow,
)
from olat.model.rig import LightRig
from olat.model.session import Session
from olat.stages.calibration_products import CalibrationFiles
from olat.stages.whole_camera_file import WholeCameraFile

_MOTION = "olat.io.motion_file"
_SWEEP_FLOW = "olat.io.sweep_flow_file"


def codecs(session: Session) -> Mapping[type, Codec]:
    """Return what writes and reads each type of product of a session."""
    return {
        RadianceImage: ExrFiles("radiance", _doubts),
        TrackingFlow: ExrFiles("flow", _motion),
        NormalMap: ExrFiles("normals", _confidence),
        PhongMaps: ExrFiles("phong", _confidence),
        DepthMap: DepthFiles("depth", _confidence),
        LobeMaps: ExrFiles("lobes", _confidence),
        LightPlane: FieldFiles(session),
        LightDrift: WholeCameraFile("olat.io.drift_file", "drift", ".csv", light_changes),
        ReferenceFrame: WholeCameraFile(
            _MOTION, "reference", ".json", lambda product: {"frame": product.frame}
        ),
        SweepMotion: WholeCameraFile(
            _MOTION, "sweep_motion", ".json", _sweep_motion, picture="olat.io.motion_picture"
        ),
        SweepRegistration: WholeCameraFile(_SWEEP_FLOW, "registration", ".npz", _frame_count),
        MotionCorrection: WholeCameraFile(_SWEEP_FLOW, "correction", ".npz", _frame_count),
        **dict.fromkeys(
            (SensorCalibration, ColorCalibration, LensCalibration, RigCalibration),
            CalibrationFiles(session),
        ),
    }


def flag_shares(flags: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the share of pixels under each flag that occurs."""
    shares = {flag.name or "": float(np.mean((flags & flag) != 0)) for flag in PixelFlag}
    return {f"flag_{name.lower()}": round(share, 6) for name, share in shares.items() if share}


def _doubts(product: RadianceImage) -> dict[str, float]:
    known = product.confidence
    mean = {} if known is None else {"mean_confidence": round(float(known.mean()), 4)}
    return {**mean, **flag_shares(product.flags)}


class ExrFiles:
    """Products that are one EXR file, mostly with a display PNG beside it."""

    collection: type | None = None

    def __init__(self, noun: str, metrics: Callable[[Any], dict[str, float]]) -> None:
        self._noun = noun
        self._metrics = metrics

    def write(self, place: Path, unit: Unit, product: Any, provenance: str) -> list[Path]:
        """Write ``<place>.exr``."""
        from olat.io import map_files

        path = place.with_name(f"{place.name}.exr")
        getattr(map_files, f"write_{self._noun}")(path, product, {"olat/provenance": provenance})
        return [path, path.with_suffix(".png")]

    def read(self, place: Path, unit: Unit) -> Any:
        """Read ``<place>.exr``."""
        from olat.io import map_files

        return getattr(map_files, f"read_{self._noun}")(place.with_name(f"{place.name}.exr"))

    def read_all(self, place: Path) -> Any:
        """Refuse: the frames of an EXR product are separate."""
        raise TypeError(f"{place}: {self._noun} is read frame by frame")

    def settle(self, place: Path, camera: str) -> list[Path]:
        """Return nothing: the frames of an EXR product share no file."""
        return []

    def metrics(self, product: Any) -> dict[str, float]:
        """Return numbers for the receipt."""
        return self._metrics(product)


class DepthFiles(ExrFiles):
    """Depth: an EXR file, a display PNG and perhaps a mesh."""

    def write(self, place: Path, unit: Unit, product: DepthMap, provenance: str) -> list[Path]:
        """Write ``<place>.exr`` and what belongs beside it."""
        from olat.io.depth_file import write_depth

        path = place.with_name(f"{place.name}.exr")
        return write_depth(path, product, {"olat/provenance": provenance})

    def read(self, place: Path, unit: Unit) -> DepthMap:
        """Read ``<place>.exr``."""
        from olat.io.depth_file import read_depth

        return read_depth(place.with_name(f"{place.name}.exr"))


def _motion(product: TrackingFlow) -> dict[str, float]:
    length = np.linalg.norm(product.flow, axis=2)
    sure = product.confidence > 0.5
    moved = float(np.median(length[sure])) if sure.any() else 0.0
    return {"median_motion_px": round(moved, 4), "sure_share": round(float(sure.mean()), 4)}


def _confidence(product: NormalMap | PhongMaps | DepthMap | LobeMaps) -> dict[str, float]:
    known = product.confidence > 0
    mean = float(product.confidence[known].mean()) if known.any() else 0.0
    return {
        "known_share_of_frame": round(float(known.mean()), 4),
        "mean_confidence_where_known": round(mean, 4),
        **flag_shares(product.flags),
    }


def light_changes(product: LightDrift) -> dict[str, float]:
    """Return how much the level changed, as the full-on frames that are believed tell."""
    from olat.light.drift import outliers

    known = product.levels[~outliers(product.moments, product.levels)]
    change = float(np.ptp(known.mean(axis=1))) if product.moments else 0.0
    return {"full_on_frames": len(product.moments), "change": round(change, 5)}


def _frame_count(product: SweepRegistration | MotionCorrection) -> dict[str, float]:
    return {"frames": len(product.frames)}


def _sweep_motion(product: SweepMotion) -> dict[str, float]:
    """Return how many tracking frames are used, how far the subject moved, and the doubts."""
    used = [tracked for tracked in product.frames if tracked.is_used]
    return {
        "tracking_frames": len(product.frames),
        "used": len(used),
        "largest_px": round(max((tracked.largest_px for tracked in used), default=0.0), 3),
        "doubtful_intervals": len(product.doubts),
    }


class FieldFiles:
    """Planes of the reflectance field in ``<camera>/field.zarr``."""

    collection: type | None = ReflectanceField

    def __init__(self, session: Session) -> None:
        self._session = session

    def write(self, place: Path, unit: Unit, product: LightPlane, provenance: str) -> list[Path]:
        """Write one light's plane into the camera's field."""
        from olat.io.field_file import create_field, write_plane

        _, height, width = product.reflectance.shape
        header = field_header(self._session, unit.camera, (height, width), product.space)
        field = place.parent.with_suffix(".zarr")
        create_field(field, header)
        return write_plane(field, product)

    def read(self, place: Path, unit: Unit) -> LightPlane:
        """Read one light's plane."""
        from olat.io.field_file import open_field

        field = open_field(place.parent.with_suffix(".zarr"))
        light = _lights(self._session, unit.camera)[unit.frame]
        row = field.header.lights.index(light)
        return LightPlane(
            light,
            field.planes[row],
            field.flag_planes[row],
            field.header.space,
            field.confidence_planes[row] if field.confidence_planes else None,
        )

    def read_all(self, place: Path) -> ReflectanceField:
        """Open the camera's field."""
        from olat.io.field_file import open_field

        return open_field(place.with_suffix(".zarr"))

    def settle(self, place: Path, camera: str) -> list[Path]:
        """List the lights that the session has now; their planes keep their places."""
        from olat.io.field_file import create_field, read_header, remove_planes

        field = place.with_suffix(".zarr")
        if not field.exists() or not _lights(self._session, camera):
            return []
        found = read_header(field)
        size = found.height, found.width
        header = field_header(self._session, camera, size, found.space)
        remove_planes(field, keep=header.lights)
        return create_field(field, header)

    def metrics(self, product: LightPlane) -> dict[str, float]:
        """Return the light, its brightness and flag shares."""
        mean = float(product.reflectance.mean(dtype=np.float32))
        found = {"light": product.light, "mean": round(mean, 6), **flag_shares(product.flags)}
        if product.confidence is not None:
            found["mean_confidence"] = round(float(product.confidence.mean()) / CERTAIN, 4)
        return found


def field_header(
    session: Session, camera: str, shape: tuple[int, int], space: ColorSpace
) -> FieldHeader:
    """Describe the field of a camera: the lights of its OLAT frames, in light order."""
    from olat.light.quadrature import solid_angles

    lights = tuple(_lights(session, camera).values())
    whole, chosen = session.rig, list(lights)
    rig = LightRig(
        name=whole.name,
        directions=whole.directions[chosen],
        intensities=whole.intensities[chosen],
        positions=None if whole.positions is None else whole.positions[chosen],
        names=tuple(whole.names[light] for light in lights) if whole.names else (),
    )
    return FieldHeader(
        session=session.name,
        camera=camera,
        height=shape[0],
        width=shape[1],
        rows=len(whole),
        rig=rig,
        lights=lights,
        solid_angles=solid_angles(rig.directions),
        space=space,
    )


def _lights(session: Session, camera: str) -> dict[int | None, int]:
    """Return the light of each OLAT frame, in light order."""
    return {
        frame.index: frame.condition.light
        for frame in session.olat_frames(camera)
        if isinstance(frame.condition, Olat)
    }
