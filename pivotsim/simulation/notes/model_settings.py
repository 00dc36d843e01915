"""Settings of a model that change nothing of what runs."""

from collections.abc import Callable, Mapping, Sequence

from pivotsim.errors import InputError
from pivotsim.models.spec import VitModel
from pivotsim.workload.ops import Trace

PREFIX = "model."
NAME = "name"  # every result shows it


def model_settings_not_used(
    settings: Mapping[str, object],
    model: VitModel,
    original: VitModel,
    traces_of: Callable[[VitModel], Sequence[Trace]],
    *,
    scope: str,
    with_gate: bool = False,
) -> dict[str, str]:
    """Return the settings without which the same operations would run, by dotted path, and what they need.

    Parameters
    ----------
    settings : mapping
        Dotted path to value; those of the model begin with ``model.``.
    model, original : VitModel
        With all settings, and with none.
    traces_of : callable
        Returns the traces that a model runs.
    scope : {'encoders', 'all'}
        What of them counts.
    with_gate : bool
        Whether an entropy gate works on the head's classes.
    """
    found = {}
    whole = list(traces_of(model))
    for path in settings:
        name = path.removeprefix(PREFIX)
        if not path.startswith(PREFIX) or name == NAME or getattr(model, name) == getattr(original, name):
            continue
        try:
            before = list(traces_of(model.replace({name: getattr(original, name)})))
        except InputError:  # nothing runs without it
            continue
        if _counted(before, scope, with_gate) == _counted(whole, scope, with_gate):
            needs_all = _counted(before, "all", with_gate) != _counted(whole, "all", with_gate)
            found[path] = "not used here: " + ("needs --scope all" if needs_all else "no operation depends on it")
    return found


def _counted(traces: Sequence[Trace], scope: str, with_gate: bool) -> list[object]:
    """Return what of traces has a cost."""
    return [(trace.within(scope).ops, trace.classes if with_gate else None) for trace in traces]
