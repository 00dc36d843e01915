"""make fuzz: python -m tests.fuzz [--seconds S] [--share X]; --kind KIND --number N runs one case again.

Exit status 1: a fault was found, or the time was up before the last case.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures.process import BrokenProcessPool

from tests.fuzz.campaign import counts, run
from tests.fuzz.driver import Fault, cases
from tests.fuzz.kinds import KINDS

SHOWN = 20


def main() -> int:
    """Run the cases and print a row per kind."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=570)
    parser.add_argument("--share", type=float, default=1.0, help="of the cases")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--number", type=int, default=0)
    asked = parser.parse_args()
    if asked.kind:
        (found,) = cases(KINDS[asked.kind], range(asked.number, asked.number + 1))
        print(*(found or ["nothing wrong"]), sep="\n")
        return int(found is not None)
    began, wanted = time.monotonic(), counts(asked.share)
    done: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    faults: list[Fault] = []
    try:
        for block in run(wanted, asked.seconds):
            done[block.kind] += block.done
            seconds[block.kind] += block.seconds
            faults += block.faults
    except BrokenProcessPool:
        print("a process died: its stack stands above if it was stuck")
    print(f"{'kind':16}{'cases':>10}{'of':>10}{'ms each':>10}{'faults':>8}")
    for name in KINDS:
        bad = sum(fault.kind == name for fault in faults)
        print(f"{name:16}{done[name]:>10,}{wanted[name]:>10,}{1e3 * seconds[name] / max(1, done[name]):>10.2f}{bad:>8}")
    took = f"  in {time.monotonic() - began:.0f} s"
    print(f"{'all':16}{done.total():>10,}{wanted.total():>10,}{'':10}{len(faults):>8}{took}")
    for fault in faults[:SHOWN]:
        print(f"\n{fault.kind} {fault.number}: {fault.case}\n{fault.what}")
    return int(bool(faults) or done.total() < wanted.total())


if __name__ == "__main__":
    sys.exit(main())
