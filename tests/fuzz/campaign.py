"""Many cases of every kind in turn, shared among processes, until all are done or the time is up."""

import faulthandler
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from pivotsim.kernels.compilation import compile_all
from tests.fuzz.driver import Fault, cases
from tests.fuzz.kinds import KINDS

# cases of a kind; of the others, which take less time, MANY
COUNTS = {
    "command line": 6_000, "space YAML": 6_000, "board YAML": 8_000, "DRAM YAML": 6_000, "model YAML": 8_000,
    "manifest": 8_000, "Parquet chunk": 8_000, "setting": 8_000, "engine memory": 6_000, "engine pe": 6_000,
}  # fmt: skip
MANY = 12_000
BLOCK = 100
PROCESSES = 2
STUCK_S = 600


class Block(NamedTuple):
    """What came of some cases of one kind."""

    kind: str
    done: int
    seconds: float
    faults: list[Fault]


def run(counts: Counter[str], seconds: float) -> Iterator[Block]:
    """Yield what comes of so many cases of each kind; each has had its part where the time is up.

    A process that dies, as one does whose case no alarm interrupts, ends the campaign with BrokenProcessPool; it has
    printed where it was.
    """
    list(compile_all())  # no case waits for it
    until = time.monotonic() + seconds  # of the system, for all processes
    blocks = [(start / counts[name], name, range(start, min(start + BLOCK, counts[name])))
              for name in counts for start in range(0, counts[name], BLOCK)]  # fmt: skip
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        for each in [
            pool.submit(_block, name, numbers, until) for _, name, numbers in sorted(blocks, key=lambda b: b[0])
        ]:
            yield each.result()


def counts(share: float = 1.0) -> Counter[str]:
    """Return how many cases of each kind are run."""
    return Counter({name: max(1, round(COUNTS.get(name, MANY) * share)) for name in KINDS})


def _block(name: str, numbers: range, until: float) -> Block:
    began = time.monotonic()
    faulthandler.dump_traceback_later(STUCK_S, exit=True)  # in what no signal interrupts
    found = list(cases(KINDS[name], numbers, until))
    faulthandler.cancel_dump_traceback_later()
    return Block(name, len(found), time.monotonic() - began, [fault for fault in found if fault])
