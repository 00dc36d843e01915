"""Hidden settings and the values that each may have: axes of a space, options of a run, and F_L left free."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

from pivotsim.dse.space.axes import axis_values
from pivotsim.dse.space.axis_kinds import EFFORT, HIGH, LOW, LOW_FRAC, known_axes
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.reading import CHOICES, load_space
from pivotsim.errors import InputError, check_choice, got, nearest
from pivotsim.published.base.quantities import EDPS

FREE = "free"
EDP = "edp_definition"
OPTIONS = {name: CHOICES[name] for name in ("memory", "profile", "energy", "scope", "gate")}
WORDS = {**OPTIONS, EDP: tuple(EDPS)}
MAX_COMBINATIONS = 20_000
LOW_NOT_BELOW_HIGH = "effort.low is not below effort.high"
_NO_AXIS = {"qkv": ["fused"]}  # a space has at least one


@dataclass(frozen=True)
class Varied:
    """Checked settings: the space that they move in, and every value of each, in the order in which they were given."""

    space: Space
    values: Mapping[str, tuple[Any, ...]]
    is_free: bool

    @cached_property
    def combinations(self) -> list[dict[str, Any]]:
        """All that are tried: those whose low effort is not below the high one are left out."""
        return [one for one in self._all() if not _is_odd_pair(one)]

    @property
    def left_out(self) -> int:
        """Combinations whose low effort is not below the high one."""
        return sum(map(_is_odd_pair, self._all()))

    def _all(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.values, chosen, strict=True)) for chosen in product(*self.values.values()))

    def space_of(self, settings: Mapping[str, Any]) -> Space:
        """Return the space with the options of a run that are varied."""
        changed = {name: value for name, value in settings.items() if name in OPTIONS}
        return replace(self.space, options={**self.space.options, **changed}) if changed else self.space


def check_varied(vary: Mapping[str, Any], fixed: Mapping[str, Any]) -> Varied:
    """Return what is varied, checked.

    Parameters
    ----------
    vary : mapping
        Setting -> values, as a space's axes state them: a list, or a range. Settings are all axes of a space,
        ``memory``, ``profile``, ``energy``, ``scope``, ``gate``, and ``edp_definition``, what the quantity ``edp`` of a
        pair means. ``effort.low_frac`` may be 'free': solved for.
    fixed : mapping
        What a space fixes: model, hw, engine, memory, profile, energy, scope, gate.

    Raises
    ------
    InputError
        A setting is unknown or a value not valid; the pair is not whole; there are too many combinations.
    """
    if not isinstance(vary, Mapping) or not vary:
        raise InputError("vary: at least one setting is needed (got none)")
    problems: list[str] = []
    words: dict[str, tuple[Any, ...]] = {}
    axes: dict[str, Any] = {}
    is_free = vary.get(LOW_FRAC) == FREE
    known = (*known_axes(), *WORDS)
    for name, stated in vary.items():
        try:
            if name in WORDS:
                words[name] = tuple(check_choice(f"vary: {name}", v, WORDS[name]) for v in axis_values(
                    f"vary: {name}", stated))  # fmt: skip
            elif name not in known:
                problems.append(f"vary: {name}: unknown setting{nearest(name, known)}")
            elif name != LOW_FRAC or not is_free:
                axes[name] = [stated] if isinstance(stated, str) else stated
        except InputError as error:
            problems += error.problems
    if EDP in words and not {*EFFORT} <= set(vary):
        problems.append(f"vary: {EDP}: needs a pair, {', '.join(EFFORT)}: of one effort all three are the same")
    if problems:
        raise InputError(problems)
    document: dict[str, Any] = {"name": "vary", "fixed": dict(fixed), "axes": axes or _NO_AXIS}
    if is_free:
        document["fixed"]["effort"] = {"low_frac": 1.0}
    try:
        space = load_space(document)
    except InputError as error:
        raise InputError(map(_renamed, error.problems)) from None
    own = {axis.name: axis.values for axis in space.axes if axes}
    count = 1
    for values in (*own.values(), *words.values()):
        count *= len(values)
    if count > MAX_COMBINATIONS:
        raise InputError(f"vary: makes more than {MAX_COMBINATIONS:,} combinations, which is the most {got(count)}")
    order = [name for name in vary if name in own or name in words]
    return Varied(space, {name: own.get(name) or words[name] for name in order}, is_free)


def space_with(fixed: Mapping[str, Any]) -> Varied:
    """Return what nothing is varied of; ``space_of`` gives the space of any settings beside it."""
    return Varied(load_space({"name": "fixed", "fixed": dict(fixed), "axes": _NO_AXIS}), {}, False)


def _renamed(problem: str) -> str:
    """Return a space's problem in the words of this call."""
    for start, own in (("axes.", "vary: "), ("fixed.effort", "vary: effort"), ("fixed.", "")):
        if problem.startswith(start):
            return own + problem.removeprefix(start)
    return problem


def _is_odd_pair(settings: Mapping[str, Any]) -> bool:
    if LOW not in settings or HIGH not in settings:
        return False
    low, high = (value if isinstance(value, int) else len(value) for value in (settings[LOW], settings[HIGH]))
    return low >= high
