"""Files of a layer program in a written design: the driver's image, DRAM before the first run, and the map of both."""

import json
from pathlib import Path
from typing import Any

from pivotsim.io.array_files import write_arrays
from pivotsim.rtl.encoding import Widths
from pivotsim.rtl.layers.bench import kinds_of_stops
from pivotsim.rtl.layers.host import constants
from pivotsim.rtl.layers.image import image_words
from pivotsim.rtl.layers.program import COMPUTE, End, Entry, LayerProgram, Product, UnitPass

FOLDER = "layers"


def write_layers(folder: Path, program: LayerProgram, widths: Widths) -> None:
    """Write ``layers/`` into a design's folder.

    ``program.bin`` is what the driver reads, ``dram.bin`` what DRAM holds before the first run, both little-endian;
    ``map.json`` names tensors and entries, ``offsets.npz`` has the byte of each element of a tensor, -1 for none.
    """
    own = folder / FOLDER
    own.mkdir()
    (own / "program.bin").write_bytes(image_words(program, widths).astype("<u4").tobytes())
    (own / "dram.bin").write_bytes(constants(program).tobytes())
    (own / "map.json").write_text(json.dumps(map_of(program), indent=1) + "\n")
    write_arrays(own / "offsets.npz", {name: one.arrangement.offsets for name, one in program.tensors.items()})


def map_of(program: LayerProgram) -> dict[str, Any]:
    """Return what lies where, and what each entry is, as plain values."""
    tensors = [
        {
            "name": one.name, "role": one.role, "type": one.dtype, "rows": one.arrangement.offsets.shape[0],
            "columns": one.arrangement.offsets.shape[1], "address": one.address,
            "size_bytes": one.arrangement.size_bytes, "order": one.arrangement.order, "copy_of": one.copy_of,
        }
        for one in program.tensors.values()
    ]  # fmt: skip
    return {
        "dram_bytes": program.dram_bytes,
        "paths": {name: first for name, (first, _) in program.paths.items()},
        "tensors": tensors,
        "entries": [_entry(entry) for entry in program.entries],
    }


def said_of(program: LayerProgram) -> str:
    """Return a line for a design's notes."""
    products, passes, stops = program.products(), program.passes(), program.stops()
    moved = sum(stop.kind != COMPUTE for stop in stops)
    of_units = f" {len(passes):,} passes of units, {sum(one.cycles for one in passes):,} clocks," if passes else ""
    kinds = ", ".join(kinds_of_stops(program))
    run = f"the host must compute {kinds}: `make layers` does not run it" if kinds else "`make layers` runs it"
    return (
        f"{FOLDER}/: a layer program of {len(products):,} GEMMs, {sum(one.cycles for one in products):,} clocks,"
        f"{of_units} and {len(stops):,} stops of the host, {moved:,} of which only move bytes;"
        f" {program.dram_bytes:,} B of DRAM; {run}"
    )


def _entry(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, Product):
        return {"kind": "product", "name": entry.name, "cycles": entry.cycles}
    if isinstance(entry, UnitPass):
        return {
            "kind": "pass", "name": entry.name, "of": entry.kind, "reads": list(entry.reads), "writes": entry.writes,
            "operations": len(entry.operations), "cycles": entry.cycles,
        }  # fmt: skip
    if isinstance(entry, End):
        return {"kind": "end", "path": entry.path, "reads": [entry.output]}
    return {"kind": entry.kind, "name": entry.name, "reads": list(entry.reads), "writes": entry.writes}
