"""Options that shape a model's plan: ``--active``, ``--tokens``."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli.options import parse_encoders
from pivotsim.errors import InputError, got
from pivotsim.yaml_reader import parse_scalar

if TYPE_CHECKING:
    from pivotsim.models.spec import VitModel
    from pivotsim.workload.plans import Plan

TokensOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tokens",
        metavar="METHOD[:NAME=VALUE,...]",
        help="Prune tokens, as in evit:keep_rate=0.7,fuse=true or heatvit:keep_rates=0.6/0.26/0.13,encoders=4/7/10; "
        "repeatable, in this order.",
    ),
]
_ENTRY = re.compile(r"([A-Za-z_]+)\s*=\s*(.+)")


def parse_tokens(texts: list[str] | None) -> list[dict[str, Any]]:
    """Return {'method': ..., parameters} of each ``--tokens``; values follow YAML's rules, a list has slashes."""
    found = []
    for text in texts or []:
        method, colon, rest = text.partition(":")
        values: dict[str, Any] = {"method": method.strip()}
        for entry in rest.split(",") if colon else []:
            match = _ENTRY.fullmatch(entry.strip())
            if match is None:
                raise InputError(f"--tokens: expected METHOD:NAME=VALUE,... such as evit:keep_rate=0.7 {got(text)}")
            name, value = match[1], match[2]
            if name in values:
                raise InputError(f"--tokens: {name}: set twice {got(text)}")
            parts = [parse_scalar(part.strip()) for part in value.split("/")]
            values[name] = parts if len(parts) > 1 else parts[0]
        found.append(values)
    return found


def plan_of(
    model: "VitModel",
    *,
    active: str | None = None,
    tokens: list[dict[str, Any]] | None = None,
    qkv: str = "fused",
    score_bits: int = 8,
) -> "Plan":
    """Return a model's plan with the attention and the token steps that the options ask for."""
    from pivotsim.workload.plans import plan
    from pivotsim.workload.transforms.attention_skipping import skip_attention
    from pivotsim.workload.transforms.token_pruning import prune_tokens

    whole = plan(model, qkv=qkv, score_bits=score_bits)
    if active is not None:
        whole = skip_attention(whole, active=parse_encoders("--active", active, model.depth))
    for values in tokens or []:
        try:
            whole = prune_tokens(whole, **values)
        except InputError as error:
            raise InputError(f"--tokens: {problem}" for problem in error.problems) from None
    return whole
