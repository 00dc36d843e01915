"""Mask files: what is written is read, and every fault has one line."""

import tracemalloc

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.io.array_files import read_arrays
from pivotsim.workload.masks import files as mask_files
from pivotsim.workload.masks.files import read_flags, read_masks, write_masks
from pivotsim.workload.masks.masks import Mask, drawn_mask

KEPT = np.array([[[True, False, True], [False, False, True]]])
PLAN = ps.plan(ps.load_model("deit_t").replace({"depth": 1}))  # fc1 is 192x768: 2x6 blocks of 128


def problems_of(call, path):
    with pytest.raises(ps.InputError) as error:
        call()
    return [line.removeprefix(str(path)) for line in error.value.problems]


def test_masks_survive_a_file(tmp_path):
    masks = {
        "1.fc1": Mask("b", 20, 41, 16, KEPT),
        "qkt.2": drawn_mask(7, 9, block=2, density=0.4, seed=1, operand="out", count=4),
        "sv": Mask("a", 2, 3, 1, KEPT),
    }
    write_masks(tmp_path / "m.npz", masks)
    back = read_masks(tmp_path / "m.npz")
    sizes = {"1.fc1": (5, 20, 41), "qkt.2": (7, 3, 9), "sv": (2, 3, 8)}
    assert {key: stored.sized(*sizes[key]) for key, stored in back.items()} == masks


def test_what_a_user_need_not_say(tmp_path):
    np.savez(tmp_path / "m.npz", w=np.eye(3, dtype=bool))
    assert read_masks(tmp_path / "m.npz")["w"].sized(9, 3, 3) == Mask("b", 3, 3, 1, np.eye(3, dtype=bool))


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        (
            {"w": np.eye(3)},
            ": w: must hold true and false, or the integers 1 and 0 (got decimal numbers); "
            ".astype(bool) turns 0.0 and 1.0 into them",
        ),
        ({"w": 3 * np.eye(3, dtype=int)}, ": w: must hold true and false, or the integers 1 and 0 (got 3)"),
        ({"w": np.ones(3, bool)}, ": w: must have 2 or 3 dimensions (got 1)"),
        ({"w": KEPT, "w.block": np.int64(0)}, ": w.block: must be one integer of at least 1 (got 0)"),
        ({"w": KEPT, "w.block": np.array([1, 2])}, ": w.block: must be one integer of at least 1 (got a vector of 2)"),
        ({"w": KEPT, "w.block": np.bool_(True)}, ": w.block: must be one integer of at least 1 (got true)"),
        ({"w": KEPT, "w.operand": np.str_("c")}, ": w.operand: must be one of a, b, out (got 'c')"),
        ({"w": KEPT, "w.operand": np.int64(1)}, ": w.operand: must be one of a, b, out (got '1')"),
        ({"w": KEPT, "v.block": np.int64(1)}, ": v.block: goes with no mask, valid names: w"),
    ],
    ids=str,
)
def test_faulty_masks(tmp_path, arrays, problem):
    path = tmp_path / "m.npz"
    np.savez(path, **arrays)
    assert problems_of(lambda: read_masks(path), path) == [problem]


@pytest.mark.parametrize("field", ["operand", "block"])
def test_fields_of_no_characters(tmp_path, field):
    path = tmp_path / "m.npz"
    odd = np.frombuffer(b"\xff\xff\xff\xff", dtype="<U1").reshape(())
    np.savez(path, w=KEPT, **{f"w.{field}": odd})
    assert problems_of(lambda: read_masks(path), path) == [f": w.{field}: is text with what is no character of Unicode"]


def test_one_array_without_a_name(tmp_path):
    np.save(tmp_path / "m.npy", KEPT)
    path = tmp_path / "m.npy"
    assert problems_of(lambda: read_masks(path), path) == [": must be an .npz file, whose masks have names"]


def test_keys_that_would_not_come_back(tmp_path):
    path = tmp_path / "m.npz"
    for key in ("w.block", "w.operand", ""):
        found = problems_of(lambda k=key: write_masks(path, {k: Mask("a", 2, 3, 1, KEPT)}), path)
        assert "must not be empty or end in" in found[0]
    assert not path.exists()


def test_what_is_written_is_within_what_is_read(tmp_path):
    path = tmp_path / "m.npz"
    large = Mask("b", 1, 2**27 + 1, 1, np.ones((1, 2**27 + 1), bool))
    assert "masks of more than 128 MiB are not written" in problems_of(lambda: write_masks(path, {"w": large}), path)[0]


CSV = "key,row,col\n"


