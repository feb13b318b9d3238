"""The verbs: one small class a file, listed here in running order."""

from __future__ import annotations

from olat.engine.stage import Stage
from olat.stages.align import Align
from olat.stages.assemble_field import AssembleField
from olat.stages.choose_reference import ChooseReference
from olat.stages.develop import Develop
from olat.stages.fit_lobes import FitLobes
from olat.stages.fit_phong import FitPhong
from olat.stages.integrate_normals import IntegrateNormals
from olat.stages.interpolate_motion import InterpolateMotion
from olat.stages.light_evenly import LightEvenly
from olat.stages.locate_lights import LocateLights
from olat.stages.measure_color import MeasureColor
from olat.stages.measure_drift import MeasureDrift
from olat.stages.measure_lens import MeasureLens
from olat.stages.measure_lights import MeasureLights
from olat.stages.measure_motion import MeasureMotion
from olat.stages.measure_sensor import MeasureSensor
from olat.stages.merge import Merge
from olat.stages.refine_motion import RefineMotion
from olat.stages.register_sweep import RegisterSweep
from olat.stages.separate_polarization import SeparatePolarization
from olat.stages.solve_normals import SolveNormals
from olat.stages.track import Track
from olat.stages.track_gradients import TrackGradients

STAGES: dict[str, type[Stage]] = {
    stage.verb(): stage
    for stage in (
        MeasureSensor,
        Develop,
        MeasureColor,
        MeasureLens,
        LocateLights,
        MeasureLights,
        ChooseReference,
        Track,
        MeasureMotion,
        TrackGradients,
        RegisterSweep,
        RefineMotion,
        InterpolateMotion,
        Align,
        Merge,
        MeasureDrift,
        AssembleField,
        LightEvenly,
        SolveNormals,
        IntegrateNormals,
        SeparatePolarization,
        FitPhong,
        FitLobes,
    )
}
"""Every stage by its verb, in running order."""
