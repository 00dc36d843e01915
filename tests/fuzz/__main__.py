"""make fuzz: cases of every kind, shared among processes, until all are done or the time is up.

python -m tests.fuzz [--seconds S] [--share X]; python -m tests.fuzz --kind KIND --number N runs one case again.
Exit status 1: a fault was found, or the time was up before the last case.
"""

import argparse
import faulthandler
import multiprocessing
import sys
import time
from collections import Counter
from typing import Any

from tests.fuzz.driver import HANG_S, KINDS, Fault, cases

# cases of a kind; of the others, which take less time, MANY
COUNTS = {
    "command line": 6_000, "space YAML": 6_000, "board YAML": 8_000, "DRAM YAML": 6_000, "model YAML": 8_000,
    "manifest": 8_000, "Parquet chunk": 8_000, "setting": 8_000, "engine memory": 6_000, "engine pe": 6_000,
}  # fmt: skip
MANY = 12_000
BLOCK = 250
PROCESSES = 2
SHOWN = 20


def _start(until: float) -> None:
    global _until
    _until = until


def _block(task: tuple[str, range]) -> tuple[str, int, float, list[Fault]]:
    name, numbers = task
    began, done, faults = time.monotonic(), 0, []
    faulthandler.dump_traceback_later(len(numbers) * HANG_S, exit=True)  # for what no alarm interrupts
    for fault in cases(KINDS[name], numbers, _until):
        done += 1
        faults += [fault] if fault else []
    faulthandler.cancel_dump_traceback_later()
    return name, done, time.monotonic() - began, faults


def _tasks(share: float) -> list[tuple[str, range]]:
    """Return blocks of all kinds in turn, so that each has had its part where the time is up."""
    counts = {name: max(1, round(COUNTS.get(name, MANY) * share)) for name in KINDS}
    blocks = [(start / counts[name], name, range(start, min(start + BLOCK, counts[name])))
              for name in KINDS for start in range(0, counts[name], BLOCK)]  # fmt: skip
    return [(name, numbers) for _, name, numbers in sorted(blocks, key=lambda block: block[0])]


def main() -> int:
    """Run the cases and print a row per kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=570)
    parser.add_argument("--share", type=float, default=1.0, help="of the cases")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--number", type=int, default=0)
    asked = parser.parse_args()
    if asked.kind:
        found = list(cases(KINDS[asked.kind], range(asked.number, asked.number + 1)))
        print(*(found[0] or ["nothing wrong"]), sep="\n")
        return int(found[0] is not None)
    began = time.monotonic()
    tasks = _tasks(asked.share)
    wanted: Counter[str] = Counter()
    done: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    faults: list[Fault] = []
    for name, numbers in tasks:
        wanted[name] += len(numbers)
    with multiprocessing.get_context("spawn").Pool(PROCESSES, _start, (began + asked.seconds,)) as pool:
        results: Any = pool.imap_unordered(_block, tasks)
        for _ in tasks:
            name, count, took, found = results.next(timeout=asked.seconds + BLOCK)  # a process that died never answers
            done[name] += count
            seconds[name] += took
            faults += found
    print(f"{'kind':16}{'cases':>10}{'of':>10}{'ms each':>10}{'faults':>8}")
    for name in KINDS:
        bad = sum(fault.kind == name for fault in faults)
        print(f"{name:16}{done[name]:>10,}{wanted[name]:>10,}{1e3 * seconds[name] / max(1, done[name]):>10.2f}{bad:>8}")
    print(f"{'all':16}{done.total():>10,}{wanted.total():>10,}{'':10}{len(faults):>8}  in {time.monotonic() - began:.0f} s")
    for fault in faults[:SHOWN]:
        print(f"\n{fault.kind} {fault.number}: {fault.case}\n{fault.what}")
    return int(bool(faults) or done.total() < wanted.total())


if __name__ == "__main__":
    sys.exit(main())
