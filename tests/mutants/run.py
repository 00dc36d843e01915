"""`make mutants`: one-token faults in the package, each of which a test must catch or a reason excuse.

Every mutant is tried in a fork of one process that holds the libraries and the compiled kernels but none of what is
mutated. Nothing is written to the package: the changed module is compiled in place of its file. What is excused stands
in equivalent.yaml. A count, a seed and a part of a path try others: python -m tests.mutants.run 100 7 pivotsim/host
"""

import importlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.mutants.recording import MODULES, PYTEST, SECONDS, Recording, sources
from tests.mutants.sample import Mutant, sample

COUNT, SEED, MOST_PER_MODULE = 400, 1, 40
BUDGET_S = 10  # of recorded CPU time in tests of a mutant
HANG_CPU_S, HANG_S, ALL_S = 90, 300, 3600
MEMORY_BYTES = 8 * 2**30
EXCUSED = Path(__file__).with_name("equivalent.yaml")
LIBRARIES = (
    "numpy numba pydantic yaml pandas pyarrow.parquet scipy.stats hypothesis optuna matplotlib.pyplot typer rich"
)
OUTCOMES = ("caught", "hangs", "equivalent", "survived", "untested", "not tried")
FORK = multiprocessing.get_context("fork")


class Verdict(NamedTuple):
    mutant: Mutant
    outcome: str
    by: str


class _Chosen:
    """Only these tests, in this order; remembers the first that failed."""

    def __init__(self, tests: list[str]) -> None:
        self.order, self.failed = {test: at for at, test in enumerate(tests)}, ""

    def pytest_collection_modifyitems(self, items):
        items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda item: self.order[item.nodeid])

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.failed = self.failed or report.nodeid


def _run(tests: list[str], options: list[str]) -> tuple[int, str]:
    chosen = _Chosen(tests)
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    return int(pytest.main([*PYTEST, *options, *files], plugins=[chosen])), chosen.failed


def _try(mutant: Mutant | None, tests: list[str], told) -> None:
    """In a fork: put the mutant in place of its module, run its tests and tell the status and the test that failed."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    get_code = SourceFileLoader.get_code
    if mutant is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (HANG_CPU_S, HANG_CPU_S + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        path = str(Path(mutant.path).resolve())
        code = compile(mutant.code, path, "exec")
        SourceFileLoader.get_code = lambda self, name: code if self.path == path else get_code(self, name)
    told.send(_run(tests, ["-x"]))
    os._exit(0)


def in_fork(mutant: Mutant | None, tests: list[str], limit_s: float = HANG_S) -> tuple[int, str] | None:
    """Return pytest's exit status and the test that failed, or None if the fork ran out of time."""
    listener, told = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_try, args=(mutant, tests, told))
    process.start()
    told.close()
    try:
        return listener.recv() if listener.poll(limit_s) else None
    except EOFError:
        process.join()
        if process.exitcode > 0:
            raise RuntimeError("a fork failed before its tests") from None
        return None if process.exitcode == -signal.SIGXCPU else (process.exitcode, "")
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()


def judge(mutant: Mutant, tests: list[str]) -> Verdict:
    if not tests:
        return Verdict(mutant, "untested", "")
    found = in_fork(mutant, tests)
    if found is None:
        return Verdict(mutant, "hangs", "")
    status, by = found
    return Verdict(mutant, "caught" if status else "survived", by)


def excused() -> set[tuple[str, str, str]]:
    """Return the mutants that change nothing, after a look that their lines are still there."""
    names = {(e["path"], e["old"], e["new"]) for e in yaml.safe_load(EXCUSED.read_text(encoding="utf-8"))}
    for path, old, _ in sorted(names):
        if old not in (" ".join(line.split()) for line in Path(path).read_text(encoding="utf-8").splitlines()):
            sys.exit(f"{EXCUSED}: {path} has no line {old!r} any more")
    return names


def preload() -> None:
    """Load what every fork needs and no mutant changes."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each fork has a core
    for name in LIBRARIES.split():
        importlib.import_module(name)
    os.environ["NUMBA_CACHE_DIR"] = str(Path(".pytest_cache/kernels").resolve())  # as in tests/conftest.py
    list(importlib.import_module("pivotsim.kernels.compilation").compile_all())
    loaded = [str(path) for path in MODULES if ".".join(path.with_suffix("").parts) in sys.modules]
    if loaded:
        sys.exit(f"loaded before any fork: {', '.join(loaded)}")


def judged(mutants: list[Mutant], limit_s: float) -> Iterator[Verdict]:
    """Yield the verdicts as they come, and what the time did not suffice for at the end."""
    recording = Recording()
    with ProcessPoolExecutor(os.cpu_count(), FORK) as pool:
        tests = (recording.tests_of(mutant.path, mutant.line, BUDGET_S) for mutant in mutants)
        waiting = {pool.submit(judge, *pair): pair[0] for pair in zip(mutants, tests, strict=True)}
        with suppress(TimeoutError):
            for done in as_completed(waiting, timeout=limit_s):
                yield done.result()
                del waiting[done]
        pool.shutdown(wait=False, cancel_futures=True)
    yield from (Verdict(mutant, "not tried", "") for mutant in waiting.values())


def main(count: int = COUNT, seed: int = SEED, part: str = "") -> int:
    began_s = time.monotonic()
    is_recorded = SECONDS.exists() and sources() in SECONDS.read_text(encoding="utf-8")
    if not is_recorded and subprocess.run([sys.executable, "-m", "tests.mutants.recording"]).returncode:
        return 1  # the tests fail without any mutant
    named = excused()
    mutants = sample([path for path in MODULES if part in str(path)], seed, count, MOST_PER_MODULE)
    preload()
    tally = {mutant.package: Counter[str]() for mutant in sorted(mutants, key=lambda mutant: mutant.package)}
    for mutant in mutants:
        tally[mutant.package]["equivalent"] += mutant.name in named
    catchers = set()
    tried = [mutant for mutant in mutants if mutant.name not in named]
    for mutant, outcome, by in judged(tried, ALL_S - (time.monotonic() - began_s)):
        tally[mutant.package][outcome] += 1
        catchers.add(by)
        if outcome not in ("caught", "hangs"):
            print(f"{outcome}: {mutant.path}:{mutant.line}\n    {mutant.old}\n    {mutant.new}", flush=True)
    print(f"{'package':12}" + "".join(f"{outcome:>12}" for outcome in OUTCOMES))
    for package, counts in (*tally.items(), ("all", sum(tally.values(), Counter()))):
        print(f"{package:12}" + "".join(f"{counts[outcome]:12}" for outcome in OUTCOMES))
    print(f"seed {seed}, {len(mutants)} mutants, {time.monotonic() - began_s:.0f} s")
    unfounded = in_fork(None, sorted(catchers - {""}), ALL_S)  # what caught a mutant must pass without any
    if unfounded != (0, ""):
        print(f"fails without a mutant too: {unfounded}")
    lost = sum(counts[outcome] for counts in tally.values() for outcome in ("survived", "untested", "not tried"))
    return int(bool(lost) or unfounded != (0, ""))


if __name__ == "__main__":
    sys.exit(main(*(kind(text) for kind, text in zip((int, int, str), sys.argv[1:], strict=False))))
