"""Plans: what each encoder of a model does for one image. Transforms map plans to plans.

Tokens follow from the steps that prune them: each step is a function of the tokens that arrive, and all are replayed
from the first encoder whenever a transform adds one.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pivotsim.errors import InputError, check_choice, check_integer, got, nearest
from pivotsim.models.spec import VitModel, load_model
from pivotsim.tables import Printable, Table, counted, encoder_lines
from pivotsim.workload.masks.masks import Mask
from pivotsim.workload.tokens.methods import Place, TokenStep

QKV_MODES = ("fused", "separate")
SCORE_BITS = (8, 32)
ATTENTION_WEIGHTS = ("qkv", "q", "k", "v", "proj")


@dataclass(frozen=True)
class EncoderPlan:
    """What one encoder does: its number (from 1), whether attention runs, the tokens it sees, what it leaves out.

    ``before`` and ``between`` are the token steps ahead of it, and between its attention and its MLP, in their order;
    ``attention_tokens`` enter the attention, ``mlp_tokens`` the MLP.

    ``heads`` and ``mlp_hidden`` are None where they are the model's. ``weight_masks`` maps the label of a GEMM with
    weights to a mask of its operand b; ``attention_mask`` keeps entries of the scores (tokens x tokens, one copy per
    head). ``split_threshold`` has keys with more kept entries than that computed densely (``split_attention``).
    """

    encoder: int
    attention_active: bool
    attention_tokens: int
    mlp_tokens: int
    before: tuple[TokenStep, ...] = ()
    between: tuple[TokenStep, ...] = ()

    def with_step(self, place: Place, step: TokenStep) -> "EncoderPlan":
        """Return the encoder with one more token step; the plan replays its tokens."""
        if place == "before":
            return replace(self, before=(*self.before, step))
        return replace(self, between=(*self.between, step))

    @property
    def token_steps(self) -> str:
        """The token steps as text."""
        return "; ".join([*(f"before {step}" for step in self.before), *(f"between {step}" for step in self.between)])

    heads: int | None = None
    mlp_hidden: int | None = None
    weight_masks: Mapping[str, Mask] = field(default_factory=dict, hash=False)
    attention_mask: Mask | None = None
    split_threshold: int | None = None

    def without_attention(self) -> "EncoderPlan":
        """Return the encoder with its attention, and what was said of it, left out."""
        masks = {label: mask for label, mask in self.weight_masks.items() if label not in ATTENTION_WEIGHTS}
        return replace(
            self, attention_active=False, heads=None, weight_masks=masks, attention_mask=None, split_threshold=None
        )


@dataclass(frozen=True)
class Plan(Printable):
    """A model with one EncoderPlan per encoder; ``print(plan)`` shows it as a table."""

    model: VitModel
    encoders: tuple[EncoderPlan, ...]
    qkv: Literal["fused", "separate"] = "fused"
    score_bits: Literal[8, 32] = 8

    @property
    def active(self) -> list[int]:
        """Numbers of the encoders whose attention runs."""
        return [e.encoder for e in self.encoders if e.attention_active]

    @property
    def effort(self) -> int:
        """Number of active attentions (PIVOT, section 3.1)."""
        return len(self.active)

    @property
    def token_methods(self) -> list[str]:
        """Names of the methods that prune tokens, in the order of the encoders."""
        return list(dict.fromkeys(step.method for e in self.encoders for step in (*e.before, *e.between)))

    def heads_of(self, encoder: EncoderPlan) -> int:
        """Return the attention heads that an encoder computes."""
        return self.model.heads if encoder.heads is None else encoder.heads

    def hidden_of(self, encoder: EncoderPlan) -> int:
        """Return the hidden size of an encoder's MLP."""
        return self.model.mlp_hidden if encoder.mlp_hidden is None else encoder.mlp_hidden

    def weight_sizes(self, encoder: EncoderPlan) -> dict[str, tuple[int, int]]:
        """Return {label: (K, N)} of an encoder's weight matrices, in the order of their GEMMs."""
        d, hidden = self.model.width, self.hidden_of(encoder)
        inner = self.heads_of(encoder) * self.model.head_size
        sizes = {}
        if encoder.attention_active:
            sizes = {"qkv": (d, 3 * inner)} if self.qkv == "fused" else dict.fromkeys(("q", "k", "v"), (d, inner))
            sizes["proj"] = (inner, d)
        sizes |= dict.fromkeys(("gate", "value") if self.model.gated_mlp else ("fc1",), (d, hidden))
        return sizes | {"fc2": (hidden, d)}

    def to_rows(self) -> list[tuple[int, str, int, int]]:
        """Return (encoder, attention, attention tokens, MLP tokens) of every encoder."""
        return [
            (e.encoder, "active" if e.attention_active else "skipped", e.attention_tokens, e.mlp_tokens)
            for e in self.encoders
        ]

    @property
    def is_pruned(self) -> bool:
        """Whether an encoder leaves out anything but tokens."""
        return any(value is not None for e in self.encoders for value in (
            e.heads, e.mlp_hidden, e.weight_masks or None, e.attention_mask, e.split_threshold
        ))  # fmt: skip

    def pruned(self) -> "dict[str, list[int | float | str | None]]":
        """Return what the encoders leave out, by column: only those in which one differs from the model."""
        columns = {name: [value(self, e) for e in self.encoders] for name, value in _PRUNED.items()}
        return {name: values for name, values in columns.items() if any(v is not None for v in values)}

    def _tables(self) -> tuple[Table]:
        pruned = self.pruned()
        columns = (
            "encoder",
            "attention",
            "attention tokens",
            "mlp tokens",
            *(name.replace("_", " ") for name in pruned),
        )
        more = zip(*(map(pruned_text, values) for values in pruned.values()), strict=True) if pruned else ()
        rows = [(*row, *texts) for row, texts in itertools.zip_longest(self.to_rows(), more, fillvalue=())]
        right = [place for place in range(len(columns)) if place != 1]
        return (Table(f"{self.model.name}: effort {self.effort} of {len(self.encoders)}", columns, rows, right),)

    def __repr__(self) -> str:
        return f"<Plan: {self.model.name}, effort {self.effort} of {len(self.encoders)}>"


