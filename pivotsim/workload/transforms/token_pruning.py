"""Token pruning and merging: published methods as one transform, each a row of ``token_methods.METHODS``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pivotsim.errors import InputError, check_choice, check_flag, check_integer, got, nearest
from pivotsim.models.spec import VitModel
from pivotsim.tables import ranges
from pivotsim.workload.plans import Plan, check_plan, check_tokens, replayed
from pivotsim.workload.tokens.methods import (
    ALL,
    FEATURES,
    FORMS,
    METHODS,
    REDUCTIONS,
    REQUIRED,
    UNSAID,
    Method,
    TokenStep,
)
from pivotsim.workload.transforms.common import check_keep_rate

PER_ENCODER = {"rates": "keep_rate", "counts": "r"}  # form -> what a step calls its own value


def prune_tokens(plan: Plan, /, method: str, **parameters: object) -> Plan:
    """Return the plan with a published method's token steps; the tokens of all encoders follow.

    Encoders are numbered from 1. Steps add up in the order in which they are given: each is a function of the tokens
    that arrive. Prefix and register tokens always stay; of them ``tdm`` keeps the class token alone. Rates are
    multiplied in float64 before ``int()`` or ``ceil()``, as the released codes do. t tokens arrive, p of them prefix
    and register tokens, P patches the model starts with.

    ==========  ==================================  ========================================================  ========
    method      parameters [default]                tokens that leave                                         where
    ==========  ==================================  ========================================================  ========
    single      r, encoder, feature, reduction      t - r: r + 1 patches become one; none if t - r - 1 <= 2p  between
    top_k       r, encoders [all]                   t - r, unless t - r - p <= p                              between
    top_k_rate  keep_rate, encoders [4, 7, 10]      p + int(P keep_rate^k) at its k-th encoder                between
    tome        r, encoders [all]                   t - min(r, (t - p) // 2)                                  between
    dynamicvit  keep_rate, encoders [4, 7, 10]      p + int(P keep_rate^k) at its k-th encoder                before
    evit        keep_rate, fuse [true], encoders    k = ceil(keep_rate (t - p)): p + k, and one if fused      between
    heatvit     keep_rates [.60, .26, .13], ...     p + ceil(keep_rate P) + 1                                 before
    tdm         keep_rate, encoders [3, 7, 10]      2 + ceil(keep_rate (t - 1))                               between
    random      tokens, encoder [1]                 tokens; without cost                                      before
    ==========  ==================================  ========================================================  ========

    No method adds a token: where its rule keeps every patch, it does nothing and costs nothing. ``r`` and
    ``keep_rates`` may list one value per encoder. ``single`` scores by ``feature`` [v], k or q, beside the attention,
    and reduces heads by ``reduction`` [max], mean or sum (Eliopoulos et al., Table 2). Sources and marks:
    ``token_methods.METHODS``.

    Parameters
    ----------
    plan : Plan
    method : str
        A name of the table.
    **parameters
        Those of the method.

    Returns
    -------
    Plan
        With the method's steps, and the tokens that they leave.

    Raises
    ------
    InputError
        One line per parameter that is unknown, missing or out of bounds; for an encoder whose attention is skipped
        where the method scores with attention, and a model without class token where it scores with that token's row.

    Examples
    --------
    196 patches: ceil(0.7 * 196) = 138 stay in encoder 4, with the class token and the fused one 140.

    >>> import pivotsim as ps
    >>> pruned = ps.prune_tokens(ps.plan("deit_s"), "evit", keep_rate=0.7)
    >>> [e.mlp_tokens for e in pruned.encoders]
    [197, 197, 197, 140, 140, 140, 100, 100, 100, 72, 72, 72]
    """
    check_plan(plan)
    check_tokens(plan)
    row = METHODS[check_choice("method", method, METHODS)]
    values = _values(method, row, parameters, plan.model)
    encoders = values.pop("encoders", None) or values.pop("encoder")
    _check_scores(method, row, plan, encoders)
    steps = dict(zip(encoders, _steps(method, row, values, len(encoders)), strict=True))
    changed = [e.with_step(row.place, steps[e.encoder]) if e.encoder in steps else e for e in plan.encoders]
    pruned = replayed(replace(plan, encoders=tuple(changed)))
    check_plan(pruned)  # masks of scores must still fit
    return pruned


def _values(method: str, row: Method, given: Mapping[str, object], model: VitModel) -> dict[str, Any]:
    """Return every parameter checked, defaults filled in, or raise InputError with a line per problem."""
    problems = [
        f"{method}: {n}: unknown parameter{nearest(n, row.parameters)}" for n in given if n not in row.parameters
    ]
    values: dict[str, Any] = {}
    for name, parameter in row.parameters.items():
        value = given.get(name, parameter.default)
        try:
            if value is REQUIRED:
                raise InputError(f"{method}: {name}: is required: {FORMS[parameter.form]}")
            values[name] = CHECKS[parameter.form](f"{method}: {name}", value, model)
        except InputError as error:
            problems += error.problems
    count = len(values.get("encoders", ()))
    for name, value in values.items():
        if row.parameters[name].form in PER_ENCODER and isinstance(value, tuple) and count and len(value) != count:
            problems.append(f"{method}: {name}: must be one value, or one for each of {count} encoders {got(value)}")
    if problems:
        raise InputError(problems)
    return values


def _steps(method: str, row: Method, values: Mapping[str, Any], count: int) -> list[TokenStep]:
    """Return the step of each encoder, a list's values shared out."""
    columns = {}
    for name, value in values.items():
        form = row.parameters[name].form
        if form in UNSAID and value == row.parameters[name].default:
            continue
        columns[PER_ENCODER.get(form, name)] = value if isinstance(value, tuple) else (value,) * count
        if form == "powers":
            columns["power"] = tuple(range(1, count + 1))
    return [TokenStep(method, tuple((n, column[k]) for n, column in columns.items())) for k in range(count)]


def _check_scores(method: str, row: Method, plan: Plan, encoders: tuple[int, ...]) -> None:
    """Raise InputError where nothing can rank the tokens."""
    if row.scored_by == "class row" and not plan.model.prefix_tokens:
        raise InputError(f"{method}: scores by the class token's row, {plan.model.name} has no prefix token (got 0)")
    if row.needs_attention:
        skipped = [n for n in encoders if not plan.encoders[n - 1].attention_active]
        if skipped:
            one = len(skipped) == 1
            named = f"encoder{'' if one else 's'} {ranges(skipped)}, which {'is' if one else 'are'} skipped"
            raise InputError(f"{method}: scores by the attention of {named}")


def _rate(path: str, value: object, model: VitModel) -> float:
    return check_keep_rate(path, value)


def _count(path: str, value: object, model: VitModel) -> int:
    return check_integer(path, value, 0, model.patches)


def _tokens(path: str, value: object, model: VitModel) -> int:
    return check_integer(path, value, max(model.leading_tokens, 1), model.tokens)


def _encoder(path: str, value: object, model: VitModel) -> tuple[int, ...]:
    return (check_integer(path, value, 1, model.depth),)


def _encoders(path: str, value: object, model: VitModel) -> tuple[int, ...]:
    if isinstance(value, str) and value == ALL:
        return tuple(range(1, model.depth + 1))
    listed = _listed(path, value)
    numbers = tuple(check_integer(path, number, 1, model.depth) for number in listed)
    if not numbers or list(numbers) != sorted(set(numbers)):
        raise InputError(f"{path}: must be encoder numbers that rise, or '{ALL}' {got(value)}")
    return numbers


def _feature(path: str, value: object, model: VitModel) -> str:
    return check_choice(path, value, FEATURES)


def _reduction(path: str, value: object, model: VitModel) -> str:
    return check_choice(path, value, REDUCTIONS)


def _flag(path: str, value: object, model: VitModel) -> bool:
    return check_flag(path, value)


def _listed(path: str, value: object) -> tuple[object, ...]:
    """Return the entries of a list, a tuple, a range or a vector; a single value is a list of one."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        return (value,)
    try:
        return tuple(value)
    except TypeError:  # numpy's vector of no dimension
        return (value,)


def _each(check: "Check") -> "Check":
    """Return a check of one value, or of a list of them."""

    def check_each(path: str, value: object, model: VitModel) -> Any:
        listed = _listed(path, value)
        if len(listed) == 1 and listed[0] is value:
            return check(path, value, model)
        return tuple(check(path, entry, model) for entry in listed)

    return check_each


Check = Callable[[str, object, VitModel], Any]
CHECKS: dict[str, Check] = {  # by form; token_methods.FORMS says what each accepts
    "rate": _rate,
    "powers": _rate,
    "rates": _each(_rate),
    "count": _count,
    "counts": _each(_count),
    "tokens": _tokens,
    "flag": _flag,
    "encoders": _encoders,
    "encoder": _encoder,
    "feature": _feature,
    "reduction": _reduction,
}
