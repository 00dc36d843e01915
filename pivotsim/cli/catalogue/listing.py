"""The command list: every name that a command takes, and what it is."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from pivotsim.cli import options
from pivotsim.cli.output import print_json, print_table, print_title
from pivotsim.errors import check_choice
from pivotsim.io.documents import available, names_of
from pivotsim.tables import Table, figures

if TYPE_CHECKING:
    from pivotsim.workload.tokens.methods import Parameter

MEGA, GIGA = 1e6, 1e9


def _models() -> Table:
    from pivotsim.models.spec import load_model
    from pivotsim.workload.lowering.plan import lower
    from pivotsim.workload.plans import plan

    models = {name: load_model(name) for name in names_of("workloads", "model")}
    rows = [
        (name, m.depth, m.width, m.heads, m.tokens, m.parameters / MEGA, lower(plan(m)).macs / GIGA, m.description)
        for name, m in models.items()
    ]
    columns = ("model", "encoders", "width", "heads", "tokens", "parameters, M", "MACs, G", "what it is")
    return Table("pivotsim run MODEL", columns, rows, range(1, 7))


def _boards() -> Table:
    from pivotsim.hardware.loading import load_hardware

    boards = {name: load_hardware(name) for name in names_of("hwconfigs", "hardware")}
    rows = [(name, hw.kind, hw.description) for name, hw in boards.items()]
    return Table("--hw BOARD", ("board", "kind", "what it is"), rows)


def _gpus() -> Table:
    from pivotsim.hardware.kinds.gpu import load_gpu

    names = [name for name in available("hwconfigs") if name.startswith("gpu/")]
    rows = [(name, load_gpu(name).description) for name in names]
    return Table("pivotsim schedule --hw GPU", ("GPU", "what it is"), rows)


def _channels() -> Table:
    from pivotsim.hardware.dram.spec import load_dram

    names = [name for name in available("hwconfigs") if name.startswith("dram/")]
    rows = [(name, load_dram(name).description) for name in names]
    return Table("--set memories.dram=CHANNEL", ("channel", "what it is"), rows)


def _spaces() -> Table:
    from pivotsim.dse.space.reading import load_space
    from pivotsim.io.documents import load_document

    rows = []
    for name in names_of("workloads", "space"):
        space, text = load_space(name), load_document("workloads", "space", name).data.get("description", "")
        rows.append((name, space.size, ", ".join(space.axis_names), text))
    columns = ("space", "combinations", "axes", "what it is")
    return Table("pivotsim sweep SPACE", columns, rows, (1,))


def _presets() -> Table:
    from pivotsim.workload.presets import PRESETS

    rows = [(name, preset.source) for name, preset in PRESETS.items()]
    return Table("--preset PRESET", ("preset", "whose it is"), rows)


def _methods() -> Table:
    from pivotsim.workload.tokens.methods import METHODS

    rows = [
        (name, ",".join(_stated(key, parameter) for key, parameter in method.parameters.items()), method.scored_by,
         method.source)
        for name, method in METHODS.items()
    ]  # fmt: skip
    return Table("--tokens METHOD:NAME=VALUE,...", ("method", "parameters", "tokens ranked by", "whose it is"), rows)


def _stated(name: str, parameter: "Parameter") -> str:
    """Return a parameter with its default as it is typed, the name alone where it must be given."""
    from pivotsim.workload.tokens.methods import REQUIRED

    default = parameter.default
    if default is REQUIRED:
        return name
    text = "/".join(map(str, default)) if isinstance(default, tuple) else str(default).lower()
    return f"{name}={text}"


def _traces() -> Table:
    from pivotsim.io.samples import find_sample, sample_names
    from pivotsim.workload.trace_files.trace_csv import read_trace

    samples = [find_sample("traces", "traces", name) for name in sample_names("traces")]
    rows = [(s.path.stem, len(t), t.macs / GIGA, s.source) for s in samples for t in [read_trace(s.path)]]
    return Table("pivotsim run --trace TRACE", ("trace", "operations", "MACs, G", "what it is"), rows, (1, 2))


def _samples() -> Table:
    from pivotsim.io.samples import ENDINGS, find_sample, sample_names

    rows = [
        (f"{OPTION_OF[kind]} {name}", sample.model, sample.source)
        for kind in ENDINGS
        if kind in OPTION_OF
        for name in sample_names(kind)
        for sample in [find_sample(kind, kind, name)]
    ]
    return Table("data that commands take by name", ("option", "model", "what it is"), rows)


OPTION_OF = {
    "accuracy": "schedule --accuracy", "logits": "cosearch --logits", "cka": "cosearch --cka", "claims": "infer",
    "rows": "calibrate", "integer": "classify", "images": "classify INTEGERS",
}  # fmt: skip
KINDS: Mapping[str, Callable[[], Table]] = {
    "models": _models, "boards": _boards, "gpus": _gpus, "channels": _channels, "spaces": _spaces, "presets": _presets,
    "methods": _methods, "traces": _traces, "samples": _samples,
}  # fmt: skip


def list_command(
    kind: Annotated[
        str,
        typer.Argument(metavar="|".join(KINDS), help="Which names.", show_default=False),
    ],
    json: options.JsonOption = False,
) -> None:
    """Every name of a kind that commands take, and what it is.

    Example: pivotsim list models
    """
    table = KINDS[check_choice("list", kind, KINDS)]()
    if json:
        print_json([dict(zip(table.columns, row, strict=True)) for row in table.rows])
        return
    print_title(table.title)
    rows = [[value if isinstance(value, str) else figures(value, 3) for value in row] for row in table.rows]
    print_table(table.columns, rows, table.right)
