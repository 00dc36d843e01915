"""Space files: YAML in, a checked ``Space`` out, every problem reported before anything runs."""

from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationError

from pivotsim.dse.space.axes import Axis, as_stated, axis_values
from pivotsim.dse.space.axis_kinds import EFFORT, HARDWARE, LOW_FRAC, TRANSFORMS, check_axis_value, known_axes
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.places import located, places_of
from pivotsim.dse.space.rules import Rules
from pivotsim.effort.combination import GATES
from pivotsim.energy.rules import RULES
from pivotsim.engines.base import HW, MEMORIES, PAPER
from pivotsim.engines.registry import engines_of
from pivotsim.errors import InputError, check_choice, got, nearest
from pivotsim.hardware.host import PROFILES
from pivotsim.hardware.kinds.systolic import SystolicHardware, as_systolic
from pivotsim.hardware.loading import load_hardware
from pivotsim.io.documents import load_document
from pivotsim.io.spec_values import holds_no_values
from pivotsim.io.specs import ONE_LINE, Spec, quantity, validate
from pivotsim.io.yaml_reader import Document, exact_integer
from pivotsim.models.spec import VitModel, load_model
from pivotsim.simulation.run import SCOPES
from pivotsim.workload.plans import QKV_MODES

MAX_TRIES = 3  # to check the rest of a file whose form is wrong
CHOICES = {
    "memory": MEMORIES, "profile": PROFILES, "energy": tuple(RULES), "scope": SCOPES, "qkv": QKV_MODES, "gate": GATES,
}  # fmt: skip


class FixedSpec(Spec):
    """What every design of a space shares; a value that is an axis too comes from the axis."""

    model: Any = quantity("", "Model: a name, or a mapping of the file's form.", default="deit_s")
    hw: Any = quantity("", "Hardware: a name, or a mapping of the file's form.", default="zcu102")
    set: dict[str, Any] = Field({}, description="Dotted path of the hardware -> value.")
    engine: str | None = quantity(
        "", "How array cycles are counted; memory with memory hw, else analytic.", default=None
    )
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

    other_names: ClassVar[Mapping[str, str]] = {"rules": "the key is constraints"}
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
        A name (``"zcu102_arrays"``) is looked up in workloads/, where its file ends in ``_space.yaml``.

    Raises
    ------
    InputError
        One line per problem, behind ``file:line:``; fields, values, expressions and their names are all checked.

    Examples
    --------
    >>> load_space({"name": "tiny", "axes": {"array.rows": [32, 64], "array.cols": [36, 72]}}).size
    4
    """
    if isinstance(source, Space):
        return source
    document = load_document("workloads", "space", source)
    places = places_of(document)
    problems: list[str] = []
    spec = _spec_of(document, problems)
    own: list[str] = []  # problems that have no place yet
    fixed = spec.fixed
    options = _gather(own, _options, fixed) or {}
    hw = _gather(own, _hardware, fixed)
    model = _gather(own, _model, fixed)
    values = _gather(own, _effort_values, spec) or {}
    axes = [axis for name, stated in spec.axes.items() if (axis := _gather(own, _axis, name, stated)) is not None]
    if not spec.axes and not any(": axes: " in problem for problem in problems):
        own.append("axes: at least one is needed (got none)")
    is_pair = LOW_FRAC in {*spec.axes, *values}
    rules = Rules(spec.conditions, spec.constraints, spec.axes, is_pair=is_pair)
    own += rules.problems
    if hw is not None:
        gone = {axis.name: holds_no_values(hw, axis.name) for axis in axes if axis.name in HARDWARE}
        own += [f"axes.{name}: {why}" for name, why in gone.items() if why]
    problems += [located(problem, places) for problem in own]
    if problems or hw is None or model is None:
        raise InputError(problems)
    models = {"": model}
    for axis in axes:
        if axis.name == "model":
            models |= {name: load_model(name) for name in axis.values}
    space = Space(spec.name, hw, models, options, values, tuple(axes), {}, (), _stated(fixed), places)
    try:
        return rules.applied(space)
    except InputError as error:
        raise InputError(space.located(problem) for problem in error.problems) from None


def _spec_of(document: Document, problems: list[str]) -> SpaceSpec:
    """Return a space file's form; what does not fit it is told, and left out, so that the rest can be checked too."""
    try:
        return validate(SpaceSpec, document)
    except InputError as error:
        problems += error.problems
    data = {**document.data, "name": "space"}
    for _ in range(MAX_TRIES):
        try:
            return SpaceSpec.model_validate(data)
        except ValidationError as error:
            for wrong in error.errors():
                group, *inside = wrong["loc"]
                if group == "fixed" and inside and isinstance(data["fixed"], Mapping):
                    data["fixed"] = {key: value for key, value in data["fixed"].items() if key != inside[0]}
                elif group == "axes":
                    data["axes"] = {}
                else:
                    data.pop(str(group), None)
    raise InputError(problems)


def _stated(fixed: FixedSpec) -> tuple[str, ...]:
    """Return the keys of ``fixed`` that the file gives, values of the hardware and efforts each on their own."""
    names = [name for name in type(fixed).model_fields if name in fixed.model_fields_set]
    inside = {"set": fixed.set, "effort": fixed.effort}
    found = ([f"{name}.{key}" for key in inside[name]] if name in inside else [name] for name in names)
    return tuple(chain.from_iterable(found))


def _hardware(fixed: FixedSpec) -> SystolicHardware:
    try:
        hw = as_systolic(load_hardware(fixed.hw), "fixed.hw")
    except InputError as error:
        raise InputError(_under("fixed.hw", problem) for problem in error.problems) from None
    return hw.replace(fixed.set, label="fixed.set")


def _model(fixed: FixedSpec) -> VitModel:
    try:
        return load_model(fixed.model)
    except InputError as error:
        raise InputError(_under("fixed.model", problem) for problem in error.problems) from None


def _under(label: str, problem: str) -> str:
    return problem if problem.startswith(f"{label}:") else f"{label}: {problem}"


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
    engine = fixed.engine or (limiting[0] if fixed.memory == HW else next(iter(engines)))
    options = {name: getattr(fixed, name) for name in CHOICES}
    options = {"engine": engine, **options, "memory": fixed.memory or (HW if engine in limiting else PAPER)}
    options |= {"score_bits": fixed.score_bits}
    problems: list[str] = []
    for name, names in {"engine": engines, **CHOICES}.items():
        _gather(problems, check_choice, f"fixed.{name}", options[name], names)
    if options["memory"] == HW and engine not in limiting:
        problems.append(f"fixed.memory: 'hw' needs engine {' or '.join(map(repr, limiting))} {got(engine)}")
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
            _gather(problems, check_axis_value, name, as_stated(value), f"fixed.{name}")
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
        _gather(problems, check_axis_value, name, as_stated(value), label)
    if problems:
        raise InputError(problems[-1:] if isinstance(stated, Mapping) else problems)  # of a range its end is enough
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
