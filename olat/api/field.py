"""A camera's reflectance field, ready to be lit."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from olat.api.lighting import Environment, lighting_of
from olat.errors import UsageError
from olat.io.field_file import open_field
from olat.model.field import FieldHeader, ReflectanceField
from olat.model.lighting import DistantLight, Lighting, RectangleLight
from olat.model.rig import LightRig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from olat.api.field_weights import Mixing
    from olat.gpu.field import GpuField
    from olat.model.color import ColorSpace
    from olat.model.shapes import LightColors, Radiance
    from olat.relight.emitters import NearLight
    from olat.relight.model_residual import Surface
    from olat.relight.preview import PreviewField

logger = logging.getLogger(__name__)

Device: TypeAlias = Literal["cpu", "cuda"]
"""What adds up the planes: the processor, or an NVIDIA GPU."""

NEAR_EXTRAPOLATED = 0.01
"""Share of pixels that see a lamp beyond the rig that is worth a word."""


class Field:
    """The reflectance of every pixel under every light of a camera's sweep."""

    def __init__(
        self,
        path: Path,
        places: Callable[[], Radiance] | None = None,
        surface: Callable[[], Surface] | None = None,
        *,
        device: Device = "cpu",
    ) -> None:
        self.path = path
        self.device = device
        if device == "cuda":
            from olat.gpu.cuda import cupy

            cupy()  # what is missing is said before anything is read
        self._places = places
        self._surface = surface
        self._told_missing = False
        self._preview: PreviewField | None = None

    def __repr__(self) -> str:
        lights, height, width = self.shape
        return f"<field {self.path.name}: {lights} lights, {width} x {height} px>"

    @cached_property
    def opened(self) -> ReflectanceField:
        """The field on disk, its planes mapped."""
        return open_field(self.path)

    @cached_property
    def on_gpu(self) -> GpuField:
        """The field on an NVIDIA GPU; its `planes` lie there, for who wants pictures there.

        Raises
        ------
        GpuError
            If there is no GPU, or CuPy is not installed.
        """
        from olat.gpu.field import GpuField

        return GpuField(self.opened)

    @property
    def header(self) -> FieldHeader:
        """Lights, size, origin."""
        return self.opened.header

    @property
    def rig(self) -> LightRig:
        """The lights of the sweep, in the order of the planes."""
        return self.header.rig

    @property
    def space(self) -> ColorSpace:
        """What red, green and blue of relit pictures are."""
        return self.header.space

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of lights, height, width."""
        return self.opened.shape

    def weights(
        self,
        *,
        light: Sequence[float] | None = None,
        environment: Environment | None = None,
        rotate_deg: float = 0.0,
        lighting: Lighting | None = None,
        mixing: Mixing | None = None,
    ) -> LightColors:
        """Return how much of each plane a lighting takes.

        Parameters
        ----------
        light
            Direction from the subject to a distant light under which a white patch facing it
            reads 1; any length but 0.
        environment
            Latitude-longitude map in OpenEXR orientation, radiance; a file, or an array in
            linear Rec.709. It is taken to the field's color; a field in camera color takes it as
            it is.
        rotate_deg
            Turns the environment around +y; at 90 what came from +z comes from +x [degree].
        lighting
            Several lights that shine together; none of them near.
        mixing
            How lights that the rig has not are made of those that it has.

        Raises
        ------
        UsageError
            If not exactly one of light, environment and lighting is given, a light points nowhere,
            or a lamp is near.
        """
        from olat.api.field_weights import Mixing, weights_of

        asked = lighting_of(light, environment, rotate_deg, lighting)
        self._tell_missing()
        return weights_of(self.header, asked, mixing or Mixing())

    def relight(
        self,
        *,
        light: Sequence[float] | None = None,
        environment: Environment | None = None,
        rotate_deg: float = 0.0,
        lighting: Lighting | None = None,
        mixing: Mixing | None = None,
    ) -> Radiance:
        """Return the subject under another light: linear radiance, ``h w 3``, float32.

        The picture is the sum of all planes, each times its weight (Debevec et al. 2000,
        section 3); the parameters are those of `weights`. Lamps at finite places, of which
        `lighting` may have some, are seen from the place of each pixel: that, and highlights that
        a model moves, are always left to the processor.

        Raises
        ------
        UsageError
            As for `weights`; and if lamps are near, and nobody knows where the pixels are.
        """
        from olat.api.field_weights import split

        far, own = split(lighting_of(light, environment, rotate_deg, lighting), mixing)
        pictures = []
        if far.lights or far.gains is not None or not own:
            weights = self.weights(lighting=far, mixing=mixing)
            pictures.append(self._sum(weights))
        pictures += [
            self._by_model(light) if isinstance(light, DistantLight) else self._near(light)
            for light in own
        ]
        total = pictures[0]
        for picture in pictures[1:]:
            total += picture
        return total

    def preview(self, **lighting: Any) -> Radiance:
        """Return a picture to look at, from a few components of each tile: not one to keep.

        What lights it is said as to `weights`. The first call compresses the field and keeps the
        result beside it.
        """
        from olat.api.previews import preview_of
        from olat.relight.preview import preview

        if self._preview is None:
            self._preview = preview_of(self.path, self.opened)
        return preview(self._preview, self.weights(**lighting))

    def render(
        self, weights: np.ndarray[Any, Any], *, out: np.ndarray[Any, Any] | None = None
    ) -> np.ndarray[Any, Any]:
        """Return one picture for each set of weights, in one pass over the field.

        Parameters
        ----------
        weights
            ``frame light 3``, such as `weights` returns, stacked.
        out
            Pictures of an earlier call, of as many frames, that are overwritten.

        Returns
        -------
        pictures
            ``frame h w 3``, float32.
        """
        if self.device == "cuda":
            return self.on_gpu.relit_batch(weights, out=out)
        from olat.relight.streamed_planes import relit_field_batch

        return relit_field_batch(self.opened, weights, out=out)

    def _sum(self, weights: LightColors) -> Radiance:
        if self.device == "cuda":
            return self.on_gpu.relit(weights)
        from olat.relight.streamed_planes import relit_field

        return relit_field(self.opened, weights)

    def _by_model(self, light: DistantLight) -> Radiance:
        """Return the subject under a distant light, highlights where Phong's terms have them."""
        from olat.api.field_weights import tell_stand_ins
        from olat.api.lighting import direction_of
        from olat.light.interpolation import weights_for_directions
        from olat.relight.model_residual import moved_by_model

        if self._surface is None:
            raise UsageError(
                f"method model: {self.path.name} was opened without its session, which has the "
                "Phong terms; they are needed. Use olat.open(SESSION).field()."
            )
        toward = direction_of(light.toward)[None]
        mixed = weights_for_directions(self.rig.directions, toward)
        tell_stand_ins(toward, mixed)
        unit = toward[0] / (toward[0] @ toward[0]) ** 0.5
        planes, directions = self.opened.planes, self.rig.directions
        picture = moved_by_model(planes, mixed.weights[0], directions, unit, self._surface())
        for channel, level in enumerate(light.color):
            picture[..., channel] *= level
        return picture

    def _near(self, lamp: NearLight) -> Radiance:
        """Return the subject under a lamp at a finite place."""
        from olat.relight.emitters import emitters_of
        from olat.relight.near_planes import relit_near

        if self._places is None:
            raise UsageError(
                f"lamp {lamp}: {self.path.name} was opened without its session, which tells where "
                "the pixels are; needed for lamps at finite places. Use olat.open(SESSION).field()."
            )
        places = self._places()
        try:
            found = relit_near(self.opened.planes, self.rig, places, emitters_of(lamp))
        except ValueError as error:
            raise UsageError(f"lighting: {error}.") from error
        if found.extrapolated > NEAR_EXTRAPOLATED:
            logger.warning(
                "%.0f %% of the pixels see the lamp at %s where no lights surround it: there the "
                "nearest one stands in.",
                100 * found.extrapolated,
                lamp.center if isinstance(lamp, RectangleLight) else lamp.position,
            )
        return found.radiance

    def _tell_missing(self) -> None:
        """Say so where the sweep lacks lights of the rig."""
        missing = self.header.rows - len(self.rig)
        if missing and not self._told_missing:
            self._told_missing = True
            logger.warning(
                "The field lacks %d of the rig's %d lights; its others stand for their parts too.",
                missing,
                self.header.rows,
            )
