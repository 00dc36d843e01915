"""Reading arrays: nothing runs, nothing is allocated that the headers do not justify, every fault has one line."""

import io
import itertools
import pickle
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.io.array_files import MAX_ARRAY_BYTES, read_arrays, write_arrays

FLAGS = np.array([[True, False, True], [False, True, True]])


def npy(array):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array))
    return buffer.getvalue()


def npz(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def header(descr, shape, order="False"):
    """A header of numpy's format 1.0 that says what it likes."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def problems_of(tmp_path, content, kinds="b", name="m.npz"):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ps.InputError) as error:
        read_arrays(path, kinds)
    assert all(line.startswith(str(path)) for line in error.value.problems)
    return "\n".join(line.removeprefix(str(path)) for line in error.value.problems)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_saves_is_read(tmp_path, save):
    save(tmp_path / "m.npz", **{"1.qkv": FLAGS, "columns": np.asfortranarray(FLAGS), "none": np.zeros((0, 4), bool)})
    read = read_arrays(tmp_path / "m.npz", "b")
    assert list(read) == ["1.qkv", "columns", "none"]
    assert (read["1.qkv"] == FLAGS).all() and (read["columns"] == FLAGS).all() and read["none"].shape == (0, 4)


def test_one_array(tmp_path):
    np.save(tmp_path / "m.npy", FLAGS)
    assert (read_arrays(tmp_path / "m.npy", "b")[""] == FLAGS).all()


def test_what_is_written_is_read_and_is_the_same_each_time(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, {"x": FLAGS, "x.block": np.int64(16), "folder/é": FLAGS[0]})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    read = read_arrays(tmp_path / "a.npz", "bi")
    assert (read["x"] == FLAGS).all() and int(read["x.block"]) == 16 and (read["folder/é"] == FLAGS[0]).all()


class _Touches:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("wrapped", [True, False], ids=["npz", "npy"])
def test_objects_are_refused_and_never_built(tmp_path, wrapped):
    trap = str(tmp_path / "ran")
    raw = header("|O", "(1,)") + pickle.dumps(np.array([_Touches(trap)], dtype=object))
    content = npz([("w.npy", raw)]) if wrapped else raw
    found = "(got other things than numbers)"
    assert problems_of(tmp_path, content) == (": w" if wrapped else "") + f": must hold true and false {found}"
    assert problems_of(tmp_path, content, kinds="bO").endswith(found)  # not even when asked for
    assert not (tmp_path / "ran").exists()
    with np.load(io.BytesIO(npz([("w.npy", raw)])), allow_pickle=True) as loaded:
        loaded["w"].tolist()[0].close()  # the trap works
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ": is empty"),
        (b"key,row,col\n", ": is no .npz or .npy file"),
        (b"PK\x03\x04 and no more", ": is no whole .npz file"),
        (npz([("w.npy", npy(FLAGS))])[:-30], ": is no whole .npz file"),
        (npz([]), ": holds no array"),
        (npz([("two\nlines.npy", npy(FLAGS))]), ": 'two\\nlines': is no name of one printable line"),
        (npz([("w.npy", b"")]), ": w: is no array in numpy's format"),
        (npz([("w.npy", b"text")]), ": w: is no array in numpy's format"),
        (npz([("w.npy", npy(FLAGS)), ("w", npy(FLAGS))]), ": w: stands twice"),
        (npz([("w.npy", npy(np.ones((2, 2))))]), ": w: must hold true and false (got decimal numbers)"),
        (npz([("w.npy", npy(np.full((2, 2), np.nan)))]), ": w: must hold true and false (got decimal numbers)"),
        (npz([("w.npy", npy(np.ones((2, 2), int)))]), ": w: must hold true and false (got integers)"),
        (npz([("w.npy", header("|b1", "(2, 2)") + b"\1\0\2\0")]), ": w: must hold true and false, as bytes 1 and 0"),
        (npz([("w.npy", header("|b1", "(2, 2)") + b"\1\0")]), ": w: ends after 2 of the 4 bytes"),
        (npz([("w.npy", header("|b1", "(2, 2)") + b"\1" * 5)]), ": w: goes on after the 4 bytes"),
        (npz([("w.npy", header("|b1", "(2, -2)") + b"\1" * 4)]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("|b1", "(2, 'x')"))]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("no", "(2,)"))]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("|b1", "(" * 3000))]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("|b1", "(True, 2)") + b"\1" * 2)]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("|b1", "[2]") + b"\1" * 2)]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("|b1", "(1,) * 3") + b"\1")]), ": w: is no array in numpy's format"),
        (npz([("w.npy", header("|b1", "(1,)").replace(b"\x01\x00", b"\x09\x00", 1))]), ": w: is no array in numpy's"),
        (npz([("w.npy", b"\x93NUMPY\2\0" + (2**31).to_bytes(4, "little"))]), ": w: is no array in numpy's format"),
        (npz([("w.npy", npy(FLAGS))], zipfile.ZIP_LZMA), ": w: is encrypted, or compressed in a way"),
        (npy(FLAGS)[:-1], ": ends after 5 of the 6 bytes"),
        (header("|b1", "(2,)", "1"), ": is no array in numpy's format"),
    ],
    ids=itertools.count(),
)
def test_faulty_files(tmp_path, content, message):
    assert problems_of(tmp_path, content).startswith(message)


def test_all_faults_of_a_file_are_told(tmp_path):
    content = npz([("a.npy", b""), ("b.npy", npy(FLAGS)), ("c.npy", npy(np.ones(3)))])
    assert [line[:4] for line in problems_of(tmp_path, content).splitlines()] == [": a:", ": c:"]


@pytest.mark.parametrize(
    "raw",
    [
        header("|b1", f"({2**40}, {2**20})"),
        header("|b1", f"({MAX_ARRAY_BYTES + 1},)"),
        header("<U100000000", "(1,)"),
    ],
    ids=itertools.count(),
)
def test_a_header_that_promises_more_than_memory_is_refused_before_anything_is_allocated(tmp_path, raw):
    tracemalloc.start()
    try:
        for content in (npz([("w.npy", raw + b"\1")]), raw + b"\1"):
            assert "would take more than the 256 MiB that are left to be read" in problems_of(
                tmp_path, content, kinds="bU"
            )
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_refused_by_what_its_directory_says(tmp_path):
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("w.npy", "w") as member:
        member.write(header("|b1", f"({MAX_ARRAY_BYTES},)"))
        for _ in range(MAX_ARRAY_BYTES // 2**20 + 1):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(ps.InputError, match="w: would take more than the 256 MiB that are left to be read"):
        read_arrays(path, "b")


def test_a_directory_that_lies_about_a_size_ends_the_reading(tmp_path):
    content = bytearray(npz([("w.npy", header("|b1", "(1000,)") + bytes(1000))]))
    place = content.index(b"PK\x01\x02") + 24  # the size in the central directory
    content[place : place + 4] = (200).to_bytes(4, "little")
    assert ": w: " in problems_of(tmp_path, bytes(content))


def test_all_arrays_together_are_bounded(tmp_path):
    half = header("|b1", f"({MAX_ARRAY_BYTES // 2 + 1},)") + bytes(MAX_ARRAY_BYTES // 2 + 1)
    content = npz([("a.npy", half), ("b.npy", half)])
    assert problems_of(tmp_path, content).startswith(": b: would take more than")


def test_what_is_left_is_said_in_a_unit_that_says_something(tmp_path):
    np.savez_compressed(tmp_path / "m.npz", a=np.zeros(1000, bool), b=np.zeros(1500, bool))
    with pytest.raises(
        ps.InputError, match=r"b: would take more than the 1.464 KiB that are left to be read \(got 1500\)"
    ):
        read_arrays(tmp_path / "m.npz", "b", 1000 + 1499)
    with pytest.raises(ps.InputError, match=r"m.npz: is larger than 100 bytes, the most that is read"):
        read_arrays(tmp_path / "m.npz", "b", 100)


def test_a_file_larger_than_what_is_read(tmp_path):
    path = tmp_path / "m.npz"
    with path.open("wb") as file:
        file.write(b"PK")
        file.truncate(MAX_ARRAY_BYTES + 1)
    with pytest.raises(ps.InputError, match="is larger than 256 MiB, the most that is read"):
        read_arrays(path, "b")


def test_paths_that_are_no_files(tmp_path):
    for path, message in ((tmp_path, "is a directory"), (tmp_path / "no", "no such file"), ("a\0b", "cannot be read")):
        with pytest.raises(ps.InputError, match=message):
            read_arrays(path, "b")


@pytest.mark.parametrize("seed", range(200))
def test_damaged_files_never_end_in_anything_but_arrays_or_one_line_per_problem(tmp_path, seed):
    draw = np.random.default_rng(seed)
    content = bytearray(npz([("a.npy", npy(FLAGS)), ("b.npy", npy(np.array("out")))]))
    for _ in range(draw.integers(1, 6)):
        content[draw.integers(len(content))] = draw.integers(256)
    path = tmp_path / "m.npz"
    path.write_bytes(bytes(content[: draw.integers(len(content) // 2, len(content) + 1)]))
    try:
        assert all(isinstance(a, np.ndarray) for a in read_arrays(path, "bU").values())
    except ps.InputError as error:
        assert all(line.startswith(str(path)) for line in error.problems)


@pytest.mark.parametrize("descr", ["<U1", ">U1", "<U2"])
@pytest.mark.parametrize("point", [0x110000, 0xFFFFFFFF, 0xD800, 0xDFFF])
def test_text_of_no_characters(tmp_path, descr, point):
    length = int(descr[2:])
    content = header(descr, "()") + np.array([65] * (length - 1) + [point], dtype=f"{descr[0]}u4").tobytes()
    problem = ": w: is text with what is no character of Unicode"
    assert problems_of(tmp_path, npz([("w.npy", content)]), kinds="U") == problem


@pytest.mark.parametrize("text", ["a", "\U0010ffff", "\ud7ff\ue000", ""])
def test_text_at_the_edges_of_unicode(tmp_path, text):
    for order in "<>":
        (tmp_path / "m.npz").write_bytes(npz([("w.npy", npy(np.array(text, dtype=f"{order}U2")))]))
        assert read_arrays(tmp_path / "m.npz", "U")["w"].item() == text


@pytest.mark.parametrize(
    "text",
    [
        r"{'descr': '\d', 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '|b1', 'fortran_order': False, 'shape': (2, 1if 1else 2), }",
        "{'descr': '|b1', 'fortran_order': 1or 1, 'shape': (2, 3), }",
        "{'descr': '|b1', 'fortran_order': False, 'shape': (0x2for x in y), }",
        "{'descr': '|b1', 'fortran_order': False, 'shape': (2L, 3L), }",
    ],
)
@pytest.mark.parametrize("wrapped", [True, False], ids=["npz", "npy"])
def test_headers_that_numpy_or_python_warn_of_print_nothing(tmp_path, text, wrapped):
    raw = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    raw = b"\x93NUMPY\x01\x00" + len(raw).to_bytes(2, "little") + raw + bytes(6)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        problem = problems_of(tmp_path, npz([("w.npy", raw)]) if wrapped else raw, "biufS")
    assert problem.endswith(": is no array in numpy's format 1.0")
    assert said == []
