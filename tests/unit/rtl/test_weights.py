"""Weights of a user: where they go in DRAM, what the bench expects of them, and what is refused."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.rtl.layout import dram_image
from pivotsim.rtl.written.gemms import gemms_of, programs_of
from pivotsim.rtl.written.images import operand_image
from pivotsim.rtl.written.weights import read_weights
from pivotsim.workload.ops import Op, Trace

SMALL = {"array.rows": 4, "array.cols": 3, "memories.weight_share_bytes": 512, "memories.gb_bytes": 512}
TRACE = Trace(
    (Op(1, "fc1", "gemm", 5, 12, 10, 1), Op(1, "qkt", "gemm", 5, 6, 5, 2), Op(2, "fc1", "gemm", 5, 12, 10, 1))
)


def bytes_of(text, size):
    """Read an image as $readmemh does."""
    memory, address = np.zeros(size, dtype=np.uint8), 0
    for word in text.split():
        if word[0] == "@":
            address = int(word[1:], 16)
        else:
            memory[address] = int(word, 16)
            address += 1
    return memory


def arrays(seed=3):
    generator = np.random.default_rng(seed)
    return {
        "1.fc1": generator.integers(-128, 128, (12, 10), dtype=np.int8),
        "1.fc1.bias": generator.integers(-999, 999, 10, dtype=np.int32),
        "2.fc1": generator.integers(-128, 128, (12, 10), dtype=np.int8),
    }


@pytest.mark.parametrize("dataflow", ["is", "ws", "os"])
def test_two_images_are_what_dram_holds(dataflow):
    board = ps.load_hardware("zcu102").replace({**SMALL, "array.dataflow": dataflow})
    gemms = gemms_of(TRACE, board)
    (program, _), given = programs_of(gemms, board), arrays()
    a, bias = np.arange(60, dtype=np.int8).reshape(5, 12) - 30, given["1.fc1.bias"]
    whole = dram_image(program, a, given["1.fc1"], bias)
    text = operand_image(program, "a", a) + operand_image(program, "b", given["1.fc1"], bias)
    assert np.array_equal(bytes_of(text, program.dram_bytes), whole)
    assert whole.any()


def test_each_operation_gets_its_image_and_the_bench_the_first(tmp_path):
    board, given = ps.load_hardware("zcu102").replace(SMALL), arrays()
    np.savez(tmp_path / "w.npz", **given)
    design = ps.write_rtl(board, TRACE, tmp_path / "d", weights=tmp_path / "w.npz")
    assert design.weights == ("1.fc1", "2.fc1") and design.notes[-1].endswith("seeded random ones in qkt_5x6x5")
    folder = design.folder / "programs" / "fc1_5x12x10"
    images = {path.name: path.read_text() for path in folder.glob("*.hex")}
    assert {"a.hex", "1.fc1.hex", "2.fc1.hex"} < set(images) and "b.hex" not in images
    (program, _) = programs_of(
        gemms_of(TRACE, board), board.replace({"array.mac_latency": 2, "memories.buffer_read_cycles": 1})
    )
    assert images["2.fc1.hex"] == operand_image(program, "b", given["2.fc1"], np.zeros(10, dtype=np.int32))
    listed = (design.folder / "gemms.txt").read_text().splitlines()
    assert listed[0].startswith("fc1_5x12x10 1.fc1.hex ") and listed[1].startswith("qkt_5x6x5 b.hex ")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"1.fc2": np.zeros((2, 2), np.int8)},
            "1.fc2: no weights of that name in the workload, nearest valid name: '1.fc1'",
        ),
        ({"1.qkt": np.zeros((6, 5), np.int8)}, "1.qkt: no weights of that name in the workload"),
        ({"1.fc1": np.zeros((10, 12), np.int8)}, "1.fc1: must be 12x10 (got 10x12); transpose it"),
        ({"1.fc1": np.zeros((12, 10), np.int16)}, "1.fc1: must hold int8 (got 'int16')"),
        ({"1.fc1.bias": np.zeros(9, np.int32)}, "1.fc1.bias: must be 10 (got 9)"),
        ({"2.fc1": None, "2.fc1.bias": np.zeros(10, np.int32)}, "2.fc1.bias: is a bias without its weights 2.fc1"),
    ],
)
def test_wrong_weights_are_one_line(tmp_path, changes, message):
    given = {name: array for name, array in {**arrays(), **changes}.items() if array is not None}
    np.savez(tmp_path / "w.npz", **given)
    with pytest.raises(InputError) as raised:
        read_weights(tmp_path / "w.npz", gemms_of(TRACE, ps.load_hardware("zcu102")), has_bias=True)
    assert len(raised.value.problems) == 1 and message in raised.value.problems[0]


def test_a_bias_that_no_one_loads_and_an_array_without_a_name(tmp_path):
    gemms = gemms_of(TRACE, ps.load_hardware("zcu102"))
    np.savez(tmp_path / "w.npz", **arrays())
    with pytest.raises(InputError, match=r"1\.fc1\.bias: memories\.bias is false"):
        read_weights(tmp_path / "w.npz", gemms, has_bias=False)
    np.save(tmp_path / "w.npy", arrays()["1.fc1"])
    with pytest.raises(InputError, match=r"must hold arrays with names such as 1\.fc1"):
        read_weights(tmp_path / "w.npy", gemms, has_bias=True)
