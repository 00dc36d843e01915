"""Kinds of axes: a value of the hardware, of the model, of the plan, of a transform, or of an effort pair.

A transform that the command line gains becomes an axis by a row in ``TRANSFORMS``.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pivotsim.engines.array.designs import VECTOR_FIELDS
from pivotsim.errors import InputError, check_choice, check_integer, check_real, got, nearest
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.io.spec_values import check_leaf, leaves
from pivotsim.models.spec import VitModel, load_model
from pivotsim.workload.plans import QKV_MODES, SCORE_BITS, Plan
from pivotsim.workload.tokens.methods import METHODS, REQUIRED
from pivotsim.workload.transforms.attention_masking import mask_attention
from pivotsim.workload.transforms.attention_skipping import skip_attention
from pivotsim.workload.transforms.attention_splitting import split_attention
from pivotsim.workload.transforms.block_pruning import prune_blocks
from pivotsim.workload.transforms.common import check_keep_rate
from pivotsim.workload.transforms.head_pruning import prune_heads
from pivotsim.workload.transforms.neuron_pruning import prune_neurons
from pivotsim.workload.transforms.texts import attention_parameters, block_parameters, token_parameters
from pivotsim.workload.transforms.token_pruning import prune_tokens

MAX_DEPTH = 4096
HARDWARE = {
    path: unit
    for path, unit, _ in leaves(SystolicHardware)
    if path not in ("kind", "name", "description", "host.name", "fpga.device", "fpga.dsp_columns")
    and not path.startswith("fpga.vivado.")  # a report is of one design
}
MODEL = {f"model.{path}": unit for path, unit, _ in leaves(VitModel) if path not in ("name", "description", "source")}
LOW, HIGH, LOW_FRAC = "effort.low", "effort.high", "effort.low_frac"
EFFORT = (LOW, HIGH, LOW_FRAC)
OTHERS = {
    "model": "Model.",
    "qkv": "Q, K and V as one multiplication or three.",
    "score_bits": "Width of attention scores.",
    LOW: "Attentions that the low effort runs.",
    HIGH: "Attentions that the high effort runs.",
    LOW_FRAC: "Share of the images that leave after the low effort.",
    "heads": "Heads that are left in every encoder.",
    "neurons": "Share of the MLP's neurons that is kept.",
    "active": "Attentions that run.",
    "tokens": "Token pruning.",
    "blocks": "Blocks of weights that are kept.",
    "attention": "Attention scores that are kept.",
    "split": "Tokens that split attention leaves to the sparse part.",
}
# axes along which one call of the engine `analytic` runs a whole vector
VECTORS = (*(f"array.{field}" for field in VECTOR_FIELDS), LOW_FRAC)


class Transform(NamedTuple):
    """A transform as an axis: how a value is checked, and what it makes of a plan."""

    check: Callable[[str, Any], None]
    apply: Callable[[Plan, Any], Plan]


def with_attentions(plan: Plan, active: Any) -> Plan:
    """Return a plan with its first ``active`` attentions, or with those of a list of encoders."""
    return skip_attention(plan, active=range(1, active + 1) if isinstance(active, int) else active)


def _check_active(path: str, value: Any) -> None:
    if isinstance(value, (tuple, list)):
        for encoder in value:
            check_integer(path, encoder, 1, MAX_DEPTH)
        if len(set(value)) < len(value):
            raise InputError(f"{path}: an encoder stands twice {got(list(value))}")
    else:
        check_integer(path, value, 0, MAX_DEPTH)


def _check_tokens(path: str, values: Mapping[str, Any]) -> None:
    method = check_choice(path, values["method"], METHODS)
    parameters = METHODS[method].parameters
    for name in values:
        if name != "method" and name not in parameters:
            raise InputError(f"{path}: {method}: {name}: unknown parameter{nearest(name, parameters)}")
    for name, parameter in parameters.items():
        if parameter.default is REQUIRED and name not in values:
            raise InputError(f"{path}: {method}: {name}: is required")


def _check_random_mask(path: str, values: Mapping[str, Any]) -> None:
    if "masks" in values:
        raise InputError(f"{path}: masks: a file is no part of a space; state a density {got(values['masks'])}")
    densities = values.get("density")
    named = densities if isinstance(densities, dict) else {"density": densities}
    for name, share in named.items():
        for each in share if isinstance(share, list) else [share]:
            check_keep_rate(f"{path}: {name}", each)
    check_integer(f"{path}: block", values.get("block", 1), 1)
    check_integer(f"{path}: seed", values.get("seed", 0), 0)


def _stated(
    read: Callable[[str, str], dict[str, Any]], example: str, check: Callable[[str, Mapping[str, Any]], None],
    apply: Callable[..., Plan],
) -> Transform:  # fmt: skip
    """Return a transform whose values are texts of parameters, or `none`."""

    def check_text(path: str, value: Any) -> None:
        if not isinstance(value, str):
            raise InputError(f"{path}: must be '{NOTHING}' or a text such as '{example}' {got(value)}")
        if value != NOTHING:
            check(path, read(value, path))

    return Transform(check_text, lambda plan, text: plan if text == NOTHING else apply(plan, **read(text, "")))


NOTHING = "none"
MASKED = ("blocks", "attention")  # vectors of designs have no masks
TRANSFORMS = {  # in the order in which they are applied
    "heads": Transform(lambda path, value: _none(check_integer(path, value, 1)), prune_heads),
    "neurons": Transform(lambda path, value: _none(check_keep_rate(path, value)), prune_neurons),
    "active": Transform(_check_active, with_attentions),
    "tokens": _stated(token_parameters, "evit:keep_rate=0.7", _check_tokens, prune_tokens),
    "blocks": _stated(block_parameters, "block=16,density=0.5", _check_random_mask, prune_blocks),
    "attention": _stated(attention_parameters, "density=0.1", _check_random_mask, mask_attention),
    "split": Transform(lambda path, value: _none(check_integer(path, value, 0)), split_attention),
}


def _check_frac(path: str, value: Any) -> None:
    if not 0 <= check_real(path, value) <= 1:
        raise InputError(f"{path}: must lie in 0 to 1 {got(value)}")


def _check_model(path: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InputError(f"{path}: must be a name or a YAML file {got(value)}")
    try:
        load_model(value)
    except InputError as error:
        raise InputError(f"{path}: {problem}" for problem in error.problems) from None


def _check_score_bits(path: str, value: Any) -> None:
    if check_integer(path, value, 1) not in SCORE_BITS:
        raise InputError(f"{path}: must be one of 8, 32 {got(value)}")


CHECKS: dict[str, Callable[[str, Any], None]] = {
    "model": _check_model,
    "qkv": lambda path, value: _none(check_choice(path, value, QKV_MODES)),
    "score_bits": _check_score_bits,
    LOW: _check_active,
    HIGH: _check_active,
    LOW_FRAC: _check_frac,
    **{name: transform.check for name, transform in TRANSFORMS.items()},
}


def _none(_: object) -> None:
    return None


def check_axis_value(name: str, value: Any, label: str) -> None:
    """Raise InputError unless an axis may take a value; ``label`` starts the message."""
    if name in HARDWARE:
        check_leaf(SystolicHardware, name, value, label)
    elif name in MODEL:
        check_leaf(VitModel, name.removeprefix("model."), value, label)
    elif name in CHECKS:
        CHECKS[name](label, value)
    else:
        raise InputError(f"{label}: unknown field{nearest(name, known_axes())}")


def known_axes() -> list[str]:
    """Return the names of all possible axes."""
    return [*HARDWARE, *MODEL, *CHECKS]


def unit_of(name: str) -> str:
    """Return the unit of an axis, '' where it has none."""
    return HARDWARE.get(name) or MODEL.get(name) or ""


def description_of(name: str) -> str:
    """Return what an axis varies, one sentence."""
    return _descriptions().get(name, "")


@cache
def _descriptions() -> dict[str, str]:
    of_models = {f"model.{path}": text for path, _, text in leaves(VitModel)}
    return {**{path: text for path, _, text in leaves(SystolicHardware)}, **of_models, **OTHERS}
