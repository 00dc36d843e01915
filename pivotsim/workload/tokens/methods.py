"""Published methods of token pruning and merging, one row each: parameters, place, rule, cost, source.

``before`` prunes ahead of an encoder, whose attention then sees fewer tokens; ``between`` prunes after its attention,
ahead of its MLP. Marks as in hardware files: rules that were read in no released code are [assumed].
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pivotsim.models.spec import VitModel
from pivotsim.workload.ops import Op
from pivotsim.workload.tokens import costs, rules
from pivotsim.workload.tokens.rules import Arrival, Value, Values

Place = Literal["before", "between"]
REQUIRED = object()
ALL = "all"


class Parameter(NamedTuple):
    """How a parameter is checked (a row of FORMS), its default, and what it means."""

    form: str
    default: object
    text: str


FEATURES = ("v", "k", "q")  # what a score beside attention is made of
REDUCTIONS = ("max", "mean", "sum")  # over heads

# form: bounds, as messages and the documentation print them
FORMS = {
    "rate": "a number in (0, 1]",
    "powers": "a number in (0, 1]",
    "rates": "a number in (0, 1], or one per encoder",
    "count": "an integer from 0 to the model's patches",
    "counts": "an integer from 0 to the model's patches, or one per encoder",
    "tokens": "an integer from the prefix tokens (at least 1) to the model's tokens",
    "flag": "true or false",
    "encoders": "encoder numbers that rise, or all",
    "encoder": "an encoder number",
    "feature": f"one of {', '.join(FEATURES)}",
    "reduction": f"one of {', '.join(REDUCTIONS)}",
}
UNSAID = ("feature", "reduction")  # forms whose default a step does not state
THREE = (4, 7, 10)
LATER = Parameter("encoders", THREE, "Encoders that prune; stated for twelve.")
EVERY = Parameter("encoders", ALL, "Encoders that prune.")


class Method(NamedTuple):
    """One way to prune. ``scored_by`` says what ranks the tokens; attention must run for the first three."""

    parameters: Mapping[str, Parameter]
    place: Place
    scored_by: Literal["class row", "attention", "keys", "predictor", "chance"]
    rule: Callable[[Arrival, Values], int | None]
    cost: costs.Cost
    fuses: bool
    source: str

    @property
    def needs_attention(self) -> bool:
        """Whether the encoder's own attention makes the scores."""
        return self.scored_by in ("class row", "attention", "keys")


METHODS: dict[str, Method] = {
    "single": Method(
        {
            "r": Parameter("count", REQUIRED, "Net reduction R: tokens fewer, the inattentive token counted."),
            "encoder": Parameter("encoder", REQUIRED, "The encoder that prunes: 4 of DeiT's 12, 10 of DINOv2-G's 40."),
            "feature": Parameter("feature", "v", "What the second part of the score is made of."),
            "reduction": Parameter("reduction", "max", "What heads are reduced by."),
        },
        "between", "attention", rules.net_reduction, costs.attention_and_values, True,
        "Eliopoulos et al. (arXiv 2407.05941), section 3, and the authors' released code",
    ),
    "top_k": Method(
        {"r": Parameter("counts", REQUIRED, "Tokens fewer in each encoder."), "encoders": EVERY},
        "between", "class row", rules.best_but_r, costs.class_row, False,
        "Top-K as Eliopoulos et al. compare with it, from their released code; p = 1 there, T = t - r - p here",
    ),
    "top_k_rate": Method(
        {"keep_rate": Parameter("powers", REQUIRED, "Rate whose powers are kept of the patches."), "encoders": LATER},
        "between", "class row", rules.share_of_original, costs.class_row, False,
        "Haurum et al. (ICCVW 2023), released code",
    ),
    "tome": Method(
        {"r": Parameter("counts", REQUIRED, "Tokens merged in each encoder."), "encoders": EVERY},
        "between", "keys", rules.merge_pairs, costs.key_similarity, False,
        "ToMe, Bolya et al. (ICLR 2023), released code",
    ),
    "dynamicvit": Method(
        {"keep_rate": Parameter("powers", REQUIRED, "Rate whose powers are kept of the patches."), "encoders": LATER},
        "before", "predictor", rules.share_of_original, costs.mlp_predictor, False,
        "DynamicViT, Rao et al. (NeurIPS 2021), released code",
    ),
    "evit": Method(
        {
            "keep_rate": Parameter("rate", REQUIRED, "Share of the arriving patches that stays."),
            "fuse": Parameter("flag", True, "The others become one token."),
            "encoders": LATER,
        },
        "between", "class row", rules.share_of_arriving, costs.class_row, False,
        "EViT, Liang et al. (ICLR 2022), released code",
    ),
    "heatvit": Method(
        {
            "keep_rates": Parameter("rates", (0.60, 0.26, 0.13), "Shares of the model's patches that stay."),
            "encoders": LATER,
        },
        "before", "predictor", rules.package_of_original, costs.head_predictor, True,
        "HeatViT, Dong et al. (HPCA 2023); default rates PIVOT section 4.3; [inferred] ceil, one package token; "
        "selector's layers as described second-hand, [assumed] hidden size of its head weights",
    ),
    "tdm": Method(
        {
            "keep_rate": Parameter("rate", REQUIRED, "Share r_t of the arriving patches that stays."),
            "encoders": Parameter("encoders", (3, 7, 10), "Encoders that prune."),
        },
        "between", "class row", rules.fused_share, costs.class_row_of_others, True,
        "Parikh et al. (FCCM 2024); rule, places and fusion (a sum weighted by scores, not divided) from a public "
        "training repository of the method, whose authors are taken to be the paper's",
    ),
    "random": Method(
        {
            "tokens": Parameter("tokens", REQUIRED, "Tokens that stay, prefix counted."),
            "encoder": Parameter("encoder", 1, "The encoder before which the others go."),
        },
        "before", "chance", rules.fixed_count, costs.no_cost, False,
        "the latency proxy of Eliopoulos et al.: all encoders at n tokens, from their released code",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class TokenStep:
    """One method at one encoder, with its values there."""

    method: str
    values: tuple[tuple[str, Value], ...]

    def __str__(self) -> str:
        texts = (f"{name}={str(v).lower() if isinstance(v, bool) else v}" for name, v in self.values)
        return f"{self.method}({', '.join(texts)})"

    def _leaving(self, tokens: int, model: VitModel) -> int | None:
        here = Arrival(tokens, min(model.leading_tokens, tokens), model.patches)  # tdm may have dropped some
        return METHODS[self.method].rule(here, dict(self.values))

    def leaving(self, tokens: int, model: VitModel) -> int:
        """Return the tokens that leave where ``tokens`` arrive."""
        after = self._leaving(tokens, model)
        return tokens if after is None else after

    def ops(self, encoder: int, model: VitModel, heads: int, tokens: int, batch: int) -> Iterator[Op]:
        """Yield what scoring and moving costs; nothing where the method does nothing."""
        after = self._leaving(tokens, model)
        if after is not None:
            row, values = METHODS[self.method], dict(self.values)
            reduction = str(values.get("reduction", "max"))
            site = costs.Site(encoder, model, heads, batch, tokens, after, reduction)
            yield from row.cost(site, bool(values.get("fuse", row.fuses)))
