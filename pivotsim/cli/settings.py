"""Settings: values of hardware and model that a command is given by ``--set`` or by options of their own."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pivotsim.cli.options import parse_array
from pivotsim.errors import InputError, got, nearest
from pivotsim.io.yaml_reader import parse_scalar

SCORE_BITS = 8  # unless stated

if TYPE_CHECKING:
    from pivotsim.hardware.kinds.systolic import SystolicHardware
    from pivotsim.hardware.spec import Hardware
    from pivotsim.models.spec import VitModel
    from pivotsim.simulation.notes.reading import Reading
    from pivotsim.simulation.report import Report
    from pivotsim.workload.ops import Trace


def parse_settings(settings: list[str] | None) -> dict[str, object]:
    """Return {dotted path: value} of the ``--set`` options; values follow YAML's rules."""
    values: dict[str, object] = {}
    for text in settings or []:
        path, equals, value = text.partition("=")
        path = path.strip()
        if not equals or not path:
            raise InputError(f"--set: expected PATH=VALUE such as array.rows=32 {got(text)}")
        if re.search(r",\s*[\w.]+\s*=", value):
            raise InputError(f"--set: {path}: one value each; repeat --set for every further one {got(text)}")
        if path in values:
            raise InputError(f"--set: {path}: set twice {got(text)}")
        values[path] = parse_scalar(value.strip())
    return values


def load_both(
    hw_name: str, model_name: str | None, settings: dict[str, object], *, only: str = "", kind: str = ""
) -> "tuple[Hardware, VitModel | None]":
    """Return hardware and model with each setting applied where it belongs.

    ``only`` is the start of the paths that the command makes use of; another one is refused. ``kind`` is the kind of
    hardware that it needs.
    """
    from pivotsim.hardware.loading import check_links, load_hardware
    from pivotsim.io.spec_values import changeable, leaves

    hw = load_hardware(hw_name, kind=kind)
    hw_paths, model, model_paths = set(changeable(type(hw))), None, set()
    if model_name is not None:
        from pivotsim.models.spec import VitModel, load_model

        model, model_paths = load_model(model_name), {f"model.{path}" for path, _, _ in leaves(VitModel)}
    for path in settings:
        if not path.startswith(only):
            remedy = "" if "." in path else f"; write {only}{path}"
            raise InputError(f"--set: {path}: this command uses {only}* alone{remedy}")
    unknown = [path for path in settings if path not in hw_paths | model_paths]
    if unknown and model is None and all(path.startswith("model.") for path in unknown):
        raise InputError(f"--set: {path}: this command has no model" for path in unknown)
    if unknown:
        how = "; `pivotsim show hw` and `pivotsim show model` list all"
        raise InputError(f"--set: {p}: unknown key{_meant(type(hw), p, hw_paths | model_paths, how)}" for p in unknown)
    for_model = {path.removeprefix("model."): v for path, v in settings.items() if path in model_paths}
    hw = hw.replace({path: v for path, v in settings.items() if path in hw_paths}, label="--set")
    if "memories.dram" in settings:
        check_links(hw, "--set")
    if model is None:
        return hw, None
    try:
        return hw, model.replace(for_model, label="--set model")
    except InputError as error:
        raise InputError(p.replace("--set model: ", "--set: model.", 1) for p in error.problems) from None


def model_of(name: str, set_: list[str] | None) -> "tuple[dict[str, object], VitModel]":
    """Return the settings and the model with them applied."""
    settings = parse_settings(set_)
    _, model = load_both("zcu102", name, settings, only="model.")
    assert model is not None  # load_both returns a model for a model's name
    return settings, model


def model_not_used(
    settings: Mapping[str, object],
    model_name: str | None,
    spec: "VitModel | None",
    traces_of: "Callable[[VitModel], Sequence[Trace]]",
    *,
    scope: str,
    gate: str = "none",
) -> dict[str, str]:
    """Return the settings of the model that change nothing of what runs, and what they need."""
    if spec is None or not any(path.startswith("model.") for path in settings):
        return {}
    from pivotsim.models.spec import load_model
    from pivotsim.simulation.notes.model_settings import model_settings_not_used

    original = load_model(str(model_name))
    return model_settings_not_used(settings, spec, original, traces_of, scope=scope, with_gate=gate != "none")


