"""read_npz(): what NumPy writes comes back; anything else is one line, and nothing is executed or overallocated."""

import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort.gating import effort_outputs
from pivotsim.files import MAX_NPZ_ARRAYS, read_npz

MIB = 2**20
GOOD = {
    "floats": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big_endian": np.arange(4, dtype=">i4"),
    "scalar": np.array(7),
    "empty": np.zeros((0, 3)),
    "flags": np.array([True, False]),
    "words": np.array(["a", "bc"]),
    "names with / and é": np.arange(2),
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_round_trip(tmp_path, save):
    path = tmp_path / "a.npz"
    save(path, **GOOD)
    arrays = read_npz(path, MIB)
    assert list(arrays) == list(GOOD)
    for name, array in GOOD.items():
        assert arrays[name].dtype == array.dtype and arrays[name].shape == array.shape
        np.testing.assert_array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable


def test_the_most_that_is_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros(1000), b=np.zeros(500))
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    assert read_npz(path, size)["b"].shape == (500,)
    with pytest.raises(ps.InputError, match="arrays take more than 0 MiB, the most that is read"):
        read_npz(path, size - 1)


def npy(shape="(2,)", dtype="<f8", data=b"\0" * 16, version=(1, 0)):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header + data


def archive(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name.replace("__", "."), data)
    return out.getvalue()


class Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('executed')",))


def pickled():
    out = io.BytesIO()
    np.savez(out, effort3=np.array([Trap()], dtype=object))
    return out.getvalue()


def encrypted():
    raw = bytearray(archive(a__npy=npy()))
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.index(signature) + place] |= 1
    return bytes(raw)


def damaged():
    """One bit of the compressed array flipped."""
    raw = bytearray(archive(a__npy=npy(data=bytes(range(16)))))
    raw[80] ^= 1
    return bytes(raw)


def truncated():
    return archive(a__npy=npy())[:-30]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickled(), "effort3: holds Python objects, which are never loaded; save plain numbers (got '|O')"),
        (archive(a__npy=npy(dtype="|O", data=pickle.dumps([Trap()]))), "a: holds Python objects"),
        (pickle.dumps(Trap()), "is no NumPy .npz file, or a damaged one"),
        (b"", "is no NumPy .npz file, or a damaged one"),
        (npy(), "is no NumPy .npz file, or a damaged one"),
        (archive(), "holds no array"),
        (archive(a__txt=b"hello"), "a.txt: is no array, expected names ending in .npy"),
        (archive(a__npy=b"hello"), "a: is no NumPy array: "),
        (archive(a__npy=b""), "a: is no NumPy array: "),
        (archive(a__npy=npy(version=(9, 9))), "a: unknown version of the .npy format (got (9, 9))"),
        (archive(a__npy=npy(version=(3, 0))), "a: unknown version of the .npy format (got (3, 0))"),
        (archive(a__npy=npy(data=b"\0" * 15)), "a: shape (2,) needs 16 bytes (got 15)"),
        (archive(a__npy=npy(data=b"\0" * 17)), "a: shape (2,) needs 16 bytes (got 17)"),
        (archive(a__npy=npy("(10**9,)")), "a: is no NumPy array: "),
        (archive(a__npy=npy("(1000000000000, 1000000000000)")), "a: shape (1000000000000, 1000000000000) needs"),
        (archive(a__npy=npy("(-1, -2)")), "a: shape (-1, -2) needs 16 bytes"),
        (archive(a__npy=npy("(-2,)")), "a: shape (-2,) needs -16 bytes"),
        (archive(a__npy=npy("(2.0,)")), "a: is no NumPy array: "),
        (archive(a__npy=npy(dtype="f9")), "a: is no NumPy array: "),
        (archive(a__npy=npy("__import__('os')")), "a: is no NumPy array: "),
        (archive(a__npy=npy() + b"\0" * 2 * MIB), "arrays take more than 1 MiB"),
        (encrypted(), "cannot be read: "),
        (damaged(), "is no NumPy .npz file, or a damaged one: Bad CRC-32"),
        (truncated(), "is no NumPy .npz file, or a damaged one"),
    ],
)
def test_wrong_files(tmp_path, content, message):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ps.InputError) as error:
        read_npz(path, MIB)
    assert str(error.value).startswith(f"{path}: {message}")
    assert len(str(error.value).splitlines()) == 1


def test_records_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(2, dtype=[("x", "f8")]))
    with pytest.raises(ps.InputError, match="a: holds records, expected plain numbers"):
        read_npz(tmp_path / "a.npz", MIB)


def test_too_many_and_twice(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(MAX_NPZ_ARRAYS + 1):
            file.writestr(f"{number}.npy", b"")
    with pytest.raises(ps.InputError, match=f"holds more than {MAX_NPZ_ARRAYS} arrays"):
        read_npz(path, MIB)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", npy())
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("a.npy", npy())
    with pytest.raises(ps.InputError, match=r"a\.npy: stands twice"):
        read_npz(path, MIB)


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(ps.InputError, match="no such file"):
        read_npz(tmp_path / "nothing.npz", MIB)
    with pytest.raises(ps.InputError, match="is no regular file"):
        read_npz(tmp_path, MIB)


def test_logits_from_a_file_equal_those_in_memory(tmp_path):
    arrays = {"effort3": np.eye(4), "effort6": 3 * np.eye(4, dtype=np.float32), "labels": np.arange(4, dtype=np.uint8)}
    np.savez(tmp_path / "logits.npz", **arrays)
    assert effort_outputs(tmp_path / "logits.npz").digest == effort_outputs(arrays).digest
    with pytest.raises(ps.InputError, match=r"logits\.npz: effort3\[0, 1\]: must be a finite number"):
        np.savez(tmp_path / "logits.npz", effort3=np.array([[0, np.nan]]))
        effort_outputs(tmp_path / "logits.npz")
