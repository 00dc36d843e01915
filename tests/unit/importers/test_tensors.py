"""Tensors of checkpoints: every type's zeros, and files that are damaged, forged or of another kind."""

import json
import os
import struct

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.importers.checkpoints.safetensors import MAX_HEADER_BYTES, TYPES
from pivotsim.importers.checkpoints.tensors import read_tensors
from tests.unit.importers.checkpoint_files import packed, write_safetensors

VALUES = {  # type -> bytes of 0, of minus 0 where there is one, of the least number above 0
    "F64": [struct.pack("<d", v) for v in (0.0, -0.0, 5e-324)],
    "F32": [struct.pack("<f", v) for v in (0.0, -0.0, 1e-45)],
    "F16": [struct.pack("<e", v) for v in (0.0, -0.0, 6e-8)],
    "BF16": [b"\0\0", b"\0\x80", b"\1\0"],
    "F8_E4M3": [b"\0", b"\x80", b"\1"], "F8_E5M2": [b"\0", b"\x80", b"\x81"],
    "I64": [bytes(8), bytes(8), b"\0\0\0\x80" + bytes(4)], "I32": [bytes(4), bytes(4), b"\0\0\0\x80"],
    "I16": [b"\0\0", b"\0\0", b"\0\x80"], "I8": [b"\0", b"\0", b"\x80"], "U8": [b"\0", b"\0", b"\x80"],
    "BOOL": [b"\0", b"\0", b"\1"],
}  # fmt: skip
ENTRY = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def described(name="a", **changes):
    return {name: {**ENTRY, **changes}}


@pytest.mark.parametrize("dtype", TYPES)
def test_zeros_of_every_type(dtype, tmp_path):
    data = b"".join(VALUES[dtype])
    path = tmp_path / "t.safetensors"
    path.write_bytes(packed({"a": {"dtype": dtype, "shape": [3, 1], "data_offsets": [0, len(data)]}}, data))
    tensor = read_tensors(path)["a"]
    assert tensor.shape == (3, 1)
    assert tensor.zeros().tolist() == [[True], [True], [False]]


def test_tensors_lie_one_behind_the_other_wherever_the_header_ends(tmp_path):
    arrays = {
        "b": np.array([[0, 1, 0]], "f4"),
        "a": np.array(3, "i1"),
        "none": np.zeros((0, 4), "f4"),
        "c": np.array([0.0, 2.0]),
    }
    found = read_tensors(write_safetensors(tmp_path / "t.safetensors", arrays))
    assert {name: tensor.zeros().tolist() for name, tensor in found.items()} == {
        name: (array == 0).tolist() for name, array in arrays.items()
    }
    assert {name: tensor.shape for name, tensor in found.items()} == {
        name: array.shape for name, array in arrays.items()
    }


def test_npz_and_prefixes(tmp_path):
    arrays = {"module.a": np.array([0.0, 1.0]), "b": np.array([[0, 1]], np.int8)}
    np.savez(tmp_path / "t.npz", **arrays)
    found = read_tensors(tmp_path / "t.npz")
    assert {name: tensor.zeros().tolist() for name, tensor in found.items()} == {
        "a": [True, False],
        "b": [[True, False]],
    }


