"""Options that several commands share, and how their texts become values."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from pivotsim.errors import InputError, got, got_typed
from pivotsim.io.yaml_reader import exact_integer, parse_scalar


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
        if isinstance(text, float):  # a default
            return text
        value = parse_scalar(text.strip())
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise InputError(f"{name}: must be a number {got_typed(text)}")
        try:
            return float(value)
        except OverflowError:  # an integer of more than 308 digits
            raise InputError(f"{name}: must be a number that a computer can hold {got_typed(text)}") from None

    return parse


PICTURES = (".png", ".pdf", ".svg", ".gif")


def folder(name: str) -> Callable[[str | Path], Path]:
    """Return a parser of a folder's path."""

    def parse(text: str | Path) -> Path:
        if not str(text).strip():  # a default is a path already
            raise InputError(f"{name}: must name a folder {got(text)}")
        if str(text) == "-":  # elsewhere standard output
            raise InputError(f"{name}: must name a folder, standard output is none {got(text)}")
        if (ending := Path(text).suffix.lower()) in PICTURES:
            raise InputError(f"{name}: must name a folder, where {ending} is a picture's ending {got(text)}")
        return Path(text)

    return parse


def file_of(option: str) -> Callable[[str | Path], Path]:
    """Return a parser of a file's name that names its option."""

    def parse(text: str | Path) -> Path:
        if not str(text).strip():  # a default is a path already
            raise InputError(f"{option}: must name a file {got(text)}")
        return Path(text)

    return parse


HwOption = Annotated[
    str, typer.Option("--hw", metavar="NAME", help="Hardware: a name, a YAML file, or SCALE-Sim's .cfg.")
]
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
CoresOption = Annotated[
    int,
    typer.Option(
        "--cores", parser=integer("--cores"), metavar="N", help="Ask for the largest sizes on so many cores too."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlotsOption = Annotated[
    Path | None, typer.Option("--plots", parser=folder("--plots"), metavar="DIR", help="Write pictures there.")
]
EngineOption = Annotated[
    str,
    typer.Option(
        metavar="analytic|pe|memory",
        help="Cycles in closed form, PE by PE, or tile by tile with unlimited memories.",
    ),
]
RunEngineOption = Annotated[
    str | None,
    typer.Option(
        metavar="analytic|pe|memory|mpca|serial|pipeline",
        help="Cycles in closed form, PE by PE, behind memories, on an MPCA's lanes, or tile by tile without overlap "
        "[default: analytic, memory with --memory hw; mpca, serial and pipeline on such boards].",
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
ByOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="module|layer|group|encoder|resource",
        help="What the table of delays lists; layers where the trace names them, 20 lines at most.",
    ),
]
RunScopeOption = Annotated[
    str | None,
    typer.Option(
        "--scope",
        metavar="encoders|all",
        help="Charge the encoders, or patch embedding and head too [default: encoders; all of a trace without any].",
    ),
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
    str | None, typer.Option(metavar="none|preload|chained|pipelined|settled", help="How far a fold overlaps the next.")
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
MacPackingOption = Annotated[
    int | None,
    typer.Option(parser=integer("--mac-packing"), metavar="COLUMNS", help="Columns that share a DSP slice: 1 or 2."),
]
ArraysOption = Annotated[
    int | None, typer.Option(parser=integer("--arrays"), metavar="N", help="Arrays alike, side by side.")
]
ArraySplitOption = Annotated[
    str | None, typer.Option("--split", metavar="auto|heads|rows|cols", help="What several arrays share out.")
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
ShownActiveOption = Annotated[
    str | None, typer.Option(metavar="LIST", help=f"Encoders whose attention runs, {ENCODERS_HELP}.")
]

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


def single_encoder_lines(options: Mapping[str, str | None]) -> list[str]:
    """Return what a list of one number says, where the first so many encoders may have been meant."""
    return [
        f"{option} {text.strip()}: encoder {text.strip()} alone; the first {text.strip()} are {option} 1-{text.strip()}"
        for option, text in options.items()
        if text is not None and text.strip().isdecimal() and int(text) > 1
    ]


def parse_array(text: str) -> tuple[int, int]:
    """Return (rows, cols) from ``64x36``."""
    match = re.fullmatch(r"([0-9]{1,18})[xX]([0-9]{1,18})", text.strip())
    if match is None:
        raise InputError(f"--array: must be ROWSxCOLS such as 64x36 {got(text)}")
    return int(match[1]), int(match[2])
