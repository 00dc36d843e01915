"""The engine interface: a trace and a hardware in, clocks of each multiplication out, with the engine's own details.

A further engine is a folder with a class of its own and a row of ``registry.ENGINES``. Runs, reports, the command line,
timelines and sweeps ask an engine and its ``Details``; none of them knows an engine by name.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, TypeAlias

from pivotsim.engines.counts import Counts
from pivotsim.engines.pl_units.placed import placed_cycles
from pivotsim.engines.pl_units.units import unit_constants
from pivotsim.hardware.spec import Hardware
from pivotsim.operations import UNIT_OF
from pivotsim.tables import Table
from pivotsim.units import IntArray
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.ops import Trace

GemmMasks: TypeAlias = Sequence[Mask | None]  # the mask of each GEMM, or none at all
PAPER, HW = "paper", "hw"
MEMORIES = (PAPER, HW)  # without limits, as papers' delays assume them; those of the hardware


class Span(NamedTuple):
    """Clocks ``start_cycle`` to before ``end_cycle`` of a GEMM, for its steps ``first`` to ``last`` (from 1)."""

    track: str
    first: int
    last: int
    start_cycle: int
    end_cycle: int


class OtherCycles(NamedTuple):
    """Clocks in the programmable logic of an operation that is no GEMM: its place in the trace, and what runs it."""

    position: int
    cycles: int
    resource: str


class Details:
    """What only one engine knows of a run. An engine that knows no more than clocks uses this class as it is.

    Attributes
    ----------
    step : str
        What a GEMM is taken apart into by ``spans`` (``fold``, ``pass``); empty where the engine knows of no parts.
    without_steps : str
        Why it knows of none, where that is not the engine's nature.
    runs_heads_at_once : bool
        Whether several heads of one GEMM run side by side, so that none has clocks of its own.
    side_by_side : bool
        Each operation has a part of the machine of its own; ``operation_spans`` says when it works.
    """

    step: str = ""
    without_steps: str = ""
    runs_heads_at_once: bool = False
    side_by_side: bool = False

    @property
    def stall_cycles(self) -> dict[str, int]:
        """Idle clocks by cause, over all repeats."""
        return {}

    @property
    def moved_bytes(self) -> dict[str, int]:
        """Bytes of every memory level and direction, over all repeats."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """Return the entries that a report's JSON gets."""
        return {}

    def tables(self) -> tuple[Table, ...]:
        """Return the tables that a printed report gets."""
        return ()

    def operation_spans(self, images: int) -> list[dict[int, tuple[int, int]]]:
        """Return, image by image, {place in the trace: (first clock, clock past the last)} of each operation.

        Of engines alone whose operations are ``side_by_side``; others run one after the other.
        """
        return []

    def array_cycles(self, images: int, summed_cycles: int) -> int:
        """Return the clocks in which the MACs of so many images could be done: all GEMMs' unless they overlap."""
        return summed_cycles

    def total_rows(self) -> tuple[tuple[str, str, str, str], ...]:
        """Return (total, value, unit, remark) of what stands in place of the array in a report's totals."""
        return ()

    def count_steps(self, m: int, k: int, n: int) -> int | None:
        """Return how many steps a GEMM has; None where only running it tells."""
        return None

    def spans(
        self, m: int, k: int, n: int, per_step: bool, mask: Mask | None = None, copy: int = 0,
        bits: tuple[int, int, int] = (8, 8, 8),
    ) -> Iterator[Span]:  # fmt: skip
        """Yield what one GEMM does to the parts of the machine, step by step or one span per track.

        ``bits`` are those of an element of inputs, weights and outputs.
        Tracks are the array's phases (written small) or parts with names of their own. Spans of one track do not
        overlap and lie within the GEMM's clocks.
        """
        yield from ()


@dataclass(frozen=True)
class EngineRun:
    """What an engine found.

    Attributes
    ----------
    cycles : int64 (G,)
        Clocks of each GEMM of the trace with its repeats.
    details : Details
        What only this engine knows.
    counts : Counts
        MACs and bytes by level, worked out when they are asked for.
    """

    cycles: IntArray
    details: Details
    count: Callable[[], Counts] = field(repr=False)

    @cached_property
    def counts(self) -> Counts:
        """MACs and bytes by level."""
        return self.count()


class Engine(ABC):
    """A way to count the clocks of a trace's GEMMs.

    Attributes
    ----------
    name : str
        As `engine` states it.
    kind : str
        Kind of hardware that it serves (a key of ``hardware.loading.KINDS``).
    memories : tuple of str
        Values of `memory` that mean something to it, the preferred one first.
    is_additive : bool
        Whether a GEMM takes the same clocks whatever stands before it.
    """

    name: ClassVar[str]
    kind: ClassVar[str] = "systolic"
    memories: ClassVar[tuple[str, ...]] = (PAPER,)
    is_additive: ClassVar[bool] = True

    @abstractmethod
    def run(self, trace: Trace, hw: Hardware, memory: str = PAPER) -> EngineRun:
        """Return the clocks of each GEMM, counts and details.

        Parameters
        ----------
        trace : Trace
            Its operations of kind gemm are run; the others are placed elsewhere.
        hw : Hardware
            Of the engine's kind.
        memory : {'paper', 'hw'}
            Take its memories as unlimited, or as they are.

        Raises
        ------
        InputError
            The hardware is of another kind, a mask is not one that the engine knows, a GEMM does not fit, or the
            clocks would exceed int64.
        """

    def other_cycles(self, trace: Trace, hw: Hardware) -> Iterator[OtherCycles]:
        """Yield what each operation beside the GEMMs takes in the programmable logic.

        Raises
        ------
        InputError
            The clocks of all of them together would exceed int64.
        """
        for position, cycles in placed_cycles(trace, hw):
            yield OtherCycles(position, cycles, f"{UNIT_OF[trace.ops[position].kind]} unit")

    def other_constants(self, trace: Trace, hw: Hardware) -> Iterator[str]:
        """Yield the dotted paths of the hardware's values that ``other_cycles`` depends on, each once."""
        yield from unit_constants(trace, hw)

    def notes(self, trace: Trace, hw: Hardware) -> tuple[str, ...]:
        """Return what is to be said beside the numbers of a run."""
        return ()

    def values_read(self, memory: str) -> tuple[str, ...]:
        """Return the groups of the hardware's values that a run depends on beside its array."""
        return ()

    def batched(self, memory: str) -> str:
        """Return what one call can vary in an exploration: ``arrays``, ``memories`` (arrays too), or nothing."""
        return ""
