"""A written folder's own `make`."""

import subprocess

from tests.rtl import verilated


def made(folder, *targets, as_shipped=False, **variables):
    """Run a folder's own `make`, compiled without optimisation; return (exit code, what it said).

    It links Verilator's runtime as compiled for other tests, unless it is to compile all `as_shipped`.
    """
    named = {"VERILATOR_ROOT": verilated.verilator(), "CXX": "g++", "OPTIMISE": "-O0", **variables}
    if not as_shipped:
        named["RUNTIME"] = " ".join(verilated.runtime_objects())
    command = ["make", "-s", *targets, *(f"{name}={value}" for name, value in named.items())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900)
    return done.returncode, done.stdout + done.stderr
