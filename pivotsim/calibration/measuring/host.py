"""The rows of a form, measured on the machine that this runs on: in C, compiled here, or in numpy."""

import importlib.resources
import itertools
import logging
import os
import platform
import shlex
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date as calendar_date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pivotsim.calibration.measuring.numpy_kernels import KERNELS, numpy_times_ns
from pivotsim.calibration.rows import MeasuredRow
from pivotsim.errors import InputError, check_choice, check_integer, check_real, got

LANGUAGES = ("c", "numpy")
LEAST, MEDIAN = "least", "median"
TAKEN = (LEAST, MEDIAN)
COMPILE_S, RUN_S = 120, 3600
MAX_BUDGET_MS = 60_000.0
MAX_ROUNDS = 1_000


_progress = logging.getLogger("pivotsim.progress")


class Measurement(NamedTuple):
    """Measured rows of one machine, and lines that say which, how and what was not measured."""

    rows: list[MeasuredRow]
    heading: list[str]


def measure_host(
    form: Sequence[MeasuredRow], *, language: str = "c", compiler: str = "cc", flags: str = "-O3", taken: str = LEAST,
    budget_ms: float = 50.0, rounds: int = 3,
) -> Measurement:  # fmt: skip
    """Return the rows of a form that a processor can run by itself, with the times of this machine's.

    A driver's call is not part of such a time (``calls`` 0); GEMMs, transfers and whole models need the board.

    Parameters
    ----------
    form : sequence of MeasuredRow
        As of ``form_of``.
    language : {'c', 'numpy'}
        What runs: kernels.c, compiled here, or the same in numpy, on one core.
    compiler, flags : str
        The C compiler and how it is called.
    taken : {'least', 'median'}
        Of the samples of a row. What else the machine does only ever adds to a time, so the least is what the
        operation takes; the median is what it takes beside that.
    budget_ms : float
        Time for each row in a round.
    rounds : int
        Times that the whole form is measured, one after the other: what else the machine does comes and goes. The
        least of all samples counts, or the median of the rounds' medians.

    Raises
    ------
    InputError
        There is no such compiler, it fails, or an option does not fit.
    """
    check_choice("language", language, LANGUAGES)
    check_choice("taken", taken, TAKEN)
    if not 0 < check_real("budget_ms", budget_ms) <= MAX_BUDGET_MS:
        raise InputError(f"budget_ms: must be above 0 and at most {MAX_BUDGET_MS:g} {got(budget_ms)}")
    cores = os.cpu_count() or 1
    possible = [row for row in form if row.kind in KERNELS and (row.cores <= 1 or language == "c")]
    rows = [row for row in possible if row.cores <= cores]
    if not rows:
        raise InputError("form: has no operation that a processor can run by itself on the cores that are here")
    place = TAKEN.index(taken)
    check_integer("rounds", rounds, 1, MAX_ROUNDS)
    if language == "c":
        of_rounds, made_by = _in_c(rows, compiler, flags, budget_ms, rounds)
    else:
        times = iter([
            numpy_times_ns(row.kind, row.m * row.repeats, row.n, budget_ms)
            for group in _groups([*rows] * rounds) for row in group
        ])  # fmt: skip
        of_rounds = [list(itertools.islice(times, len(rows))) for _ in range(rounds)]
        made_by = f"numpy {np.__version__}, Python {platform.python_version()}"
    chosen = min if taken == LEAST else statistics.median
    times_ns = [chosen(each[place] for each in of_row) for of_row in zip(*of_rounds, strict=True)]
    measured = [row._replace(ms=ns * 1e-6, calls=0) for row, ns in zip(rows, times_ns, strict=True)]
    day = calendar_date.today().isoformat()
    heading = [
        f"machine: {_processor()}, {cores} cores, {platform.system()} {platform.machine()}; {made_by}",
        f"{day}: the {taken} of each row's samples in {rounds} x {budget_ms:g} ms; no driver's call in it",
    ]
    apart = [row for row in form if row not in rows]
    if apart:
        kinds = dict.fromkeys(row.kind or "models" for row in apart)
        heading.append(f"not measured, {len(apart)} rows: {', '.join(kinds)}")
    return Measurement(measured, heading)


def _in_c(
    rows: Sequence[MeasuredRow], compiler: str, flags: str, budget_ms: float, rounds: int
) -> tuple[list[list[tuple[float, float]]], str]:
    """Return the (least, median) ns of each row in each round, and the compiler."""
    found = run_kernels([*rows] * rounds, compiler, flags, budget_ms)
    pairs = [(least, median) for least, median, _ in found]
    times = [pairs[i * len(rows) : (i + 1) * len(rows)] for i in range(rounds)]
    version = _run([compiler, "--version"], "", COMPILE_S, "the C compiler").splitlines()
    return times, f"{version[0]} {flags}"


def run_kernels(
    rows: Sequence[MeasuredRow], compiler: str = "cc", flags: str = "-O3", budget_ms: float = 50.0
) -> list[tuple[float, float, int]]:
    """Return (least ns, median ns, checksum of the results) of each row by kernels.c, compiled first."""
    source = importlib.resources.files("pivotsim.calibration.measuring").joinpath("kernels.c")
    with tempfile.TemporaryDirectory() as folder, importlib.resources.as_file(source) as file:
        program = Path(folder) / "kernels"
        command = [compiler, *_words(flags), str(file), "-o", str(program), "-lm", "-lpthread"]
        _run(command, "", COMPILE_S, "the C compiler")
        printed: list[str] = []
        for group in _groups(rows):
            lines = "".join(f"{row.kind} {row.m} {row.n} {row.repeats} {max(row.cores, 1)}\n" for row in group)
            printed += _run([str(program), f"{budget_ms:g}"], lines, RUN_S, "the micro-benchmark").splitlines()
    return [(float(a), float(b), int(c)) for a, b, c in map(str.split, printed)]


def _groups(rows: Sequence[MeasuredRow]) -> Iterator[list[MeasuredRow]]:
    """Yield the rows in their order, those of one kind that follow one another together, and tell how far it is."""
    done = 0
    for kind, group in itertools.groupby(rows, key=lambda row: row.kind):
        found = list(group)
        _progress.info("measure: %s, rows %d to %d of %d", kind, done + 1, done + len(found), len(rows))
        yield found
        done += len(found)


def _words(flags: str) -> list[str]:
    try:
        return shlex.split(flags)
    except ValueError as error:
        raise InputError(f"flags: cannot be taken apart: {error} {got(flags)}") from None


def _run(command: list[str], text: str, limit_s: float, what: str) -> str:
    """Return what a program prints, or raise InputError with the reason in one line."""
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=limit_s, check=False)
    except FileNotFoundError:
        raise InputError(f"compiler: no such program {got(command[0])}; name another one, or language numpy") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:  # ValueError: a name that no system takes
        raise InputError(f"compiler: {what} cannot be run: {error}") from None
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:200])
        raise InputError(f"compiler: {what} failed with status {done.returncode}: {reason}")
    return done.stdout


def _processor() -> str:
    """Return the processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Hardware", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
