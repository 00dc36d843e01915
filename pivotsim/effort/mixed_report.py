"""The mean image of a cascade of efforts: delay, energy, and the three energy-delay products of ``edp``."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pivotsim.effort.edp import edp_mean_of_images
from pivotsim.effort.mixed_output import mixed_entries, mixed_tables
from pivotsim.energy.activity import Interval
from pivotsim.energy.rules import RULES
from pivotsim.energy.usage import Usage, weighted_usage
from pivotsim.hardware.resources.fit_result import Fit
from pivotsim.simulation.notes.needs import effective, not_used_by
from pivotsim.simulation.notes.reading import Reading, gate_reads
from pivotsim.simulation.report import Report
from pivotsim.simulation.reporting.shares import add_up, share_out
from pivotsim.simulation.results import hash_of
from pivotsim.tables import Table, as_html, as_text, number
from pivotsim.units import plain_sum


@dataclass(frozen=True)
class Effort:
    """One effort of a cascade: its own cost, its gate included, and the images that reach it and leave there."""

    report: Report
    exit_frac: float
    reach_frac: float
    gate_ms: float
    gate_components_j: Mapping[str, float]

    @property
    def delay_ms(self) -> float:
        """Delay of an image in this effort."""
        return self.report.delay_ms + self.gate_ms

    @property
    def energy_j(self) -> float:
        """Energy of an image in this effort."""
        return self.report.energy_j + plain_sum(self.gate_components_j.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the effort as plain numbers and text."""
        return {
            "workload": self.report.workload,
            "exit_frac": self.exit_frac,
            "reach_frac": self.reach_frac,
            "delay_ms": self.delay_ms,
            "energy_j": self.energy_j,
            "pl_cycles": self.report.pl_cycles,
            "ps_ms": self.report.ps_ms,
        }


