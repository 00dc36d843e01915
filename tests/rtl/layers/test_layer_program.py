"""Layer programs by their addresses alone: tensors, copies, gates, and the bytes that the GEMMs leave in DRAM."""

import itertools

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.integer.gate import classify
from pivotsim.integer.inference import patches_of, run
from pivotsim.integer.plan_steps import steps_of
from pivotsim.integer.steps import LOGITS, PATCHES
from pivotsim.rtl.layers.arrangements import Part, Reader, Writer, as_drained, blocked, drain_offsets, unit_offsets
from pivotsim.rtl.layers.efforts import efforts_program, reference_host
from pivotsim.rtl.layers.host import constants, read, write
from pivotsim.rtl.layers.program import COMPUTE, RELAYOUT, TRANSPOSE, WEIGHTS
from pivotsim.rtl.layers.relocation import relocated
from pivotsim.workload.ops import mask_name
from tests.rtl.layers import by_address
from tests.rtl.layers.networks import THRESHOLD, board, images_of, model, plan

PLANS = ("whole", "skipped", "tokens", "blocks")


def program_of(*names, **changes):
    return efforts_program(model(), [plan(name) for name in names], board(**changes), [THRESHOLD] * (len(names) - 1))


def executed(program, image, one):
    """Return the logits that a program leaves of one image, and the host."""
    host = reference_host(program, model(), image)
    host[PATCHES] = patches_of(model().model, one[None])[0]
    return by_address.run(program, image, host), host


@pytest.mark.parametrize("overlap", ["none", "settled"])
@pytest.mark.parametrize("flow", ["is", "ws", "os"])
@pytest.mark.parametrize("name", PLANS)
def test_addresses_alone_give_what_the_steps_give(name, flow, overlap):
    program = program_of(name, **{"array.dataflow": flow, "array.fold_overlap": overlap})
    image, images = constants(program), images_of(2)
    wanted = run(model(), images, plan(name))
    for place, one in enumerate(images):  # one image after the other, in what the first one left
        logits, host = executed(program, image, one)
        assert np.array_equal(logits[0], wanted.logits[place])
        for tensor in (*program.tensors, *host.own):
            if tensor in wanted.tensors:
                assert np.array_equal(host[tensor], wanted.tensors[tensor][place]), tensor
    regions = sorted((t.address, t.address + t.arrangement.size_bytes) for t in program.tensors.values())
    assert all(past <= begin for (_, past), (begin, _) in itertools.pairwise(regions))
    assert regions[-1][1] <= program.dram_bytes


def test_networks_differ():
    """Else the comparisons above would say little."""
    logits = [run(model(), images_of(2), plan(name)).logits.tolist() for name in PLANS]
    assert len({str(row) for of in logits for row in of}) == 8


@pytest.mark.parametrize(
    ("changes", "copies"),
    [  # under `is` the next tile is what a drain wrote; V alone wants blocks of rows of the array, not of columns
        ({"array.cols": 4}, [("qkt", TRANSPOSE)]),
        ({}, [("qkt", TRANSPOSE), ("sv", RELAYOUT)]),
        # `settled` sends the last row of a tile first: as the left operand what was drained is upside down
        (
            {"array.cols": 4, "array.fold_overlap": "settled"},
            [("qkt", RELAYOUT), ("qkt", TRANSPOSE), ("proj", RELAYOUT)],
        ),
        ({"array.cols": 4, "array.dataflow": "ws"}, [("qkt", TRANSPOSE)]),
        ({"array.cols": 4, "array.dataflow": "os"}, [("qkt", TRANSPOSE), ("qkt", TRANSPOSE), ("proj", TRANSPOSE)]),
    ],
    ids=["is", "is 4x3", "settled", "ws", "os"],
)
def test_the_host_moves_only_what_lies_in_another_order(changes, copies):
    found = [(stop.name, stop.kind) for stop in program_of("whole", **changes).stops() if stop.kind != COMPUTE]
    assert found == [(f"{encoder}.{module}", kind) for encoder in (1, 2) for module, kind in copies]


def test_a_gate_sends_an_image_on_or_ends_it():
    """As ``classify`` says, with the reference's logits, whatever the image before has left in DRAM."""
    program, images = program_of("skipped", "blocks"), images_of(6)
    wanted = classify(model(), images, [plan("skipped"), plan("blocks")], [THRESHOLD])
    assert set(wanted.efforts) == {0, 1}
    image = constants(program)
    for place, one in enumerate(images):
        logits, host = executed(program, image, one)
        assert np.array_equal(logits[0], wanted.logits[place])
        low = run(model(), images[place : place + 1], plan("skipped")).logits
        assert np.array_equal(host[f"effort 1/{LOGITS}"], low)


