"""A layer program: entries in their order, the tables that they run, and the map of DRAM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pivotsim.engines.pl_units.operations import UnitOperation
from pivotsim.integer.steps import Step
from pivotsim.rtl.layers.arrangements import Tensor
from pivotsim.rtl.layers.units.placement import PlacedUnits
from pivotsim.rtl.program import Program
from pivotsim.units import IntArray

WEIGHTS, BIAS, ACTIVATIONS, POSITIONS = "weights", "bias", "activations", "positions"
TRANSPOSE, RELAYOUT, COMPUTE, GATE = "transpose", "relayout", "compute", "gate"


class Path(NamedTuple):
    """The steps of one effort. ``gate``: what the host is asked after them, whether the next path runs; or None."""

    name: str
    steps: Sequence[Step]
    output: str
    gate: Any = None


class Product(NamedTuple):
    """One GEMM: its table, the DRAM address of each load and each drain, and the drain's constants.

    ``cycles`` is engine `memory`'s, from start to done.
    """

    name: str
    table: int
    loads: IntArray
    drains: IntArray
    multiplier: int
    shift: int
    is_wide: bool
    cycles: int


class UnitPass(NamedTuple):
    """Steps that units of the programmable logic run, or a tensor that goes through their memories into another order.

    ``kind`` is the steps' kind, or TRANSPOSE or RELAYOUT. ``constants`` are the tables that its units read, by the
    table's name in ``stations.TABLES``: words of 32 bits, (places, words of a place). ``cycles`` is from start to done.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    writes: str
    operations: tuple[UnitOperation, ...]
    constants: Mapping[str, Any]
    cycles: int


class Stop(NamedTuple):
    """Where the host works: a step that it computes, a tensor that it brings into another order, or a gate.

    At a gate the program goes on with entry ``otherwise`` if the host answers yes, and with the next one if no.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    writes: str
    step: Any = None
    otherwise: int = -1


class End(NamedTuple):
    """The end of a path: what the host reads is the tensor of that name."""

    path: str
    output: str


Entry = Product | UnitPass | Stop | End


@dataclass(frozen=True)
class LayerProgram:
    """What ``layer_program`` makes of steps.

    Attributes
    ----------
    tensors : dict
        By name, in the order of their addresses.
    tables : list of Program
        One for each distinct GEMM.
    entries : list
        Products, passes of units, stops and ends in their order.
    dram_bytes : int
    units : PlacedUnits, optional
        The units that passes run in; None where there are none.
    said : tuple of str
        What units are placed in the programmable logic and have no pass, and why.
    """

    tensors: Mapping[str, Tensor]
    tables: list[Program]
    entries: list[Entry]
    dram_bytes: int
    paths: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # first entry, past its last
    units: PlacedUnits | None = None
    said: tuple[str, ...] = ()

    def products(self, path: str = "") -> list[Product]:
        """Return the GEMMs of a path, or all."""
        first, past = self.paths[path] if path else (0, len(self.entries))
        return [entry for entry in self.entries[first:past] if isinstance(entry, Product)]

    def passes(self, path: str = "") -> list[UnitPass]:
        """Return the passes of units of a path, or all."""
        first, past = self.paths[path] if path else (0, len(self.entries))
        return [entry for entry in self.entries[first:past] if isinstance(entry, UnitPass)]

    def stops(self, path: str = "") -> list[Stop]:
        """Return the host's stops of a path, or all."""
        first, past = self.paths[path] if path else (0, len(self.entries))
        return [entry for entry in self.entries[first:past] if isinstance(entry, Stop)]
