"""An int8 ViT through the Verilog that ships, part of `make proof`: logits bit for bit, clocks as predicted.

Each GEMM takes the clocks of engine `memory`, each pass of a unit those of its rules. The digits' four networks lie in
one program image; a DeiT-T encoder runs at full size on Table 1's array and memories. Units are in the top.
`deit` or `digits` runs one of the two; a count of images leaves the page alone:
python -m tests.proofs.integer_rtl digits 3
"""

import sys
import time
from typing import Any, NamedTuple

import numpy as np

import pivotsim as ps
from pivotsim.integer.gate import classify
from pivotsim.integer.images import read_images
from pivotsim.integer.inference import execute, patches_of, quantised_images, run
from pivotsim.integer.plan_steps import steps_of
from pivotsim.integer.steps import LOGITS, PATCHES
from pivotsim.integer.weights.model import read_integer_model
from pivotsim.integer.weights.random_weights import random_model
from pivotsim.rtl.layers.compiler import layer_program
from pivotsim.rtl.layers.efforts import efforts_program, reference_host
from pivotsim.rtl.layers.host import Host
from pivotsim.rtl.layers.program import GATE, RELAYOUT, TRANSPOSE, LayerProgram, Path, UnitPass
from pivotsim.rtl.written.latencies import as_built
from tests.proofs.page_section import write_section
from tests.rtl import verilated
from tests.rtl.layers.driven import Driven, DrivenAccelerator
from tests.rtl.layers.networks import DIGITS_THRESHOLD, digits_board, digits_plans, with_units

IMAGES, SEED = 20, 3
NAMES = {
    "low": "effort pair behind its gate",
    "whole": "baseline",
    "tokens": "Top-K tokens",
    "blocks": "pruned weights",
}
ENCODER = 1


LANES, MEMORY_BYTES, ENCODER_LANES, ENCODER_MEMORY_BYTES = 8, 8192, 16, 65_536  # of the units


class Tally(NamedTuple):
    """What one network was: its runs, those that a gate sent on, clocks of GEMMs, units and others, what differs."""

    words: str
    runs: int
    sent_on: int
    clocks: int
    unit_clocks: int
    driver_clocks: int  # of the bus: tables, settings, reads of the status
    differences: int


def digits(count: int) -> list[Tally]:
    """Run images through all four networks of one program image."""
    model, plans = read_integer_model("digits"), digits_plans()
    images = quantised_images(model, read_images("digits").images[:count])
    board = with_units(digits_board(), LANES, MEMORY_BYTES)
    program = efforts_program(model, list(plans.values()), board, [DIGITS_THRESHOLD, None, None])
    accelerator = DrivenAccelerator(program, lambda program, dram: reference_host(program, model, dram))
    wanted: dict[str, Any] = {name: run(model, images, plan).logits for name, plan in plans.items()}
    pair = classify(model, images, [plans["low"], plans["whole"]], [DIGITS_THRESHOLD])
    found = []
    for number, name in enumerate(plans):
        clocks = unit_clocks = driver_clocks = differences = sent_on = 0
        for place in range(len(images)):
            accelerator.host[PATCHES] = patches_of(model.model, images[place : place + 1])[0]
            driven = accelerator.run(f"effort {number + 1}")
            ended = int(pair.efforts[place]) if name == "low" else number
            logits = (pair.logits if name == "low" else wanted[name])[place]
            predicted = {entry: program.entries[entry].cycles for entry in driven.clocks}
            paths = [f"effort {path + 1}" for path in range(number, ended + 1)]
            ran = sum(len(program.products(path)) + len(program.passes(path)) for path in paths)
            is_equal = np.array_equal(accelerator.host[f"{driven.path}/{LOGITS}"][0], logits)
            is_path = driven.path == f"effort {ended + 1}" and len(predicted) == ran
            is_alone = all(program.entries[stop].kind == GATE for stop in driven.stops)
            differences += not (is_equal and is_path and is_alone and predicted == driven.clocks)
            sent_on += ended != number
            of_units = units_of(program, driven)
            clocks += sum(driven.clocks.values()) - of_units
            unit_clocks += of_units
            driver_clocks += driven.all_clocks - sum(driven.clocks.values())
        found.append(Tally(NAMES[name], len(images), sent_on, clocks, unit_clocks, driver_clocks, differences))
        print(found[-1], flush=True)
    accelerator.close()
    return found


