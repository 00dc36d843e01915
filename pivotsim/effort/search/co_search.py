"""Co-search of efforts, thresholds and hardware (PIVOT, sections 3.2 and 3.3): what goes in, checked and simulated."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Unpack

from pivotsim.effort.entropy import check_fraction
from pivotsim.effort.outputs import Logits, Name, effort_outputs
from pivotsim.effort.search.boards import Boards, RunOptions, loaded_boards, simulated
from pivotsim.effort.search.choice import Answer
from pivotsim.effort.search.pairs import TOLERANCE_FRAC, find_pair
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.effort.search.paths import EffortPath, best_paths
from pivotsim.effort.search.space import Cascades
from pivotsim.errors import InputError, got
from pivotsim.simulation.results import hash_of
from pivotsim.workload.plans import Plan, check_plan
from pivotsim.workload.transforms.attention_skipping import skip_attention


@dataclass(frozen=True, eq=False)
class CoSearch(Cascades):
    """Cascades of efforts, each the best path of so many active attentions.

    Attributes
    ----------
    paths : mapping of int to EffortPath
        Best path of each effort with logits.
    """

    paths: Mapping[int, EffortPath]
    cka_digest: str = field(repr=False)

    @property
    def _hashed(self) -> tuple[Any, ...]:
        *read, gate = super()._hashed
        return (*read, self.cka_digest, gate)

    def _paths_of(self, efforts: Sequence[Name]) -> tuple[EffortPath, ...]:
        return tuple(self.paths[int(e)] for e in efforts)

    def pair(
        self, target_delay_ms: float, lec: float = 0.7, *, tolerance_frac: float = TOLERANCE_FRAC, board: int = 0
    ) -> Answer:
        """Return the pair that the paper's Phase 2 takes, or the one nearest to the target and why none is taken.

        Parameters
        ----------
        target_delay_ms : float
            Delay that the mean image should take, ms, above 0.
        lec : float
            Low effort constraint within 0 to 1: the least fraction of the images that the low effort classifies.
        tolerance_frac : float
            How far from the target a delay may lie.
        board : int
            Which hardware, by its place in ``hw``.

        Raises
        ------
        InputError
            A number is out of range, or fewer than two efforts have logits.
        """
        at_lec = functools.partial(self.at_lec, lecs=[check_fraction("lec", lec)], board=board)
        return find_pair([int(e) for e in self.efforts], at_lec, target_delay_ms, lec, tolerance_frac)


def cosearch(
    plan: Plan,
    logits: Logits,
    cka: Any,
    hw: Boards = "zcu102",
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
    boards = loaded_boards(hw)
    matrix = checked_cka(cka)
    depth, name = len(plan.encoders), plan.model.name
    if len(matrix) != depth:
        raise InputError(f"cka: {name} has {depth} encoders, so {depth} rows are needed {got(len(matrix))}")
    outputs = effort_outputs(logits)
    if outputs.classes != plan.model.classes:
        raise InputError(f"logits: {name} has {plan.model.classes} classes {got(outputs.classes)}")
    efforts = [int(e) for e in outputs.efforts]
    if efforts[-1] > depth:
        raise InputError(f"logits: {name} has efforts 0 to {depth} {got(f'effort{efforts[-1]}')}")
    paths = best_paths(matrix, efforts)
    plans: dict[Name, Plan] = {e: skip_attention(plan, active=path.active) for e, path in paths.items()}
    search = CoSearch(simulated(plans, boards, **options), outputs, gate, paths, hash_of(matrix.tolist()))
    _ = search.all_efforts  # a wrong gate is told now, not after a search
    return search
