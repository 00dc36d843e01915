"""How many heads Parikh et al. keep: the settings of a public training repository, and what meets both ratios.

The repository (whose authors are taken to be the paper's) states kept shares of weights r_b and of tokens r_t, removes
a head that loses all of its blocks, and keeps ceil(1536 r_b) neurons of a distilled DeiT-S with 198 tokens. How many
heads stay is not stated. Its counter adds up linear layers: blocks that are masked count whole, removed heads and
neurons do not, QK^T and SV do not. With n_l tokens in attention and m_l in the MLP of encoder l, h_l heads of d_h

    MACs  = patch embedding + head + sum_l (4 n_l d d_h h_l a_l + 2 m_l d ceil(1536 r_b)  [+ 2 n_l^2 d_h h_l])
    size  = parameters without the removed heads' and neurons' weights and biases  [less the masked blocks' weights]

with a_l = 1, or the kept share r_b * 6 / h_l of what is there where masked blocks do not count. What stands in brackets
are the other ways to count, which are tried too. A total of heads that twelve encoders cannot share alike gives the
rest, one each, to the first encoders or to the last ones.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np

from pivotsim.models.spec import VitModel, load_model
from pivotsim.published.base.inference import Cell, Inference, infer
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.plans import plan
from pivotsim.workload.transforms.token_pruning import prune_tokens

WEIGHT_RATES, TOKEN_RATES = (0.5, 0.7), (0.5, 0.7, 0.9)
ENCODERS = (3, 7, 10)
LINEAR, ALL = "linear layers", "all products"
WHOLE, KEPT = "whole", "kept"
ALIKE, FIRST, LAST = "alike", "first", "last"
READ = {"r_b": 0.5, "r_t": 0.5, "counted": LINEAR, "masked blocks": WHOLE}


class Kept(NamedTuple):
    """One hypothesis; ``spread`` says which encoders have a head more than the others."""

    heads: int
    spread: str
    weight_rate: float
    token_rate: float
    counted: str
    blocks: str

    def per_encoder(self, depth: int) -> list[int]:
        """Return the heads of each encoder."""
        least, more = divmod(self.heads, depth)
        own = [least + (i < more) for i in range(depth)]
        return own[::-1] if self.spread == LAST else own

    def settings(self, of: int) -> dict[str, object]:
        """Return the hypothesis by name, as tables print it."""
        return {
            "heads": f"{self.heads} of {of}", "more in": self.spread, "r_b": self.weight_rate, "r_t": self.token_rate,
            "counted": self.counted, "masked blocks": self.blocks,
        }  # fmt: skip


def distilled() -> VitModel:
    """Return DeiT-S with a distillation token: 198 tokens.

    >>> distilled().tokens
    198
    """
    return load_model("deit_s").replace({"prefix_tokens": 2})


def candidates(model: VitModel, *, is_read: bool) -> Iterator[Kept]:
    """Yield every hypothesis, or only those at the rates and by the count that were read: there heads alone are open.

    Fewer heads than ``r_b`` of all cannot hold ``r_b`` of the blocks.
    """
    total = model.depth * model.heads
    for weight_rate, token_rate in itertools.product(WEIGHT_RATES, TOKEN_RATES):
        for counted, blocks in itertools.product((LINEAR, ALL), (WHOLE, KEPT)):
            for heads in range(math.ceil(Fraction(str(weight_rate)) * total), total + 1):
                for spread in (FIRST, LAST) if heads % model.depth else (ALIKE,):
                    one = Kept(heads, spread, weight_rate, token_rate, counted, blocks)
                    if not is_read or READ.items() <= one.settings(total).items():
                        yield one


def ratios(one: Kept, model: VitModel) -> tuple[float, float]:
    """Return (compute reduction, compression) of a hypothesis.

    Examples
    --------
    5 of 6 heads at the settings that were read: 4.262 over 1.266 GMACs, 22.05 over 13.78 million parameters.

    >>> found = ratios(Kept(60, "alike", 0.5, 0.5, "linear layers", "whole"), distilled())
    >>> round(found[0], 3), round(found[1], 3)
    (3.366, 1.6)
    """
    whole = Kept(model.depth * model.heads, ALIKE, 1.0, 1.0, one.counted, one.blocks)
    return macs(whole, model) / macs(one, model), model.parameters / parameters(one, model)


def macs(one: Kept, model: VitModel) -> float:
    """Return the MACs that are counted."""
    d, width, hidden = model.width, model.head_size, neurons(one, model)
    outside, tokens = _tokens(model, one.token_rate)
    found = float(outside)
    for (n, m), heads in zip(tokens, one.per_encoder(model.depth), strict=True):
        inner = heads * width
        found += 4 * n * d * inner * share(one, heads, model) + 2 * m * d * hidden
        found += 2 * n * n * inner if one.counted == ALL else 0
    return found


@cache
def _tokens(model: VitModel, rate: float) -> tuple[int, list[tuple[int, int]]]:
    """Return the MACs outside the encoders, and the tokens in attention and MLP of each."""
    pruned = prune_tokens(plan(model), "tdm", keep_rate=rate, encoders=ENCODERS)
    outside = sum(op.dense_macs for op in lower(pruned) if not op.encoder)
    return outside, [(encoder.attention_tokens, encoder.mlp_tokens) for encoder in pruned.encoders]


def parameters(one: Kept, model: VitModel) -> float:
    """Return the parameters that are counted, biases and norms among them."""
    d, width, hidden = model.width, model.head_size, neurons(one, model)
    found = float(model.parameters)
    for heads in one.per_encoder(model.depth):
        gone, inner = model.heads - heads, heads * width
        found -= gone * width * (4 * d + 3) + (model.mlp_hidden - hidden) * (2 * d + 1)
        found -= 4 * d * inner * (1 - share(one, heads, model))
    return found


def neurons(one: Kept, model: VitModel) -> int:
    """Return the hidden neurons that stay."""
    return math.ceil(Fraction(str(one.weight_rate)) * model.mlp_hidden)


def share(one: Kept, heads: int, model: VitModel) -> float:
    """Return a_l: what of an encoder's attention weights counts."""
    return 1.0 if one.blocks == WHOLE else min(one.weight_rate * model.heads / heads, 1.0)


def head_hypotheses(cells: Sequence[Cell], *, is_read: bool) -> Inference:
    """Return the hypotheses judged by the printed ratios, cells ``compute`` and ``size``."""
    model = distilled()
    tried = list(candidates(model, is_read=is_read))
    compute, size = np.array([ratios(one, model) for one in tried]).T
    total = model.depth * model.heads
    return infer(cells, [one.settings(total) for one in tried], {"compute": compute, "size": size})