def test_kept_blocks_in_csv(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(CSV + "fc1,0,0\nfc2,1,1\n fc1 , 1 ,5\n\n")
    read = read_flags(path, "b")
    found = {key: [blocks.file, *(v.tolist() for v in blocks[1:])] for key, blocks in read.items()}
    assert found == {"fc1": [str(path), [2, 4], [0, 1], [0, 5]], "fc2": [str(path), [3], [1], [1]]}
    assert read["fc1"].flags(2, 6).nonzero() == (pytest.approx([0, 1]), pytest.approx([0, 5]))
    plan = ps.prune_blocks(PLAN, block=128, masks=path)
    assert plan.encoders[0].weight_masks["fc1"].kept_blocks == (2,)


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", [": is empty"]),
        (CSV, [": has a header and no blocks"]),
        ("key,col,row\nfc1,0,0\n", [":1: the columns must be key,row,col (got 'key,col,row')"]),
        (CSV + "fc1,0\n", [":2: expected 3 cells (got 2)"]),
        (CSV + "fc1,-1,x\n", [
            ":2: row: must be a whole number from 0 on (got '-1')",
            ":2: col: must be a whole number from 0 on (got 'x')",
        ]),
        (CSV + ",1,1\n", [":2: key: is empty"]),
        (CSV + "fc1,0,0\nfc1,0,1\nfc1,0,0\n", [":4: block (0, 0) of 'fc1' stands twice, before on line 2"]),
        (CSV + "fc1,2,0\nfc1,0,6\nfc1,1,5\n", [
            ":2: block (2, 0) lies outside the 2x6 blocks", ":3: block (0, 6) lies outside the 2x6 blocks",
        ]),
        (CSV + "fc1,nan,1.5\nfc9,1,1\n", [
            ":2: row: must be a whole number from 0 on (got 'nan')",
            ":2: col: must be a whole number from 0 on (got '1.5')",
        ]),
        (CSV + "fc1,9999999999,0\n", [":2: row: must be a whole number from 0 on (got '9999999999')"]),
        (CSV + 'fc1,"0,0\n', [":2: is not valid CSV: unexpected end of data"]),
        (CSV + "fc9,0,0\n", [": masks: unknown label (got 'fc9'), nearest valid name: 'fc2'"]),
        (CSV + "2.fc1,0,0\n", [": 2.fc1: deit_t has encoders 1 to 1"]),
    ],
    ids=str,
)  # fmt: skip
def test_faulty_csv(tmp_path, text, problems):
    path = tmp_path / "m.csv"
    path.write_text(text)
    assert problems_of(lambda: ps.prune_blocks(PLAN, block=128, masks=path), path) == problems


def test_many_problems_are_cut(tmp_path):
    path = tmp_path / "m.csv"
    for rows in (["fc1,x,0\n"] * 50, [f"fc1,{n},0\n" for n in range(2, 52)]):
        path.write_text(CSV + "".join(rows))
        found = problems_of(lambda: ps.prune_blocks(PLAN, block=128, masks=path), path)
        assert len(found) == 21 and found[-1] == ": more than 20 problems; the rest is not listed"


@pytest.mark.parametrize("path", ["", None, 5])
def test_paths_of_no_file(path):
    with pytest.raises(ps.InputError, match="masks: must be a path"):
        read_flags(path, "b")


def test_a_csv_is_no_attention_mask(tmp_path):
    (tmp_path / "m.csv").write_text(CSV + "1,0,0\n")
    with pytest.raises(ps.InputError, match=r"m\.csv: attention masks are \.npy or \.npz files"):
        ps.mask_attention(PLAN, tmp_path / "m.csv")


def test_files_with_masks_of_weights_in_one_array(tmp_path):
    np.save(tmp_path / "m.npy", np.ones((2, 6), bool))
    with pytest.raises(ps.InputError, match="unknown label"):
        ps.prune_blocks(PLAN, block=128, masks=tmp_path / "m.npy")
    assert list(read_arrays(tmp_path / "m.npy", "b")) == [""]


def test_a_long_list_takes_a_small_multiple_of_its_file(tmp_path, monkeypatch):
    path = tmp_path / "m.csv"
    path.write_text(CSV + "".join(f"fc1,{n // 300},{n % 300}\n" for n in range(60_000)))
    monkeypatch.setattr(mask_files, "MAX_CSV_BYTES", path.stat().st_size)  # as much is set aside to read it
    tracemalloc.start()
    read = read_flags(path, "b")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(read["fc1"].rows) == 60_000
    assert most < 12 * path.stat().st_size


def test_keys_are_bounded_and_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(mask_files, "MAX_KEYS", 2)
    path = tmp_path / "m.csv"
    path.write_text(CSV + "a,0,0\nb,0,0\na,1,1\n")
    assert list(read_flags(path, "b")) == ["a", "b"]
    path.write_text(CSV + "a,0,0\nb,0,0\nc,1,1\nd,x,x\n")
    assert problems_of(lambda: read_flags(path, "b"), path) == [
        ":4: key: more than 2 masks stand in one file (got 'c')"
    ]
