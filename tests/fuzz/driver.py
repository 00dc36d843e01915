"""Runs cases by number: each follows from its kind and number alone, so that it can be had again."""

import contextlib
import io
import random
import signal
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.kind import Kind

HANG_S, WAIT_S = 10.0, 120.0  # of work, and of waiting, also on a busy machine
MEMORY = Path("/dev/shm")  # where files cost least


class Fault(NamedTuple):
    kind: str
    number: int
    case: str
    what: str


def cases(kind: Kind, numbers: range, until: float = float("inf")) -> Iterator[Fault | None]:
    """Yield what becomes of each case: a fault, or None."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        for number in numbers:
            if time.monotonic() > until:
                return
            yield run_case(kind, number, Path(folder))


def run_case(kind: Kind, number: int, folder: Path) -> Fault | None:
    case = kind.draw(random.Random(f"{kind.name} {number}"))
    printed = io.StringIO()
    try:
        with warnings.catch_warnings(), _bounded(), contextlib.redirect_stderr(printed):
            warnings.simplefilter("error")
            what = kind.judge(case, folder)
    except BaseException as error:  # the fault that is looked for
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            raise
        what = "".join(traceback.format_exception(error)[-6:])
    if not what and printed.getvalue():
        what = f"prints {printed.getvalue()[:300]!r}"
    return Fault(kind.name, number, repr(case)[:2000], what) if what else None


class Hang(BaseException):
    """A case that took too long; not an Exception, which the package may catch."""


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang(f"no answer after {HANG_S:.0f} s of work, or {WAIT_S:.0f} s")

    clocks = ((signal.SIGPROF, signal.ITIMER_PROF, HANG_S), (signal.SIGALRM, signal.ITIMER_REAL, WAIT_S))
    before = [signal.signal(number, ring) for number, _, _ in clocks]
    for _, timer, seconds in clocks:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(clocks, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)
