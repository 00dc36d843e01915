"""Cost model of a space's designs: each evaluated once, by the engines, and weighed with drawn constants after that."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pivotsim.dse.evaluation.admission import Designs
from pivotsim.dse.evaluation.design_groups import DesignGroup
from pivotsim.dse.evaluation.effects import SpaceValues
from pivotsim.dse.evaluation.evaluator import Evaluator
from pivotsim.dse.space.definition import Space
from pivotsim.dse.sweep_designs import places_on_axes
from pivotsim.energy.usage import Usage
from pivotsim.errors import InputError
from pivotsim.hardware.spec import Hardware
from pivotsim.host.loads import gate_loads, host_loads
from pivotsim.propagation.constants import Constant, stated_constants
from pivotsim.propagation.costs import COUNTS, CostModel, Group
from pivotsim.propagation.run import (
    SIDE_BY_SIDE,
    check_no_pipeline,
    check_some,
    held_paths,
    usable_paths,
    waits_for_calls,
)
from pivotsim.propagation.terms import Terms, clock_path, host_terms, pl_terms
from pivotsim.simulation.notes.requirements import unmet

HEADS = "host.ps_pl_overlap"


class UncertainDesigns(NamedTuple):
    """Designs with their cost model, the constants that are drawn, and those that are not.

    ``held`` count and have no interval; ``left_out`` have one and would change clocks; ``axes`` have one and are axes
    of the space, whose values each design states.
    """

    model: CostModel
    constants: tuple[Constant, ...]
    held: tuple[str, ...]
    left_out: tuple[str, ...]
    axes: tuple[str, ...]


def uncertain_designs(space: Space, columns: Mapping[str, Any]) -> UncertainDesigns:
    """Return the designs of a table's rows; ``columns`` holds those of the axes."""
    overlaps = next((a.values for a in space.axes if a.name == HEADS), (space.hw.ps_pl_overlap,))
    if "heads" in overlaps:
        raise InputError(f"{HEADS}: {SIDE_BY_SIDE}; draws need serial (got 'heads')")
    check_no_pipeline(space.hw)
    places = places_on_axes(space, columns)
    count = len(next(iter(places.values())))
    designs = Designs(space, np.arange(count, dtype=np.int64), places)
    evaluator = Evaluator(space)
    names = [name for name in space.axis_names if name not in evaluator.strategy.vectors]
    grouped = [
        (DesignGroup(evaluator.context, designs, members, designs.values_at(first, names)), members)
        for first, members in designs.grouped_by(names)
    ]
    energy = space.options["energy"]
    axes, usable = set(space.axis_names), dict.fromkeys(_usable(space, [group for group, _ in grouped]))
    stated = stated_constants(space.hw, energy)
    drawn = [each for each in stated if each.path in usable and each.path not in axes]
    facts = SpaceValues(space)
    left_out = [c.path for c in stated if c.path not in usable and c.path not in axes and unmet(c.path, facts) is None]
    check_some(drawn, left_out, space.hw)
    paths = {each.path for each in drawn}
    groups = [_weighed(evaluator, group, members, paths) for group, members in grouped]
    model = CostModel.of(energy, space.hw, count, groups)
    held = held_paths(space.hw, usable, [*paths, *axes], follows=model.follows_residual)
    varied = tuple(each.path for each in stated if each.path in axes)
    return UncertainDesigns(model, tuple(drawn), held, tuple(left_out), varied)


def _usable(space: Space, groups: Sequence[DesignGroup]) -> Any:
    """Yield the constants that some design reads, and of which no clock of any design follows."""
    options = space.options
    moves_clocks = {clock_path(group.hw) for group in groups if waits_for_calls(group.hw)}
    for group in groups:
        loads = [host_loads(work.trace, group.hw, options["profile"]) for work in group.works]
        loads += [gate_loads(1)] if space.is_pair and options["gate"] != "none" else []
        for each in loads:
            yield from (path for path in usable_paths(group.hw, each, options) if path not in moves_clocks)


def _weighed(evaluator: Evaluator, group: DesignGroup, members: Any, drawn: set[str]) -> Group:
    """Return the terms and counts of a group, those of the mean image for an effort pair."""
    space, hw = evaluator.space, group.hw
    profile = space.options["profile"]
    parts = []
    for work, (pl_cycles, usage) in zip(group.works, evaluator.strategy.run(group), strict=True):
        terms = pl_terms(hw, pl_cycles, drawn).plus(host_terms(hw, host_loads(work.trace, hw, profile), profile, drawn))
        parts.append((terms, usage))
    if group.reasons.any():
        raise InputError("draws: the dataset has designs that do not run; sweep again")
    (terms, usage), *others = parts
    counts = _counts(usage)
    if space.is_pair:
        ((high, high_usage),) = others
        reach = 1 - evaluator.low_frac(group)
        terms = terms.plus(_gate_terms(space, group, hw, profile, drawn)).plus(high, reach)
        counts = {name: counts[name] + reach * value for name, value in _counts(high_usage).items()}
    return Group(hw, terms, counts, members)


def _gate_terms(space: Space, group: DesignGroup, hw: Hardware, profile: str, drawn: set[str]) -> Terms:
    classes = group.works[0].classes
    if space.options["gate"] == "none" or classes is None:
        return Terms(drawn)
    return host_terms(hw, gate_loads(classes), profile, drawn)


def _counts(usage: Usage) -> dict[str, Any]:
    return {name: np.asarray(getattr(usage, name), dtype=np.float64) for name in COUNTS}
