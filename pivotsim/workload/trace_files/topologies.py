"""Topologies of SCALE-Sim 3.0.0: tables of layers, as matrix multiplications or as convolutions.

Each layer becomes a GEMM. A convolution's input is stated with its padding. SCALE-Sim rounds output positions up, and
so counts a last window that reaches beyond the input; here it is left out, as in a convolution. A convolution with DP
in its name is depthwise: ``num filter`` filters for each channel by itself. Its ratios of sparsity are not read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pivotsim.errors import InputError, got_typed
from pivotsim.io.csv_files.cells import whole_number
from pivotsim.io.text_files import write_atomic
from pivotsim.units import INT64_MAX
from pivotsim.workload.lowering.convolution import convolution_gemm
from pivotsim.workload.ops import Op, Trace

GEMM, CONVOLUTION = "GEMM", "convolution"
DEPTHWISE = "DP"
SIZES = ("ifmap height", "ifmap width", "filter height", "filter width", "channels", "num filter")
STRIDES = (("strides",), ("stride height", "stride width"))
MAX_NAMED = 4
MAX_LAYERS = 1_000_000
_BREAKS = re.compile(r'[,"]|^#')  # what would end a cell, or make its row a comment
_OTHER_NAMES = {"layer name": "layer", "num filters": "num filter", "stride": "strides"}
_ADDRESSES = ("ifmap offset", "filter offset", "ofmap offset")

Cells = Mapping[str, str]


def plain_name(column: str) -> str:
    """Return the name of a column as this module knows it.

    >>> plain_name("Layer  name"), plain_name("Num Filters")
    ('layer', 'num filter')
    """
    name = " ".join(column.lower().split())
    return _OTHER_NAMES.get(name, name)


def form_of(columns: Sequence[str]) -> str:
    """Return the form of a topology with these columns, '' where it is none.

    >>> form_of(["layer", "m", "n", "k"]), form_of(["layer", *SIZES, "strides", "sparsity"]), form_of(["m", "k", "n"])
    ('GEMM', 'convolution', '')
    """
    named = [c for c in columns if c not in _ADDRESSES and not _is_sparsity(c)]
    if named == ["layer", "m", "n", "k"]:
        return GEMM
    wanted = [sorted(("layer", *SIZES, *strides)) for strides in STRIDES]
    return CONVOLUTION if sorted(named) in wanted else ""


def missing_of(columns: Sequence[str]) -> list[str]:
    """Return what columns lack of a topology of convolutions; nothing where they are those of another table."""
    named = set(map(plain_name, columns))
    if len(named & set(SIZES)) <= len(SIZES) // 2:
        return []
    return [c for c in ("layer", *SIZES, *STRIDES[0]) if c not in named]


def _is_sparsity(column: str) -> bool:
    return column.startswith("sparsity")


def layer_op(form: str, cells: Cells) -> Op:
    """Return a layer as an operation outside the encoders.

    Raises
    ------
    InputError
        A cell holds no such number, or the sizes make no convolution; one line per problem, without the place.
    """
    values: dict[str, int] = {}
    problems: list[str] = []
    for column, cell in cells.items():
        if column == "layer" or column in _ADDRESSES or _is_sparsity(column):
            continue
        try:
            values[column] = whole_number(cell, 1, INT64_MAX)
        except ValueError as error:
            problems.append(f"{column}: {error} {got_typed(cell)}")
    if problems:
        raise InputError(problems)
    name = cells["layer"]
    if form == GEMM:
        return Op(0, "other", "gemm", values["m"], values["k"], values["n"], layer=name)
    height, width, filter_height, filter_width, channels, filters = (values[size] for size in SIZES)
    stride = next(tuple(values[c] for c in names) for names in STRIDES if names[0] in values)
    is_depthwise = DEPTHWISE in name
    m, k, n, _ = convolution_gemm(
        (height, width), 1 if is_depthwise else channels, filters, (filter_height, filter_width),
        stride=stride if len(stride) > 1 else stride[0],
    )  # fmt: skip
    return Op(0, "conv", "gemm", m, k, n, channels if is_depthwise else 1, layer=name)


def topology_notes(form: str, layers: Iterable[Cells]) -> tuple[str, ...]:
    """Return what must be said of layers that ``layer_op`` has read: how, and where SCALE-Sim counts otherwise."""
    layers = list(layers)
    sparse = [cells["layer"] for cells in layers if any(_is_sparsity(c) and _is_ratio(v) for c, v in cells.items())]
    said = [f"sparsity of {_listed(sparse)} is not read: all layers run dense"] if sparse else []
    if form == GEMM:
        return ("read as a SCALE-Sim GEMM topology: order M, N, K", *said)
    depthwise = [cells["layer"] for cells in layers if DEPTHWISE in cells["layer"]]
    if depthwise:
        said.append(f"depthwise, by {DEPTHWISE} in their names: {_listed(depthwise)}")
    cut = [cells["layer"] for cells in layers if _has_rest(cells)]
    if cut:
        said.append(
            f"SCALE-Sim also counts a last window that reaches beyond the input, left out here: in {_listed(cut)}"
        )
    return ("read as a SCALE-Sim convolution topology: input sizes include the padding", *said)


def _is_ratio(cell: str) -> bool:
    kept, _, of = cell.partition(":")
    return kept.strip() != of.strip()


def _has_rest(cells: Cells) -> bool:
    """Whether windows leave elements at an end of the input that the next one would reach beyond."""
    axes = (("ifmap height", "filter height", "stride height"), ("ifmap width", "filter width", "stride width"))
    for length, taps, stride in axes:
        numbers = [cells[length], cells[taps], cells.get(stride, cells.get(STRIDES[0][0], ""))]
        whole, part, step = (whole_number(cell, 1, INT64_MAX) for cell in numbers)
        if (whole - part) % step:
            return True
    return False


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def write_topology(trace: Trace, path: str | Path) -> int:
    """Write a trace's GEMMs as a GEMM topology of SCALE-Sim; the file appears whole or not at all.

    A repeat is a layer of its own, since a topology knows none. Masks and other operations than GEMMs are left out.

    Parameters
    ----------
    trace : Trace
        With a GEMM or more.
    path : str or Path
        The CSV file, ``-`` for standard output.

    Returns
    -------
    int
        Layers written.

    Raises
    ------
    InputError
        There is no GEMM, there are too many, or the file cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile, pivotsim as ps
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     layers = write_topology(ps.lower(ps.plan("deit_s")), f"{folder}/deit_s.csv")
    ...     print(layers, pathlib.Path(folder, "deit_s.csv").read_text().splitlines()[:3])
    194 ['Layer,M,N,K,', '0.patch_embed,196,384,768,', '1.qkv,197,1152,384,']
    """
    gemms = [op for op in trace if op.kind == "gemm"]
    count = sum(op.repeats for op in gemms)
    if not gemms:
        raise InputError(f"{trace.name}: holds no GEMM, and a topology nothing else")
    if count > MAX_LAYERS:
        raise InputError(f"{trace.name}: makes more than the {MAX_LAYERS:,} layers that are written (got {count:,})")
    lines = ["Layer,M,N,K,"]
    used: dict[str, int] = {}
    for op in gemms:
        name = _BREAKS.sub("_", op.layer or f"{op.encoder}.{op.module}")
        for _ in range(op.repeats):
            number = used[name] = used.get(name, 0) + 1
            lines.append(f"{name if number == 1 else f'{name}_{number}'},{op.m},{op.n},{op.k},")
    write_atomic(Path(path), "\n".join(lines) + "\n")
    return count