DATA = bytes(24)
HOSTILE = {
    "empty": (b"", "is empty"),
    "short": (b"\1\0\0", "is too short"),
    "header of 10 GB": ((10**10).to_bytes(8, "little") + b"{}", f"must be at most {MAX_HEADER_BYTES:,} bytes long"),
    "header of 2**64": (b"\xff" * 8 + b"{}", "header: must be at most"),
    "header cut": (packed(described())[:-3], "ends before its header"),
    "no JSON": (packed(b"\x80\x04}q\0."), "header: is no JSON"),
    "half JSON": (packed(b'{"a": {'), "header: is no JSON"),
    "deep": (packed(b"[" * 100_000), "header: is no JSON"),
    "deep shape": (packed(json.dumps(described()).replace("[2, 3]", "[" * 900 + "]" * 900).encode(), DATA), "a: "),
    "huge integer": (packed(json.dumps(described()).replace("24", "9" * 5000).encode(), DATA), "header: is no JSON"),
    "a list": (packed([]), "header: must map names to tensors"),
    "no tensors": (packed({"__metadata__": {}}), "holds no tensor"),
    "not a number": (packed(b'{"a": NaN}'), "no number of JSON"),
    "twice": (packed(b'{"a": 1, "a": 2}'), "header: a: stands twice"),
    "an entry of text": (packed({"a": "b"}), "a: must state dtype, shape, data_offsets"),
    "a key more": (packed(described(strides=[1]), DATA), "a: must state dtype, shape, data_offsets and nothing else"),
    "a key less": (packed({"a": {"dtype": "F32"}}, DATA), "a: must state"),
    "type": (packed(described(dtype="F31"), DATA), "dtype: must be one of F64"),
    "type of no text": (packed(described(dtype=[1]), DATA), "dtype: must be one of"),
    "negative shape": (packed(described(shape=[-2, -3]), DATA), "shape: must be at most 8 integers from 0"),
    "shape of true": (packed(described(shape=[True, 6]), DATA), "shape: must be"),
    "shape of nine": (packed(described(shape=[1] * 7 + [2, 3]), DATA), "shape: must be"),
    "shape too large": (packed(described(shape=[2**62, 2**62]), DATA), "data_offsets: "),
    "size": (packed(described(shape=[2, 4]), DATA), r"2x4 of F32 are 32 bytes \(got 24\)"),
    "negative offsets": (packed(described(data_offsets=[-24, 0]), DATA), "data_offsets: must be where its bytes begin"),
    "backward offsets": (packed(described(data_offsets=[24, 0]), DATA), "data_offsets: must be where its bytes begin"),
    "offsets outside": (packed(described(), DATA[:-1]), r"end after the 23 bytes .*\(got 24\); the file is truncated"),
    "overlap": (packed(described() | described("b", data_offsets=[12, 36]), bytes(36)), "b: data_offsets: overlap"),
    "hole": (packed(described(data_offsets=[1, 25]), bytes(25)), "a: data_offsets: leave a hole"),
    "tail": (packed(described(), bytes(25)), "goes on after its last tensor, for 1 bytes"),
    "name": (packed(described("a\nb"), DATA), "must be a name of"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line"), HOSTILE.values(), ids=list(HOSTILE))
def test_forged_files_are_told_in_one_line(content, line, tmp_path):
    path = tmp_path / "t.safetensors"
    path.write_bytes(content)
    with pytest.raises(ps.InputError, match=line) as caught:
        read_tensors(path)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{path}: ")
    assert problem.isprintable() and len(problem) < 400


def test_files_that_are_none(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    pipe = os.open(tmp_path / "pipe.safetensors", os.O_RDWR)
    os.write(pipe, bytes(8))  # whoever opens it all the same does not wait
    np.save(tmp_path / "one.npy", np.zeros(3))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    np.savez(tmp_path / "twice.npz", **{"module.a": np.zeros(1), "a": np.zeros(1)})
    np.savez(tmp_path / "objects.npz", a=np.array([object()]))
    (tmp_path / "text.npz").write_text("weights")
    for name, line in {
        "folder.npz": "is a directory", "pipe.safetensors": "is no ordinary file", "none.npz": "no such file",
        "weights.h5": "is no checkpoint that is read; those are .safetensors", "text.npz": "is no .npz",
        "one.npz": "arrays with names", "twice.npz": "holds a weight twice", "objects.npz": "does not belong there",
    }.items():  # fmt: skip
        with pytest.raises(ps.InputError, match=line):
            read_tensors(tmp_path / name)
    os.close(pipe)
