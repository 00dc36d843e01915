"""Reports: what a run costs, in total and by module, encoder and resource."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pivotsim.energy.activity import Interval
from pivotsim.energy.rules import RULES
from pivotsim.energy.usage import Usage
from pivotsim.engines.base import Details
from pivotsim.engines.counts import Counts
from pivotsim.hardware.resources.device_fit import fit_or_none
from pivotsim.hardware.resources.fit_result import Fit
from pivotsim.io.frames import as_frame
from pivotsim.simulation.gate import Gate, gate_of
from pivotsim.simulation.notes.needs import effective, not_used_by
from pivotsim.simulation.notes.reading import Reading
from pivotsim.simulation.notes.sources import notes_of, remarks_of
from pivotsim.simulation.notes.widths import width_remarks
from pivotsim.simulation.placed_run import PlacedRun
from pivotsim.simulation.reporting.entries import report_entries
from pivotsim.simulation.reporting.rows import Row, breakdown_of
from pivotsim.simulation.reporting.shares import share_out
from pivotsim.simulation.reporting.summary import run_line, run_tables
from pivotsim.simulation.reporting.totals import Totals
from pivotsim.simulation.results import hash_of
from pivotsim.simulation.timeline import Timeline
from pivotsim.tables import as_html, as_text
from pivotsim.workload.remarks import plan_scope_notes, workload_remarks

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Report(Totals):
    """What one workload costs on one hardware; ``print`` shows a summary.

    Attributes
    ----------
    workload, hardware : str
        Names.
    options : mapping
        Engine, memory, profile, energy, scope, batch and ps_pl_overlap of the run.
    rows : tuple of Row
        One per step: encoder, module, kind, resource, cycles, macs, delay_ms, start_ms, layer; ``to_frame`` is their
        table.
    placed : PlacedRun
        The operations on their resources, from which rows and timeline are made when they are asked for.
    batch, images : int
        Images in the run, and those of them that run side by side.
    pes, macs : int
        Multiply-accumulates that the hardware can do in a clock, and those that the run does.
    utilization_frac : float
        MACs done over MACs possible while the array is busy.
    delay_ms, pl_ms, ps_ms : float
        The whole batch's delay, and the time that the PL (array and units) and the processor (PS) work; serial
        unless ``ps_pl_overlap`` says otherwise, and then ``pl_ms + ps_ms - delay_ms`` is ``overlap_ms``.
    pl_cycles, unit_cycles : int
        Clocks of the PL's resources, and those of PL units among them; the rest is the array's.
    timeline : Timeline
        Every piece of work on its resource.
    busy_ms, overlap_ms, latency_ms : float
        Work of all resources one after the other, what running side by side takes off it, and the longest time from an
        image's first step to its last.
    energy_j : float
        The whole batch's energy; ``energy_components_j`` sums to it.
    energy_components_j, energy_remarks : mapping
        Joules by component, and what must be said wherever a component's are printed.
    energy_interval : Interval or None
        How far the energy may move with the constants of its rule.
    delay_per_image_ms, energy_per_image_j, edp_j_ms : float
        Delay and energy divided by the batch, and their product.
    fps, power_w, fps_per_watt : float
        Images per second, mean power, images per joule.
    counts, usage : Counts, Usage
        MACs and bytes; ``usage`` adds the times, the form in which an energy rule reads both.
    stall_cycles, moved_bytes : dict
        With engine `memory`, idle clocks of the array by cause, and bytes by memory level and direction; else zeros.
    fits, fit : bool or None, Fit or None
        Whether the FPGA has what the design takes, and each resource's demand and bound; None where nothing is known of
        them. A design that does not fit is simulated all the same.
    gate, gate_ms, gate_usage, gate_components_j
        One entropy gate after this run, charged by ``combine`` only: its delay, None where the trace has no head or the
        board no processor, its times, and its energy by component.
    details : Details
        What only the engine knows: stalls, traffic and choices of memories, the balance of lanes.
    notes : tuple of str
        Constants behind the numbers that are calibrated, inferred, assumed, estimated or inherited from another board.
    remarks : tuple of str
        What must be said beside the totals, such as what the scope leaves out.
    not_used : dict
        Settings of the hardware that this run did not read, by dotted path: what they need to have an effect.
    reading : Reading
        What the run has read, of a hardware whose values are set or inherited.
    input_hash : str
        16 hex digits over everything that went into the run.
    """

    workload: str
    hardware: str
    options: Mapping[str, Any]
    placed: PlacedRun = field(repr=False)
    pes: int
    pl_cycles: int
    unit_cycles: int
    delay_ms: float
    pl_ms: float
    ps_ms: float
    energy_components_j: Mapping[str, float]
    counts: Counts
    usage: Usage
    reading: Reading = field(repr=False, compare=False)
    inputs: Any = field(repr=False, compare=False)
    details: Details = field(repr=False, compare=False, default=Details())

    @property
    def rows(self) -> tuple[Row, ...]:
        """One row per step of the run."""
        return self.placed.rows

    @property
    def timeline(self) -> Timeline:
        """Every piece of work on its resource."""
        return self.placed.timeline

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Constants behind the numbers that are calibrated, inferred, assumed, estimated, set or inherited."""
        i = self.inputs
        return (
            *notes_of(i.trace, i.hw, i.linked, i.options, effective([self], self.reading)),
            *plan_scope_notes(i.whole, i.options["scope"]),
        )

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What must be said beside the totals."""
        inputs = self.inputs
        remarks = remarks_of(inputs.hw, self.options, self.reading, self.overlap_ms)
        hw, scope = inputs.hw, self.options["scope"]
        remarks += workload_remarks(inputs.whole, scope, hw.operand_bits, hw.packs_operands, self.batch)
        return (*remarks, *width_remarks(inputs.trace, hw, self.options["memory"]))

    @property
    def fits(self) -> bool | None:
        """Whether the FPGA has what the design takes; None where that is not known, as of an MPCA."""
        return None if self.fit is None else self.fit.fits

    @cached_property
    def fit(self) -> Fit | None:
        """Each resource's demand and bound, as ``pivotsim.fit`` counts them; None where nothing is known of them."""
        return fit_or_none(self.inputs.hw)

    @cached_property
    def gate(self) -> Gate:
        """One entropy gate after this run, charged by ``combine`` alone."""
        inputs = self.inputs
        return gate_of(inputs.hw, self.options["profile"], self.options["energy"], inputs.whole.classes)

    @property
    def gate_ms(self) -> float | None:
        """Delay of the gate; None where the trace has no head, or the board no processor."""
        return self.gate.delay_ms

    @property
    def gate_usage(self) -> Usage:
        """Times of the gate."""
        return self.gate.usage

    @property
    def gate_components_j(self) -> Mapping[str, float]:
        """Energy of the gate by component."""
        return self.gate.components_j

    @property
    def not_used(self) -> dict[str, str]:
        """Settings of the hardware that this run did not read, by dotted path: what they need to have an effect."""
        return not_used_by([self], self.reading)

    @property
    def stall_cycles(self) -> dict[str, int]:
        """Idle clocks of the array by cause (weight, input, output, dram); empty where the engine knows no memories."""
        return self.details.stall_cycles

    @property
    def moved_bytes(self) -> dict[str, int]:
        """Bytes of every memory level and direction; empty where the engine knows no memories."""
        return self.details.moved_bytes

    @property
    def energy_interval(self) -> Interval | None:
        """How far the energy may move with the constants of its rule; None where the rule has no ranges."""
        return RULES[self.options["energy"]].interval_j(self.inputs.hw, self.usage)

    @property
    def energy_remarks(self) -> dict[str, str]:
        """Component -> what must be said wherever its energy is printed."""
        return RULES[self.options["energy"]].remarks(self.inputs.hw)

    def breakdown(self, by: str = "module") -> dict[Any, dict[str, float]]:
        """Return {key: {delay_ms, share}} by ``module``, ``layer``, ``group``, ``encoder`` or ``resource``.

        Entries are the resources' work and shares of ``busy_ms``, which is the delay where they are serial.

        Groups are the paper's (Fig. 6a): attention_mac, softmax, mlp; what it leaves out is ``other``. Layers are those
        that the trace names; what belongs to none of them stands under ''.

        Raises
        ------
        InputError
            ``by`` is none of these.
        """
        return share_out(breakdown_of(self.rows, by), self.busy_ms)

    @cached_property
    def input_hash(self) -> str:
        """16 hex digits over everything that went into the run: trace, hardware values, options."""
        return hash_of(self.inputs)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain numbers and text, the form that ``--json`` prints.

        ``breakdown_by_layer`` is there where the trace names layers.
        """
        return report_entries(self)

    def summary(self) -> str:
        """Return totals and modules as a short table, what ``print`` shows."""
        return as_text(run_tables(self))

    __str__ = summary

    def __repr__(self) -> str:
        return run_line(self)

    def _repr_html_(self) -> str:
        return as_html(run_tables(self, full=True))

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
        return as_frame(self.rows, Row._fields)
