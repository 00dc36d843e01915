"""Trainings of the papers on the digits, into notebooks/recorded: `make train-papers`, or some of them by PAPERS="...".

Each is a module of tests.recordings with a ``main``; its first line says what it trains.
"""

import importlib
import sys

PAPERS = ("effort_losses", "simultaneous_pruning", "early_cut", "one_gate")


def main(chosen: list[str]) -> int:
    unknown = [name for name in chosen if name not in PAPERS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(PAPERS)}", file=sys.stderr)
        return 2
    for name in chosen or PAPERS:
        module = importlib.import_module(f"tests.recordings.{name}")
        print(f"{name}: {(module.__doc__ or '').partition(chr(10))[0]}", flush=True)
        module.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
