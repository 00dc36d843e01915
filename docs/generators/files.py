"""The reference of every input file: keys of YAML files, columns of CSV files."""

import collections
import inspect
import types
import typing
from collections.abc import Iterator, Sequence

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import pivotsim as ps
from pivotsim.calibration.rows import COLUMNS as MEASURED
from pivotsim.dse.space.reading import SpaceSpec
from pivotsim.hardware.kinds.gpu import load_gpu
from pivotsim.pruning.accuracy.given import COLUMNS as ACCURACY
from pivotsim.pruning.devices.recorded import COLUMNS as RECORDED
from pivotsim.published.hidden_settings.printed_cells import NEEDED, OPTIONAL
from pivotsim.truth.measured import COLUMNS as TRUTH
from pivotsim.workload.masks.files import COLUMNS as MASK
from pivotsim.workload.ops import Op

# heading -> what such a file is, and a shipped one, whose class states the keys
YAML_FILES = {
    "A board with a systolic array": ("`hwconfigs/NAME.yaml`, `--hw`. `base: zcu102` lets a file state only what differs.", "zcu102"),
    "A board with an MPCA": ("`kind: mpca`: a compute array with lanes. See [the MPCA](../mpca.md).", "u250_mpca"),
    "A serial tile machine": ("`kind: serial`: nothing overlaps.", "truth/heatvit_kc705"),
    "A streaming pipeline": ("`kind: pipeline`: one stage for each operation. See [pipelines](../pipelines.md).", "truth/hgpipe_vck190"),
    "A GPU": ("`hwconfigs/gpu/NAME.yaml`, for `schedule` alone.", "gpu/a100"),
    "A DRAM channel": ("`hwconfigs/dram/NAME.yaml`, named by `memories.dram`. `timing` has the keys of its standard.", "dram/ddr4_2400"),
    "A model": ("`workloads/NAME.yaml`. See [models](../models.md).", "deit_s"),
    "A space of designs": ("`workloads/NAME_space.yaml`, for `sweep`. See [explore designs](../exploring.md).", ""),
}  # fmt: skip

# heading -> what such a file is, its columns, and what each holds
CSV_FILES: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "A trace": (
        "`--trace`: an operation a line, in the order of the run. `pivotsim show trace deit_s --csv t.csv` writes one.",
        Op._fields,
        {
            "encoder": "from 1; 0 is outside the encoders", "module": "what it is, as `fc1`: reports group by it",
            "kind": "`gemm`, `softmax`, `norm`, ...: decides where it may run and what it costs",
            "m": "rows of the left matrix; needed", "k": "columns of the left matrix; 1 of all that is no gemm; needed",
            "n": "columns of the right matrix, or elements of a row; needed",
            "repeats": "how often, as heads", "weights": "1 where the right operand is a weight, 0 where it is computed",
            "a_bits": "bits of an input", "w_bits": "bits of a weight", "out_bits": "bits of an output",
            "density": "kept share of the mask", "mask_file": "file of the mask, beside the trace",
            "mask_key": "which mask of it, or how it is drawn", "layer": "a name of your own; may be left out",
        },
    ),
    "Kept blocks of masks": (
        "A mask file as CSV: a kept block a line.", MASK,
        {"key": "which mask", "row": "row of the block, from 0", "col": "column of the block, from 0"},
    ),
    "Accuracy by tokens": (
        "`--accuracy`: what keeping n tokens is worth.", ACCURACY,
        {"tokens": "n, tokens kept", "accuracy_pct": "accuracy in percent; empty is a hole"},
    ),
    "A recording": (
        "`schedule --recorded`: latencies that were measured. Lines with # say how, and on what.", RECORDED,
        {
            "model": "name of the model that ran", "batch": "images at once", "tokens": "tokens of every encoder",
            "repeat": "which repetition, from 0", "latency_ms": "of the whole batch",
        },
    ),
    "Measured rows": (
        "For `calibrate`; `--template` writes the form. See [calibration](../calibration.md).", MEASURED,
        {
            "kind": "kind of an operation, `gemm`, `transfer` or `entropy`; empty for a module or a model",
            "m": "rows", "k": "inner size of a gemm", "n": "columns, or elements of a row", "repeats": "how often",
            "cores": "cores of the processor; 0 those of the board", "calls": "0 where no driver's call is in the time",
            "model": "name of a model", "module": "a module of it; empty for the whole", "ms": "time in ms",
            "watts": "power in W", "note": "yours",
        },
    ),
    "Measured machines": (
        "For `validate --rows`: rows of your own beside those of a machine. See [validation](../validation.md).", TRUTH,
        {
            "group": "which of the machine's tables", "case": "a name of the row", "m": "rows of the product; 0 for none",
            "k": "inner size", "n": "columns", "value": "what was measured, in the table's unit",
        },
    ),
    "Printed numbers": (
        "For `infer`: what a paper prints. See [hidden settings](../hidden_settings.md).", (*NEEDED, *OPTIONAL),
        {
            "quantity": "`delay`, `energy`, ...", "value": "as printed, with its zeros", "unit": "where it is not the usual one",
            "tolerance": "how far off it may be, in the value's unit or in %",
        },
    ),
}  # fmt: skip


