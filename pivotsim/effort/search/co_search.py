"""Co-search of efforts, thresholds and hardware (PIVOT, sections 3.2 and 3.3): what goes in, checked and simulated."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

from pivotsim.effort.gating import effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.effort.search.paths import best_paths
from pivotsim.effort.search.space import CoSearch
from pivotsim.errors import InputError, got
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.simulation.results import hash_of
from pivotsim.simulation.run import simulate
from pivotsim.workload.plans import Plan, check_plan
from pivotsim.workload.transforms.attention_skipping import skip_attention


class RunOptions(TypedDict, total=False):
    """Options of ``simulate`` that a co-search hands on."""

    engine: str | None
    memory: str | None
    profile: str
    energy: str
    scope: str
    ps_pl_overlap: str | None


def cosearch(
    plan: Plan,
    logits: str | Path | Mapping[str, Any],
    cka: Any,
    hw: Hardware | str | Sequence[Hardware | str] = "zcu102",
    *,
    gate: str = "entropy",
    **options: Unpack[RunOptions],
) -> CoSearch:
    """Prepare a co-search: the best path of every effort, simulated on every hardware.

    Parameters
    ----------
    plan : Plan
        The whole model, every attention active; other transforms may have been applied.
    logits : path or mapping
        What each effort says of the same images: ``effort<e>`` (n, classes) for each effort e inferred, and ``labels``
        (n,) where accuracy is wanted. A file is a NumPy .npz.
    cka : array of float of shape (D, D), path or mapping
        Entry [i - 1, j - 1] is CKA(MLP_i, A_j), as ``cka_matrix`` returns it. A file is an .npz with one array ``cka``.
    hw : Hardware, str, or several of them
    gate : {'entropy', 'none'}
        As for ``combine``.
    **options
        As for ``simulate``: engine, memory, profile, energy, scope, ps_pl_overlap.

    Returns
    -------
    CoSearch
        ``pair(target_delay_ms, lec)`` is the paper's Phase 2; ``best`` and ``front`` see the whole space.

    Raises
    ------
    InputError
        Plan, logits and CKA matrix do not fit each other, or one of them is not valid.

    Examples
    --------
    Two images, the first of which is easy; LEC 0.5 lets it leave after effort 6 of 12. A path with the first attentions
    active skips six that resemble MLP_6 alike.

    >>> import numpy as np, pivotsim as ps
    >>> plan = ps.plan(ps.load_model("deit_s").replace({"classes": 2}))
    >>> logits = {"effort6": [[9.0, 0.0], [0.0, 0.1]], "effort12": [[9.0, 0.0], [3.0, 0.0]], "labels": [0, 0]}
    >>> search = cosearch(plan, logits, np.ones((12, 12)), gate="none")
    >>> answer = search.pair(target_delay_ms=66, lec=0.5)
    >>> answer.met, answer.choice.efforts, answer.choice.exits.fractions, answer.choice.accuracy_frac
    (True, (6, 12), (0.5, 0.5), 1.0)
    >>> round(answer.choice.delay_ms, 2), search.paths[6].active
    (66.37, (1, 2, 3, 4, 5, 6))
    """
    check_plan(plan)
    skipped = [e.encoder for e in plan.encoders if not e.attention_active]
    if skipped:
        raise InputError(f"plan: every attention must be active, the search skips them itself {got(skipped)}")
    several = hw if isinstance(hw, Sequence) and not isinstance(hw, str) else [hw]
    boards = [load_hardware(one) for one in several]
    if not boards:
        raise InputError("hw: at least one hardware is needed (got none)")
    matrix = checked_cka(cka)
    depth, name = len(plan.encoders), plan.model.name
    if len(matrix) != depth:
        raise InputError(f"cka: {name} has {depth} encoders, so {depth} rows are needed {got(len(matrix))}")
    outputs = effort_outputs(logits)
    if outputs.classes != plan.model.classes:
        raise InputError(f"logits: {name} has {plan.model.classes} classes {got(outputs.classes)}")
    if outputs.efforts[-1] > depth:
        raise InputError(f"logits: {name} has efforts 0 to {depth} {got(f'effort{outputs.efforts[-1]}')}")
    paths = best_paths(matrix, outputs.efforts)
    plans = {effort: skip_attention(plan, active=path.active) for effort, path in paths.items()}
    reports = tuple({e: simulate(p, board, **options) for e, p in plans.items()} for board in boards)
    search = CoSearch(paths, reports, outputs, gate, hash_of(matrix.tolist()))
    _ = search.all_efforts  # a wrong gate is told now, not after a search
    return search
