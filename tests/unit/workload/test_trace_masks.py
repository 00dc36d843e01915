"""Traces with masks as CSV: drawn ones told by their rows, given ones in a file beside it."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.workload.masks.masks import Draw, Mask, draw_of, drawn_mask
from pivotsim.workload.op_checks import checked

PLAN = ps.plan(ps.load_model("deit_t").replace({"depth": 2}))
HEADER = "encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key\n"
KEPT = np.array([[True, False, True], [False, True, True]])


def problems_of(call):
    with pytest.raises(ps.InputError) as error:
        call()
    return list(error.value.problems)


def read(tmp_path, *rows):
    (tmp_path / "t.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return ps.read_trace(tmp_path / "t.csv")


def test_drawn_masks_need_no_file(tmp_path):
    plan = ps.mask_attention(ps.prune_blocks(PLAN, block=16, density=0.5), density=0.2)
    trace = ps.lower(plan)
    ps.write_trace(trace, tmp_path / "deit_t.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["deit_t.csv"]
    assert ps.read_trace(tmp_path / "deit_t.csv") == trace
    assert ps.read_trace(tmp_path / "deit_t.csv").macs == trace.macs < trace.dense_macs


def test_given_masks_stand_beside_the_file(tmp_path):
    rng = np.random.default_rng(1)
    plan = ps.prune_blocks(PLAN, block=16, masks={"fc1": rng.random((12, 48)) < 0.5, "proj": np.eye(12, dtype=bool)})
    plan = ps.split_attention(ps.mask_attention(plan, rng.random((2, 3, 197, 197)) < 0.2), 40)
    trace = ps.lower(plan)
    ps.write_trace(trace, tmp_path / "deit_t.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deit_t.csv", "deit_t.masks.npz"]
    back = ps.read_trace(tmp_path / "deit_t.csv")
    assert back == trace
    assert "deit_t.masks.npz,1.fc1" in (tmp_path / "deit_t.csv").read_text()
    ps.write_trace(back, tmp_path / "again.csv")
    assert ps.read_trace(tmp_path / "again.csv").masks == trace.masks


def test_one_key_may_draw_masks_of_several_sizes_and_densities(tmp_path):
    rows = [
        '1,fc1,gemm,5,32,64,1,8,8,8,0.5,,"block=16,seed=0"',
        '1,fc2,gemm,5,64,32,1,8,8,8,0.25,,"block=16,seed=0"',
        '1,qkv,gemm,5,64,32,1,8,8,8,0.5,,"block=16,seed=0"',
    ]
    trace = read(tmp_path, *rows)
    expected = [
        drawn_mask(k, n, block=16, density=d, seed=0) for k, n, d in ((32, 64, 0.5), (64, 32, 0.25), (64, 32, 0.5))
    ]
    assert list(trace.gemm_masks) == expected
    assert [op.density for op in trace] == [0.5, 0.25, 0.5]
    assert trace.macs == 5 * 256 * (4 + 2 + 4)


@pytest.fixture
def mine(tmp_path):
    np.savez(tmp_path / "mine.npz", w=KEPT, **{"w.block": np.int64(8), "v": KEPT})
    return tmp_path


def row(k=16, n=24, density="1", file="mine.npz", key="w", kind="gemm"):
    return f"1,fc1,{kind},5,{k},{n},1,8,8,8,{density},{file},{key}"


def test_a_users_own_mask_file(mine):
    trace = read(mine, row(k=10, n=20), row(k=10, n=20, density="0.595"))
    assert trace.ops[0] == trace.ops[1]
    assert (trace.ops[0].mask_file, trace.ops[0].mask_key, trace.ops[0].density) == ("", "mine.npz:w", 120 / 200)
    assert trace.gemm_masks[0] == Mask("b", 10, 20, 8, KEPT)
    ps.write_trace(trace, mine / "t.csv")
    assert ps.read_trace(mine / "t.csv") == trace


def test_mask_files_are_found_beside_the_trace(mine, monkeypatch):
    (mine / "elsewhere").mkdir()
    monkeypatch.chdir(mine / "elsewhere")
    (mine / "t.csv").write_text(HEADER + row() + "\n")
    assert ps.read_trace("../t.csv").macs == 5 * 4 * 64


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([row(density="0.3")], ["2: density: the mask keeps 0.6667; state that, or 1 (got 0.3)"]),
        ([row(key="x")], ["2: mask_key: mine.npz holds no such mask (got 'x'), valid names: v, w"]),
        ([row(key="")], ["2: mask_key: mine.npz holds no such mask (got ''), valid names: v, w"]),
        ([row(n=25)], ["2: mask: must have 2x4 blocks of 8 of a 16x25 matrix (got 2x3)"]),
        ([row(), row(k=15)], ["3: mask_key: names masks of two sizes (got 'w')"]),
        ([row(key="v")], ["2: mask: must have 16x24 blocks of 1 of a 16x24 matrix (got 2x3)"]),
        ([row(file="", key="w")], ["2: mask_key: needs a mask_file, or 'block=16,seed=0' to draw one (got 'w')"]),
        ([row(density="0.5", file="", key="")],
         ["2: density: a GEMM needs a mask, or mask_key 'block=16,seed=0' to draw one (got 0.5)"]),
        ([row(file="", key='"block=25,seed=0"')], ["2: block: must not exceed a side of the matrix, 16x24 (got 25)"]),
        ([row(file="", key='"block=4,seed=0,count=2"')],
         ["2: mask_key: count must lie in 1 to 1, the GEMM's repeats (got 2)"]),
        ([row(file="", key='"block=4,seed=0,count=0"')],
         ["2: mask_key: count must lie in 1 to 1, the GEMM's repeats (got 0)"]),
        ([row(file="", key='"block=0,seed=0"')], ["2: block: must be at least 1 (got 0)"]),
        ([row(file="", key='"block=4,seed=9999999999999999999"')],
         ["2: seed: must be at most 9223372036854775807 (got 9999999999999999999)"]),
        ([row(), row(file="", key="w"), row(key="x")], [
            "3: mask_key: needs a mask_file, or 'block=16,seed=0' to draw one (got 'w')",
            "4: mask_key: mine.npz holds no such mask (got 'x'), valid names: v, w",
        ]),
    ],
    ids=str,
)  # fmt: skip
def test_rows_whose_masks_are_wrong(mine, rows, problems):
    found = problems_of(lambda: read(mine, *rows))
    assert [line.removeprefix(f"{mine / 't.csv'}:") for line in found] == problems


def test_a_mask_file_that_is_wrong_is_told_once(mine):
    found = problems_of(lambda: read(mine, row(file="no.npz"), row(file="no.npz"), row(key="x"), row(file="t.csv")))
    places = [line.removeprefix(f"{mine / 't.csv'}:") for line in found]
    assert places == [
        f"2: mask_file: {mine / 'no.npz'}: no such file",
        f"5: mask_file: {mine / 't.csv'}: is no .npz or .npy file",
        "4: mask_key: mine.npz holds no such mask (got 'x'), valid names: v, w",
    ]


def test_sparse_operations_of_other_kinds_need_no_mask(tmp_path):
    trace = read(tmp_path, "1,softmax,softmax,5,1,6,2,8,8,8,0.5,,")
    assert trace.elements_of(trace.ops[0]) == 30


def test_traces_made_in_python():
    op = ps.workload.Op(1, "fc1", "gemm", 5, 16, 24)
    mask = Mask("b", 16, 24, 8, KEPT)
    masks = {("", "w"): mask, ("a.npz", "w"): mask}
    trace = checked(ps.Trace((op._replace(mask_key="w"), op._replace(mask_file="a.npz", mask_key="w")), "t", masks))
    assert [o.density for o in trace] == [4 / 6] * 2
    drawn = checked(ps.Trace((op._replace(density=0.5, mask_key="block=8,seed=3"),)))
    assert drawn.gemm_masks == (drawn_mask(16, 24, block=8, density=0.5, seed=3),)
    for wrong, problem in (
        (op._replace(mask_key="v"), "mask_key: the trace holds no such mask (got '', v)"),
        (op._replace(density=0.5), "density: a GEMM needs a mask"),
        (op._replace(n=25, mask_key="w"), "mask_key: the mask does not fit the GEMM (got \"16x24, operand 'b' of 5x"),
        (op._replace(density=0.1, mask_key="w"), "density: the mask keeps 0.6667; state that, or 1 (got 0.1)"),
        (op._replace(kind="softmax", k=1, mask_key="w"), "mask_key: only operations of kind 'gemm' have masks"),
        (op._replace(density=1.5, mask_key="block=8,seed=3"), "density: must lie in 0 to 1"),
    ):
        found = problems_of(lambda w=wrong: checked(ps.Trace((op, w), "t", masks)))
        assert found[0].startswith(f"t: operation 2: {problem}")


def test_masks_keep_their_files_apart_when_written(tmp_path):
    op = ps.workload.Op(1, "fc1", "gemm", 5, 16, 24)
    other = Mask("b", 16, 24, 8, ~KEPT)
    ops = tuple(op._replace(mask_file=file, mask_key="w") for file in ("", "a.npz"))
    trace = ps.Trace(ops, "t", {("", "w"): Mask("b", 16, 24, 8, KEPT), ("a.npz", "w"): other})
    ps.write_trace(trace, tmp_path / "t.csv")
    assert ps.read_trace(tmp_path / "t.csv").gemm_masks == trace.gemm_masks
    masks = {("", "a.npz:w"): Mask("b", 16, 24, 8, KEPT), **trace.masks}
    clash = ps.Trace((ops[1], op._replace(mask_key="a.npz:w")), "t", masks)
    found = problems_of(lambda: ps.write_trace(clash, tmp_path / "t.csv"))
    assert "two masks would have one key (got 'a.npz:w')" in found[0]


@pytest.mark.parametrize(
    "draw", [Draw(16, 0.5, 7), Draw(1, 0.0, 0, "out", 6), Draw(3, 1.0, 2**63 - 1, "a", 1), Draw(9, 0.1, 1, "b", 2)]
)
def test_keys_of_draws(draw):
    assert draw_of(draw.key, draw.density) == draw
    height, width = 20, 30
    mask = drawn_mask(height, width, **vars(draw))
    assert mask.draw == Draw(draw.block, mask.kept_blocks[0] / mask.kept[0].size, *list(vars(draw).values())[2:])
    assert drawn_mask(height, width, **vars(mask.draw)) == mask


@pytest.mark.parametrize(
    "key",
    [
        "", "w", "block=16", "block=16,seed=0,", "block=-1,seed=0", "block=1,seed=0,operand=c", "seed=0,block=1",
        "block=1,seed=1e3",
    ],
)  # fmt: skip
def test_keys_of_other_masks(key):
    assert draw_of(key, 0.5) is None


def test_many_designs_at_once_run_dense_operations_only():
    trace = ps.lower(ps.prune_blocks(PLAN, block=16, density=0.5))
    assert problems_of(lambda: ps.simulate_designs(trace, "zcu102", {"rows": [8]})) == [
        "deit_t: many designs at once run dense operations only; simulate() takes masks"
    ]


def test_a_count_of_copies_up_to_the_repeats(tmp_path):
    rows = [f'1,qkt,gemm,5,4,6,3,8,8,8,0.5,,"block=1,seed=0,operand=out,count={count}"' for count in (1, 2, 3)]
    assert [mask.count for mask in read(tmp_path, *rows).gemm_masks] == [1, 2, 3]
    more = rows[0].replace("count=1", "count=3000000")
    assert problems_of(lambda: read(tmp_path, more)) == [
        f"{tmp_path / 't.csv'}:2: mask_key: count must lie in 1 to 3, the GEMM's repeats (got 3000000)"
    ]
