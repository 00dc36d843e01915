"""A written folder's own `make`."""

import subprocess

from tests.rtl import verilated


def made(folder, *targets, **variables):
    """Run a folder's own `make`, compiled without optimisation; return (exit code, what it said)."""
    named = {"VERILATOR_ROOT": verilated.verilator(), "CXX": "g++", "OPTIMISE": "-O0", **variables}
    command = ["make", "-s", *targets, *(f"{name}={value}" for name, value in named.items())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    return done.returncode, done.stdout + done.stderr
