"""Names of the ways to find motion."""

from __future__ import annotations

from typing import Literal, TypeAlias

from olat.motion.flow import FlowMethod
from olat.motion.flow_deep import deepflow
from olat.motion.flow_dis import dis
from olat.motion.flow_tv_l1 import tv_l1

FlowMethodName: TypeAlias = Literal["dis", "deepflow", "tvl1", "nvidia"]


def flow_method(name: FlowMethodName) -> FlowMethod:
    """Return the method of a name; `nvidia` is dense inverse search where there is no such chip."""
    if name == "nvidia":
        # Asks the driver, which the others need not wait for.
        from olat.motion.flow_nvidia import nvidia_or_dis  # noqa: PLC0415

        return nvidia_or_dis()
    methods: dict[str, FlowMethod] = {"dis": dis, "deepflow": deepflow, "tvl1": tv_l1}
    return methods[name]