def pruned_text(value: float | str | None) -> str:
    """Return one value of ``Plan.pruned`` as text: shares in percent."""
    return "" if value is None else f"{value:.1%}" if isinstance(value, float) else str(value)


def _weights_kept(plan: Plan, encoder: EncoderPlan) -> float | None:
    """Return the kept share of an encoder's weights, None without masks."""
    masks = encoder.weight_masks
    if not masks:
        return None
    sizes = {label: k * n for label, (k, n) in plan.weight_sizes(encoder).items()}
    kept = sum(masks[label].kept_elements[0] if label in masks else size for label, size in sizes.items())
    return kept / sum(sizes.values())


def _scores_kept(_: Plan, encoder: EncoderPlan) -> float | None:
    return None if encoder.attention_mask is None else encoder.attention_mask.density


_PRUNED: dict[str, Callable[[Plan, EncoderPlan], int | float | str | None]] = {
    "token_steps": lambda _, e: e.token_steps or None,
    "heads": lambda _, e: e.heads,
    "mlp_hidden": lambda _, e: e.mlp_hidden,
    "weights_kept_frac": _weights_kept,
    "scores_kept_frac": _scores_kept,
    "split_threshold": lambda _, e: e.split_threshold,
}


def plan(
    model: "VitModel | str | Path | Mapping[str, object]", *, qkv: str = "fused", score_bits: int = 8,
    **unknown: object,
) -> Plan:  # fmt: skip
    """Return the plan of a whole model: every attention active, every token kept.

    Parameters
    ----------
    model : VitModel, str, Path or mapping
        A model, or what ``load_model`` takes; the trace of one becomes a plan by ``recognised_plan``.
    qkv : {'fused', 'separate'}
        One GEMM of N = 3d for Q, K and V together (the paper's delays), or three of N = d.
    score_bits : {8, 32}
        Width of the attention scores that softmax reads; 8 bit scores pass a requantisation first.
    **unknown
        Refused, with the way to say what it means: values of the model, or what transforms do to a plan.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        The model or an option is not valid.

    Examples
    --------
    >>> plan("deit_s").effort
    12
    """
    if hasattr(model, "ops") and hasattr(model, "gemms"):
        raise InputError(f"model: a trace becomes a plan by recognised_plan(trace) {got(type(model).__name__)}")
    if hasattr(model, "named_modules"):
        call = "recognised_plan(trace_of(model, torch.zeros(1, 3, 224, 224)))"
        raise InputError(
            f"model: a torch module tells its sizes when it runs; write {call} {got(type(model).__name__)}"
        )
    spec = load_model(model)
    if unknown:
        raise InputError(f"{name}: {_remedy(name, value, spec)}" for name, value in unknown.items())
    encoders = tuple(EncoderPlan(i, True, spec.tokens, spec.tokens) for i in range(1, spec.depth + 1))
    whole = Plan(spec, encoders, qkv, score_bits)  # type: ignore[arg-type]
    check_plan(whole)
    return whole


