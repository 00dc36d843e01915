"""Layer programs with units in the top, on the Verilog and by the driver that ship: no stop but the gates."""

import os

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.integer.gate import classify
from pivotsim.integer.inference import patches_of, run
from pivotsim.integer.steps import LOGITS, PATCHES
from pivotsim.rtl.layers.efforts import efforts_program, reference_host
from pivotsim.rtl.layers.program import GATE, Product, UnitPass
from tests.rtl import verilated
from tests.rtl.layers.driven import DrivenAccelerator
from tests.rtl.layers.networks import THRESHOLD, board, images_of, model, plan, square_heads, with_units

MISSING = verilated.missing()
runs = pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=MISSING or "never")
NAMES, THRESHOLDS = ("skipped", "tokens", "blocks"), [THRESHOLD, 0.75]
FAR = 0x2_0040  # of a program's first byte, above the addresses of the program itself


@pytest.fixture(scope="module")
def accelerator():
    """Three efforts in one image: attention skipped, tokens dropped, weights pruned; two gates, and five units."""
    assert not MISSING, MISSING
    program = efforts_program(model(), [plan(name) for name in NAMES], with_units(board()), THRESHOLDS)
    assert program.dram_bytes < FAR and not program.said
    one = DrivenAccelerator(program, lambda program, dram: reference_host(program, model(), dram), dram_address=FAR)
    yield one
    one.close()


@runs
def test_from_patches_to_logits_without_the_host(accelerator):
    """Every GEMM takes engine `memory`'s clocks, every pass the rules', and the gate is all that the host does."""
    images, program = images_of(6), accelerator.program
    wanted = classify(model(), images, [plan(name) for name in NAMES], THRESHOLDS)
    assert set(wanted.efforts) == {0, 1, 2}
    for bus_seed in (0, 7):  # a bus that waits changes no byte, and no clock of a GEMM or a pass
        accelerator.reset(bus_seed)
        for place, one in enumerate(images):
            accelerator.host[PATCHES] = patches_of(model().model, one[None])[0]
            driven = accelerator.run()
            assert driven.path == f"effort {wanted.efforts[place] + 1}"
            assert np.array_equal(accelerator.host[f"{driven.path}/{LOGITS}"][0], wanted.logits[place])
            assert {entry: program.entries[entry].cycles for entry in driven.clocks} == driven.clocks
            paths = [f"effort {number + 1}" for number in range(wanted.efforts[place] + 1)]
            for kind, entries in ((Product, program.products), (UnitPass, program.passes)):
                ran = [entry for entry in driven.clocks if isinstance(program.entries[entry], kind)]
                assert len(ran) == sum(len(entries(path)) for path in paths) > 0
            assert all(program.entries[stop].kind == GATE for stop in driven.stops)


@runs
def test_every_tensor_in_dram_is_the_references(accelerator):
    """Of the effort that drops tokens: what no GEMM touches, too, such as the stream before and after the drop."""
    image = images_of(1, seed=5)
    accelerator.reset()
    accelerator.host[PATCHES] = patches_of(model().model, image)[0]
    accelerator.run("effort 2")
    wanted = run(model(), image, plan("tokens")).tensors
    names = [name.removeprefix("effort 2/") for name in accelerator.program.tensors if name.startswith("effort 2/")]
    found = [name for name in names if name in wanted]
    assert {"position", "1.gather", "1.softmax", "2.residual2", "norm", LOGITS} <= set(found) and len(found) == 29
    for name in found:
        assert np.array_equal(accelerator.host[f"effort 2/{name}"], wanted[name][0]), name


@runs
def test_constants_that_are_there_are_not_written_again(accelerator):
    """A second image brings the same words of operations, and of the units' tables those alone that changed since."""
    accelerator.reset()
    accelerator.host[PATCHES] = patches_of(model().model, images_of(1, seed=4))[0]
    driven, program = accelerator.run("effort 3"), accelerator.program
    header = accelerator.image[2:6].tolist()  # words of a load, a tile, a stream, a drain
    words, table, held = 0, -1, {}
    for place in driven.clocks:
        entry = program.entries[place]
        if isinstance(entry, UnitPass):
            words += 8 * len(entry.operations)
            for name, constants in entry.constants.items():
                words += 0 if held.get(name) == constants.tobytes() else constants.size
                held[name] = constants.tobytes()
            continue
        own = program.tables[entry.table]
        counts = [len(rows) for rows in (own.loads, own.tiles, own.streams, own.drains)]
        words += sum(counts[kind] * header[kind] for kind in ((0, 3) if entry.table == table else (0, 1, 2, 3)))
        table = entry.table
    assert driven.words == words


@runs
def test_tables_of_a_gemm_stay_while_units_are_written():
    """The second head's Q K^T and the first head's S V share a table: the driver writes its tiles once."""
    program = efforts_program(square_heads(), [ps.plan(square_heads().model)], with_units(board()))
    one = DrivenAccelerator(program, lambda program, dram: reference_host(program, square_heads(), dram))
    products = {product.name: product.table for product in program.products()}
    assert products["1.qkt[1]"] == products["1.sv[0]"] and not program.stops()
    image = images_of(1)
    one.host[PATCHES] = patches_of(square_heads().model, image)[0]
    driven = one.run()
    assert np.array_equal(one.host[LOGITS], run(square_heads(), image).logits)
    assert {entry: program.entries[entry].cycles for entry in driven.clocks} == driven.clocks
    one.close()
