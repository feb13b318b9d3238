"""A processed session in Python: its lights, maps and fields."""

from __future__ import annotations

import logging
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from olat.api.calibration_changes import CalibrationChanges, made_with_now
from olat.api.currency import is_current, made_with
from olat.api.field import Device, Field
from olat.api.lobes import Lobes
from olat.engine.capture import Unit
from olat.engine.pipeline import Pipeline, load_pipeline
from olat.engine.receipt import Receipt
from olat.engine.store import Store
from olat.errors import CalibrationError, FileError, SessionError, UsageError
from olat.io.manifest import read_session
from olat.model.calibration import LensCalibration
from olat.model.condition import is_under
from olat.model.maps import DepthMap, NormalMap, PhongMaps
from olat.model.rig import LightRig
from olat.model.session import Session
from olat.stages import STAGES
from olat.stages.calibrations import Calibrations
from olat.stages.capture import GIVEN, SessionCapture
from olat.stages.fit_lobes import GRADIENTS as LOBE_GRADIENTS
from olat.stages.pixel_views import geometry_of
from olat.stages.products import codecs
from olat.stages.subject import inside

if TYPE_CHECKING:
    from olat.model.shapes import Mask, Matrix3, Radiance
    from olat.model.view import ViewGeometry
    from olat.relight.model_residual import Surface
    from olat.surface.lobe_residual import Visibility

logger = logging.getLogger(__name__)

WIDE_PENUMBRA = 0.03
"""Height over which the shadow of a wide light fades, in widths of the picture."""


