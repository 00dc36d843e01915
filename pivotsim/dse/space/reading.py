"""Space files: YAML in, a checked ``Space`` out, every problem reported before anything runs."""

from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from pivotsim.dse.space.axes import Axis, axis_values
from pivotsim.dse.space.axis_kinds import EFFORT, HARDWARE, MODEL, TRANSFORMS, check_axis_value, known_axes
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.expressions import Expression, parse_expression
from pivotsim.effort.combination import GATES
from pivotsim.energy.rules import RULES
from pivotsim.engines.base import HW, MEMORIES, PAPER
from pivotsim.engines.registry import engines_of
from pivotsim.errors import InputError, check_choice, got, nearest
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.resource_columns import RESOURCES
from pivotsim.hardware.spec import PROFILES
from pivotsim.hardware.systolic import as_systolic
from pivotsim.io.documents import SPACE_SUFFIX
from pivotsim.io.specs import ONE_LINE, Spec, holds_no_values, load_spec, quantity
from pivotsim.io.yaml_reader import exact_integer
from pivotsim.models.spec import load_model
from pivotsim.simulation.run import SCOPES
from pivotsim.workload.plans import QKV_MODES

CHOICES = {
    "memory": MEMORIES, "profile": PROFILES, "energy": tuple(RULES), "scope": SCOPES, "qkv": QKV_MODES, "gate": GATES,
}  # fmt: skip


class FixedSpec(Spec):
    """What every design of a space shares; a value that is an axis too comes from the axis."""

    model: Any = quantity("", "Model: a name, or a mapping of the file's form.", default="deit_s")
    hw: Any = quantity("", "Hardware: a name, or a mapping of the file's form.", default="zcu102")
    set: dict[str, Any] = Field({}, description="Dotted path of the hardware -> value.")
    engine: str = quantity("", "How array cycles are counted.", default="analytic")
    memory: str | None = quantity("", "paper or hw; with engine memory hw, otherwise paper.", default=None)
    profile: str = quantity("", "What the processor side charges.", default="paper")
    energy: str = quantity("", "Energy rule.", default="constant")
    scope: str = quantity("", "What is charged.", default="encoders")
    qkv: str = quantity("", "Q, K and V as one multiplication or three.", default="fused")
    score_bits: Literal[8, 32] = quantity("bit", "Width of attention scores.", default=8)
    gate: str = quantity("", "Entropy gate between the efforts of a pair.", default="entropy")
    active: Any = quantity("", "Number of first attentions that run, or a list of encoders.", default=None)
    effort: dict[str, Any] = Field({}, description="low, high, low_frac of an effort pair.")


class SpaceSpec(Spec):
    """The form of a space file."""

    name: str = quantity("", "Short name.", min_length=1, pattern=ONE_LINE)
    description: str = quantity("", "One sentence.", default="", pattern=r"^[^\x00-\x1f\x7f]*$")
    fixed: FixedSpec = FixedSpec()
    axes: dict[str, Any] = Field(description="Field -> list, range or log range.")
    conditions: dict[str, Any] = Field({}, description="Axis -> expression; elsewhere the axis keeps the fixed value.")
    constraints: list[Any] = Field([], description="Expressions that every stored design meets.")


def load_space(source: "str | Path | Mapping[str, object] | Space") -> Space:
    """Return a checked space from a name, a path or a dict of the YAML file's form.

    Parameters
    ----------
    source : str, Path, mapping or Space
        A name (``"zcu102_arrays"``) is looked up in workloads/, with ``_space`` at its end.

    Raises
    ------
    InputError
        One line per problem; fields, values, expressions and their names are all checked.

    Examples
    --------
    >>> load_space({"name": "tiny", "axes": {"array.rows": [32, 64], "array.cols": [36, 72]}}).size
    4
    """
    if isinstance(source, Space):
        return source
    if isinstance(source, str) and "/" not in source and not source.endswith((".yaml", ".yml", SPACE_SUFFIX)):
        source += SPACE_SUFFIX
    spec = load_spec(SpaceSpec, "workloads", "space", source)
    problems: list[str] = []
    fixed = spec.fixed
    options = _gather(problems, _options, fixed) or {}
    hw = _gather(
        problems, lambda: as_systolic(load_hardware(fixed.hw), "fixed.hw").replace(fixed.set, label="fixed.set")
    )
    model = _gather(problems, load_model, fixed.model)
    values = _gather(problems, _effort_values, spec) or {}
    axes = [axis for name, stated in spec.axes.items() if (axis := _gather(problems, _axis, name, stated)) is not None]
    if not spec.axes:
        problems.append("axes: at least one is needed (got none)")
    if problems or hw is None or model is None:
        raise InputError(problems)
    gone = {axis.name: holds_no_values(hw, axis.name) for axis in axes if axis.name in HARDWARE}
    if any(gone.values()):
        raise InputError(f"axes.{name}: {why}" for name, why in gone.items() if why)
    models = {"": model}
    for axis in axes:
        if axis.name == "model":
            models |= {name: load_model(name) for name in axis.values}
    space = Space(spec.name, hw, models, options, values, tuple(axes), {}, ())
    return _with_rules(space, spec)


