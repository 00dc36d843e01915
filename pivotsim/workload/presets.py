"""Named recipes: what to prune, as data, with what is known of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pivotsim.errors import InputError, check_choice, got
from pivotsim.workload.plans import Plan
from pivotsim.workload.transforms.block_pruning import prune_blocks
from pivotsim.workload.transforms.head_pruning import prune_heads
from pivotsim.workload.transforms.neuron_pruning import prune_neurons
from pivotsim.workload.transforms.token_pruning import prune_tokens


@dataclass(frozen=True)
class Preset:
    """Parameters of ``prune_blocks``, a token-pruning method with its own, and what else goes.

    ``heads`` are (kept, of) so many, ``neurons`` is the kept share; None where all stay.
    """

    source: str
    blocks: Mapping[str, Any]
    token_method: str
    tokens: Mapping[str, Any] = field(default_factory=dict)
    heads: tuple[int, int] | None = None
    neurons: float | None = None


TOKENS = {"keep_rate": 0.5, "encoders": (3, 7, 10)}
PRESETS = {
    # read: half of the blocks of Q, K, V and proj, half of the neurons, half of the tokens; a head without blocks goes.
    # [inferred]: 5 of 6 heads are left, in which half of all blocks are 0.6 of what is there. By the repository's own
    # count of a 198-token DeiT-S that is 3.37x and 1.600x (published/static/kept_heads.py).
    "parikh_code": Preset(
        source="a public training repository of Parikh et al.'s method (FCCM 2024), authorship inferred, for a "
        "distilled DeiT-S of 198 tokens; [inferred] how many heads stay: 5 of 6, from 1.6x parameters",
        blocks={"block": 16, "density": {"msa": 0.6}},
        token_method="tdm",
        tokens=TOKENS,
        heads=(5, 6),
        neurons=0.5,
    ),
    # an older reading: the abstract states 1.6x compression and 3.4x fewer MACs on DeiT-S and no rates; of a grid
    # with one density for all blocks, r_b and r_t in tenths, only this point meets both (1.626x, 3.423x)
    "parikh_seed": Preset(
        source="[inferred] from 1.6x parameters and 3.4x MACs of DeiT-S (Parikh et al., FCCM 2024, abstract)",
        blocks={"block": 16, "density": {"msa": 0.6, "mlp": 0.6}},
        token_method="tdm",
        tokens=TOKENS,
    ),
}


def prune_as(plan: Plan, preset: str, *, seed: int = 0) -> Plan:
    """Return the plan pruned as a named recipe says: heads and neurons, then tokens, then blocks.

    Parameters
    ----------
    plan : Plan
    preset : {'parikh_code', 'parikh_seed'}
        `parikh_code`: 5 of 6 heads [inferred], half of the MLPs' neurons, half of the attention's weight blocks
        (b = 16), half of the tokens in encoders 3, 7, 10, as a public training repository of Parikh et al.'s method
        prunes a distilled DeiT-S of 198 tokens (``load_model("deit_s").replace({"prefix_tokens": 2})``). Where masked
        blocks do not count, as in ``workload.footprint``, that is 4.07x MACs and 1.93x parameters.
        `parikh_seed`: 0.6 of all weight blocks and half of the tokens in the same encoders [inferred] from the
        abstract alone; ranked beside the other by ``reproduce("static")``.
    seed : int
        Of the drawn masks.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        The recipe is unknown, or does not fit the plan.

    Examples
    --------
    >>> import pivotsim as ps
    >>> distilled = ps.load_model("deit_s").replace({"prefix_tokens": 2})
    >>> pruned = prune_as(ps.plan(distilled), "parikh_code")
    >>> [pruned.encoders[i - 1].mlp_tokens for i in (3, 7, 10)], pruned.encoders[0].heads, pruned.encoders[0].mlp_hidden
    ([101, 52, 28], 5, 768)
    """
    row = PRESETS[check_choice("preset", preset, PRESETS)]
    if row.heads is not None:
        kept, of = row.heads
        count = plan.model.heads
        if count % of:
            rule = f"keeps {kept} of {of} heads; the model's must be a multiple of {of}"
            raise InputError(f"preset: '{preset}' {rule} {got(count)}")
        plan = prune_heads(plan, count * kept // of)
    if row.neurons is not None:
        plan = prune_neurons(plan, row.neurons)
    return prune_blocks(prune_tokens(plan, row.token_method, **row.tokens), **row.blocks, seed=seed)
