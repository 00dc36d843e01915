"""Reports: what a run costs, in total and by module, encoder and resource."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pivotsim._version import __version__
from pivotsim.energy.activity import Interval
from pivotsim.energy.counts import Counts, Usage
from pivotsim.energy.rules import RULES
from pivotsim.engines.memory.use import MemoryUse, by_module, memory_bound, moved_bytes, stall_cycles
from pivotsim.engines.mpca import use as mpca_use
from pivotsim.engines.mpca.use import LaneUse
from pivotsim.errors import MissingExtraError, check_choice
from pivotsim.simulation.timeline import Timeline
from pivotsim.units import plain_sum
from pivotsim.workload.ops import GROUP_OF

if TYPE_CHECKING:
    import pandas

SCHEMA_VERSION = 1
BREAKDOWNS = ("module", "group", "encoder", "resource")


class Row(NamedTuple):
    """One step of a run: ``resource`` is ``pl`` or ``ps``; ``cycles`` counts PL clocks, 0 on the PS.

    ``delay_ms`` is the time that the resource works on it, from ``start_ms`` on; under ``ps_pl_overlap`` not always
    in one piece.
    """

    encoder: int
    module: str
    kind: str
    resource: str
    cycles: int
    macs: int
    delay_ms: float
    start_ms: float


def share_out(amounts: Mapping[Any, float], total: float) -> dict[Any, dict[str, float]]:
    """Return {key: {delay_ms, share}} with shares of ``total``."""
    return {k: {"delay_ms": v, "share": share_of(v, total)} for k, v in amounts.items()}


def share_of(part: float, total: float) -> float:
    """Return part / total in [0, 1]: 0 of nothing, and no more than 1 where sums round differently."""
    return min(part / total, 1.0) if total else 0.0


def add_up(pairs: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    """Return the sums of values per key, keys in the order of their first appearance."""
    sums: dict[Any, float] = {}
    for key, value in pairs:
        sums[key] = sums.get(key, 0.0) + value
    return sums


@dataclass(frozen=True)
class Report:
    """What one workload costs on one hardware.

    Attributes
    ----------
    delay_ms, pl_ms, ps_ms : float
        The whole batch's delay, and the time that the PL (array and units) and the processor (PS) work; serial
        unless ``ps_pl_overlap`` says otherwise, and then ``pl_ms + ps_ms - delay_ms`` is ``overlap_ms``.
    pl_cycles, unit_cycles : int
        Clocks of the PL's resources, and those of PL units among them; the rest is the array's.
    timeline : Timeline
        Every piece of work on its resource.
    energy_j : float
        The whole batch's energy; ``energy_components_j`` sums to it.
    counts : Counts
        MACs and bytes; ``usage`` adds the times, the form in which an energy rule reads both.
    gate_ms : float or None
        One entropy gate after this run, charged by ``combine`` only; None where the trace has no head.
    gate_usage, gate_components_j
        Its times, and its energy by component.
    memory_uses : tuple of MemoryUse
        With engine `memory`, what each GEMM did to the memories.
    lane_uses : tuple of LaneUse
        With engine `mpca`, what each GEMM did on the lanes: balance, stored weights, what bounds it.
    notes : tuple of str
        Constants behind the numbers that are calibrated, inferred, assumed or estimated.
    """

    workload: str
    hardware: str
    options: Mapping[str, Any]
    rows: tuple[Row, ...]
    pes: int
    pl_cycles: int
    unit_cycles: int
    delay_ms: float
    pl_ms: float
    ps_ms: float
    energy_components_j: Mapping[str, float]
    counts: Counts
    usage: Usage
    gate_ms: float | None
    gate_usage: Usage
    gate_components_j: Mapping[str, float]
    notes: tuple[str, ...]
    inputs: Any = field(repr=False, compare=False)
    timeline: Timeline = field(repr=False, compare=False)
    memory_uses: tuple[MemoryUse, ...] = ()
    lane_uses: tuple[LaneUse, ...] = ()

    @property
    def stall_cycles(self) -> dict[str, int]:
        """Idle clocks of the array by cause: weight, input, output, dram; zeros unless engine `memory` ran."""
        return stall_cycles(self.memory_uses)

    @property
    def moved_bytes(self) -> dict[str, int]:
        """Bytes of every memory level and direction; zeros unless engine `memory` ran."""
        return moved_bytes(self.memory_uses)

    @property
    def batch(self) -> int:
        """Images in the run."""
        return int(self.options["batch"])

    @property
    def images(self) -> int:
        """Images that run side by side, each with rows of its own; 1 where the batch is stacked."""
        return self.batch if self.options["ps_pl_overlap"] == "images" else 1

    @property
    def energy_j(self) -> float:
        """Energy of the whole batch."""
        return plain_sum(self.energy_components_j.values())

    @property
    def energy_interval(self) -> Interval | None:
        """How far the energy may move with the constants of its rule; None where the rule has no ranges."""
        return RULES[self.options["energy"]].interval_j(self.inputs.hw, self.usage)

    @property
    def energy_remarks(self) -> dict[str, str]:
        """Component -> what must be said wherever its energy is printed."""
        return RULES[self.options["energy"]].remarks(self.inputs.hw)

    @property
    def busy_ms(self) -> float:
        """Work of all resources, one after the other; the delay where they are serial."""
        return self.pl_ms + self.ps_ms

    @property
    def overlap_ms(self) -> float:
        """What running side by side takes off the delay."""
        return max(self.busy_ms - self.delay_ms, 0.0)

    @property
    def latency_ms(self) -> float:
        """Longest time from an image's first step to its last; the delay unless images run side by side."""
        if self.images == 1:
            return self.delay_ms
        timeline = self.timeline
        return timeline.ticks.to_ms(timeline.longest(len(self.rows) // self.images))

    @property
    def delay_per_image_ms(self) -> float:
        """Delay divided by the batch: the reciprocal of throughput."""
        return self.delay_ms / self.batch

    @property
    def energy_per_image_j(self) -> float:
        """Energy divided by the batch."""
        return self.energy_j / self.batch

    @property
    def edp_j_ms(self) -> float:
        """Energy-delay product of the mean image."""
        return self.energy_per_image_j * self.delay_per_image_ms

    @property
    def fps(self) -> float:
        """Images per second."""
        return 1e3 / self.delay_per_image_ms if self.delay_ms else 0.0

    @property
    def power_w(self) -> float:
        """Mean power."""
        return self.energy_j / self.delay_ms * 1e3 if self.delay_ms else 0.0

    @property
    def fps_per_watt(self) -> float:
        """Images per joule."""
        return 1 / self.energy_per_image_j if self.energy_j else 0.0

    @property
    def macs(self) -> int:
        """Multiply-accumulates on the array."""
        return sum(row.macs for row in self.rows)

    @property
    def utilization_frac(self) -> float:
        """MACs done over MACs possible while the array is busy."""
        possible = (self.pl_cycles - self.unit_cycles) * self.pes
        return self.macs / possible if possible else 0.0

    def breakdown(self, by: str = "module") -> dict[Any, dict[str, float]]:
        """Return {key: {delay_ms, share}} by ``module``, ``group``, ``encoder`` or ``resource``.

        Entries are the resources' work and shares of ``busy_ms``, which is the delay where they are serial.

        Groups are the paper's (Fig. 6a): attention_mac, softmax, mlp; what it leaves out is ``other``.

        Raises
        ------
        InputError
            ``by`` is none of these.
        """
        check_choice("breakdown", by, BREAKDOWNS)
        if by == "group":
            keys = (GROUP_OF.get(row.module, "other") for row in self.rows)
        else:
            keys = (getattr(row, by) for row in self.rows)
        amounts = add_up(zip(keys, (row.delay_ms for row in self.rows), strict=True))
        return share_out(amounts, self.busy_ms)

    @cached_property
    def input_hash(self) -> str:
        """16 hex digits over everything that went into the run: trace, hardware values, options."""
        return hash_of(self.inputs)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain numbers and text, the form that ``--json`` prints."""
        return {
            **header("run", self.input_hash),
            "workload": self.workload,
            "hardware": self.hardware,
            **self.options,
            "delay_ms": self.delay_ms,
            "energy_j": self.energy_j,
            **interval_entries(self.energy_interval),
            "edp_j_ms": self.edp_j_ms,
            "fps": self.fps,
            "fps_per_watt": self.fps_per_watt,
            "power_w": self.power_w,
            "delay_per_image_ms": self.delay_per_image_ms,
            "energy_per_image_j": self.energy_per_image_j,
            "latency_ms": self.latency_ms,
            "overlap_ms": self.overlap_ms,
            "pl_cycles": self.pl_cycles,
            "unit_cycles": self.unit_cycles,
            "pl_ms": self.pl_ms,
            "ps_ms": self.ps_ms,
            "macs": self.macs,
            "utilization_frac": self.utilization_frac,
            "breakdown": self.breakdown("module"),
            "breakdown_by_group": self.breakdown("group"),
            "breakdown_by_encoder": {str(k): v for k, v in self.breakdown("encoder").items()},
            "energy_breakdown": share_energy(self.energy_components_j, self.energy_remarks),
            "counts": self.counts.to_dict(),
            **self._memory_to_dict(),
            **self._lanes_to_dict(),
            "notes": list(self.notes),
        }

    def _memory_to_dict(self) -> dict[str, Any]:
        if self.options["engine"] != "memory" or self.options["memory"] != "hw":
            return {}  # nothing limits, so nothing is fetched twice: no traffic to tell of
        uses = self.memory_uses
        return {
            "stall_cycles": self.stall_cycles,
            "moved_bytes": self.moved_bytes,
            "memory_by_module": by_module(uses),
            "memory_bound": memory_bound(uses),
        }

    def _lanes_to_dict(self) -> dict[str, Any]:
        return {"mpca_by_module": mpca_use.by_module(self.lane_uses)} if self.lane_uses else {}

    def to_json(self) -> str:
        """Return ``to_dict`` as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def to_frame(self) -> "pandas.DataFrame":
        """Return the steps as a pandas frame, one row per step, units in the column names.

        Raises
        ------
        MissingExtraError
            pandas is not installed; the message holds the command.
        """
        try:
            import pandas
        except ImportError:
            raise MissingExtraError("pandas", "pandas", "to_frame()") from None
        return pandas.DataFrame(self.rows, columns=list(Row._fields))


def hash_of(inputs: Any) -> str:
    """Return 16 hex digits over anything that prints itself in full."""
    return hashlib.sha256(str(inputs).encode()).hexdigest()[:16]


def share_energy(components_j: Mapping[str, float], remarks: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return {component: {energy_j, share}}, with the remark of a component that has one."""
    total = sum(components_j.values())
    return {
        k: {"energy_j": v, "share": share_of(v, total), **({"remark": remarks[k]} if k in remarks else {})}
        for k, v in components_j.items()
    }


def interval_entries(interval: Interval | None) -> dict[str, float | None]:
    """Return the entries of an energy's interval, None where its rule has none."""
    values = [None] * len(Interval._fields) if interval is None else interval
    return {f"energy_{name}": value for name, value in zip(Interval._fields, values, strict=True)}


def header(kind: str, input_hash: str) -> dict[str, Any]:
    """Return the first entries of every JSON result."""
    return {
        "schema_version": SCHEMA_VERSION,
        "result": kind,
        "pivotsim_version": __version__,
        "input_hash": input_hash,
    }