class OpenSession:
    """A session and what was made of it."""

    def __init__(self, folder: Path, pipeline: str = "standard") -> None:
        definition = load_pipeline(pipeline, catalog=STAGES, given=GIVEN)
        session = read_session(folder)
        self.folder = session.folder
        products = self.folder / definition.folder
        self._made_with = made_with(products)
        folders = [folder for folder in self._made_with.calibration if folder.is_dir()]
        self._calibrations = Calibrations(session, folders)
        self.session: Session = self._with_rig()
        self._store = Store(products, codecs(self.session))
        if products.is_dir():
            self._warn_if_outdated(definition)

    def __repr__(self) -> str:
        return f"<olat session {self.session.name!r}, cameras {', '.join(self.cameras)}>"

    @property
    def rig(self) -> LightRig:
        """The lights."""
        return self.session.rig

    @cached_property
    def cameras(self) -> list[str]:
        """Names of the cameras."""
        return [camera.name for camera in self.session.cameras]

    def field(self, camera: str | None = None, *, device: Device = "cpu") -> Field:
        """Return the reflectance field of a camera (of the only one, if there is one).

        Parameters
        ----------
        camera
            Its name.
        device
            What adds up its planes: ``cuda`` is an NVIDIA GPU, and needs the extra `olat[cuda]`.

        Raises
        ------
        SessionError
            If the field was not made, or not all of it.
        GpuError
            If the GPU was asked for and there is none.
        """
        unit = Unit(self._named(camera))
        self._receipt("field", unit, "assemble_field")
        path = self._store.place("field", unit).with_suffix(".zarr")
        name = unit.camera
        return Field(path, lambda: self._places(name), lambda: self._surface(name), device=device)

    def lobes(self, camera: str | None = None) -> Lobes:
        """Return the cosine lobes of a camera, ready to be lit.

        Raises
        ------
        SessionError
            If they were not fitted: no color gradient was shot, or the run did not come to it.
        """
        unit = Unit(self._named(camera))
        frames = self.session.frames_of(unit.camera).values()
        if not any(is_under(frame.condition, kind) for frame in frames for kind in LOBE_GRADIENTS):
            raise SessionError(
                f"{self.folder}: camera {unit.camera!r} has no lobes, for they are fitted to "
                "gradients, and none was shot; needed are color or white gradients. Relight the "
                "field of its OLAT sweep."
            )
        self._receipt("lobes", unit, "fit_lobes")
        path = self._store.place("lobes", unit).with_suffix(".exr")
        return Lobes(path, lambda: self._visibilities(unit.camera))

    def _visibilities(self, name: str) -> tuple[Visibility, Visibility]:
        """Return what shares of lights the depth of a camera lets through: distant, and wide."""
        from olat.surface.cast_shadows import visibility_from_direction

        depth = self.depth(name).depth
        view = self._view(name, *depth.shape)
        sharp = partial(visibility_from_direction, depth, view)
        return sharp, partial(sharp, penumbra_px=WIDE_PENUMBRA * depth.shape[1])

    def _surface(self, name: str) -> Surface:
        """Return the Phong terms of a camera, their normals, and where the camera is."""
        phong = self.phong(name)
        normals = self.normals(name).normals if phong.normals is None else phong.normals
        return phong, normals, self._view(name, *phong.exponent.shape).toward()

    def camera_axes(self, camera: str | None = None) -> Matrix3:
        """Return a camera's x (right), y (down) and z (forward) as rows, in world axes.

        Those of the reference camera, where the camera was not placed.
        """
        lens = self._calibrations.calibration("lens", self._named(camera))
        if isinstance(lens, LensCalibration):
            return lens.axes
        return np.diag([1.0, -1.0, -1.0])

    def _view(self, name: str, height: int, width: int) -> ViewGeometry:
        """Return what the pixels of a camera's maps see."""
        lens = self._calibrations.calibration("lens", name)
        known = lens if isinstance(lens, LensCalibration) else None
        return geometry_of(known, self.session.camera(name), height, width, stage="relight")

    def _places(self, name: str) -> Radiance:
        """Return where each pixel of a camera's field is, in meters: by depth, or on a plane.

        Raises
        ------
        UsageError
            If nothing tells how large the subject is.
        """
        from olat.surface.pixel_places import pixel_places

        view = self._view(name, *self.field(name).shape[1:])
        if not view.is_metric:
            raise UsageError(
                f"{self.folder}: camera {name!r} has no scale, which lamps at finite places need. "
                "Tell field_of_view_deg and distance_m in session.toml, or use distant lights."
            )
        try:
            depth = self.depth(name)
        except SessionError:
            depth = None
        if depth is None or not depth.is_metric:
            logger.warning(
                "There is no depth in meters: for near lamps all pixels are taken to lie on the "
                "plane through the origin that faces the camera."
            )
            return pixel_places(view, None)
        return pixel_places(view, depth)

    def normals(self, camera: str | None = None) -> NormalMap:
        """Return the normals of a camera; `SessionError` if they were not solved."""
        unit = Unit(self._named(camera))
        self._receipt("normals", unit, "solve_normals")
        from olat.io.map_files import read_normals

        return read_normals(self._store.place("normals", unit).with_suffix(".exr"))

    def depth(self, camera: str | None = None) -> DepthMap:
        """Return the depth of a camera, without its mesh; `SessionError` if it was not made."""
        unit = Unit(self._named(camera))
        self._receipt("depth", unit, "integrate_normals")
        from olat.io.depth_file import read_depth

        return read_depth(self._store.place("depth", unit).with_suffix(".exr"))

    def phong(self, camera: str | None = None) -> PhongMaps:
        """Return the Phong terms of a camera; `SessionError` if they were not fitted."""
        unit = Unit(self._named(camera))
        self._receipt("phong", unit, "fit_phong")
        from olat.io.map_files import read_phong

        return read_phong(self._store.place("phong", unit).with_suffix(".exr"))

    def mask(self, camera: str | None = None) -> Mask | None:
        """Return a camera's matte at the size and place of its field; none if it has none."""
        name = self._named(camera)
        capture = SessionCapture(self.session, self._hashes, self._calibrations)
        matte = capture.value("mask", Unit(name))
        return None if matte is None else inside(matte, self.field(name).shape[1:])

    def matte(self, camera: str | None = None) -> tuple[Mask | None, str]:
        """Return where the subject is, and what told it: the mask, or else the normals' extent.

        None, where neither is there.
        """
        from olat.surface.matte import matte_from_normals

        painted = self.mask(camera)
        if painted is not None:
            return painted, "the session's mask"
        try:
            return matte_from_normals(self.normals(camera)), "where normals were solved"
        except SessionError:
            return None, "nothing: there is no mask, and there are no normals"

    @property
    def _hashes(self) -> Path:
        return self._store.folder / ".hashes.json"

    def _warn_if_outdated(self, pipeline: Pipeline) -> None:
        """Say so if products may be those of another version of the session."""
        products = self._store.folder
        capture = SessionCapture(self.session, self._hashes, self._calibrations)
        losses: list[str] = []
        try:
            if is_current(products, capture.digest()):
                return
            now = made_with_now(pipeline, capture)
            losses = CalibrationChanges(pipeline, capture, self._made_with, now).losses()
        except (CalibrationError, FileError):
            pass  # told by `_with_rig`, or by the run that the warning asks for
        for loss in losses:
            logger.warning("%s", loss)
        if not losses:
            logger.warning(
                "%s: the session changed after these products were made, or the last run did not "
                "come to its end. `%s` brings them up to date.",
                self.folder,
                self._command,
            )

    @property
    def _command(self) -> str:
        """The command that makes what is missing with the calibrations of what is there."""
        words = ["olat process", str(self.folder)]
        words += [f"--calibration {folder}" for folder in self._made_with.calibration]
        return " ".join(words)

    def _with_rig(self) -> Session:
        """Return the session with its measured rig; products stand, whatever came to a shelf."""
        try:
            return self._calibrations.with_rig()
        except (CalibrationError, FileError) as error:
            logger.warning("%s The lights are told as the light file has them.", error)
            return self._calibrations.session

    def _named(self, camera: str | None) -> str:
        if camera is None and len(self.cameras) == 1:
            return self.cameras[0]
        if camera not in self.cameras:
            asked = "no camera was named" if camera is None else f"there is no camera {camera!r}"
            raise UsageError(f"{self.folder}: {asked}; there are {', '.join(self.cameras)}.")
        return camera

    def _receipt(self, product: str, unit: Unit, verb: str) -> Receipt:
        receipt = self._store.receipt(product, unit)
        if receipt is None:
            raise SessionError(
                f"{self.folder}: camera {unit.camera!r} has no finished {product!r} ({verb} has "
                f"not run to its end). Run `{self._command}`."
            )
        return receipt


def open_session(folder: Path | str, *, pipeline: str = "standard") -> OpenSession:
    """Open a session folder (or a session.toml).

    Parameters
    ----------
    folder
        The session.
    pipeline
        The definition that made the products; ``preview`` keeps its own beside the others.

    Raises
    ------
    SessionError
        If there is no session.
    """
    return OpenSession(Path(folder), pipeline)
