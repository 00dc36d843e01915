"""Quantities that a paper may print of one run or of an effort pair, as functions of F_H.

    delay = D_L + F_H * D_H          energy and every module's time alike (PIVOT, sections 3.1 and 3.4)

F_H is the share of images at high effort, D_L and D_H are the delays of the two efforts; a single run is a pair without
a high effort. Names and units are those of reports. Every quantity rises or falls with F_H all the way, which is what
lets F_H be solved for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pivotsim.effort.edp import edp_mean_of_images
from pivotsim.simulation.report import Report
from pivotsim.units import FloatArray, IntArray
from pivotsim.workload.ops import GROUPS, MODULES


class Costs(NamedTuple):
    """What many efforts cost: arrays (n,) of delay in ms, energy in J, work in ms, and ms of each module."""

    delay_ms: FloatArray
    energy_j: FloatArray
    busy_ms: FloatArray
    modules_ms: Mapping[str, FloatArray]

    def take(self, places: IntArray) -> "Costs":
        """Return the efforts at some places."""
        modules = {name: ms[places] for name, ms in self.modules_ms.items()}
        return Costs(self.delay_ms[places], self.energy_j[places], self.busy_ms[places], modules)


class Pairs(NamedTuple):
    """Low and high efforts side by side; of single runs the high one costs nothing."""

    low: Costs
    high: Costs


class Quantity(NamedTuple):
    """A printed quantity: its unit, and its value (n,) from pairs and F_H, (n,)."""

    unit: str
    value: Callable[[Pairs, FloatArray], FloatArray]


def costs_of(reports: Sequence[Report], *, gates: Sequence[bool] = ()) -> Costs:
    """Return what reports cost; where ``gates`` says so, an entropy gate after the run is added."""
    charged = [bool(gate) for gate in gates] or [False] * len(reports)
    gate_ms = [(r.gate_ms or 0.0) if g else 0.0 for r, g in zip(reports, charged, strict=True)]
    gate_j = [sum(r.gate_components_j.values()) if g else 0.0 for r, g in zip(reports, charged, strict=True)]
    tables = [report.breakdown("module") for report in reports]
    names = dict.fromkeys(name for table in tables for name in table)
    modules = {n: np.array([table[n]["delay_ms"] if n in table else 0.0 for table in tables]) for n in names}
    return Costs(
        np.array([r.delay_ms for r in reports]) + gate_ms,
        np.array([r.energy_j for r in reports]) + gate_j,
        np.array([r.busy_ms for r in reports]) + gate_ms,
        {**modules, "entropy": np.array(gate_ms)},
    )


def delay_of(pairs: Pairs, high_frac: FloatArray) -> FloatArray:
    """Return the delay of the mean image in ms."""
    return pairs.low.delay_ms + high_frac * pairs.high.delay_ms


def energy_of(pairs: Pairs, high_frac: FloatArray) -> FloatArray:
    """Return the energy of the mean image in J."""
    return pairs.low.energy_j + high_frac * pairs.high.energy_j


def _edp_sum_of_efforts(pairs: Pairs, high_frac: FloatArray) -> FloatArray:
    low, high = pairs
    return low.energy_j * low.delay_ms + high_frac * high.energy_j * high.delay_ms


def _edp_mean_of_images(pairs: Pairs, high_frac: FloatArray) -> FloatArray:
    low, high = pairs
    exits, energies, delays = (1 - high_frac, high_frac), (low.energy_j, high.energy_j), (low.delay_ms, high.delay_ms)
    product: FloatArray = edp_mean_of_images(exits, energies, delays)
    return product


def share(modules: Sequence[str]) -> Callable[[Pairs, FloatArray], FloatArray]:
    """Return what gives the share of some modules in all work, in %."""

    def value(pairs: Pairs, high_frac: FloatArray) -> FloatArray:
        zero = np.zeros_like(pairs.low.delay_ms)
        low, high = (sum((one.modules_ms.get(name, zero) for name in modules), start=zero) for one in pairs)
        busy = pairs.low.busy_ms + high_frac * pairs.high.busy_ms
        return 100 * (low + high_frac * high) / busy

    return value


EDPS = {  # definition -> quantity
    "mean_image": "edp",
    "mean_of_images": "edp_mean_of_images",
    "sum_of_efforts": "edp_sum_of_efforts",
}
QUANTITIES: dict[str, Quantity] = {
    "delay": Quantity("ms", delay_of),
    "energy": Quantity("J", energy_of),
    "edp": Quantity("J*ms", lambda pairs, f: energy_of(pairs, f) * delay_of(pairs, f)),
    "edp_mean_of_images": Quantity("J*ms", _edp_mean_of_images),
    "edp_sum_of_efforts": Quantity("J*ms", _edp_sum_of_efforts),
    "power": Quantity("W", lambda pairs, f: 1e3 * energy_of(pairs, f) / delay_of(pairs, f)),
    "fps": Quantity("1/s", lambda pairs, f: 1e3 / delay_of(pairs, f)),
    "fps_per_watt": Quantity("1/J", lambda pairs, f: 1 / energy_of(pairs, f)),
    "attention_share": Quantity("%", share((*GROUPS["attention_mac"], *GROUPS["softmax"]))),
    "qkt_plus_sv_share": Quantity("%", share(("qkt", "sv"))),
    **{f"{group}_share": Quantity("%", share(modules)) for group, modules in GROUPS.items()},
    **{f"{name}_share": Quantity("%", share((name,))) for name in MODULES if name not in GROUPS},
}
