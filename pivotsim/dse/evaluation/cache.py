"""Hardware, operations and host times that designs share, each made once and kept in a cache for a while."""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from pivotsim.dse.space.axis_kinds import HARDWARE, HIGH, LOW, TRANSFORMS, with_attentions
from pivotsim.dse.space.definition import Space
from pivotsim.engines.pl_units.charges import unit_bytes, unit_pj
from pivotsim.engines.pl_units.units import unit_cycles
from pivotsim.errors import InputError
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.many_designs import PATHS, ResourceModel
from pivotsim.host.costs import host_ops
from pivotsim.io.specs import Spec
from pivotsim.models.spec import VitModel
from pivotsim.simulation.run import runnable
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan, plan

MAX_KEPT = 512
Changes = tuple[tuple[str, Any], ...]
Kept = TypeVar("Kept")


class Cache(OrderedDict[Hashable, Any]):
    """The latest results of a function by key; the oldest goes when there are too many."""

    def get_or_compute(self, key: Hashable, make: Callable[[], Any], most: int = MAX_KEPT) -> Any:
        """Return the value of a key, made now if it is not here."""
        if key not in self:
            self.put(key, make(), most)
        return self[key]

    def put(self, key: Hashable, value: Any, most: int = MAX_KEPT) -> None:
        """Keep the value of a key."""
        self[key] = value
        if len(self) > most:
            self.popitem(last=False)


@dataclass(frozen=True)
class Work:
    """One effort's plan, lowered, its operations in scope."""

    plan: Plan
    trace: Trace
    classes: int | None


class BesideArray(NamedTuple):
    """What one effort takes beside the array: clocks, bytes and pJ of the PL's units, ms of the processor."""

    unit_cycles: int
    unit_bytes: int
    unit_pj: float
    ps_ms: float


class DesignBuilder:
    """Makes hardware and work of a space's designs from the values of their axes."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self._cache = Cache()

    @cached_property
    def resources(self) -> ResourceModel:
        """What designs take of the FPGA, by their places on the axes."""
        axes = [axis for axis in self.space.axes if axis.name in PATHS]
        return ResourceModel(self.space.hw, {axis.name: axis.all_values for axis in axes})

    def hardware(self, values: Mapping[str, Any]) -> SystolicHardware:
        """Return the hardware with the values of axes that are its fields.

        Raises
        ------
        InputError
            Values do not fit each other.
        """
        changes = tuple((name, value) for name, value in values.items() if name in HARDWARE)
        made: SystolicHardware = self._cache.get_or_compute(
            ("hw", changes), lambda: with_values(self.space.hw, dict(changes))
        )
        return made

    def efforts(self, values: Mapping[str, Any], hw: SystolicHardware) -> list[Work]:
        """Return the work of the only effort, or of the low and the high one."""
        own = tuple((name, value) for name, value in values.items() if name not in HARDWARE)
        key = ("work", own, hw.array.operand_bits)
        works: list[Work] = self._cache.get_or_compute(key, lambda: self._works(dict(own), hw))
        return works

    def _works(self, values: dict[str, Any], hw: SystolicHardware) -> list[Work]:
        space, options = self.space, self.space.options
        values = {**space.values, **values}
        changes = {n.removeprefix("model."): v for n, v in values.items() if n.startswith("model.")}
        model: VitModel = space.models[values.get("model", "")]
        whole = plan(
            model.replace(changes) if changes else model,
            qkv=values.get("qkv", options["qkv"]), score_bits=values.get("score_bits", options["score_bits"]),
        )  # fmt: skip
        for name, transform in TRANSFORMS.items():
            if name in values:
                whole = transform.apply(whole, values[name])
        plans = [with_attentions(whole, values[name]) for name in (LOW, HIGH)] if space.is_pair else [whole]
        works = []
        for each in plans:
            lowered = lower(each, 1)
            works.append(Work(each, runnable(lowered, hw, options["scope"]), lowered.classes))
        return works

    def host(self, work: Work, hw: SystolicHardware) -> BesideArray:
        """Return what one effort takes beside the array."""
        key = ("host", id(work), hw.host, hw.placement, hw.units, hw.array.clock_mhz)

        def make() -> tuple[Work, BesideArray]:  # the work stays alive beside its id
            steps = host_ops(work.trace, hw, self.space.options["profile"])
            units = sum(cycles for _, cycles in unit_cycles(work.trace, hw))
            ps_ms = math.fsum(step.delay_ms for step in steps)
            return work, BesideArray(units, unit_bytes(work.trace, hw), unit_pj(work.trace, hw), ps_ms)

        found: tuple[Work, BesideArray] = self._cache.get_or_compute(key, make)
        return found[1]


def with_values(hw: SystolicHardware, changes: Mapping[str, Any]) -> SystolicHardware:
    """Return hardware with values changed as its ``replace`` does, but for their sources: twenty times as fast.

    Raises
    ------
    InputError
        Values do not fit each other.
    """
    if any(path.startswith("power.activity.") for path in changes):  # its check is the whole board's
        return hw.replace(changes)
    made = hw.model_copy(update=_changed(hw, changes))
    if made.packing_problem:
        raise InputError(made.packing_problem)
    return made


def _changed(spec: Spec, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return field -> new value, groups checked as a whole."""
    own = {path: value for path, value in changes.items() if "." not in path}
    for name in dict.fromkeys(path.partition(".")[0] for path in changes if "." in path):
        inner: Spec = getattr(spec, name)
        below = {p.partition(".")[2]: v for p, v in changes.items() if p.startswith(f"{name}.")}
        fields = {field: getattr(inner, field) for field in type(inner).model_fields}
        try:
            own[name] = type(inner).model_validate({**fields, **_changed(inner, below)})
        except ValidationError as error:
            first = error.errors()[0]
            of_group = first.get("ctx", {}).get("error")  # a check over several values starts with one's path
            problem = of_group or f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise InputError(f"{name}.{problem}") from None
        except InputError as error:  # a group within this one
            raise InputError(f"{name}.{problem}" for problem in error.problems) from None
    return own
