"""Options that several commands share, and how their texts become values."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.errors import InputError, got, got_typed, nearest
from pivotsim.io.yaml_reader import exact_integer, parse_scalar

if TYPE_CHECKING:
    from pivotsim.hardware.spec import Hardware
    from pivotsim.models.spec import VitModel
    from pivotsim.workload.ops import Trace


def integer(name: str) -> Callable[[str], int]:
    """Return a parser of one argument that names it and shows what it got."""

    def parse(text: str) -> int:
        if isinstance(text, int):  # a default
            return text
        value = parse_scalar(text.strip())
        stated = exact_integer(value)
        if stated is not None:
            return stated
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(f"{name}: must be an integer {got_typed(text)}")
        return value

    return parse


def real(name: str) -> Callable[[str], float]:
    """Return a parser like ``integer`` for any number."""

    def parse(text: str) -> float:
        value = parse_scalar(text.strip())
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise InputError(f"{name}: must be a number {got_typed(text)}")
        return float(value)

    return parse


def folder(name: str) -> Callable[[str | Path], Path]:
    """Return a parser of a folder's path."""

    def parse(text: str | Path) -> Path:
        if not str(text).strip():  # a default is a path already
            raise InputError(f"{name}: must name a folder {got(text)}")
        if str(text) == "-":  # elsewhere standard output
            raise InputError(f"{name}: must name a folder, standard output is none {got(text)}")
        return Path(text)

    return parse


def file_of(option: str) -> Callable[[str], Path]:
    """Return a parser of a file's name that names its option."""

    def parse(text: str) -> Path:
        if not text.strip():
            raise InputError(f"{option}: must name a file {got(text)}")
        return Path(text)

    return parse


def check_stated_once(command: str, settings: Mapping[str, object], flags: Mapping[str, object]) -> None:
    """Raise InputError where a value of the hardware is given by ``--set`` and by an option of its own."""
    for path, value in flags.items():
        if path in settings and value is not None:
            raise InputError(f"{command}: {path}: stated twice, by --set and by its own option")


HwOption = Annotated[str, typer.Option("--hw", metavar="NAME", help="Hardware: a name or a YAML file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one value of hardware or model, as in array.rows=32 or model.depth=17; repeatable.",
    ),
]
HwSetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one value, as in array.rows=32; repeatable."),
]
ModelSetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one value, as in model.depth=17; repeatable."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlotsOption = Annotated[
    Path | None, typer.Option("--plots", parser=folder("--plots"), metavar="DIR", help="Write pictures (PNG) there.")
]
EngineOption = Annotated[
    str,
    typer.Option(
        metavar="analytic|pe|memory", help="Array cycles in closed form, PE by PE, or behind the board's memories."
    ),
]
RunEngineOption = Annotated[
    str | None,
    typer.Option(
        metavar="analytic|pe|memory|mpca",
        help="Cycles in closed form, PE by PE, behind memories, or on an MPCA's lanes [default: analytic, memory with "
        "--memory hw; mpca on such a board].",
    ),
]
MemoryOption = Annotated[
    str | None,
    typer.Option(metavar="paper|hw", help="Unlimited memories, or the hardware's [default: paper; hw on an MPCA]."),
]
ProfileOption = Annotated[
    str,
    typer.Option(metavar="paper|full", help="Processor side: softmax alone, or all operations and transfers too."),
]
EnergyOption = Annotated[
    str,
    typer.Option(metavar="constant|activity", help="Board power times delay, or what each component does and leaks."),
]
ScopeOption = Annotated[
    str, typer.Option(metavar="encoders|all", help="Charge the encoders, or patch embedding and head too.")
]
PsPlOverlapOption = Annotated[
    str | None,
    typer.Option(
        metavar="serial|heads|images",
        help="What runs on the processor beside the array: nothing, other heads, other images of the batch.",
    ),
]
QkvOption = Annotated[
    str, typer.Option(metavar="fused|separate", help="Q, K and V as one GEMM of N = 3d, or as three.")
]
ScoreBitsOption = Annotated[
    int,
    typer.Option(
        parser=integer("--score-bits"),
        metavar="8|32",
        help="Attention scores requantised before softmax (8), or not (32).",
    ),
]
SizeM = Annotated[
    int,
    typer.Argument(parser=integer("m"), metavar="M", help="Rows of the left matrix (tokens).", show_default=False),
]
SizeK = Annotated[
    int,
    typer.Argument(
        parser=integer("k"), metavar="K", help="Columns of the left, rows of the right matrix.", show_default=False
    ),
]
SizeN = Annotated[
    int, typer.Argument(parser=integer("n"), metavar="N", help="Columns of the right matrix.", show_default=False)
]
ArrayOption = Annotated[str | None, typer.Option(metavar="RxC", help="Array size instead of the hardware's.")]
DataflowOption = Annotated[str | None, typer.Option(metavar="is|ws|os", help="What the array holds.")]
FoldOverlapOption = Annotated[
    str | None, typer.Option(metavar="none|preload|chained|pipelined", help="How far a fold overlaps the next.")
]
EdgeOption = Annotated[
    str | None, typer.Option(metavar="padded|aware", help="Cost of folds that fill the array in part.")
]
OsEdgeRegisterOption = Annotated[
    bool | None,
    typer.Option("--os-edge-register/--no-os-edge-register", help="Output stationary: register below the array."),
]
MacLatencyOption = Annotated[
    int | None, typer.Option(parser=integer("--mac-latency"), metavar="CLOCKS", help="Clocks of one MAC.")
]
DensityOption = Annotated[
    float | None,
    typer.Option(
        parser=real("--density"), metavar="SHARE", help="Kept share of the right matrix's blocks, drawn at random."
    ),
]
BlockOption = Annotated[
    int | None,
    typer.Option(parser=integer("--block"), metavar="SIZE", help="Side of a block, with --density [default: 16]."),
]
SeedOption = Annotated[
    int | None,
    typer.Option(parser=integer("--seed"), metavar="NUMBER", help="Which random mask, with --density [default: 0]."),
]
ENCODERS_HELP = "such as 1,2,5-8; all; none"

