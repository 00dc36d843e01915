"""Lists as values of `schedule`'s options, and the sweeps that they ask for."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pivotsim.cli import paging
from pivotsim.cli.options import integer, real
from pivotsim.cli.output import beside, check_free, print_json, print_line, print_table
from pivotsim.cli.report_tables import print_end, print_said
from pivotsim.errors import InputError, got

if TYPE_CHECKING:
    from pivotsim.pruning.accuracy.given import Accuracy
    from pivotsim.pruning.devices.protocol import Device
    from pivotsim.pruning.sweeps.table import SweepTable
    from pivotsim.workload.plans import Plan

MOST_VALUES = 1000


@dataclass(frozen=True)
class Numbers:
    """One number, or a list of them."""

    option: str
    values: tuple[Any, ...]

    @property
    def single(self) -> Any:
        """The one number; InputError where there are more."""
        if len(self.values) > 1:
            raise InputError(f"{self.option}: takes one number here {got(list(self.values))}")
        return self.values[0]


def numbers(option: str, whole: bool, step: float) -> Callable[[str], Numbers]:
    """Return a parser of one number, of some with commas, or of FIRST:LAST:STEP, LAST included.

    >>> numbers("--alpha", False, 0.1)("0.1:0.3").values, numbers("--batch", True, 1)("1,4").values
    ((0.1, 0.2, 0.3), (1, 4))
    """
    one: Callable[[str], Any] = integer(option) if whole else real(option)

    def parse(text: str) -> Numbers:
        if isinstance(text, Numbers):
            return text
        values: list[Any] = []
        for part in text.split(","):
            ends = [one(end) for end in part.split(":")]
            if len(ends) == 1:
                values += ends
                continue
            by = ends[2] if len(ends) == 3 else step
            if len(ends) > 3 or by <= 0 or ends[1] < ends[0] or not all(map(math.isfinite, ends)):
                raise InputError(f"{option}: a range is FIRST:LAST or FIRST:LAST:STEP, rising {got(part)}")
            count = math.floor((ends[1] - ends[0]) / by + 1e-9) + 1
            if count > MOST_VALUES:
                raise InputError(f"{option}: at most {MOST_VALUES} values {got(part)}")
            values += [ends[0] + i * by if whole else round(ends[0] + i * by, 12) for i in range(count)]
        if len(values) > MOST_VALUES:
            raise InputError(f"{option}: at most {MOST_VALUES} values {got(text)}")
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise InputError(f"{option}: a value stands twice {got(twice)}")
        return Numbers(option, tuple(values))

    return parse


@dataclass(frozen=True)
class Asked:
    """What a schedule command asks for beside its lists."""

    plan: "Plan"
    device: "Device"
    accuracy: "Accuracy"
    grid: range
    pruning_ms: float | None


def swept_option(alpha: Numbers, batch: Numbers, encoder: Numbers | None, methods: bool) -> str:
    """Return the one option that asks for a sweep, '' where none does; more than one is refused."""
    given = [one.option for one in (alpha, batch, encoder) if one is not None and len(one.values) > 1]
    given += ["--methods"] if methods else []
    if len(given) > 1:
        raise InputError(f"schedule: {' and '.join(given)}: one sweep at a time")
    return given[0] if given else ""


def sweep_of(option: str, asked: Asked, alpha: Numbers, batch: Numbers, encoder: Numbers | None) -> "SweepTable":
    """Return the sweep over the option with several values; place and method take R from the schedule at alpha."""
    from pivotsim.pruning.schedule import pruning_schedule
    from pivotsim.pruning.sweeps import plans, schedules

    plan, device, grid = asked.plan, asked.device, asked.grid
    if option == "--alpha":
        return schedules.alpha_sweep(
            plan, device, asked.accuracy, alpha.values, batch=batch.single, grid=grid,
            encoder=None if encoder is None else encoder.single, pruning_ms=asked.pruning_ms,
        )  # fmt: skip
    if asked.pruning_ms is not None:
        raise InputError(f"--pruning-ms: is not charged in a sweep over {option} {got(asked.pruning_ms)}")
    if option == "--batch":
        place = None if encoder is None else encoder.single
        return schedules.batch_sweep(
            plan, device, asked.accuracy, batch.values, alpha=alpha.single, grid=grid, encoder=place
        )
    places = None if encoder is None else encoder.values
    found = pruning_schedule(
        plan, device, asked.accuracy, alpha=alpha.single, batch=batch.single, grid=grid,
        encoder=None if places is None else places[0],
    )  # fmt: skip
    if option == "--encoder":
        return plans.location_sweep(plan, device, found.removed, places, batch=batch.single)
    return plans.method_sweep(plan, device, found.removed, encoder=found.encoder, batch=batch.single)


def show_sweep(
    table: "SweepTable", settings: dict[str, object], behind: tuple[str, ...], *, json: bool, csv: Path | None,
    plots: Path | None, html: Path | None,
) -> None:  # fmt: skip
    """Print a sweep, write what was asked for, and say what stands behind it."""
    check_free("--csv", csv, json)
    written: list[Path] = []
    if plots is not None:
        from pivotsim.plots.exploration.schedule_sweep import plot_sweep

        written += plot_sweep(table, plots)
    if csv is not None:
        table.to_csv(csv)
        written.append(csv)
    written += paging.write_page(table, html, asked={"set": settings}, notes=behind)
    if json:
        found = table.to_json()
        print_json({**found, "notes": [*found["notes"], *behind], "set": settings})
        return
    shown = table.shown()
    with beside(csv):
        print_line(shown.title)
        print_line()
        print_table(shown.columns, shown.rows, shown.right)
        print_said(list(table.remarks))
        print_end((*table.notes, *behind), written)
