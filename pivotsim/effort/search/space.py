"""Cascades of efforts, or of a ladder's rungs, on given images and hardware: one of them, or the whole space.

One simulation per effort and hardware feeds everything: a cascade's costs follow from those of its efforts.
"""

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pivotsim.effort.combination import combine
from pivotsim.effort.gating import Flags, run_gates, thresholds_for
from pivotsim.effort.mixed_report import MixedReport
from pivotsim.effort.outputs import EffortOutputs, Name
from pivotsim.effort.search.cascade_costs import cascade_columns
from pivotsim.effort.search.choice import Answer, Choice
from pivotsim.effort.search.fronts import (
    DEFAULT_LEVELS,
    EXACT_EFFORTS,
    MAX_EFFORTS,
    MAX_LEVELS,
    Block,
    best_of,
    checked_limits,
    front_of,
    limits_missed,
)
from pivotsim.effort.search.paths import EffortPath
from pivotsim.effort.search.threshold_grid import Sampling, candidates, count_exits
from pivotsim.errors import InputError, check_integer, got
from pivotsim.simulation.report import Report
from pivotsim.simulation.results import hash_of
from pivotsim.units import FloatArray


@dataclass(frozen=True, eq=False)
class Cascades:
    """Everything that a search needs: what the efforts say of the images, and what each costs.

    Attributes
    ----------
    reports : tuple of mappings of effort to Report
        One mapping per hardware.
    outputs : EffortOutputs
        In the order in which images meet the efforts; a cascade takes some of them in this order.
    gate : {'entropy', 'none'}
    """

    reports: tuple[Mapping[Name, Report], ...]
    outputs: EffortOutputs
    gate: str

    @property
    def efforts(self) -> list[Name]:
        """The efforts with logits, in the order in which images meet them."""
        return self.outputs.efforts

    @functools.cached_property
    def all_efforts(self) -> tuple[MixedReport, ...]:
        """Per hardware, all efforts together: what they read, and what must be said of the board."""
        return tuple(_together(reports, self.gate) for reports in self.reports)

    @functools.cached_property
    def input_hash(self) -> str:
        """16 hex digits over everything that the search reads."""
        return hash_of(self._hashed)

    @property
    def _hashed(self) -> tuple[Any, ...]:
        hashes = [report.input_hash for by_effort in self.reports for report in by_effort.values()]
        return hashes, self.outputs.digest, self.gate

    def notes(self, choices: Iterable[Choice] = ()) -> tuple[str, ...]:
        """Return the marks behind the numbers of every hardware, after the odd orders of efforts in ``choices``.

        Of several hardwares, those that a mark belongs to are named where not all share it.
        """
        found: dict[str, list[str]] = {}
        for mix in self.all_efforts:
            odd = mix.order_notes
            for note in mix.notes[len(odd) :]:
                found.setdefault(note, []).append(mix.efforts[0].report.hardware)
        shared = len(self.reports)
        marks = [n if len(names) == shared else f"{', '.join(names)}: {n}" for n, names in found.items()]
        return (*dict.fromkeys(note for choice in choices for note in choice.mix.order_notes), *marks)

    def choice(self, efforts: Sequence[Name], thresholds: Sequence[float], board: int = 0) -> Choice:
        """Return one cascade with its thresholds, evaluated on the images and combined as ``combine`` does.

        Raises
        ------
        InputError
            An effort has no logits, the thresholds do not fit, or there is no such hardware.
        """
        check_integer("board", board, 0, len(self.reports) - 1)
        exits = run_gates(self._entropies(efforts), thresholds, self._right(efforts))
        mix = combine([self.reports[board][e] for e in efforts], exits.fractions, gate=self.gate)
        return Choice(tuple(efforts), self._paths_of(efforts), tuple(thresholds), exits, mix)

    def at_lec(self, efforts: Sequence[Name], lecs: Sequence[float], board: int = 0) -> Choice:
        """Return a cascade whose gates each have the smallest threshold that classifies ``lec`` of what reaches them.

        Raises
        ------
        InputError
            There is not one LEC within 0 to 1 per effort but the last, or an effort has no logits.
        """
        entropies = self._entropies(efforts)
        if len(lecs) != len(efforts) - 1:
            raise InputError(f"lecs: expected {len(efforts) - 1}, one per effort but the last {got(len(lecs))}")
        return self.choice(efforts, thresholds_for(entropies, lecs), board)

    def best(
        self,
        objective: str = "edp_j_ms",
        limits: Mapping[str, float] | None = None,
        *,
        max_efforts: int = 2,
        levels: int | None = None,
    ) -> Answer:
        """Return the best of all cascades, thresholds and hardwares under limits, or the nearest to the limits.

        Parameters
        ----------
        objective : str
            What to minimise: delay_ms, energy_j, edp_j_ms (of the mean image), edp_mean_of_images_j_ms,
            edp_sum_of_efforts_j_ms; or accuracy_frac, which is maximised.
        limits : mapping of str to float, optional
            The most of any of those costs, the least of accuracy_frac, and of lec (fraction that the first effort
            classifies).
        max_efforts : int
            Efforts in a cascade, 1 to 3; an effort on its own is a cascade too.
        levels : int, optional
            Thresholds tried per gate of cascades of 3 efforts, 2 to 1024, 257 by default. Where there are more, so many
            are tried, spread evenly over the images, and the answer's ``sampling`` and ``reason`` say so. Of one gate
            every threshold is tried.

        Raises
        ------
        InputError
            A name or a number is not valid, accuracy is asked for without labels, or levels without 3 efforts.
        """
        sampling = self.sampling(max_efforts=max_efforts, levels=levels)
        checked = checked_limits(limits)
        self._check_labels("accuracy_frac" in checked or objective == "accuracy_frac")
        spot, reached = best_of(self._blocks(max_efforts, levels), objective, checked)
        choice = self.choice(spot.efforts, spot.thresholds, spot.board)
        missed = list(limits_missed(checked, spot, reached, "any choice tried" if sampling else "any choice"))
        word = "most" if objective == "accuracy_frac" else "least"
        found = f"{word} {objective} of {'the choices tried' if sampling else 'all choices'} within the limits"
        reasons = [*(missed or [found]), *([str(sampling)] if sampling else [])]
        return Answer(choice, not missed, "; ".join(reasons), sampling)

    def sampling(self, *, max_efforts: int = 2, levels: int | None = None) -> Sampling | None:
        """Return how thresholds are sampled by ``best`` and ``front``, None where every one is tried.

        Raises
        ------
        InputError
            A number is out of range, or levels are given without 3 efforts.
        """
        most, limit = _checked_space(max_efforts, levels)
        if min(most, len(self.efforts)) <= EXACT_EFFORTS:
            return None
        thresholds = max(len(candidates(self.outputs.entropies[e])) for e in self.efforts[:-1])
        return Sampling(limit, thresholds) if thresholds > limit else None

    def front(
        self,
        cost: str = "delay_ms",
        limits: Mapping[str, float] | None = None,
        *,
        max_efforts: int = 2,
        levels: int | None = None,
    ) -> list[Choice]:
        """Return the choices that no other beats in cost and accuracy, cheapest first; parameters as for ``best``.

        Raises
        ------
        InputError
            As ``best``; also without labels.
        """
        self._check_labels(True)
        spots = front_of(self._blocks(max_efforts, levels), cost, checked_limits(limits))
        return [self.choice(spot.efforts, spot.thresholds, spot.board) for spot in spots]

    def _blocks(self, max_efforts: int, levels: int | None) -> Iterator[Block]:
        """Yield every cascade on every hardware; the counts of images are the same on all of them."""
        most, limit = _checked_space(max_efforts, levels)
        images = self.outputs.images
        for size in range(1, most + 1):
            of_gate = None if size <= EXACT_EFFORTS else limit
            cuts = {e: candidates(values, of_gate) for e, values in self.outputs.entropies.items()}
            for efforts in itertools.combinations(self.efforts, size):
                gates = efforts[:-1]
                thresholds = tuple(cuts[e] for e in gates)
                seen = [self.outputs.entropies[e] for e in gates]
                grid = count_exits(images, seen, thresholds, self._right(efforts))
                for board, reports in enumerate(self.reports):
                    first = [1.0, *[0.0] * len(gates)]
                    mix = combine([reports[e] for e in efforts], first, gate=self.gate)
                    yield Block(board, efforts, thresholds, cascade_columns(images, grid, mix.efforts))

    def _entropies(self, efforts: Sequence[Name]) -> list[FloatArray]:
        """Return the entropies of at least one effort, or raise InputError."""
        unknown = [e for e in efforts if e not in self.outputs.entropies]
        if unknown or not efforts:
            known = ", ".join(map(str, self.efforts))
            raise InputError(f"efforts: choose from those that logits hold, {known} {got(unknown or None)}")
        return [self.outputs.entropies[e] for e in efforts]

    def _paths_of(self, efforts: Sequence[Name]) -> tuple[EffortPath, ...]:
        return ()  # a rung is no path

    def _right(self, efforts: Sequence[Name]) -> list[Flags] | None:
        return None if self.outputs.right is None else [self.outputs.right[e] for e in efforts]

    def _check_labels(self, needed: bool) -> None:
        if needed and self.outputs.right is None:
            raise InputError("logits: accuracy needs labels, an integer array of one class per image (got none)")


def _together(reports: Mapping[Name, Report], gate: str) -> MixedReport:
    return combine(reports.values(), [1.0, *[0.0] * (len(reports) - 1)], gate=gate)


def _checked_space(max_efforts: int, levels: int | None) -> tuple[int, int]:
    """Return the most efforts in a cascade and the most thresholds per gate of two, or raise InputError."""
    most = check_integer("max_efforts", max_efforts, 1, MAX_EFFORTS)
    if levels is None:
        return most, DEFAULT_LEVELS
    if most <= EXACT_EFFORTS:
        remedy = f"belongs to max_efforts {MAX_EFFORTS}, of one gate every threshold is tried"
        raise InputError(f"levels: {remedy} {got(levels)}")
    return most, check_integer("levels", levels, 2, MAX_LEVELS)
