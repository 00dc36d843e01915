"""Layer programs by their addresses alone: tensors, copies, gates, and the bytes that the GEMMs leave in DRAM."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.integer.steps import PATCHES
from pivotsim.rtl.layers.arrangements import Part, Reader, Writer, as_drained, blocked, drain_offsets, unit_offsets
from pivotsim.rtl.layers.compiler import Path, layer_program
from pivotsim.rtl.layers.host import Host, constants, read, write
from pivotsim.rtl.layers.program import COMPUTE, RELAYOUT, TRANSPOSE, WEIGHTS
from pivotsim.rtl.layers.relocation import relocated
from pivotsim.workload.ops import mask_name
from tests.rtl.layers import by_address
from tests.rtl.layers.encoders import OUTPUT, computed, run_steps, small_steps

SMALL = {
    "array.rows": 4, "array.cols": 3, "array.mac_latency": 2, "memories.ipmem_bytes": 256,
    "memories.wtmem_bytes": 256, "memories.opmem_bytes": 256, "memories.weight_share_bytes": 512,
    "memories.gb_bytes": 512, "memories.gb_port_bytes_per_clock": 8, "memories.buffer_read_cycles": 1,
    "memories.dram_bytes_per_s": 400_000_000,
}  # fmt: skip
EFFORTS = {"low": {"skipped": (1,), "block": 4}, "high": {"kept": 2, "block": 4}}


def board(**changes):
    return ps.load_hardware("zcu102").replace({**SMALL, **changes})


def patches_of(seed):
    return np.random.default_rng(seed).integers(-128, 128, (4, 6), dtype=np.int8)


def pair(hw):
    """Return the program of two efforts: skipped attention; dropped tokens; pruned weights, of the same seed, in both."""
    paths = [Path(name, small_steps(**choice), OUTPUT) for name, choice in EFFORTS.items()]
    return layer_program([paths[0]._replace(gate="entropy"), paths[1]], hw), paths


@pytest.mark.parametrize("overlap", ["none", "settled"])
@pytest.mark.parametrize("flow", ["is", "ws", "os"])
@pytest.mark.parametrize("choice", [{}, {"kept": 2}, {"block": 4, "skipped": (2,)}], ids=str)
def test_addresses_alone_give_what_the_steps_give(choice, flow, overlap):
    steps = small_steps(**choice)
    hw = board(**{"array.dataflow": flow, "array.fold_overlap": overlap})
    program = layer_program([Path("all", steps, OUTPUT)], hw)
    image = constants(program)
    host = Host(program, image, computed)
    for seed in range(2):  # one image after the other, in what the first one left
        host[PATCHES] = patches_of(seed)
        wanted = run_steps(steps, patches_of(seed))
        assert np.array_equal(by_address.run(program, image, host), wanted[OUTPUT])
        for name, tensor in program.tensors.items():
            if name in wanted:
                assert np.array_equal(read(image, tensor), wanted[name]), name
    assert len({tuple(values[0]) for values in (run_steps(steps, patches_of(seed))[OUTPUT] for seed in range(9))}) == 9
    regions = sorted((t.address, t.address + t.arrangement.size_bytes) for t in program.tensors.values())
    assert all(past <= begin for (_, past), (begin, _) in zip(regions, regions[1:], strict=False))
    assert regions[-1][1] <= program.dram_bytes


@pytest.mark.parametrize(
    ("changes", "copies"),
    [  # under `is` the next tile is what a drain wrote; V alone wants blocks of rows of the array, not of columns
        ({"array.rows": 4, "array.cols": 4}, [("qkt", TRANSPOSE)]),
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
    program = layer_program([Path("all", small_steps(), OUTPUT)], board(**changes))
    found = [(stop.name, stop.kind) for stop in program.stops() if stop.kind != COMPUTE]
    assert found == [(f"{encoder}.{module}", kind) for encoder in (1, 2) for module, kind in copies]


def test_a_gate_sends_an_image_on_or_ends_it():
    program, paths = pair(board())
    image = constants(program)
    for answer, ended in ((False, "low"), (True, "high")):
        asked = []
        host = Host(program, image, computed, lambda step, logits: asked.append((step, logits)) or answer)
        host[PATCHES] = patches_of(5)
        of_end = by_address.run(program, image, host)
        wanted = {path.name: run_steps(path.steps, patches_of(5))[OUTPUT] for path in paths}
        assert np.array_equal(of_end, wanted[ended]) and not np.array_equal(wanted["low"], wanted["high"])
        assert [step for step, _ in asked] == ["entropy"] and np.array_equal(asked[0][1], wanted["low"])


def test_one_table_a_gemm_and_weights_once():
    low, high = (small_steps(**choice) for choice in ({"skipped": (1,)}, {}))  # another skip draws other weights
    program = layer_program([Path("low", high, OUTPUT, "gate"), Path("high", high, OUTPUT)], board())
    alone = layer_program([Path("all", high, OUTPUT)], board())
    assert len(program.tables) == len(alone.tables) == 8  # patches, qkv, qkt, sv, proj, fc1, fc2, head
    assert len(program.products()) == 2 * len(alone.products())
    both, one = ([t.name for t in each.tensors.values() if t.role == WEIGHTS] for each in (program, alone))
    assert both == one and len(both) == 10
    other = layer_program([Path("low", low, OUTPUT, "gate"), Path("high", high, OUTPUT)], board())
    assert len([t for t in other.tensors.values() if t.role == WEIGHTS]) > 10
    products = program.products("high")
    assert [product.name for product in products[:4]] == ["0.patch_embed", "1.qkv", "1.qkt[0]", "1.qkt[1]"]
    assert products[2].table == products[3].table and (products[2].loads != products[3].loads).any()


def test_clocks_are_engine_memorys():
    """A layer program runs each GEMM of the trace once, as the engine does."""
    steps, hw = small_steps(block=4, kept=2), board()
    program = layer_program([Path("all", steps, OUTPUT)], hw)
    masks = {mask_name(step.ops[0]): step.mask for step in steps if getattr(step, "mask", None)}
    trace = ps.Trace(tuple(op for step in steps for op in step.ops), masks=masks)
    assert sum(product.cycles for product in program.products()) == ps.simulate(
        trace, hw, engine="memory", memory="hw"
    ).pl_cycles


def test_a_drain_and_a_load_meet_in_blocks_of_rows():
    """By hand: 5 x 2 on 4 x 3 under `is` drains [block of 3 rows][column][row], which is what the next tile reads."""
    program = layer_program([Path("all", small_steps(), OUTPUT)], board())
    table = program.tables[1]  # 5 x 16 x 48
    by_rows = blocked((5, 48), 0, 3)
    assert by_rows.offsets[:, :2].T.tolist() == [[0, 1, 2, 144, 145], [3, 4, 5, 146, 147]]
    writer = Writer(table, Part(5, 0, 48))
    assert np.array_equal(as_drained((5, 48), [writer], 1).offsets, by_rows.offsets)
    assert drain_offsets(writer, by_rows) == [0, 144] and drain_offsets(writer, blocked((5, 48), 1, 3)) is None
    scores = program.tables[2]  # 5 x 8 x 5: the second head's queries are columns 8 to 15
    units = unit_offsets(Reader(scores, "a", Part(5, 8, 8)), by_rows)
    assert sorted(units.values()) == [24, 36, 160, 168]  # two tiles of 4 rows of K in each block of tokens
    assert unit_offsets(Reader(scores, "b", Part(5, 24, 8, True)), by_rows) is None


def test_tensors_of_wide_elements_and_of_none():
    program, _ = pair(board())
    image, logits = constants(program), program.tensors[f"low/{OUTPUT}"]
    values = np.array([[1, -2, 2**31 - 1, -(2**31)]], dtype=np.int32)
    write(image, logits, values)
    assert logits.dtype == "int32" and np.array_equal(read(image, logits), values)
    pruned = program.tensors["1.qkv.weight"] if "1.qkv.weight" in program.tensors else None
    assert pruned is not None and (pruned.arrangement.offsets < 0).any()  # what a mask leaves out is not stored
    assert np.array_equal(read(image, pruned), pruned.values)


def test_bases_move_addresses_together():
    addresses = [np.array([0, 4, 100, 40]), np.array([8, 12, 100, 60]), np.array([16, 20, 100, 10])]
    found = relocated(addresses)
    assert found.bases.shape == (3, 3) and len(set(found.slots[:2])) == 1
    for bases, wanted in zip(found.bases, addresses, strict=True):
        assert np.array_equal(bases[found.slots] + found.relative, wanted)
    assert (found.relative >= 0).all() and (found.bases >= 0).all()


def test_what_no_memory_loads_is_refused():
    with pytest.raises(ps.InputError, match=r"memories.bias: must be on, 0.patch_embed has a bias \(got False\)"):
        layer_program([Path("all", small_steps(), OUTPUT)], board(**{"memories.bias": False}))
    with pytest.raises(ps.InputError, match="array.count: must be 1 in hardware"):
        layer_program([Path("all", small_steps(), OUTPUT)], board(**{"array.count": 2}))