def test_one_table_a_gemm_and_weights_once():
    """An effort that skips attention has no GEMM and no weights that the whole network lacks."""
    both, alone = program_of("skipped", "whole"), program_of("whole")
    assert len(both.tables) == len(alone.tables) == 8  # patches, qkv, qkt, sv, proj, fc1, fc2, head
    assert len(alone.products()) == 2 + 2 * 8 and len(both.products()) == 2 + 8 + 4 + len(alone.products()) - 2
    names = [{t.name for t in each.tensors.values() if t.role == WEIGHTS} for each in (both, alone)]
    assert names[0] == names[1] and len(names[0]) == 10
    products = both.products("effort 2")
    assert [product.name for product in products[:4]] == ["0.patch_embed", "1.qkv", "1.qkt[0]", "1.qkt[1]"]
    assert products[2].table == products[3].table and (products[2].loads != products[3].loads).any()
    assert both.products("effort 1")[1].loads.tolist() != products[1].loads.tolist()  # its activations lie elsewhere


@pytest.mark.parametrize("name", PLANS)
def test_clocks_are_engine_memorys(name):
    """A layer program runs each GEMM of the trace once, as the engine does."""
    steps = steps_of(model(), plan(name))
    masks = {mask_name(step.ops[0]): step.mask for step in steps if getattr(step, "mask", None) is not None}
    trace = ps.Trace(tuple(op for step in steps for op in step.ops), masks=masks)
    products = program_of(name).products()
    of_trace = ps.simulate(trace, board(), engine="memory", memory="hw", scope="all").pl_cycles
    assert of_trace == sum(product.cycles for product in products)
    of_plan = ps.simulate(plan(name), board(), engine="memory", memory="hw").pl_cycles  # encoders alone, by default
    assert of_plan == sum(product.cycles for product in products if not product.name.startswith("0."))


def test_a_drain_and_a_load_meet_in_blocks_of_rows():
    """By hand: 5 x 48 on 4 x 3 under `is` drains [block of 3 rows][column][row], which is what the next tile reads."""
    program = program_of("whole")
    table = program.tables[1]  # 5 x 16 x 48
    by_rows = blocked((5, 48), 0, 3)
    assert by_rows.offsets[:, :2].T.tolist() == [[0, 1, 2, 144, 145], [3, 4, 5, 146, 147]]
    writer = Writer(table, Part(5, 0, 48))
    assert np.array_equal(as_drained((5, 48), [writer], 1).offsets, by_rows.offsets)
    starts = drain_offsets(writer, by_rows)
    assert starts is not None and starts[0] == 0 and 144 in starts
    assert drain_offsets(writer, blocked((5, 48), 1, 3)) is None
    scores = program.tables[2]  # 5 x 8 x 5: the second head's queries are columns 8 to 15
    units = unit_offsets(Reader(scores, "a", Part(5, 8, 8)), by_rows)
    assert units is not None and sorted(units.values()) == [24, 36, 160, 168]  # tiles of 4 rows of K, blocks of tokens
    assert unit_offsets(Reader(scores, "b", Part(5, 24, 8, True)), by_rows) is None


def test_wide_elements_and_what_a_mask_leaves_out():
    program = program_of("skipped", "blocks")
    image, logits = constants(program), program.tensors[f"effort 1/{LOGITS}"]
    values = np.array([[1, -2, 2**31 - 1, -(2**31)]], dtype=np.int32)
    write(image, logits, values)
    assert logits.dtype == "int32" and np.array_equal(read(image, logits), values)
    pruned = program.tensors["1.qkv.weight (2)"]  # those of the low effort are whole
    left = pruned.arrangement.offsets < 0
    assert 0 < left.sum() < left.size and np.array_equal(read(image, pruned), pruned.values)
    assert not pruned.values[left].any() and (program.tensors["1.qkv.weight"].arrangement.offsets >= 0).all()


def test_bases_move_addresses_together():
    addresses = [np.array([0, 4, 100, 40]), np.array([8, 12, 100, 60]), np.array([16, 20, 100, 10])]
    found = relocated(addresses)
    assert found.bases.shape == (3, 3) and len(set(found.slots[:2])) == 1
    for bases, wanted in zip(found.bases, addresses, strict=True):
        assert np.array_equal(bases[found.slots] + found.relative, wanted)
    assert (found.relative >= 0).all() and (found.bases >= 0).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"memories.bias": False}, "memories.bias: must be on, 0.patch_embed has a bias (got false)"),
        ({"array.count": 2}, "array.count: must be 1 in hardware (got 2)"),
        ({"memories.opmem_bytes": 8}, "memories: gemm 4x4x16: opmem: psums of 12 B does not fit"),
    ],
)
def test_what_no_hardware_runs_is_refused(changes, message):
    with pytest.raises(ps.InputError) as raised:
        program_of("whole", **changes)
    assert message in str(raised.value)


def test_as_many_thresholds_as_gates():
    with pytest.raises(ps.InputError, match=r"thresholds: expected 1, one per effort but the last \(got 0\)"):
        efforts_program(model(), [plan("skipped"), plan("whole")], board())