_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
MAX_ENCODERS = 4096


def active_of(text: str | None, depth: int) -> list[int] | None:
    """Return the encoders that ``--active`` names, None without it."""
    return None if text is None else parse_encoders("--active", text, depth)


def parse_encoders(option: str, text: str, depth: int) -> list[int]:
    """Return encoder numbers from ``1,2,5-8``, ``all`` or ``none``."""
    word = text.strip().lower()
    if word in ("all", "none"):
        return list(range(1, depth + 1)) if word == "all" else []
    numbers: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise InputError(f"{option}: must be encoder numbers {ENCODERS_HELP} {got(text)}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise InputError(f"{option}: range runs backwards {got(part.strip())}")
        if last - first > MAX_ENCODERS:
            raise InputError(f"{option}: range is longer than any model {got(part.strip())}")
        numbers += range(first, last + 1)
    return numbers


def parse_array(text: str) -> tuple[int, int]:
    """Return (rows, cols) from ``64x36``."""
    match = re.fullmatch(r"([0-9]{1,18})[xX]([0-9]{1,18})", text.strip())
    if match is None:
        raise InputError(f"--array: must be ROWSxCOLS such as 64x36 {got(text)}")
    return int(match[1]), int(match[2])


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
    from pivotsim.hardware.loading import load_hardware
    from pivotsim.io.specs import changeable, leaves
    from pivotsim.models.spec import VitModel, load_model

    hw = load_hardware(hw_name, kind=kind)
    model = None if model_name is None else load_model(model_name)
    hw_paths = set(changeable(type(hw)))
    model_paths = {f"model.{path}" for path, _, _ in leaves(VitModel)} if model is not None else set()
    for path in settings:
        if not path.startswith(only):
            raise InputError(f"--set: {path}: this command uses {only}* alone")
    unknown = [path for path in settings if path not in hw_paths | model_paths]
    if unknown and model is None and all(path.startswith("model.") for path in unknown):
        raise InputError(f"--set: {path}: this command has no model" for path in unknown)
    if unknown:
        how = "; `pivotsim show hw` and `pivotsim show model` list all"
        raise InputError(f"--set: {p}: unknown key{_meant(type(hw), p, hw_paths | model_paths, how)}" for p in unknown)
    for_model = {path.removeprefix("model."): v for path, v in settings.items() if path in model_paths}
    hw = hw.replace({path: v for path, v in settings.items() if path in hw_paths}, label="--set")
    return hw, model if model is None else model.replace(for_model, label="--set model")


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

    if path.startswith("model."):
        own = {name.removeprefix("model.") for name in valid if name.startswith("model.")}
        meant = unknown_key(VitModel, path.removeprefix("model."), own)
        return meant if meant.startswith(";") else nearest(path, valid, how=how)
    return unknown_key(hw, path, valid, how)


def array_of(
    command: str, hw_name: str, set_: list[str] | None, flags: Mapping[str, object]
) -> "tuple[Hardware, dict[str, object], dict[str, Any]]":
    """Return the hardware, the settings, and the array's options: its own, changed by ``--set`` or by flags.

    ``flags`` maps an option of the array to its flag's value, None where the user left it out; ``array`` is RxC.
    """
    from pivotsim.hardware.systolic import as_systolic

    settings = parse_settings(set_)
    board, _ = load_both(hw_name, None, settings, only="array.", kind="systolic")
    own = as_systolic(board, command).array
    size = flags["array"]
    flags = {name: value for name, value in flags.items() if name != "array"}
    given = {"rows": size, "cols": size, **flags}
    for path in settings:
        if given.get(path.removeprefix("array.")) is not None:
            raise InputError(f"{command}: {path}: stated twice, by --set and by its own option")
    rows, cols = (own.rows, own.cols) if size is None else parse_array(str(size))
    values = {name: getattr(own, name) if value is None else value for name, value in flags.items()}
    return board, settings, {"rows": rows, "cols": cols, **values}


def array_not_used(
    settings: Mapping[str, object], os_edge_register: bool | None, dataflow: str, *, has_clock: bool
) -> dict[str, str]:
    """Return what is stated of an array that one multiplication does not read, by its path or flag, and what it needs.

    ``has_clock`` says whether the command prints a delay.
    """
    from pivotsim.hardware.dataflows import DATAFLOW

    unread = {"array.operand_bits": "operands are int8 here"}
    unread |= {} if has_clock else {"array.clock_mhz": "clocks are counted, no delay"}
    unread |= {} if DATAFLOW[dataflow].drains else {"array.os_edge_register": "needs --dataflow os"}
    stated = [*settings, *(["array.os_edge_register"] if os_edge_register is not None else [])]
    return {path: f"not used here: {unread[path]}" for path in stated if path in unread}
