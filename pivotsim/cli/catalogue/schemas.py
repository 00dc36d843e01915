"""The command schema: what a YAML file may state, for editors."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from pivotsim.cli.output import print_raw
from pivotsim.errors import check_choice


def _hardware() -> dict[str, Any]:
    from pivotsim.export.json_schema import editor_schema
    from pivotsim.hardware.loading import KINDS, schema_of
    from pivotsim.io.yaml_reader import Document

    specs = {kind: schema_of(Document({"kind": kind}, {}, "hardware")) for kind in KINDS}
    return editor_schema(specs, "A board of pivotsim", default="systolic", demands=("name", "kind", "sources"))


def _gpu() -> dict[str, Any]:
    from pivotsim.export.json_schema import editor_schema
    from pivotsim.hardware.kinds.gpu import GpuSpec

    return editor_schema({"": GpuSpec}, "A GPU of pivotsim")


def _dram() -> dict[str, Any]:
    from pivotsim.export.json_schema import editor_schema
    from pivotsim.hardware.dram.spec import schema_of
    from pivotsim.hardware.dram.standards import KINDS

    return editor_schema({kind: schema_of(kind) for kind in KINDS}, "A DRAM channel of pivotsim", default="ddr4")


def _model() -> dict[str, Any]:
    from pivotsim.export.json_schema import editor_schema
    from pivotsim.models.spec import VitModel

    return editor_schema({"": VitModel}, "A model of pivotsim")


def _space() -> dict[str, Any]:
    from pivotsim.dse.space.reading import SpaceSpec
    from pivotsim.export.json_schema import editor_schema

    return editor_schema({"": SpaceSpec}, "A space of designs of pivotsim")


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "hardware": _hardware, "gpu": _gpu, "dram": _dram, "model": _model, "space": _space,
}  # fmt: skip


def schema_command(
    kind: Annotated[str, typer.Argument(metavar="|".join(SCHEMAS), help="Which files.", show_default=False)],
) -> None:
    """Print the JSON schema of a kind of YAML file, for an editor that completes and checks while you type.

    Example: pivotsim schema hardware
    """
    print_raw(json.dumps(SCHEMAS[check_choice("schema", kind, SCHEMAS)](), indent=2))
