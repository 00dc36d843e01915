"""The form to start from: the sizes of a model's operations, and further ones that tell constants apart.

At the sizes of one model alone a kind's cost per row and per element always go together, and its call with both. The
form therefore has each kind at fewer rows and at fewer elements a row too. A test holds that a filled form tells every
constant that it is meant for.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from pivotsim.calibration.rows import GEMM, MAX_BYTES, TRANSFER, MeasuredRow, separator_in
from pivotsim.errors import check_integer
from pivotsim.hardware.loading import load_hardware
from pivotsim.hardware.spec import Hardware
from pivotsim.host.costs import transfers_of
from pivotsim.io.text_files import read_text
from pivotsim.models.spec import VitModel, load_model
from pivotsim.operations import PS, PS_KINDS
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Op, Trace
from pivotsim.workload.plans import plan

MOST_OF_A_KIND = 4  # sizes of the model's own
FEW_ROWS = 8
PART = 4
CACHE_LINE_BYTES = 64
HEADING = (
    "What to measure: fill in ms (or watts), leave out what you cannot measure. Rows without a result are ignored.",
    "kind: one operation, one call: m rows of n elements, repeats times (heads), shared by cores (empty: the board's).",
    "transfer: m * n bytes between programmable logic and processor. gemm: (m, k) times (k, n) on the array.",
    "model with ms: one image from start to end, with module: that module's part; with watts: mean power under load.",
)


def form_of(model: str | VitModel, hw: Hardware | str = "zcu102", *, cores: int = 1) -> list[MeasuredRow]:
    """Return rows without results: a model's operations on a board's processor, transfers, GEMMs, and the whole.

    Parameters
    ----------
    model : str or VitModel
    hw : Hardware or str
        Says what runs on the processor.
    cores : int
        Where above 1, the largest operation of each kind is asked for on so many cores too.

    Returns
    -------
    list of MeasuredRow
        Their ``ms`` and ``watts`` are None.

    Raises
    ------
    InputError
        The model or the board is unknown, or the number of cores does not fit.

    Examples
    --------
    >>> rows = form_of("deit_s")
    >>> [row.label for row in rows if row.kind == "softmax"][:2]
    ['softmax 197x197 x 6', 'softmax 49x197 x 6']
    """
    check_integer("cores", cores, 1, 1024)
    board, spec = load_hardware(hw), load_model(model)
    trace = lower(plan(spec))
    return [*_on_processor(trace, board, cores), *_transfers(trace, board), *_gemms(trace), *_whole(spec, trace)]


def results_in(path: Path) -> int:
    """Return the lines of a file with something under ``ms`` or ``watts``, also where they are not valid as rows."""
    lines = [line for line in read_text(path, MAX_BYTES).splitlines() if line.strip() and not line.startswith("#")]
    table = list(csv.reader(lines, delimiter=separator_in(lines[0]))) if lines else [[]]
    names = [name.strip().lower() for name in table[0]]
    places = [names.index(name) for name in ("ms", "watts") if name in names]
    return sum(any(place < len(cells) and cells[place].strip() for place in places) for cells in table[1:])


def _on_processor(trace: Trace, hw: Hardware, cores: int) -> Iterator[MeasuredRow]:
    for kind in PS_KINDS if hw.host is not None else ():
        ops = [op for op in trace if op.kind == kind]
        if not ops or hw.placement.of(kind) != PS:
            continue
        sizes = sorted({(op.m, op.n, op.repeats) for op in ops}, key=lambda s: -s[0] * s[1] * s[2])
        chosen = sizes if len(sizes) <= MOST_OF_A_KIND else [*sizes[: MOST_OF_A_KIND - 1], sizes[-1]]
        m, n, repeats = sizes[0]
        few, part = min(FEW_ROWS, m), max(n // PART, 1)
        more = [(max(m // PART, 1), n, repeats), (m, part, repeats), (few, n, 1), (few, part, 1)]
        noted = {**dict.fromkeys(chosen, _modules(ops)), **dict.fromkeys(more, "to tell call, row and element apart")}
        for (rows, elements, times), note in noted.items():
            yield MeasuredRow(kind, rows, 1, elements, times, cores=1, note=note)
        if cores > 1:
            yield MeasuredRow(kind, m, 1, n, repeats, cores=cores, note="the cores' efficiency")


def _modules(ops: list[Op]) -> str:
    return "/".join(dict.fromkeys(op.module for op in ops))


def _transfers(trace: Trace, hw: Hardware) -> Iterator[MeasuredRow]:
    sizes = sorted({size for _, size in transfers_of(trace, hw)}) if hw.host is not None else []
    for size in (CACHE_LINE_BYTES, *sizes[:: max(len(sizes) // MOST_OF_A_KIND, 1)]) if sizes else ():
        yield MeasuredRow(TRANSFER, size, 1, 1, note="bytes, one call")


def _gemms(trace: Trace) -> Iterator[MeasuredRow]:
    for m, k, n, repeats in dict.fromkeys(map(tuple, trace.gemms.tolist())):
        yield MeasuredRow(GEMM, m, k, n, repeats, note="the array by itself")


def _whole(model: VitModel, trace: Trace) -> Iterator[MeasuredRow]:
    for module in dict.fromkeys(op.module for op in trace if op.kind != GEMM and op.encoder):
        yield MeasuredRow(model=model.name, module=module, note="all encoders together")
    yield MeasuredRow(model=model.name, note="ms of an image")
    yield MeasuredRow(model=model.name, note="watts under load")