def _remedy(name: str, value: object, model: VitModel) -> str:
    """Return how to say what ``plan`` takes no option for."""
    if name in VitModel.model_fields:
        shown = got(value).removeprefix("(got ").removesuffix(")")
        return f"belongs to the model; write plan(load_model('{model.name}').replace({{'{name}': {shown}}}))"
    if name == "active":
        return f"is no option of plan {got(value)}; write skip_attention(plan('{model.name}'), active=[1, 2, 3])"
    return f"is no option of plan {got(value)}{nearest(name, ('qkv', 'score_bits', *VitModel.model_fields))}"


def replayed(plan: Plan) -> Plan:
    """Return the plan with the tokens that its steps leave, from the first encoder to the last."""
    encoders, tokens = [], plan.model.tokens
    for e in plan.encoders:
        for step in e.before:
            tokens = step.leaving(tokens, plan.model)
        arriving = tokens
        for step in e.between:
            tokens = step.leaving(tokens, plan.model)
        encoders.append(replace(e, attention_tokens=arriving, mlp_tokens=tokens))
    return replace(plan, encoders=tuple(encoders))


def check_plan(plan: Plan) -> None:
    """Raise InputError unless the plan has encoders 1, 2, ... of at least one token, known options, and masks that fit.

    Token steps and tokens must agree where there are steps; a plan made by hand may have none. All masks that do not
    fit are told at once.
    """
    if not isinstance(plan, Plan):
        raise InputError(f"plan: must be a Plan; use pivotsim.plan(model) {got(plan)}")
    check_choice("qkv", plan.qkv, QKV_MODES)
    if check_integer("score_bits", plan.score_bits, 1) not in SCORE_BITS:
        raise InputError(f"score_bits: must be one of 8, 32 {got(plan.score_bits)}")
    if [e.encoder for e in plan.encoders] != list(range(1, len(plan.encoders) + 1)) or not plan.encoders:
        raise InputError(f"plan: encoders must count 1, 2, ... {got([e.encoder for e in plan.encoders])}")
    for e in plan.encoders:
        check_integer(f"encoder {e.encoder}: attention_tokens", e.attention_tokens, 1)
        check_integer(f"encoder {e.encoder}: mlp_tokens", e.mlp_tokens, 1)
        if e.between and not e.attention_active:
            problem = "prunes tokens by its attention, which is skipped"
            raise InputError(f"encoder {e.encoder}: {problem} {got(e.token_steps)}")
        if e.heads is not None:
            check_integer(f"encoder {e.encoder}: heads", e.heads, 1, plan.model.heads)
        if e.mlp_hidden is not None:
            check_integer(f"encoder {e.encoder}: mlp_hidden", e.mlp_hidden, 1)
    if any(e.before or e.between for e in plan.encoders):
        check_tokens(plan)
    problems = encoder_lines((e.encoder, problem) for e in plan.encoders for problem in _misfits(plan, e))
    if problems:
        raise InputError(problems)


def check_tokens(plan: Plan) -> None:
    """Raise InputError for the first encoder whose tokens do not follow from the plan's token steps."""
    for e, right in zip(plan.encoders, replayed(plan).encoders, strict=True):
        if (e.attention_tokens, e.mlp_tokens) != (right.attention_tokens, right.mlp_tokens):
            have, want = (f"{x.attention_tokens} and {x.mlp_tokens}" for x in (e, right))
            raise InputError(f"encoder {e.encoder}: tokens must follow from the token steps, {want} here (got {have})")


def _misfits(plan: Plan, e: EncoderPlan) -> Iterator[str]:
    """Yield what is wrong with the masks of one encoder."""
    sizes = plan.weight_sizes(e) if e.weight_masks else {}
    for label, mask in e.weight_masks.items():
        size = (mask.height, mask.width)
        if label not in sizes:
            yield f"{label}: has a mask and no weights; the encoder has {', '.join(sizes)}"
        elif mask.operand != "b" or mask.count != 1 or size != sizes[label]:
            wanted, found = ("x".join(map(str, pair)) for pair in (sizes[label], size))
            yield f"{label}: the mask is of {found}, the weights are {wanted}; prune heads and neurons before blocks"
    scores = e.attention_mask
    if scores is not None and (scores.height, scores.width) != (e.attention_tokens, e.attention_tokens):
        tokens = f"{scores.height}x{scores.width} tokens, attention has {e.attention_tokens}"
        yield f"the attention mask is of {tokens}; prune tokens before masking attention"
    if scores is not None and (scores.operand != "out" or scores.block != 1 or scores.count != plan.heads_of(e)):
        yield f"the attention mask is of {counted(scores.count, 'head')}, the encoder has {plan.heads_of(e)}"
    if scores is None and e.split_threshold is not None:
        yield f"split_threshold: needs an attention mask {got(e.split_threshold)}"
