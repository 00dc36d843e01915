"""Plans: what each encoder of a model does for one image. Transforms map plans to plans.

Tokens follow from the steps that prune them: each step is a function of the tokens that arrive, and all are replayed
from the first encoder whenever a transform adds one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.models.spec import VitModel, load_model
from pivotsim.workload.token_methods import Place, TokenStep

QKV_MODES = ("fused", "separate")
SCORE_BITS = (8, 32)


@dataclass(frozen=True)
class EncoderPlan:
    """What one encoder does: its number (from 1), whether attention runs, and the tokens it sees.

    ``before`` and ``between`` are the token steps ahead of it, and between its attention and its MLP, in their order;
    ``attention_tokens`` enter the attention, ``mlp_tokens`` the MLP.
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


@dataclass(frozen=True)
class Plan:
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

    def to_rows(self) -> list[tuple[int, str, int, int, str]]:
        """Return (encoder, attention, attention tokens, MLP tokens, token steps) of every encoder."""
        return [
            (e.encoder, "active" if e.attention_active else "skipped", e.attention_tokens, e.mlp_tokens, e.token_steps)
            for e in self.encoders
        ]

    def __str__(self) -> str:
        lines = [f"{self.model.name}: effort {self.effort} of {len(self.encoders)}"]
        lines.append(f"{'encoder':>7}  {'attention':9}  {'attention tokens':>16}  {'mlp tokens':>10}  token steps")
        lines += [f"{n:7d}  {word:9}  {a:16d}  {m:10d}  {steps}".rstrip() for n, word, a, m, steps in self.to_rows()]
        return "\n".join(lines)


def plan(model: "VitModel | str | Path | Mapping[str, object]", *, qkv: str = "fused", score_bits: int = 8) -> Plan:
    """Return the plan of a whole model: every attention active, every token kept.

    Parameters
    ----------
    model : VitModel, str, Path or mapping
        A model, or what ``load_model`` takes.
    qkv : {'fused', 'separate'}
        One GEMM of N = 3d for Q, K and V together (the paper's delays), or three of N = d.
    score_bits : {8, 32}
        Width of the attention scores that softmax reads; 8 bit scores pass a requantisation first.

    Raises
    ------
    InputError
        The model or an option is not valid.

    Examples
    --------
    >>> plan("deit_s").effort
    12
    """
    spec = load_model(model)
    encoders = tuple(EncoderPlan(i, True, spec.tokens, spec.tokens) for i in range(1, spec.depth + 1))
    whole = Plan(spec, encoders, qkv, score_bits)  # type: ignore[arg-type]
    check_plan(whole)
    return whole


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
    """Raise InputError unless the plan has encoders 1, 2, ... of at least one token and known options.

    Token steps and tokens must agree where there are steps; a plan made by hand may have none.
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
    if any(e.before or e.between for e in plan.encoders):
        check_tokens(plan)


def check_tokens(plan: Plan) -> None:
    """Raise InputError for the first encoder whose tokens do not follow from the plan's token steps."""
    for e, right in zip(plan.encoders, replayed(plan).encoders, strict=True):
        if e != right:
            have, want = (f"{x.attention_tokens} and {x.mlp_tokens}" for x in (e, right))
            raise InputError(f"encoder {e.encoder}: tokens must follow from the token steps, {want} here (got {have})")
