"""Which steps of a layer program run in units of the programmable logic, and why others stay with the host."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.engines.pl_units.board_station import drop_problems, is_built, port_bytes
from pivotsim.engines.pl_units.operations import MAX_HEADS, MAX_LANES, WORD_BYTES, Station
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.integer.activation import ACTIVATIONS
from pivotsim.integer.steps import Operation, Step
from pivotsim.operations import PL
from pivotsim.rtl.layers.units.reasons import Reasons

TOKENS = ("score", "sort", "gather")  # steps of one unit, which come one behind the other
KINDS = ("softmax", *ACTIVATIONS, "norm", "add", *TOKENS)


class PlacedUnits(NamedTuple):
    """The units that are built: their sizes, kinds of steps that run there, and sides of the array, C and R.

    Tensors lie in blocks of C or R rows or columns where a GEMM reads or writes them.
    """

    station: Station
    kinds: frozenset[str]
    sides: tuple[int, int]


class Placed(NamedTuple):
    """Steps that are one entry of the program, and whether units run it."""

    steps: tuple[Step, ...]
    is_pass: bool


def place_steps(
    board: SystolicHardware, paths: Sequence[Sequence[Step]]
) -> tuple[PlacedUnits | None, list[list[Placed]], Reasons]:
    """Return the units that are built, each path's steps as entries, and why steps have no pass.

    The units are as large as the longest rows that they run; None where there is nothing to run.
    """
    there = {step.kind for steps in paths for step in steps}
    lanes, kinds, said = _kinds_of(board, [kind for kind in KINDS if kind in there])
    words = board.units.built_bytes(lanes, WORD_BYTES) // WORD_BYTES if kinds else 0
    entries: list[list[Placed]] = []
    reasons = Reasons()
    for line in said:
        reasons.add(line)
    for steps in paths:
        entries.append([])
        for group in _groups(steps):
            placed = tuple(step for step in group if isinstance(step, Operation) and step.kind in kinds)
            problem = _problem(placed, lanes, words, board.units.memory_bytes) if len(placed) == len(group) else ""
            is_pass = len(placed) == len(group) and not problem
            if problem:
                reasons.add(problem, f"{placed[0].encoder}.{placed[0].module}")
            entries[-1] += (
                [Placed(group, is_pass=True)] if is_pass else [Placed((step,), is_pass=False) for step in group]
            )
    run = [step for of_path in entries for placed in of_path if placed.is_pass for step in placed.steps]
    if not run:
        return None, entries, reasons
    own = [step for step in run if isinstance(step, Operation)]
    station = _sized(Station(lanes, port_bytes(board, lanes), words), own, board.units.token_drop.comparators)
    used = frozenset(step.kind for step in own)
    return PlacedUnits(station, used, (board.array.cols, board.array.rows)), entries, reasons


def _kinds_of(board: SystolicHardware, kinds_there: Sequence[str]) -> tuple[int, frozenset[str], list[str]]:
    """Return elements a clock, the kinds of steps that units take, and why others that are placed there are not."""
    placed = [kind for kind in kinds_there if board.placement.of(kind) == PL]
    if not placed:
        return 0, frozenset(), []
    if not board.units.memory_bytes:
        return 0, frozenset(), [f"units.memory_bytes 0: units of {', '.join(placed)} have no memory in hardware"]
    drop = board.units.token_drop
    shared, others = board.units.shared_width([kind for kind in placed if kind not in TOKENS])
    lanes = shared or drop.channels_per_port
    if not is_built(lanes):
        return 0, frozenset(), [f"units: elements_per_clock must be 2, 4, 8 or {MAX_LANES} in hardware (got {lanes})"]
    said = ["; ".join(others)] if others else []
    kinds = frozenset(kind for kind in placed if kind in TOKENS or board.units.of(kind).elements_per_clock == lanes)
    tokens = set(TOKENS) & kinds
    problems: list[str] = []
    if tokens and (missing := [kind for kind in TOKENS if kind not in tokens]):
        problems = [f"placement.{missing[0]}: score, sort and gather are one unit, all in hardware or none"]
    elif tokens:
        problems = drop_problems(drop, lanes, is_fused=False)
    return lanes, kinds - set(TOKENS) if problems else kinds, [*said, *problems]


def _groups(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield the steps of a path, those of a token drop together."""
    place = 0
    while place < len(steps):
        count = len(TOKENS) if steps[place].kind == TOKENS[0] else 1
        yield tuple(steps[place : place + count])
        place += count


