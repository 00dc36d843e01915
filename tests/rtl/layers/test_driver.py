"""Layer programs on the Verilog and by the driver that ship: the reference's bytes, the engine's clocks."""

import os
import subprocess

import numpy as np
import pytest

from pivotsim.integer.gate import classify
from pivotsim.integer.images import read_images
from pivotsim.integer.inference import patches_of, quantised_images, run
from pivotsim.integer.plan_steps import steps_of
from pivotsim.integer.steps import LOGITS, PATCHES
from pivotsim.integer.weights.model import read_integer_model
from pivotsim.rtl.layers.compiler import layer_program
from pivotsim.rtl.layers.efforts import efforts_program, reference_host
from pivotsim.rtl.layers.program import COMPUTE, TRANSPOSE, Path
from tests.rtl import verilated
from tests.rtl.layers.driven import DRIVER, DrivenAccelerator, DriverError
from tests.rtl.layers.networks import THRESHOLD, board, digits_board, images_of, model, plan

MISSING = verilated.missing()
runs = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")
NO_IMAGE, TIMEOUT = -1, -2  # of pivot_driver.h
FAR = 0x1_0040  # of a program's first byte, above the addresses of the program itself


def opened(program, of, dram_address=0):
    return DrivenAccelerator(
        program, lambda program, dram: reference_host(program, of, dram), dram_address=dram_address
    )


def check_clocks(accelerator, driven):
    """Each product of the path took the clocks that engine `memory` predicts, and all of them ran."""
    products = {place: one for place, one in enumerate(accelerator.program.entries) if place in driven.clocks}
    assert {place: one.cycles for place, one in products.items()} == driven.clocks and driven.clocks


@pytest.fixture(scope="module")
def accelerator():
    """Three efforts in one image: attention skipped, tokens dropped, weights pruned; two gates. Far up in DRAM."""
    assert not MISSING, MISSING
    names = ("skipped", "tokens", "blocks")
    one = opened(efforts_program(model(), [plan(name) for name in names], board(), [THRESHOLD, 0.75]), model(), FAR)
    assert one.program.dram_bytes < FAR
    yield one
    one.close()


@runs
def test_efforts_behind_gates_give_the_references_logits(accelerator):
    images = images_of(6)
    wanted = classify(model(), images, [plan(name) for name in ("skipped", "tokens", "blocks")], [THRESHOLD, 0.75])
    assert set(wanted.efforts) == {0, 1, 2}
    for bus_seed in (0, 7):  # a bus that waits changes no byte, and no clock of a GEMM
        accelerator.reset(bus_seed)
        for place, one in enumerate(images):
            accelerator.host[PATCHES] = patches_of(model().model, one[None])[0]
            driven = accelerator.run()
            assert driven.path == f"effort {wanted.efforts[place] + 1}"
            assert np.array_equal(accelerator.host[f"{driven.path}/{LOGITS}"][0], wanted.logits[place])
            check_clocks(accelerator, driven)
            paths = [f"effort {number + 1}" for number in range(wanted.efforts[place] + 1)]
            assert len(driven.clocks) == sum(len(accelerator.program.products(path)) for path in paths)
            assert len(driven.stops) == sum(len(accelerator.program.stops(path)) for path in paths)


@runs
def test_tables_that_are_there_are_not_written_again(accelerator):
    """Of the second head's GEMMs only loads and drains are written, whose addresses are others."""
    accelerator.reset()
    accelerator.host[PATCHES] = patches_of(model().model, images_of(1))[0]
    driven, program = accelerator.run(), accelerator.program
    header = accelerator.image[2:6].tolist()  # words of a load, a tile, a stream, a drain
    words, held = 0, -1
    for place in driven.clocks:
        table = program.tables[program.entries[place].table]
        counts = [len(rows) for rows in (table.loads, table.tiles, table.streams, table.drains)]
        written = (0, 3) if program.entries[place].table == held else (0, 1, 2, 3)
        words, held = words + sum(counts[kind] * header[kind] for kind in written), program.entries[place].table
    assert driven.words == words


@runs
def test_errors_end_the_driver(accelerator):
    accelerator.reset()
    with pytest.raises(DriverError) as raised:
        accelerator.run(polls=2)
    assert raised.value.args == (TIMEOUT,)
    accelerator.reset()
    for place, value in ((0, 1), (1, 99)):  # magic, version
        other = accelerator.image.copy()
        other[place] = value
        with pytest.raises(DriverError) as raised:
            accelerator.run(words=other)
        assert raised.value.args == (NO_IMAGE,)


def test_the_driver_needs_nothing_of_an_operating_system(tmp_path):
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-ffreestanding", "-O2", "-c"]
    done = subprocess.run(
        [*command, DRIVER / "pivot_driver.c", "-o", tmp_path / "driver.o"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    needed = subprocess.run(["nm", "-u", tmp_path / "driver.o"], capture_output=True, text=True, timeout=60).stdout
    assert not needed.split(), needed  # not even memcpy


@runs
def test_an_encoder_of_the_digits():
    """Patches, positions and the first encoder of the trained ViT, on 8x8: every tensor, and every GEMM's clocks."""
    of = read_integer_model("digits")
    steps = [step for step in steps_of(of) if step.encoder <= 1 and step.output not in ("norm", LOGITS)]
    program = layer_program([Path("encoder", steps, "1.residual2")], digits_board())
    accelerator = opened(program, of)
    images = quantised_images(of, read_images("digits").images[:2])
    wanted = run(of, images).tensors
    for place in range(2):
        accelerator.host[PATCHES] = wanted[PATCHES][place]
        check_clocks(accelerator, accelerator.run())
        for step in steps:
            assert np.array_equal(accelerator.host[step.output], wanted[step.output][place]), step.output
    accelerator.close()
    assert len(program.products()) == 9 and [(s.name, s.kind) for s in program.stops() if s.kind != COMPUTE] == [
        ("1.qkt", TRANSPOSE)
    ]