def files_page() -> str:
    """Return the page."""
    parts = [
        "# Input files",
        "Keys of every YAML file and columns of every CSV file, as the readers check them. A key that is unknown, a value of"
        " the wrong type or out of its bounds is refused with file, line and the nearest valid name. Keys without a default"
        " must be stated, by the file or by its `base`.",
        "## YAML files",
    ]
    told: set[type[BaseModel]] = set()
    for heading, (text, shipped) in YAML_FILES.items():
        parts += [f"### {heading}", text, *_tables(_class_of(shipped), told)]
    parts += ["## CSV files", "Commas, semicolons or tabs separate; names of columns in upper or lower case."]
    for heading, (text, columns, meanings) in CSV_FILES.items():
        rows = "\n".join(
            f"| `{column}` | {meanings[column]} |" for column in columns
        )  # one without a meaning fails here
        parts += [f"### {heading}", f"{text}\n\n| column | |\n|---|---|\n{rows}"]
    return "\n\n".join(parts) + "\n"


def _class_of(shipped: str) -> type[BaseModel]:
    if not shipped:
        return SpaceSpec
    if shipped.startswith("gpu/"):
        return type(load_gpu(shipped))
    if shipped.startswith("dram/"):
        return type(ps.dram.load_dram(shipped))
    return type(ps.load_model(shipped) if shipped.startswith("deit") else ps.load_hardware(shipped))


def _tables(schema: type[BaseModel], told: set[type[BaseModel]], paths: Sequence[str] = ()) -> Iterator[str]:
    """Yield a table of a schema's own values, then those of its groups; groups of one form share a table."""
    named = ", ".join(f"`{path}`" for path in paths)
    if schema in told:
        yield f"**{named}** as above."
        return
    told.add(schema)
    groups: dict[type[BaseModel], list[str]] = {}
    plain = []
    for name, field in schema.model_fields.items():
        inner = _schema_of(field.annotation)
        if inner:
            groups.setdefault(inner, []).extend(f"{path}.{name}" if path else name for path in paths or ("",))
        else:
            plain.append(_row(name, field))
    if plain:
        title = f"**{named}** {_summary(schema)}\n\n" if named else ""
        yield f"{title}| key | unit | values | default | meaning |\n|---|---|---|---|---|\n" + "\n".join(plain)
    for inner_schema, inner_paths in groups.items():
        yield from _tables(inner_schema, told, inner_paths)


def _schema_of(annotation: object) -> type[BaseModel] | None:
    """Return the group that a key holds, also where it may be none."""
    for each in (annotation, *typing.get_args(annotation)):
        if inspect.isclass(each) and issubclass(each, BaseModel):
            return each
    return None


def _row(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    missing = field.default is PydanticUndefined and field.default_factory is None
    default = (
        ""
        if missing
        else "follows"
        if field.default is None
        else f"`{_shown(field.get_default(call_default_factory=True))}`"
    )
    meaning = (field.description or "").replace("|", "\\|")
    return (
        f"| `{name}` | {extra.get('unit', '')} | {_values(field.annotation)}{_bounds(field)} | {default} | {meaning} |"
    )


def _shown(value: object) -> str:
    if isinstance(value, BaseModel):
        return "as below"
    return str(value).replace("|", "\\|") if not isinstance(value, bool) else str(value).lower()


def _values(annotation: object) -> str:
    """Return what a key takes in words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in (typing.Union, types.UnionType):
        return ", ".join(_values(each) for each in inner)
    if origin is typing.Annotated:
        return _values(inner[0])
    if origin in (dict, collections.abc.Mapping):
        return "mapping"
    if origin in (list, tuple):
        return "list"
    words = {int: "integer", float: "number", str: "text", bool: "true, false", type(None): "none"}
    return words.get(annotation, "") if isinstance(annotation, type) else ""


def _bounds(field: FieldInfo) -> str:
    least = [each.ge for each in field.metadata if isinstance(each, annotated_types.Ge)]
    most = [each.le for each in field.metadata if isinstance(each, annotated_types.Le)]
    if not least and not most:
        return ""
    return f" {least[0] if least else ''}..{most[0] if most else ''}"


def _summary(schema: type[BaseModel]) -> str:
    own = schema.__dict__.get("__doc__")
    return (own or "").strip().partition("\n\n")[0].replace("\n", " ")
