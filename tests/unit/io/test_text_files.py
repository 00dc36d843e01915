"""Files are written whole or not at all, and are ordinary files of the process that writes them."""

import stat
import subprocess
import sys

import pytest

import pivotsim as ps
from pivotsim.io.text_files import replacing, write_atomic

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
