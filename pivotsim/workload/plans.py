"""Plans: what each encoder of a model does for one image. Transforms map plans to plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pivotsim.errors import InputError, check_choice, check_integer, got
from pivotsim.models.spec import VitModel, load_model

QKV_MODES = ("fused", "separate")
SCORE_BITS = (8, 32)


@dataclass(frozen=True)
class EncoderPlan:
    """What one encoder does: its number (from 1), whether attention runs, and the tokens it sees."""

    encoder: int
    attention_active: bool
    attention_tokens: int
    mlp_tokens: int


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

    def to_rows(self) -> list[tuple[int, str, int, int]]:
        """Return (encoder, attention, attention tokens, MLP tokens) of every encoder."""
        return [
            (e.encoder, "active" if e.attention_active else "skipped", e.attention_tokens, e.mlp_tokens)
            for e in self.encoders
        ]

    def __str__(self) -> str:
        lines = [f"{self.model.name}: effort {self.effort} of {len(self.encoders)}"]
        lines.append(f"{'encoder':>7}  {'attention':9}  {'attention tokens':>16}  {'mlp tokens':>10}")
        lines += [f"{n:7d}  {word:9}  {a:16d}  {m:10d}" for n, word, a, m in self.to_rows()]
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


def check_plan(plan: Plan) -> None:
    """Raise InputError unless the plan has encoders 1, 2, ... of at least one token and known options."""
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
