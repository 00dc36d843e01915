"""One gate over any kinds of effort: rungs of a ladder are plans that skip attention, drop tokens, prune weights.

PIVOT's efforts differ in their active attentions alone. The gate decides by the entropy of the logits (section 3.1) and
does not ask where they come from, so a cascade may take any plans of one model. The space is that of a co-search.
"""

from collections.abc import Mapping
from typing import Unpack

from pivotsim.effort.combination import combine
from pivotsim.effort.outputs import LABELS, Logits, Name, rung_outputs
from pivotsim.effort.search.boards import Boards, RunOptions, loaded_boards, simulated
from pivotsim.effort.search.space import Cascades
from pivotsim.errors import InputError, got
from pivotsim.simulation.report import Report
from pivotsim.workload.plans import Plan, check_plan


def search_ladder(
    rungs: Mapping[str, Plan | Report],
    logits: Logits,
    hw: Boards | None = None,
    *,
    gate: str = "entropy",
    **options: Unpack[RunOptions],
) -> Cascades:
    """Prepare the search for the best ladder: which rungs, in which cascade, with which thresholds.

    Images meet the rungs by rising delay on the first hardware; of equal delays the one given first is first.

    Parameters
    ----------
    rungs : mapping of str to Plan or Report
        Candidates: plans of one model, simulated here on every hardware; or their reports, all of one hardware.
    logits : path or mapping
        What each rung says of the same images: an array (n, classes) under its name, and ``labels`` (n,) where accuracy
        is wanted. A file is a NumPy .npz.
    hw : Hardware, str, or several of them
        The zcu102 by default; of reports it is known.
    gate : {'entropy', 'none'}
        As for ``combine``.
    **options
        As for ``simulate``, of plans alone: engine, memory, profile, energy, scope, ps_pl_overlap.

    Returns
    -------
    Cascades
        ``best(objective, limits, max_efforts=3)`` tries every ladder of up to three rungs, with every threshold that
        the images tell apart: all of them of one gate, and of two gates up to 1,024 each (``levels``), else so many,
        which the answer says. ``front`` and ``choice`` are those of a co-search.

    Raises
    ------
    InputError
        There is no rung, a value is neither Plan nor Report, rungs are of different models, hardware or options do
        nothing beside reports, or the logits do not fit.

    Examples
    --------
    Two images. The easy one leaves after half of the neurons and three attentions; the whole model is right on both.

    >>> import pivotsim as ps
    >>> whole = ps.plan(ps.load_model("deit_s").replace({"classes": 2}))
    >>> low = ps.prune_neurons(ps.skip_attention(whole, active=range(1, 4)), keep_rate=0.5)
    >>> logits = {"low": [[9.0, 0.0], [0.0, 0.1]], "whole": [[9.0, 0.0], [3.0, 0.0]], "labels": [0, 0]}
    >>> search = search_ladder({"whole": whole, "low": low}, logits, gate="none")
    >>> choice = search.best("edp_j_ms", {"accuracy_frac": 1.0}, max_efforts=3).choice
    >>> choice.efforts, choice.exits.fractions, choice.accuracy_frac
    (('low', 'whole'), (0.5, 0.5), 1.0)
    """
    reports = _reports(rungs, hw, options)
    order: list[Name] = sorted(reports[0], key=lambda name: reports[0][name].delay_ms)  # stable
    first = reports[0][order[0]]
    outputs = rung_outputs(logits, [str(name) for name in order])
    classes = first.inputs.whole.classes
    if classes is not None and outputs.classes != classes:
        raise InputError(f"logits: the model has {classes} classes {got(outputs.classes)}")
    search = Cascades(tuple({name: of[name] for name in order} for of in reports), outputs, gate)
    _ = search.all_efforts  # what cannot be mixed, and a wrong gate, are told now
    return search


def _reports(
    rungs: Mapping[str, Plan | Report], hw: Boards | None, options: RunOptions
) -> tuple[Mapping[Name, Report], ...]:
    """Return a mapping of reports per hardware, or raise InputError."""
    if not isinstance(rungs, Mapping) or not rungs:
        raise InputError(f"rungs: must map names to Plans or Reports, at least one {got(rungs)}")
    problems = [f"rungs: {name!r}: a rung needs a name, other than {LABELS}" for name in rungs
                if not isinstance(name, str) or not name or name == LABELS]  # fmt: skip
    plans: dict[Name, Plan] = {name: one for name, one in rungs.items() if isinstance(one, Plan)}
    given: dict[Name, Report] = {name: one for name, one in rungs.items() if isinstance(one, Report)}
    problems += [f"rungs: {name}: must be a Plan or a Report {got(one)}" for name, one in rungs.items()
                 if name not in plans and name not in given]  # fmt: skip
    if plans and given:
        problems.append(f"rungs: must all be Plans or all be Reports {got(sorted(map(str, plans)))} are Plans")
    if given and (hw is not None or options):
        problems.append(f"rungs: are Reports, so hw and options do nothing {got(options or hw)}")
    if problems:
        raise InputError(problems)
    if given:
        combine(given.values(), [1.0, *[0.0] * (len(given) - 1)], gate="none")
        return (given,)
    for plan in plans.values():
        check_plan(plan)
    return simulated(plans, loaded_boards("zcu102" if hw is None else hw), **options)
