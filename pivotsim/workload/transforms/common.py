"""Values of transforms, stated once or per encoder, and their problems told together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pivotsim.errors import InputError, check_integer, check_real, got
from pivotsim.tables import ranges
from pivotsim.workload.plans import EncoderPlan, Plan, check_plan

Value = TypeVar("Value")


def per_encoder(
    name: str, plan: Plan, value: object, check: Callable[[str, EncoderPlan, Any], Value], *, attention: bool
) -> dict[int, Value]:
    """Return {encoder: checked value} from one value for all, or from a mapping of encoders to values.

    ``attention`` leaves out encoders whose attention is skipped; a mapping that names one is refused.

    Raises
    ------
    InputError
        One line per value that ``check`` refuses, or per number that is no such encoder.
    """
    running = [e.encoder for e in plan.encoders if e.attention_active or not attention]
    stated = dict(value) if isinstance(value, Mapping) else dict.fromkeys(running, value)
    found: dict[int, Value] = {}
    problems: dict[tuple[bool, str], list[Any]] = {}  # what is wrong in several encoders is told once
    for number, wanted in stated.items():
        label = f"{name}, encoder {number}" if isinstance(value, Mapping) else name
        try:
            found[number] = check(label, encoder_of(name, plan, number, running), wanted)
        except InputError as error:
            for problem in error.problems:
                text = problem.removeprefix(f"{label}: ")
                problems.setdefault((text != problem, text), []).append(number)
    if problems:
        raise InputError(
            text if not is_labelled else f"{name}{_of_encoders(numbers) if isinstance(value, Mapping) else ''}: {text}"
            for (is_labelled, text), numbers in problems.items()
        )
    if not found:
        raise InputError(f"{name}: no encoder of {plan.model.name} is left to apply it to")
    return found


def _of_encoders(numbers: list[int]) -> str:
    return f", encoder{'s' if len(numbers) > 1 else ''} {ranges(numbers)}"


def encoder_of(name: str, plan: Plan, number: object, running: Iterable[int]) -> EncoderPlan:
    """Return an encoder by its number, or raise InputError where there is none, or its attention is skipped."""
    index = check_integer(f"{name}: encoder", number, 1, len(plan.encoders))
    if index not in running:
        raise InputError(f"{name}: the attention of encoder {index} is skipped")
    return plan.encoders[index - 1]


def changed(plan: Plan, changes: Mapping[int, Mapping[str, Any]]) -> Plan:
    """Return a checked plan with fields of some encoders replaced."""
    encoders = tuple(replace(e, **changes.get(e.encoder, {})) for e in plan.encoders)
    result = replace(plan, encoders=encoders)
    check_plan(result)
    return result


def check_keep_rate(name: str, value: object) -> float:
    """Return a kept share in (0, 1], or raise InputError."""
    rate = check_real(name, value)
    if not 0 < rate <= 1:
        raise InputError(f"{name}: must lie above 0 and at most 1 {got(rate)}")
    return rate


def half_up(value: float) -> int:
    """Return a number rounded to the nearest integer, halves up.

    >>> half_up(2.5), half_up(2.4999)
    (3, 2)
    """
    return int(value + 0.5)