def _problem(steps: Sequence[Operation], lanes: int, words: int, stated: int) -> str:
    """Return why units do not run some steps, or ''."""
    first, n = steps[0], steps[-1].n
    built = WORD_BYTES * words
    memory = f"units.memory_bytes {stated:,}{f', of which {built:,} B are built' if built != stated else ''}"
    if first.kind == TOKENS[0]:
        heads, prefix = first.constants
        if (first.n + prefix) * n > words:
            return f"{first.n + prefix} tokens of {n} channels do not fit {memory}"
        if heads > MAX_HEADS:
            return f"scores of more than {MAX_HEADS} heads are too long (got {heads})"
        return ""
    if first.kind == "softmax" and n < lanes:
        return f"rows of {n} elements are shorter than a beat of {lanes}"
    if first.kind == "norm" and n % lanes:
        return f"rows of {n} elements are no whole beats of {lanes}"
    if n + 1 > words:
        return f"a row of {n} elements does not fit {memory}"
    return ""


def _sized(station: Station, steps: Iterable[Operation], comparators: int) -> Station:
    """Return a station for the longest rows of some steps, and for their tokens."""
    longest = {"max_elements": ("softmax",), "max_channels": ("norm", "gather")}
    steps = list(steps)
    drops = [(step.n, step.constants[1]) for step in steps if step.kind == TOKENS[0]]
    sizes = {
        name: max([station.lanes, *(step.n for step in steps if step.kind in kinds)]) for name, kinds in longest.items()
    }
    if drops:
        bits = max(1, (max(patches for patches, _ in drops) - 1).bit_length())
        sizes |= {"token_bits": bits, "comparators": min(comparators, 1 << (bits - 1)), "prefix": drops[0][1]}
    return station._replace(**sizes)


def type_of(step: Operation) -> str:
    """Return the type of what a step makes where it lies in DRAM: of the residual stream, or of an operand."""
    return "int16" if step.kind in ("add", "gather") else "int8"


def reads_of(placed: Placed) -> list[tuple[str, str]]:
    """Return (name, type) of the tensors that a pass reads in DRAM: what its own steps make on the way lies nowhere."""
    first, last = placed.steps[0], placed.steps[-1]
    if len(placed.steps) > 1:
        return [(first.inputs[0], "int8"), (last.inputs[0], "int16")]
    types = {"norm": ("int16",), "add": ("int16", "int8")[-len(last.inputs) :]}.get(last.kind, ("int8",))
    return list(zip(last.inputs, types, strict=True))


def constants_of(step: Operation, lanes: int) -> Mapping[str, Any]:
    """Return the tables of a step's unit: words of 32 bits, (places, words of a place)."""
    if step.kind == "softmax":
        return {"exponentials": np.asarray(step.constants).astype(np.uint32)[:, None]}
    if step.kind == "norm":
        return {"norm": _norm_words(step.constants, lanes)}
    if step.kind in ("add", "score", "sort", "gather"):
        return {}
    return {"activation": np.asarray(step.constants).view(np.uint8).astype(np.uint32)[:, None]}


def _norm_words(one: Any, lanes: int) -> Any:
    """Return a beat's multipliers (16 bits) and addends (32 bits), the first channel lowest, in whole words."""
    n = one.multiplier.size
    plain = np.zeros((n, 6), dtype=np.uint8)
    plain[:, :2] = np.asarray(one.multiplier).astype("<i2")[:, None].view(np.uint8)
    plain[:, 2:] = np.asarray(one.addend).astype("<i4")[:, None].view(np.uint8)
    beats = plain.reshape(n // lanes, 6 * lanes)
    whole = np.zeros((len(beats), -(-beats.shape[1] // 4) * 4), dtype=np.uint8)
    whole[:, : beats.shape[1]] = beats
    return whole.view("<u4")
