"""Delay as a sum of counts times constants, so that other constants need no second run.

    delay_ms[n, d] = sum over terms of weight[n] * amount[d]

for draw n and design d. A term's weight is made of the constants that are drawn, and its amount of a count and of the
constants that are not (`host.loads`). Clocks of the array are counts too: no constant that is drawn changes them.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from pivotsim.hardware.spec import Hardware
from pivotsim.host.loads import HostLoads
from pivotsim.units import FloatArray

PER_MS = 1e3  # clocks per ms at 1 MHz
MS_PER_US, MS_PER_NS = 1e-3, 1e-6


class Key(NamedTuple):
    """Terms of one weight: drawn constants that multiply and divide, and those of which one must not be zero."""

    is_ps: bool
    times: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    charged_if: tuple[str, ...] = ()

    def weight(self, draws: Mapping[str, FloatArray], count: int) -> FloatArray:
        """Return the weight of each draw, (N,)."""
        weight: FloatArray = np.ones(count)
        for path in self.times:
            weight = weight * draws[path]
        for path in self.over:
            weight = weight / draws[path]
        if self.charged_if:
            weight = weight * np.any([draws[path] > 0 for path in self.charged_if], axis=0)
        return weight


def clock_path(hw: Hardware) -> str:
    """Return the dotted path of the clock of the programmable logic."""
    return f"{hw.compute}.clock_mhz"


def used_paths(hw: Hardware, loads: HostLoads, profile: str) -> Iterator[str]:
    """Yield the constants that ``host_terms`` reads, but for the clock of the programmable logic."""
    if hw.host is None:
        return
    prefix = f"host.{profile}"
    for kind in loads.kinds:
        yield from (f"{prefix}.{kind}.cycles_per_row", f"{prefix}.{kind}.cycles_per_element")
    if loads.kinds or loads.transfer_calls:
        yield f"{prefix}.call_us"
    if loads.kinds:
        yield "host.clock_mhz"
    if loads.kinds and hw.host.cores > 1:
        yield "host.multicore_efficiency_frac"
    if loads.transfer_calls:
        yield "host.transfer.cache_ns_per_line"


def pl_terms(hw: Hardware, pl_cycles: Any, drawn: Collection[str]) -> "Terms":
    """Return the time of the programmable logic; ``pl_cycles`` may be one number or those of many designs, (D,)."""
    terms = Terms(drawn)
    terms.add(False, np.asarray(pl_cycles, dtype=np.float64) / PER_MS, over={clock_path(hw): hw.clock_mhz})
    return terms


def host_terms(hw: Hardware, loads: HostLoads, profile: str, drawn: Collection[str]) -> "Terms":
    """Return the terms of the processor side."""
    terms = Terms(drawn)
    if hw.host is None:
        return terms
    host, costs, prefix = hw.host, hw.host_costs(profile), f"host.{profile}"
    pace = {"host.clock_mhz": host.clock_mhz}
    if host.cores > 1:
        pace["host.multicore_efficiency_frac"] = host.multicore_efficiency_frac
    per_ms = PER_MS * (host.cores if host.cores > 1 else 1)
    call = {f"{prefix}.call_us": costs.call_us}
    for kind, load in loads.kinds.items():
        cost = getattr(costs, kind)
        own = {f"{prefix}.{kind}.cycles_per_row": cost.cycles_per_row}
        own |= {f"{prefix}.{kind}.cycles_per_element": cost.cycles_per_element}
        for (path, value), count in zip(own.items(), (load.rows, load.elements), strict=True):
            terms.add(True, count / per_ms, times={path: value}, over=pace)
        is_charged = kind == "entropy" or any(value for path, value in own.items() if path not in drawn)
        unless = () if is_charged else tuple(path for path in own if path in drawn)
        if is_charged or unless:
            terms.add(True, load.calls * MS_PER_US, times=call, charged_if=unless)
    if loads.transfer_calls:
        terms.add(True, loads.transfer_clocks / PER_MS, over={clock_path(hw): hw.clock_mhz})
        line = {"host.transfer.cache_ns_per_line": host.transfer.cache_ns_per_line}
        terms.add(True, loads.transfer_lines * MS_PER_NS, times=line)
        terms.add(True, loads.transfer_calls * MS_PER_US, times=call)
    return terms


class Terms:
    """Amounts by weight: numbers, or (D,) arrays of many designs."""

    def __init__(self, drawn: Collection[str]) -> None:
        self.drawn = drawn
        self.amounts: dict[Key, Any] = {}

    def add(
        self, is_ps: bool, amount: Any, *, times: Mapping[str, float] | None = None,
        over: Mapping[str, float] | None = None, charged_if: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Add an amount times and over constants, of which those that are drawn go into the weight."""
        for path, value in (times or {}).items():
            amount = amount if path in self.drawn else amount * value
        for path, value in (over or {}).items():
            amount = amount if path in self.drawn else amount / value
        if not np.any(amount):
            return
        multiplied, divided = (tuple(path for path in group or () if path in self.drawn) for group in (times, over))
        self._put(Key(is_ps, multiplied, divided, charged_if), amount)

    def plus(self, other: "Terms", scale: Any = 1.0) -> "Terms":
        """Return the sum with other terms, multiplied by a scale."""
        total = Terms(self.drawn)
        total.amounts = dict(self.amounts)
        for key, amount in other.amounts.items():
            total._put(key, amount * scale)
        return total

    def _put(self, key: Key, amount: Any) -> None:
        self.amounts[key] = self.amounts[key] + amount if key in self.amounts else amount