def units_of(program: LayerProgram, driven: Driven) -> int:
    """Return the clocks of all passes of a run."""
    return sum(clocks for entry, clocks in driven.clocks.items() if isinstance(program.entries[entry], UnitPass))


def deit_encoder() -> str:
    """Run one encoder of DeiT-T at full size, random int8 weights; return a sentence of it, raise where it differs."""
    stated, _ = as_built(ps.load_hardware("zcu102"))
    board = with_units(stated, ENCODER_LANES, ENCODER_MEMORY_BYTES)
    model = random_model("deit_t", seed=SEED)
    steps = [step for step in steps_of(model) if step.encoder == ENCODER]
    program = layer_program([Path("encoder", steps, steps[-1].output)], board)
    accelerator = DrivenAccelerator(program, lambda program, dram: Host(program, dram, execute), one_column=True)
    stream = np.random.default_rng(SEED).integers(-4000, 4001, (197, 192)).astype(np.int16)
    tensors = {steps[0].inputs[0]: stream}
    for step in steps:
        tensors[step.output] = execute(step, tensors)
    accelerator.host[steps[0].inputs[0]] = stream
    driven = accelerator.run()
    unequal = [name for name, values in tensors.items() if not np.array_equal(accelerator.host[name], values)]
    predicted = {entry: program.entries[entry].cycles for entry in driven.clocks}
    passes, products = program.passes(), program.products()
    if unequal or predicted != driven.clocks or len(predicted) != len(products) + len(passes) or program.stops():
        raise SystemExit(f"encoder of DeiT-T: {unequal} differ, clocks {driven.clocks} for {predicted}")
    of_driver = driven.all_clocks - sum(predicted.values())
    of_units, moved = units_of(program, driven), [one for one in passes if one.kind in (TRANSPOSE, RELAYOUT)]
    copies = ", ".join(f"{one.kind} before {one.name}" for one in moved)
    return (
        f"One encoder of DeiT-T (197 tokens, random int8 weights) on {board.array.rows}x{board.array.cols} behind"
        f" Table 1's memories, with units of {ENCODER_LANES}\nelements a clock between memories of"
        f" {ENCODER_MEMORY_BYTES:,} B: {len(products)} GEMMs and {len(passes)} passes of units,"
        f" {sum(predicted.values()) - of_units:,} + {of_units:,} clocks,\nevery tensor equal, every GEMM and every pass"
        f" in its predicted clocks, and no stop of the host; {len(moved)} passes only move bytes\n({copies})."
        f" The driver takes {of_driver:,} clocks more, to write\n{driven.words:,} words into tables and to read the"
        " status."
    )


def digits_section(tallies: list[Tally]) -> str:
    """Return what the page says of the digits."""
    rows = "".join(
        f"| {tally.words} | {tally.runs} | {tally.sent_on or ''} | {tally.clocks:,} + {tally.unit_clocks:,} |"
        f" {tally.driver_clocks:,} | {tally.differences} |\n"
        for tally in tallies
    )
    return (
        "The trained digits ViT in int8 through the Verilog and the driver that ship, on an 8x8 array with units of"
        f" {LANES} elements a clock,\nfrom one program image and without a stop of the host but the gate; logits are"
        " compared bit for bit, the clocks of each GEMM with\nengine `memory`'s, those of each pass of a unit with its"
        " rules'.\n\n"
        "| network | images | sent on by the gate | clocks, GEMMs + units | of the driver | differences |\n"
        "|---|---:|---:|---:|---:|---:|\n"
        f"{rows.rstrip()}"
    )


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make proof: {verilated.missing()}")
    started, words = time.monotonic(), sys.argv[1:]
    differences = 0
    if words[:1] in ([], ["digits"]):
        tallies = digits(int(words[1]) if len(words) > 1 else IMAGES)
        text, differences = digits_section(tallies), sum(tally.differences for tally in tallies)
        print(text)
        if len(words) < 2:
            write_section("digits proof", text)
    if words[:1] in ([], ["deit"]):
        text = deit_encoder()
        print(text)
        write_section("encoder proof", text)
    print(f"{time.monotonic() - started:.0f} s")
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main())
