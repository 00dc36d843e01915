"""What `make layers` needs to run a written layer program: a sample image, its logits, and the predicted clocks."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pivotsim.integer.images import read_images
from pivotsim.integer.inference import patches_of, quantised_images, run
from pivotsim.integer.steps import PATCHES, Array
from pivotsim.integer.weights.model import IntegerModel
from pivotsim.rtl.layers.host import write
from pivotsim.rtl.layers.program import COMPUTE, End, LayerProgram, Product, UnitPass
from pivotsim.workload.plans import Plan

SHIPPED = Path(__file__).parents[1] / "testbench" / "layers"
PARAMETERS = ("LANES", "COUNT_BITS", "ADDRESS_BITS")
SEED = 20240623  # of the image where no sample has the model's sizes


def kinds_of_stops(program: LayerProgram) -> tuple[str, ...]:
    """Return what the host does at a program's stops, in the order in which it first does."""
    kinds = [stop.step.kind if stop.kind == COMPUTE else stop.kind for stop in program.stops()]
    return tuple(dict.fromkeys(kinds))


def write_layers_bench(
    folder: Path, program: LayerProgram, parameters: Mapping[str, int], model: IntegerModel, plan: Plan
) -> None:
    """Write into a design's folder what its `make layers` runs; where the host has stops, only that line that says so.

    ``layers/image.bin`` are the patches of one image as they lie in DRAM: the first digit of the sample where it has
    the model's sizes, else seeded random bytes. ``logits.txt`` are the integer reference's of it.
    """
    own = folder / "layers"
    if kinds := kinds_of_stops(program):
        (own / "bench.mk").write_text(f"STOPS := {', '.join(kinds)}\n")
        return
    shutil.copytree(SHIPPED, folder / "bench" / "layers")
    values = {name: parameters[name] for name in PARAMETERS} | {"DRAM_BYTES": program.dram_bytes}
    (own / "bench.mk").write_text("LAYERS := " + " ".join(f"-G{name}={value}" for name, value in values.items()) + "\n")
    image, limits, patches = _image_of(model), program.tables[0].limits, program.tensors[PATCHES]
    dram = np.zeros(program.dram_bytes, dtype=np.uint8)
    write(dram, patches, patches_of(model.model, image)[0])
    past = patches.address + patches.arrangement.size_bytes
    (own / "image.bin").write_bytes(dram[patches.address : past].tobytes())
    rate = (limits.dram_bytes_per_s or 0, limits.clock_hz, limits.read_latency_cycles, limits.write_latency_cycles)
    (own / "settings.txt").write_text(" ".join(str(int(each)) for each in (*rate, patches.address)) + "\n")
    rows = [
        f"{number} {'product' if isinstance(entry, Product) else 'pass'} {entry.name} {entry.cycles}\n"
        for number, entry in enumerate(program.entries)
        if isinstance(entry, Product | UnitPass)
    ]
    (own / "entries.txt").write_text("".join(rows))
    end = program.entries[-1]
    assert isinstance(end, End)
    logits = program.tensors[end.output]
    places = (logits.address + logits.arrangement.offsets).ravel().tolist()
    wanted = run(model, image, plan).logits.ravel().tolist()
    lines = [f"{place} {value}\n" for place, value in zip(places, wanted, strict=True)]
    (own / "logits.txt").write_text("".join(lines))


def _image_of(model: IntegerModel) -> Array:
    """Return one image in int8: (1, channels, height, width)."""
    sizes = (model.model.channels, *model.model.image_sides)
    digits, _ = read_images("digits")
    if digits.shape[1:] == sizes:
        return quantised_images(model, digits[:1])
    return np.random.default_rng(SEED).integers(-127, 128, (1, *sizes), dtype=np.int8)