@dataclass(frozen=True)
class MixedReport:
    """The mean image of a cascade; the names are those of ``Report`` where the meaning is the same."""

    efforts: tuple[Effort, ...]
    gate: str

    def _mean(self, of: Iterable[float]) -> float:
        return math.fsum(e.reach_frac * value for e, value in zip(self.efforts, of, strict=True))

    @property
    def gate_ms(self) -> float:
        """Entropy gates of the mean image: one after every effort but the last, where charged."""
        return self._mean(e.gate_ms for e in self.efforts)

    @property
    def delay_ms(self) -> float:
        """Delay of the mean image, gates included."""
        return self._mean(e.delay_ms for e in self.efforts)

    @property
    def busy_ms(self) -> float:
        """Work of all resources for the mean image, one after the other; the delay where they are serial."""
        return self._mean(e.report.busy_ms + e.gate_ms for e in self.efforts)

    @property
    def overlap_ms(self) -> float:
        """What running side by side takes off the delay."""
        return self._mean(e.report.overlap_ms for e in self.efforts)

    @property
    def energy_j(self) -> float:
        """Energy of the mean image, gates included."""
        return self._mean(e.energy_j for e in self.efforts)

    @property
    def edp_j_ms(self) -> float:
        """Energy-delay product of the mean image."""
        return self.energy_j * self.delay_ms

    @property
    def edp_mean_of_images_j_ms(self) -> float:
        """Mean of the images' own energy-delay products."""
        return float(
            edp_mean_of_images(
                [e.exit_frac for e in self.efforts],
                [e.energy_j for e in self.efforts],
                [e.delay_ms for e in self.efforts],
            )
        )

    @property
    def edp_sum_of_efforts_j_ms(self) -> float:
        """Energy-delay products of the efforts, each weighted by the images that reach it (PIVOT's Table 2)."""
        return self._mean(e.energy_j * e.delay_ms for e in self.efforts)

    @property
    def fps_per_watt(self) -> float:
        """Images per joule."""
        return 1 / self.energy_j if self.energy_j else 0.0

    @property
    def power_w(self) -> float:
        """Mean power."""
        return self.energy_j / self.delay_ms * 1e3 if self.delay_ms else 0.0

    @property
    def mean_pl_cycles(self) -> float:
        """Array clocks of the mean image."""
        return self._mean(float(e.report.pl_cycles) for e in self.efforts)

    @property
    def ps_ms(self) -> float:
        """Processor time of the mean image, gates included."""
        return self._mean(e.report.ps_ms for e in self.efforts) + self.gate_ms

    def breakdown(self, by: str = "module") -> dict[Any, dict[str, float]]:
        """Return {key: {delay_ms, share}} of the mean image; the gates stand under ``entropy``.

        Raises
        ------
        InputError
            ``by`` is no breakdown of a Report.
        """
        parts = [
            (key, e.reach_frac * entry["delay_ms"])
            for e in self.efforts
            for key, entry in e.report.breakdown(by).items()
        ]
        gate_key = {"module": "entropy", "layer": "", "group": "entropy", "encoder": 0, "resource": "ps"}[by]
        if self.gate_ms:
            parts.append((gate_key, self.gate_ms))
        return share_out(add_up(parts), self.busy_ms)

    @property
    def energy_components_j(self) -> dict[str, float]:
        """Energy of each component for the mean image; sums to ``energy_j``."""
        return add_up(
            (name, e.reach_frac * joules)
            for e in self.efforts
            for part in (e.report.energy_components_j, e.gate_components_j)
            for name, joules in part.items()
        )

    @property
    def usage(self) -> Usage:
        """Times and counts of the mean image, gates included."""
        return weighted_usage(
            (e.reach_frac, part)
            for e in self.efforts
            for part in ((e.report.usage, e.report.gate_usage) if e.gate_ms else (e.report.usage,))
        )

    @property
    def energy_interval(self) -> Interval | None:
        """How far the mean image's energy may move with the constants of its rule, the same ones in all efforts."""
        first = self.efforts[0].report
        return RULES[first.options["energy"]].interval_j(first.inputs.hw, self.usage)

    @property
    def energy_remarks(self) -> dict[str, str]:
        """Component -> what must be said wherever its energy is printed."""
        return self.efforts[0].report.energy_remarks

    @property
    def fits(self) -> bool | None:
        """Whether the FPGA has what the design takes; None where that is not known, as of an MPCA."""
        return self.efforts[0].report.fits

    @property
    def fit(self) -> Fit | None:
        """Each resource's demand and bound; None where nothing is known of them."""
        return self.efforts[0].report.fit

    @cached_property
    def reading(self) -> Reading:
        """What the efforts, and the gates where they are charged, have read of the hardware."""
        first = self.efforts[0].report
        found = first.reading.with_more(path for e in self.efforts for path in e.report.reading.run)
        if self.gate == "none" or len(self.efforts) == 1:
            return found
        inputs, options = first.inputs, first.options
        return found.with_more(gate_reads(inputs.hw, options["profile"], options["energy"], inputs.whole.classes))

    @property
    def not_used(self) -> dict[str, str]:
        """Settings of the hardware that neither efforts nor gates read, by dotted path: what they need."""
        return not_used_by([e.report for e in self.efforts], self.reading, self.gate)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be said beside the totals."""
        return tuple(dict.fromkeys(remark for e in self.efforts for remark in e.report.remarks))

    @property
    def notes(self) -> tuple[str, ...]:
        """Constants behind the numbers that are calibrated, inferred, assumed or estimated; an odd order of efforts."""
        read = effective([e.report for e in self.efforts], self.reading, self.gate)
        notes = (*(note for e in self.efforts for note in e.report.notes), *read.notes)
        return (*self.order_notes, *dict.fromkeys(notes))

    @property
    def order_notes(self) -> tuple[str, ...]:
        """An odd order of efforts: one that takes less time than the one before it."""
        return tuple(
            f"order: effort {number} takes less time than the one before it"
            for number, (before, after) in enumerate(itertools.pairwise(self.efforts), start=2)
            if after.report.delay_ms < before.report.delay_ms
        )

    @property
    def input_hash(self) -> str:
        """16 hex digits over the efforts' inputs, the exit fractions and the gate."""
        return hash_of(([(e.report.input_hash, e.exit_frac) for e in self.efforts], self.gate))

    def summary(self) -> str:
        """Return efforts, totals and modules as short tables, what ``print`` shows."""
        return as_text(self.tables())

    __str__ = summary

    def __repr__(self) -> str:
        names = " -> ".join(e.report.workload for e in self.efforts)
        return f"<MixedReport: {names}, {number(self.delay_ms)} ms, {number(self.energy_j, 4)} J>"

    def _repr_html_(self) -> str:
        return as_html(self.tables(full=True))

    def tables(self, *, full: bool = False) -> Iterator[Table]:
        """Yield efforts, totals of the mean image and modules; ``full`` adds the notes, which are long."""
        yield from mixed_tables(self, full=full)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain numbers and text, the form that ``--json`` prints."""
        return mixed_entries(self)
