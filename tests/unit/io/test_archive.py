"""The package in a zip file on Python's path, where its data and its kernels are no files."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import pivotsim

PACKAGE = Path(pivotsim.__file__).parent


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "pivotsim.whl"
    with zipfile.ZipFile(path, "w") as file:
        for source in PACKAGE.rglob("*.py"):
            file.write(source, source.relative_to(PACKAGE.parent))
    return path


def run(archive, *arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, cwd=archive.parent,
        env={"PYTHONPATH": str(archive), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


@pytest.mark.parametrize("command", [["show", "hw"], ["gemm", "8", "8", "8"], ["warm"]], ids=" ".join)
def test_a_command_says_so_in_one_line(archive, command):
    ran = run(archive, "-m", "pivotsim", *command)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"{archive}: pivotsim does not run from an archive; install it: pip install {archive}\n"


@pytest.mark.parametrize("call", ["ps.load_hardware('zcu102')", "ps.simulate_gemm(8, 8, 8, engine='memory')"])
def test_a_call_raises_one_line(archive, call):
    ran = run(archive, "-c", f"import pivotsim as ps; {call}")
    assert "does not run from an archive; install it" in ran.stderr.splitlines()[-1]
