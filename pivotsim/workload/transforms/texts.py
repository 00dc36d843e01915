"""Parameters of transforms as one line of text: the form of options on the command line, and of axes of a space."""

import re
from collections.abc import Iterable
from typing import Any

from pivotsim.errors import InputError, got, nearest
from pivotsim.io.yaml_reader import parse_scalar

DENSITIES = ("msa", "mlp", "qkv", "q", "k", "v", "proj", "fc1", "gate", "value", "fc2")
BLOCK_KEYS = ("block", "density", "seed", "masks", *DENSITIES)
ATTENTION_KEYS = ("density", "seed", "masks", "pruned_is_true")
_ENTRY = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*\S)\s*")


def key_values(option: str, text: str, valid: Iterable[str] | None, example: str) -> dict[str, Any]:
    """Return {name: value} of a text such as ``block=16,density=0.5``; values follow YAML's rules, ``masks`` is a path.

    A value with slashes is a list. ``valid`` is None where the names are checked later.

    All problems are told at once.
    """
    values: dict[str, Any] = {}
    problems = []
    for entry in text.split(","):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            problems.append(f"{option}: expected NAME=VALUE,... such as {example} {got(entry)}")
        elif valid is not None and match[1] not in valid:
            problems.append(f"{option}: unknown name {got(match[1])}{nearest(match[1], valid)}")
        elif match[1] in values:
            problems.append(f"{option}: {match[1]}: stated twice {got(text)}")
        else:
            values[match[1]] = match[2] if match[1] == "masks" else _value(match[2])
    if problems:
        raise InputError(problems)
    return values


def _value(text: str) -> Any:
    parts = [parse_scalar(part.strip()) for part in text.split("/")]
    return parts if len(parts) > 1 else parts[0]


def token_parameters(text: str, label: str = "--tokens") -> dict[str, Any]:
    """Return the arguments of ``prune_tokens`` in a text: the method and its parameters; a list has slashes.

    >>> token_parameters("evit:keep_rate=0.7,encoders=4/7/10")
    {'method': 'evit', 'keep_rate': 0.7, 'encoders': [4, 7, 10]}
    """
    method, colon, rest = text.partition(":")
    values = key_values(label, rest, None, "evit:keep_rate=0.7") if colon else {}
    if "method" in values:
        raise InputError(f"{label}: method: stated twice {got(text)}")
    return {"method": method.strip(), **values}


def block_parameters(text: str, label: str = "--blocks") -> dict[str, Any]:
    """Return the arguments of ``prune_blocks`` in a text: densities by group or label become one mapping.

    >>> block_parameters("block=16,msa=0.5,mlp=0.7")
    {'block': 16, 'density': {'msa': 0.5, 'mlp': 0.7}}
    """
    values = key_values(label, text, BLOCK_KEYS, "block=16,density=0.5,seed=0")
    if "block" not in values:
        raise InputError(f"{label}: block: is missing {got(text)}")
    shares = {name: values.pop(name) for name in DENSITIES if name in values}
    if shares and "density" in values:
        raise InputError(f"{label}: density: is for all matrices, {', '.join(shares)} for some; state one {got(text)}")
    return {**values, "density": shares} if shares else values


def attention_parameters(text: str, label: str = "--attention") -> dict[str, Any]:
    """Return the arguments of ``mask_attention`` in a text.

    >>> attention_parameters("density=0.1,seed=3")
    {'density': 0.1, 'seed': 3}
    """
    return key_values(label, text, ATTENTION_KEYS, "density=0.1,seed=0")
