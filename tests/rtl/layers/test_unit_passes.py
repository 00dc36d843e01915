"""Steps of a layer program as passes of units: what they move and compute, by their operations alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pivotsim.errors import InputError
from pivotsim.integer.inference import patches_of, run
from pivotsim.integer.steps import PATCHES
from pivotsim.rtl.layers import parameters
from pivotsim.rtl.layers.efforts import efforts_program, reference_host
from pivotsim.rtl.layers.host import constants
from pivotsim.rtl.layers.image import image_words
from pivotsim.rtl.layers.parameters import layer_parameters, layer_widths
from pivotsim.rtl.layers.program import COMPUTE, RELAYOUT, TRANSPOSE
from pivotsim.rtl.layers.units import passes
from pivotsim.rtl.layers.units.walks import element_walks
from pivotsim.rtl.stations import UNITS
from tests.oracles.station.clock import indices
from tests.rtl.layers import by_address
from tests.rtl.layers.networks import THRESHOLD, board, images_of, model, plan, with_units

PLANS = ("whole", "skipped", "tokens", "blocks")


def program_of(*names, memory_bytes=1024, units=(), **changes):
    of = with_units(board(**changes), memory_bytes=memory_bytes, **dict(units))
    return efforts_program(model(), [plan(name) for name in names], of, [THRESHOLD] * (len(names) - 1))


@pytest.mark.parametrize(("overlap", "memory_bytes"), [("none", 1024), ("settled", 1024), ("none", 100)])
@pytest.mark.parametrize("flow", ["is", "ws", "os"])
@pytest.mark.parametrize("name", PLANS)
def test_an_image_has_no_stop_of_the_host(name, flow, overlap, memory_bytes):
    """From patches to logits; every tensor in DRAM is the reference's, every pass takes the oracle's clocks."""
    changes = {"array.dataflow": flow, "array.fold_overlap": overlap}
    program = program_of(name, memory_bytes=memory_bytes, **changes)
    image, images = constants(program), images_of(2)
    wanted = run(model(), images, plan(name))
    for place, one in enumerate(images):
        host = reference_host(program, model(), image)
        host[PATCHES] = patches_of(model().model, one[None])[0]
        assert np.array_equal(by_address.run(program, image, host)[0], wanted.logits[place])
        found = [tensor for tensor in program.tensors if tensor in wanted.tensors]
        assert len(found) > 20 - 8 * (name == "skipped")
        for tensor in found:
            assert np.array_equal(host[tensor], wanted.tensors[tensor][place]), tensor
    stays = ["score", "sort", "gather"] if name == "tokens" and memory_bytes == 100 else []  # a drop takes all tokens
    assert [stop.step.kind for stop in program.stops()] == stays
    assert len(program.said) == bool(stays)


def test_a_pass_is_a_step_or_a_copy():
    program = program_of("tokens")
    assert [(one.name, one.kind) for one in program.passes()][:13] == [
        ("0.patch_embed", "add"), ("1.norm1", "norm"), ("1.qkt", TRANSPOSE), ("1.softmax", "softmax"),
        ("1.sv", RELAYOUT), ("1.residual1", "add"), ("1.score", "score"), ("1.norm2", "norm"), ("1.gelu", "gelu"),
        ("1.residual2", "add"), ("2.norm1", "norm"), ("2.qkt", TRANSPOSE), ("2.softmax", "softmax"),
    ]  # fmt: skip
    assert program.units is not None and program.units.kinds == {
        "softmax", "gelu", "norm", "add", "score", "sort", "gather"
    }  # fmt: skip
    assert "1.score" not in program.tensors and "1.sort" not in program.tensors  # they never leave the unit
    values = layer_parameters(program)
    assert values["UNITS"] == sum(UNITS.values()) and values["GEARBOX"] == 1
    assert (values["MAX_ELEMENTS"], values["MAX_CHANNELS"], values["UNIT_WORDS"]) == (5, 16, 512)
    assert values["DATA_BITS"] == 256 and values["INDEX_BITS"] == values["UNIT_TABLE_BITS"] == 8


def test_counts_hold_what_a_pass_moves_at_once(monkeypatch):
    """The stream of five tokens of 16 channels and int16 is the longest transfer; here it is counted a thousandfold."""
    program = program_of("tokens")
    assert parameters.most_counted(program) == 160
    least = layer_widths(program).count_bits
    monkeypatch.setattr(parameters, "most_counted", lambda program: 160_000)
    assert layer_widths(program).count_bits == 19 > least  # 18 bits, and one for the sum of two
    assert layer_parameters(program)["COUNT_BITS"] == 19


def test_small_memories_take_a_pass_in_blocks():
    whole, blocks = (program_of("whole", memory_bytes=size) for size in (1024, 100))
    counts = [[len(one.operations) for one in program.passes()] for program in (whole, blocks)]
    assert [one.name for one in whole.passes()] == [one.name for one in blocks.passes()]
    assert all(few <= many for few, many in zip(*counts, strict=True)) and sum(counts[0]) < sum(counts[1])


def test_a_pass_of_more_operations_than_a_table_holds_is_the_hosts(monkeypatch):
    """A step, a copy or a token drop: said, and the same logits."""
    monkeypatch.setattr(passes, "MAX_OPERATIONS", 5)
    program = program_of("tokens")
    assert max(len(one.operations) for one in program.passes()) <= 5
    kinds = {stop.step.kind if stop.kind == COMPUTE else stop.kind for stop in program.stops()}
    assert kinds == {"norm", "softmax", "score", "sort", "gather", TRANSPOSE, RELAYOUT}
    many = [line for line in program.said if line.endswith("operations between memories of units.memory_bytes")]
    assert len(many) == 1 and "1.qkt: 1.qkv copy 1" in many[0], program.said
    image, images = constants(program), images_of(1)
    host = reference_host(program, model(), image)
    host[PATCHES] = patches_of(model().model, images)[0]
    assert np.array_equal(by_address.run(program, image, host)[0], run(model(), images, plan("tokens")).logits[0])


def test_without_units_a_program_is_what_it_was():
    """Placed units without memories of their own, and none at all: the same image, and no parameter of units."""
    plain = efforts_program(model(), [plan("tokens")], board())
    placed = program_of("tokens", memory_bytes=0)
    words = [image_words(program, layer_widths(program)) for program in (plain, placed)]
    assert np.array_equal(*words) and words[0][1] == 2
    assert placed.units is None and placed.said == (
        "units.memory_bytes 0: units of softmax, gelu, norm, add, score, sort, gather have no memory in hardware",
    )
    assert "UNITS" not in layer_parameters(placed) and layer_parameters(placed) == layer_parameters(plain)
    assert image_words(program_of("tokens"), layer_widths(program_of("tokens")))[1] == 3  # older drivers refuse it


@pytest.mark.parametrize(
    ("units", "said", "left"),
    [
        (
            {"units.norm.elements_per_clock": 4},
            "units.norm.elements_per_clock: behind memories all units are as wide, 2 as softmax, gelu, add (got 4)",
            {"norm"},
        ),
        (
            {"units.token_drop.ports": 2},
            "units.token_drop.ports: behind memories it must be 1 (got 2)", {"score", "sort", "gather"},
        ),
        *(
            ({f"units.token_drop.{name}": value}, f"units.token_drop.{name}: behind memories it must be {wanted} (got",
             {"score", "sort", "gather"})
            for name, value, wanted in (
                ("comparators", 3, "a power of two"), ("score_lanes", 4, "2"),
                ("sort_network", "odd_even_merge", "bitonic"), ("averaging_hidden", True, "False"),
            )
        ),
        (
            {"placement.sort": "ps"}, "placement.sort: score, sort and gather are one unit, all in hardware or none",
            {"score", "sort", "gather"},
        ),
        ({"units.memory_bytes": 40}, "2 steps (1.gelu, 2.gelu): a row of 20 elements does not fit units.memory", None),
        ({"units.memory_bytes": 39}, "does not fit units.memory_bytes 39, of which 36 B are built", None),
        (
            {"units.softmax.elements_per_clock": 6},
            "units.softmax.elements_per_clock: behind memories all units are as wide, 2 as gelu, norm, add (got 6)",
            {"softmax"},
        ),
        (
            {f"units.{kind}.elements_per_clock": 6 for kind in ("softmax", "gelu", "norm", "add")},
            "units: elements_per_clock must be 2, 4, 8 or 16", None,
        ),
        ({"placement.softmax": "ps"}, "", {"softmax"}),
    ],
)  # fmt: skip
def test_what_units_do_not_take_is_the_hosts_and_said(units, said, left):
    program = program_of("tokens", units=units)
    assert [line for line in program.said if said in line] or not said
    kinds = {stop.step.kind for stop in program.stops() if stop.kind == COMPUTE}
    assert left is None or kinds == left
    image, images = constants(program), images_of(1)
    host = reference_host(program, model(), image)
    host[PATCHES] = patches_of(model().model, images)[0]
    assert np.array_equal(by_address.run(program, image, host)[0], run(model(), images, plan("tokens")).logits[0])


@pytest.mark.parametrize(("lanes", "line"), [
    (8, "2 steps (1.softmax, 2.softmax): rows of 5 elements are shorter than a beat of 8"),
    (16, "2 steps (1.softmax, 2.softmax): rows of 5 elements are"),
])  # fmt: skip
def test_rows_that_units_cannot_take(lanes, line):
    program = efforts_program(model(), [plan("whole")], with_units(board(), lanes))
    assert any(line in one for one in program.said) and {stop.step.kind for stop in program.stops()} == {"softmax"}


@pytest.mark.parametrize(("is_down", "steps"), [(False, (1, -5, 3, 4)), (True, (-5, 1, 4, 3))])
def test_a_tile_that_comes_last_row_first_is_one_transfer(is_down, steps):
    """As `settled` loads it: 4 rows of 3, each 5 apart in the memory, along the rows or down the columns."""
    places = (5 * np.arange(4)[:, None] + np.arange(3))[::-1]
    order = (places.T if is_down else places).ravel()
    ((offset, walk),) = element_walks(np.arange(12), order, 1, 8)
    assert (offset, walk.base) == (0, 15) and walk[1:5] == steps
    upwards = (places[::-1].T if is_down else places[::-1]).ravel()
    assert all(min(walk[1:3]) >= 0 for _, walk in element_walks(np.arange(12), upwards, 1, 8))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_walks_move_each_element_to_its_place(data):
    """Blocks of a tensor in any order: every byte of DRAM goes where it belongs, and no clock meets a bank twice."""
    rows, columns, block = (data.draw(st.integers(1, most)) for most in (9, 9, 5))
    lanes, itemsize = data.draw(st.sampled_from([2, 4, 8])), data.draw(st.sampled_from([1, 2]))
    pitch, base = columns + data.draw(st.integers(0, 2)), data.draw(st.integers(0, 9))
    places = base + pitch * np.arange(rows)[:, None] + np.arange(columns)
    order = np.concatenate([places[first : first + block].T.ravel() for first in range(0, rows, block)])
    if data.draw(st.booleans()):
        order = order[::-1]
    gaps = np.cumsum(np.array(data.draw(st.lists(st.sampled_from([0, 0, 0, 3]), min_size=len(order),
                                                 max_size=len(order)))))  # fmt: skip
    offsets = itemsize * np.arange(len(order)) + gaps
    shuffled = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(order))
    found: dict[int, int] = {}
    for at, walk in element_walks(offsets[shuffled], order[shuffled], itemsize, lanes):
        for number, index in enumerate(indices(walk)):
            found[at + itemsize * number] = index
        group = [walk.base + step * walk.element_step for step in range(walk.per_clock)]
        assert len({index % lanes for index in group}) == len(group)
    assert found == dict(zip(offsets.tolist(), order.tolist(), strict=True))


def test_a_port_is_as_wide_as_the_lanes_take_and_takes_an_element():
    """As in the model: two bytes a lane at most, at least an element."""
    assert layer_parameters(program_of("whole"))["UNIT_PORT_BYTES"] == 4
    with pytest.raises(InputError, match=r"DRAM's port must take an element of 2 bytes \(got 1\)"):
        program_of("whole", **{"memories.gb_port_bytes_per_clock": 1})
