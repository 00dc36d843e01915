"""Files are written whole or not at all, and are ordinary files of the process that writes them."""

import io
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.io.text_files import descriptor_of, is_stdout, is_stream, output_file, replacing, write_atomic

CHILD = """
import os, sys
from pathlib import Path
os.umask = None  # other threads would see it change
from pivotsim.io.text_files import write_atomic
write_atomic(Path(sys.argv[1]), "x")
"""


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077])
def test_permissions_are_those_of_any_new_file(umask, tmp_path):
    path = tmp_path / "result.json"
    subprocess.run([sys.executable, "-c", CHILD, str(path)], check=True, umask=umask, timeout=120)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.csv"
    for text in ("old", "new"):
        write_atomic(path, text)
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")])
def test_an_error_in_the_middle_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "a.csv"
    write_atomic(path, "old")
    with pytest.raises(ps.InputError if isinstance(error, OSError) else type(error)) as caught, replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    if isinstance(error, OSError):
        assert str(caught.value) == f"{path}: cannot be written: No space left on device"


def test_a_folder_and_a_missing_folder_take_one_line(tmp_path):
    for path, why in ((tmp_path, "is a directory"), (tmp_path / "no" / "a.csv", "No such file or directory")):
        with pytest.raises(ps.InputError, match=f"cannot be written: {why}"):
            write_atomic(path, "x")


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_atomic(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_links_in_a_row_and_to_nothing_are_followed(tmp_path):
    target, first, second = tmp_path / "deep" / "target", tmp_path / "first", tmp_path / "second"
    target.parent.mkdir()
    first.symlink_to(target)  # not there yet
    second.symlink_to("first")
    with output_file(second) as file:
        file.write(b"new")
    assert first.is_symlink() and second.is_symlink() and target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_links_in_a_circle_take_one_line(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(ps.InputError, match=r"a: cannot be written: "):
        write_atomic(tmp_path / "a", "x")


def test_a_pipe_with_a_name_stays_one(tmp_path):
    pipe, link, read = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
        reader.start()
        write_atomic(path, "rows")
        reader.join(10)
    assert read == [b"rows", b"rows"] and stat.S_ISFIFO(pipe.stat().st_mode) and link.is_symlink()


def test_a_descriptor_is_written_where_it_stands(tmp_path):
    """As a shell's ``> all.csv`` gives it: the file behind it is open, and has a beginning."""
    path, link = tmp_path / "all.csv", tmp_path / "link"
    with path.open("wb", buffering=0) as file:
        file.write(b"before ")
        link.symlink_to(f"/dev/fd/{file.fileno()}")
        for name in (f"/dev/fd/{file.fileno()}", f"/proc/self/fd/{file.fileno()}", link):
            write_atomic(Path(name), "x")
        file.write(b" after")
    assert path.read_bytes() == b"before xxx after"
    assert sorted(tmp_path.iterdir()) == [path, link]


def test_a_descriptor_that_is_not_open_takes_one_line():
    with pytest.raises(ps.InputError, match=r"/dev/fd/987: cannot be written: Bad file descriptor"):
        write_atomic(Path("/dev/fd/987"), "x")


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output(name, capsysbinary):
    print("before")
    write_atomic(Path(name), b"\xff rows\n")
    print("after")
    assert capsysbinary.readouterr().out == b"before\n\xff rows\nafter\n"
    assert descriptor_of(Path(name)) == 1 and is_stdout(Path(name)) and is_stream(Path(name))


def test_standard_output_keeps_the_order_of_what_is_printed(monkeypatch):
    binary = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(binary))
    print("before")
    write_atomic(Path("-"), "rows\n")
    assert binary.getvalue() == b"before\nrows\n"


def test_standard_output_of_text_alone_and_none(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    write_atomic(Path("-"), "dé")
    assert sys.stdout.getvalue() == "dé"
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(ps.InputError, match=r"-: cannot be written: standard output is closed"):
        write_atomic(Path("-"), "x")


@pytest.mark.parametrize("name", ["/tmp/-", "all.csv", "/dev/stderr", "/dev/fd", "/dev/null", "a\0b"])
def test_what_is_not_standard_output(name):
    assert not is_stdout(Path(name)) and not is_stdout(None)


def test_devices(tmp_path):
    write_atomic(Path("/dev/null"), "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116
    if Path("/dev/full").exists():
        with pytest.raises(ps.InputError, match=r"/dev/full: cannot be written: No space left on device"):
            write_atomic(Path("/dev/full"), "x")