def _gather(problems: list[str], function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function returns, or None and its problems added to the list."""
    try:
        return function(*arguments)
    except InputError as error:
        problems += error.problems
        return None


def _options(fixed: FixedSpec) -> dict[str, Any]:
    engines = engines_of("systolic")
    limiting = [name for name, engine in engines.items() if HW in engine.memories]
    options = {name: getattr(fixed, name) for name in ("engine", *CHOICES)}
    options |= {"memory": fixed.memory or (HW if fixed.engine in limiting else PAPER), "score_bits": fixed.score_bits}
    problems: list[str] = []
    for name, names in {"engine": engines, **CHOICES}.items():
        _gather(problems, check_choice, f"fixed.{name}", options[name], names)
    if options["memory"] == HW and fixed.engine not in limiting:
        problems.append(f"fixed.memory: 'hw' needs engine {' or '.join(map(repr, limiting))} {got(fixed.engine)}")
    if problems:
        raise InputError(problems)
    return options


def _effort_values(spec: SpaceSpec) -> dict[str, Any]:
    """Return what is fixed of efforts and transforms, checked to be one effort or a whole pair."""
    stated = {f"effort.{key}": _frozen(value) for key, value in spec.fixed.effort.items()}
    stated |= {} if spec.fixed.active is None else {"active": _frozen(spec.fixed.active)}
    problems: list[str] = []
    for name, value in stated.items():
        if name not in EFFORT and name not in TRANSFORMS:
            problems.append(f"fixed.{name}: unknown key{nearest(name, EFFORT)}")
        else:
            _gather(problems, check_axis_value, name, value, f"fixed.{name}")
    known = {*stated, *spec.axes}
    if known & set(EFFORT):
        problems += [f"fixed.{name}: is missing beside the rest of the pair" for name in EFFORT if name not in known]
        if "active" in known:
            problems.append("fixed.active: one effort or a pair, not both")
    if problems:
        raise InputError(problems)
    return {name: value for name, value in stated.items() if name not in spec.axes}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _axis(name: str, stated: Any) -> Axis:
    label = f"axes.{name}"
    if name not in known_axes():
        raise InputError(f"{label}: unknown field{nearest(name, known_axes())}")
    values = axis_values(label, _as_meant(name, stated))
    problems: list[str] = []
    for value in values:
        _gather(problems, check_axis_value, name, value, label)
    if problems:
        raise InputError(problems)
    return Axis(name, values)


def _as_meant(name: str, stated: Any) -> Any:
    """Return what an axis states, with floats such as 1e3 as the integers that they state where it takes no floats."""
    if isinstance(stated, Mapping):
        return {key: _as_meant(name, value) for key, value in stated.items()}
    if isinstance(stated, list):
        return [_as_meant(name, value) for value in stated]
    integer = exact_integer(stated)
    if integer is None or not _gathered(check_axis_value, name, stated, ""):
        return stated
    return stated if _gathered(check_axis_value, name, integer, "") else integer


def _gathered(function: Callable[..., Any], *arguments: Any) -> list[str]:
    """Return the problems of a check."""
    problems: list[str] = []
    _gather(problems, function, *arguments)
    return problems


def _with_rules(space: Space, spec: SpaceSpec) -> Space:
    """Return the space with its conditions and constraints, checked against one design."""
    problems: list[str] = []
    axes, conditions, constraints = {axis.name: axis for axis in space.axes}, {}, []
    readable = {*axes, *HARDWARE, *(() if "model" in axes else MODEL)}
    for name, text in spec.conditions.items():
        rule = _gather(problems, parse_expression, f"conditions.{name}", text)
        if name not in axes:
            problems.append(f"conditions.{name}: is no axis{nearest(name, axes)}")
        elif name not in readable & {*HARDWARE, *MODEL}:
            problems.append(f"conditions.{name}: only values of hardware and model keep a fixed value elsewhere")
        elif rule is not None:
            problems += _unknown(f"conditions.{name}", rule, readable - {name})
            axes[name] = Axis(name, axes[name].values, space.constant(name))
            conditions[name] = rule
    names = readable | set(RESOURCES) | set(space.results)
    for number, text in enumerate(spec.constraints, start=1):
        rule = _gather(problems, parse_expression, f"constraints, number {number}", text)
        if rule is not None:
            problems += _unknown(f"constraints, number {number}", rule, names)
            constraints.append(rule)
    if not problems:
        labelled = ((f"conditions.{name}", rule) for name, rule in conditions.items())
        numbered = ((f"constraints, number {i}", rule) for i, rule in enumerate(constraints, start=1))
        for label, rule in chain(labelled, numbered):
            _gather(problems, _try_out, label, rule, axes, space)
    if problems:
        raise InputError(problems)
    return Space(
        space.name, space.hw, space.models, space.options, space.values, tuple(axes.values()), conditions,
        tuple(constraints),
    )  # fmt: skip


def _unknown(label: str, rule: Expression, names: set[str]) -> list[str]:
    return [f"{label}: unknown name {got(name)}{nearest(name, names)}" for name in sorted(rule.names - names)]


def _try_out(label: str, rule: Expression, axes: Mapping[str, Axis], space: Space) -> None:
    """Raise InputError where an expression compares what has no order, or is no yes or no."""
    values: dict[str, Any] = {}
    for name in rule.names:
        if name in axes:
            values[name] = axes[name].column[:1]
        elif name in HARDWARE or name in MODEL:
            values[name] = space.constant(name)
        else:
            values[name] = name == "fits" or 1.0
    try:
        result = rule(values)
    except InputError as error:
        raise InputError(f"{label}: {error} {got(rule.text)}") from None
    if np.asarray(result).dtype.kind != "b":
        raise InputError(f"{label}: must compare, as in delay_ms <= 50 {got(rule.text)}")
