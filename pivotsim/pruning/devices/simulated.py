"""Device `simulated`: any hardware, any engine; one run answers for all token counts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pivotsim.engines.base import HW
from pivotsim.engines.registry import ENGINES, resolved
from pivotsim.errors import check_choice, check_integer
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resources.device_fit import fit_or_none
from pivotsim.hardware.resources.fit_result import Fit
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import host_ops
from pivotsim.pruning.chain import Chain, chain_of
from pivotsim.pruning.cost import host_pruning_ms, pruning_cycles
from pivotsim.pruning.token_plans import at_tokens
from pivotsim.pruning.token_vectors import Setting, latencies_by_vector
from pivotsim.simulation.notes.needs import not_used_by
from pivotsim.simulation.notes.reading import watch_if_changed
from pivotsim.simulation.placed_ops import PlacedOp, place_ops
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.summary import not_used_lines
from pivotsim.simulation.run import runnable, simulate
from pivotsim.units import FloatArray, cycles_to_ms
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import Plan

PARTS = ("delay", "array")  # everything, or the programmable logic alone: array and its units
PROCESSOR, POWER = "host.", "power."  # how the paths of these values begin
PRUNING_ON_PS = "pruning: [estimate] the method's own work on the processor side is charged as profile full does"
PRUNING_ON_PL = "pruning: the method's own work on the programmable logic is charged by the clocks of its units"


@dataclass(frozen=True)
class Simulated:
    """A hardware under ``simulate()``, or the time of its programmable logic alone.

    Parameters
    ----------
    hw : Hardware or str
    engine, memory, profile, scope
        As in ``simulate``.
    part : {'delay', 'array'}
        The whole delay, or the programmable logic's part of it.

    Examples
    --------
    Output stationary with tokens on 64 rows: 192 tokens fill three row folds, 193 start a fourth.

    >>> from pivotsim.workload.plans import plan
    >>> device = Simulated("zcu102_os", part="array")
    >>> device.latencies_ms(plan("deit_s"), [191, 192, 193]).round(2).tolist()
    [22.47, 22.47, 29.96]
    """

    hw: Hardware | str = "zcu102"
    engine: str | None = None
    memory: str | None = None
    profile: str = "paper"
    scope: str = "encoders"
    part: str = "delay"
    name: str = field(init=False, default="")

    def __post_init__(self) -> None:
        hw = load_hardware(self.hw)
        object.__setattr__(self, "hw", hw)
        object.__setattr__(self, "name", f"{hw.name}, array alone" if self.part == "array" else hw.name)
        check_choice("part", self.part, PARTS)
        engine, memory = resolved(hw, self.engine, self.memory, self.profile)
        object.__setattr__(self, "engine", engine)
        object.__setattr__(self, "memory", memory)

    @property
    def board(self) -> Hardware:
        """The hardware, loaded."""
        return load_hardware(self.hw)

    @property
    def options(self) -> dict[str, Any]:
        """How it is simulated, engine and memory resolved."""
        return {name: getattr(self, name) for name in ("engine", "memory", "profile", "scope", "part")}

    @property
    def identity(self) -> object:
        """The hardware's values, and those of the DRAM channel that it goes through."""
        linked = [spec.model_dump() for spec in self._limited().linked().values()]
        return sorted(self.board.values().items()), linked[0] if linked else None

    def latency_ms(self, plan: Plan, batch: int = 1) -> float:
        """Return the delay of a batch, or its part on the programmable logic, from one run of ``simulate``."""
        report = self._report(plan, batch)
        return report.pl_ms if self.part == "array" else report.delay_ms

    def notes(self, plan: Plan, batch: int = 1) -> tuple[str, ...]:
        """Return the marks behind the delay and behind the cost of pruning."""
        on_ps, on_pl = self._own_ms(plan, batch, self.board)
        own = [note for ms, note in ((on_ps, PRUNING_ON_PS), (on_pl, PRUNING_ON_PL)) if ms]
        left_out = tuple(self._left_out)
        return (*(note for note in self._report(plan, batch).notes if not note.startswith(left_out)), *own)

    @property
    def fit(self) -> Fit | None:
        """What the design takes of its FPGA; None where that is not known."""
        return fit_or_none(self.board)

    def remarks(self, plan: Plan, batch: int = 1) -> tuple[str, ...]:
        """Return the settings without effect, a line per need."""
        report = self._report(plan, batch)
        reading, board = report.reading, watch_if_changed(self.board)
        if board is not None:
            self._own_ms(plan, batch, board.spec)
            reading = reading.with_more(board.read)
        counted = replace(reading, run={p for p in reading.run if not p.startswith(tuple(self._left_out))})
        not_used = not_used_by([report], counted)
        for path in not_used:
            why = next((why for group, why in self._left_out.items() if path.startswith(group)), "")
            not_used[path] = f"not used here: {why}" if why and path in reading.used else not_used[path]
        return tuple(not_used_lines(not_used))

    @property
    def _left_out(self) -> dict[str, str]:
        """Groups of values that a run reads and a schedule does not tell of, and why."""
        return {
            POWER: "a schedule tells no energy",
            **({PROCESSOR: "needs --part delay"} if self.part == "array" else {}),
        }

    def _limited(self) -> Hardware:
        """Return the board with the memories that count."""
        return self.board if self.memory == HW else self.board.without_memory_limits()

    def _report(self, plan: Plan, batch: int) -> Report:
        return simulate(
            plan, self.board, engine=self.engine, memory=self.memory, profile=self.profile, scope=self.scope,
            batch=batch,
        )  # fmt: skip

    def latencies_ms(self, plan: Plan, tokens: Sequence[int], batch: int = 1) -> FloatArray:
        """Return the latency with all blocks at n tokens, for each n, bit for bit that of ``latency_ms``.

        Where nothing overlaps and nothing outside the encoders counts, a delay is a sum over encoders, and those of
        one kind are alike: vectors over n then hold each operation of a kind once (`token_vectors`), or, where masks
        make them differ, one trace holds each kind once at every n (`chain`).
        """
        tokens = list(tokens)
        is_serial = self.board.ps_pl_overlap == "serial"
        is_sum = self.scope == "encoders" and is_serial and ENGINES[str(self.engine)].is_additive
        is_sum = is_sum and not self._limited().units.memory_bytes  # a station is built for all rows of a run
        if not tokens or not is_sum:
            return np.array([self.latency_ms(at_tokens(plan, n), batch) for n in tokens], dtype=np.float64)
        self.latency_ms(at_tokens(plan, tokens[0]), batch)  # checks every option
        whole = [check_integer("tokens", n, 1) for n in tokens]
        found = latencies_by_vector(plan, whole, batch, self._setting)
        return self._latencies_by_chain(plan, tokens, batch) if found is None else found

    @property
    def _setting(self) -> Setting:
        engine = ENGINES[str(self.engine)]
        return Setting(self.board, self._limited(), engine, str(self.memory), self.profile, self.part == "array")

    def _latencies_by_chain(self, plan: Plan, tokens: Sequence[int], batch: int) -> FloatArray:
        links = chain_of(plan, tokens)
        totals = self._encoder_totals(links.plan, batch)[:-1]
        kinds = len(links.counts)
        return np.array([self._whole(totals[i : i + kinds], links) for i in range(0, len(totals), kinds)])

    def pruning_ms(self, pruned: Plan, batch: int = 1) -> float:
        """Return what the pruning itself takes: profile `full`'s cost on the processor side, clocks on the PL.

        It is work: where the images of a batch run side by side, part of it may be hidden.
        """
        return math.fsum(self._own_ms(pruned, batch, self.board))

    def _own_ms(self, pruned: Plan, batch: int, hw: Hardware) -> tuple[float, float]:
        """Return the pruning's own time on the processor side, 0 where only the array counts, and on the PL."""
        limited = hw if self.memory == HW else hw.without_memory_limits()
        clocks = pruning_cycles(pruned, limited, batch, str(self.engine), str(self.memory))
        on_pl = cycles_to_ms(float(clocks), hw.clock_mhz)
        return 0.0 if self.part == "array" else host_pruning_ms(pruned, hw, batch), on_pl

    def _encoder_totals(self, plan: Plan, batch: int) -> "list[_Total]":
        hw = self.board
        trace = runnable(lower(plan, batch), hw, self.scope)
        engine = ENGINES[str(self.engine)]
        cycles = engine.run(trace, self._limited(), str(self.memory)).cycles
        others = engine.other_cycles(trace, self._limited())
        steps = place_ops(trace, cycles.tolist(), others, host_ops(trace, hw, self.profile))
        totals = [_Total() for _ in plan.encoders]
        ends = [op.encoder != after.encoder for op, after in zip(trace.ops, trace.ops[1:], strict=False)]
        for step in steps:
            totals[step.encoder - 1].add(step, step.position < len(ends) and ends[step.position])
        return totals

    def _whole(self, totals: "list[_Total]", links: Chain) -> float:
        """Return the latency of a whole plan from its kinds of encoder."""
        cycles = sum(count * total.cycles for count, total in zip(links.counts, totals, strict=True))
        pl_ms = cycles_to_ms(float(cycles), self.board.clock_mhz)
        if self.part == "array":
            return pl_ms
        times = [total.host_ms for total in totals]
        # every kind ends with a residual addition of one size; the last encoder of a plan passes nothing on
        return pl_ms + links.sum_ms(times, less=totals[0].passed_ms)


@dataclass
class _Total:
    """What one encoder adds: clocks, processor times, and the last of them, that passes its result on."""

    cycles: int = 0
    host_ms: list[float] = field(default_factory=list)
    passed_ms: float = 0.0

    def add(self, step: PlacedOp, ends_encoder: bool) -> None:
        self.cycles += step.cycles
        if step.host_ms:
            self.host_ms.append(step.host_ms)
        if step.kind == "transfer" and ends_encoder:
            self.passed_ms = step.host_ms
