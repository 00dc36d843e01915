"""Which tests run which lines of the package, and for how long: the tests, run once under coverage.

A fixture wider than a test is a context of its own, ended by ``::``, that stands for every test of its file or folder.
"""

import ast
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import coverage
import pytest

FOLDER = Path("build/mutants")
DATA, SECONDS = FOLDER / "coverage", FOLDER / "seconds.json"
PACKAGES = ("dse", "effort", "energy", "engines", "export", "host", "pruning", "published")
MODULES = [
    *(path for name in PACKAGES for path in sorted(Path("pivotsim", name).rglob("*.py"))),
    Path("pivotsim/pareto.py"),
]
MODULES.remove(Path("pivotsim/pruning/devices/torch_live.py"))  # its tests need torch
TESTS = ("unit/dse", "unit/effort", "unit/energy", "unit/engines", "unit/export", "unit/host", "unit/pruning")
TESTS = [
    *TESTS,
    "unit/published",
    "unit/simulation",
    "unit/test_pareto.py",
    "unit/test_printing.py",
    "published",
    "cli",
]
LEFT_OUT = "tests/unit/dse/sweep/test_faults.py"  # its sweeps are processes of their own, which see no mutant
LOOKS_AT_ALL = "tests/unit/test_frozen.py"  # at what modules define, without running it
# asserts are not rewritten: pytest would read a module whose doctests run from its file, not the mutant
PYTEST = [
    "-q",
    "--assert=plain",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--doctest-modules",
    "--doctest-ignore-import-errors",
]


class _Recorder:
    """Names the context of what runs, and adds up each test's CPU seconds."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured, self.seconds = measured, dict[str, float]()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.measured.switch_context(item.nodeid)
        began_s = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - began_s
            self.measured.switch_context("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef, request):
        is_wide = fixturedef.scope != "function" and bool(fixturedef.baseid)
        if is_wide:
            self.measured.switch_context(f"{fixturedef.baseid}::")
        try:
            return (yield)
        finally:
            if is_wide:
                self.measured.switch_context(request._pyfuncitem.nodeid)


def record() -> int:
    """Run the tests in this process, which must not have loaded the package; return pytest's exit status."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    measured = coverage.Coverage(data_file=str(DATA), include=[str(path) for path in MODULES], config_file=False)
    measured.erase()
    recorder = _Recorder(measured)
    measured.start()
    status = pytest.main(
        [*PYTEST, *(f"tests/{name}" for name in TESTS), LOOKS_AT_ALL, "pivotsim", f"--ignore={LEFT_OUT}"],
        plugins=[recorder],
    )
    measured.stop()
    measured.save()
    SECONDS.write_text(json.dumps({"sources": sources(), "seconds": recorder.seconds}), encoding="utf-8")
    return int(status)


def sources() -> str:
    """A digest of the package and of its tests: a recording holds for these."""
    files = (path for folder in ("pivotsim", "tests") for path in sorted(Path(folder).rglob("*.py")))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


class Recording:
    """The tests of each line, fastest first."""

    def __init__(self) -> None:
        self.seconds = json.loads(SECONDS.read_text(encoding="utf-8"))["seconds"]
        self._data = coverage.CoverageData(str(DATA))
        self._data.read()

    def tests_of(self, path: str, line: int, budget_s: float) -> list[str]:
        """Return the tests that run a line, as many as fit a budget; what runs on import, all of its module run."""
        lines = _statement(path, line)
        contexts = {
            context for at, found in self._contexts(path).items() if not lines or at in lines for context in found
        }
        wide = () if lines else (LOOKS_AT_ALL,)
        wide += tuple(context.removesuffix("::") for context in contexts if context.endswith("::"))
        named = {test for test in self.seconds if test in contexts or test.startswith(wide)}
        chosen, spent_s = [], 0.0
        for test in sorted(named, key=lambda test: (self.seconds[test], test)):
            spent_s += self.seconds[test]
            if chosen and spent_s > budget_s:
                break
            chosen.append(test)
        return chosen

    @cache  # noqa: B019 - one recording a process
    def _contexts(self, path: str) -> dict[int, list[str]]:
        return self._data.contexts_by_lineno(str(Path(path).resolve()))


def _statement(path: str, line: int) -> range | None:
    """Return the lines of the innermost statement at a line, or None if it runs when its module is imported."""
    lines, is_imported = range(line, line + 1), True
    for node, is_inside in _statements(ast.parse(Path(path).read_text(encoding="utf-8")), False):
        body = getattr(node, "body", None)
        end = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno
        if node.lineno <= line <= max(end, node.lineno):
            lines, is_imported = range(node.lineno, max(end, node.lineno) + 1), not is_inside
    return None if is_imported else lines


def _statements(node: ast.AST, is_inside: bool) -> Iterator[tuple[ast.stmt, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child, is_inside
        yield from _statements(child, is_inside or isinstance(child, ast.FunctionDef))


if __name__ == "__main__":
    sys.exit(record())