def _meant(hw: "type[Hardware]", path: str, valid: set[str], how: str) -> str:
    """Return how else to state what an unknown path of ``--set`` means."""
    from pivotsim.io.specs import unknown_key
    from pivotsim.models.spec import VitModel

    if path == "base":
        return "; a board is chosen by --hw, and `base` stands in its file alone"
    if path.startswith("model."):
        own = {name.removeprefix("model.") for name in valid if name.startswith("model.")}
        meant = unknown_key(VitModel, path.removeprefix("model."), own)
        return meant if meant.startswith(";") else nearest(path, valid, how=how)
    return unknown_key(hw, path, valid, how)


def array_of(
    command: str, hw_name: str, set_: list[str] | None, flags: Mapping[str, object]
) -> "tuple[SystolicHardware, dict[str, object], dict[str, Any]]":
    """Return the hardware, the settings, and the array's options: its own, changed by ``--set`` or by flags.

    ``flags`` maps an option of the array to its flag's value, None where the user left it out; ``array`` is RxC.
    """
    from pivotsim.hardware.kinds.systolic import as_systolic

    settings = parse_settings(set_)
    found, _ = load_both(hw_name, None, settings, only="array.", kind="systolic")
    board = as_systolic(found, command)
    own = board.array
    size = flags["array"]
    flags = {name: value for name, value in flags.items() if name != "array"}
    given = {"rows": size, "cols": size, **flags}
    for path in settings:
        if given.get(path.removeprefix("array.")) is not None:
            raise InputError(f"{command}: {path}: stated twice, by --set and by its own option")
    rows, cols = (own.rows, own.cols) if size is None else parse_array(str(size))
    values = {name: getattr(own, name) if value is None else value for name, value in flags.items()}
    return board, settings, {"rows": rows, "cols": cols, **values}


def score_bits_not_used(
    score_bits: int, reports: "Sequence[Report]", reading: "Reading", gate: str = "none"
) -> dict[str, str]:
    """Return ``--score-bits`` with what it needs where it is stated and changes nothing."""
    if score_bits == SCORE_BITS:
        return {}
    from pivotsim.simulation.notes.needs import need_of

    why = need_of("score_bits", reports, reading, gate)
    return {"--score-bits": f"not used here: {why}"} if why else {}


def array_not_used(
    settings: Mapping[str, object],
    os_edge_register: bool | None,
    dataflow: str,
    fold_overlap: str,
    *,
    has_clock: bool,
) -> dict[str, str]:
    """Return what is stated of an array that one multiplication does not read, by its path or flag, and what it needs.

    ``has_clock`` says whether the command prints a delay.
    """
    from pivotsim.hardware.dataflows import DATAFLOW
    from pivotsim.hardware.fold_overlaps import without_loads

    unread = {"array.operand_bits": "operands are int8 here"}
    unread |= {} if has_clock else {"array.clock_mhz": "clocks are counted, no delay"}
    if dataflow in DATAFLOW and not DATAFLOW[dataflow].drains:  # an unknown one is told by what runs it
        unread["array.os_edge_register"] = "needs --dataflow os"
    stated = [*settings, *(["array.os_edge_register"] if os_edge_register is not None else [])]
    same = without_loads(fold_overlap, dataflow) if dataflow in DATAFLOW else ""
    told = {"array.fold_overlap": same} if same else {}
    return told | {path: f"not used here: {unread[path]}" for path in stated if path in unread}


def check_stated_once(command: str, settings: Mapping[str, object], flags: Mapping[str, object]) -> None:
    """Raise InputError where a value of the hardware is given by ``--set`` and by an option of its own."""
    for path, value in flags.items():
        if path in settings and value is not None:
            raise InputError(f"{command}: {path}: stated twice, by --set and by its own option")
