"""Usage: the times and counts of a run that an energy rule sees, never how they came about."""

from collections.abc import Iterable
from typing import NamedTuple

from pivotsim.engines.counts import Counts


class Usage(NamedTuple):
    """Times and counts of one run, of one entropy gate, or of a mean image; rules charge what they know of.

    Attributes
    ----------
    delay_ms, pl_ms, ps_ms : float
        The whole delay, the array's busy time and the processor's.
    ps_core_ms : float
        Processor time multiplied by the cores that are busy in it.
    macs, sram_bytes, dram_bytes : float
        Multiply-accumulates; bytes written to and read from on-chip memories, and moved to and from DRAM.
    unit_pj : float
        Picojoules of the arithmetic of PL units, each with a constant of its own.
    """

    delay_ms: float
    pl_ms: float
    ps_ms: float
    ps_core_ms: float
    macs: float
    sram_bytes: float
    dram_bytes: float
    unit_pj: float = 0.0


def usage_of(delay_ms: float, pl_ms: float, ps_ms: float, cores: int, counts: Counts, unit_pj: float = 0.0) -> Usage:
    """Return the usage of one run; while the processor is busy, all its ``cores`` are."""
    return Usage(delay_ms, pl_ms, ps_ms, ps_ms * cores, counts.macs, counts.sram_bytes, counts.dram_bytes, unit_pj)


def weighted_usage(parts: Iterable[tuple[float, Usage]]) -> Usage:
    """Return the sum of usages, each multiplied by its weight: the usage of a mean image."""
    scaled = [[weight * amount for amount in usage] for weight, usage in parts]
    return Usage(*(sum(amounts) for amounts in zip(*scaled, strict=True)))
