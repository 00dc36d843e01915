"""Shares and sums of delays and energies, in the form that reports print them."""

from collections.abc import Iterable, Mapping
from typing import Any

from pivotsim.energy.activity import Interval


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
