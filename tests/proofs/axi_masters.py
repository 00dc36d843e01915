"""Part of `make rtl-designs`: 100,000 bursts of the AXI masters under back-pressure, no byte wrong, no rule broken.

Five widths of streams and AXI, bursts of up to 16, 64 or 256 beats, one to eight in flight. A count of bursts makes a
quick try: python -m tests.proofs.axi_masters 2000.
"""

import itertools
import sys

from tests.rtl import verilated
from tests.rtl.axi.masters import Masters, run

BURSTS, COMMANDS = 100_000, 500  # of each run
MASTERS = (
    Masters(),
    Masters(lanes=5, burst_beats=16, outstanding=1, burst_bits=1),
    Masters(lanes=16, burst_beats=16),
    Masters(lanes=13, data_bytes=32, burst_beats=64, outstanding=3),
    Masters(lanes=64, data_bytes=64),
)


def campaign(masters: Masters, bursts: int) -> tuple[int, int, int, int]:
    """Return (bursts, bytes, wrong bytes, runs in which a rule was broken) of at least that many bursts."""
    done = moved = wrong = broken = 0
    for seed in itertools.count():
        found = run(masters, seed, COMMANDS, stalls=seed % 8 != 7, latency=(0, 3, 40)[seed % 3])
        done, moved = done + found.bursts, moved + found.read_bytes + found.written_bytes
        wrong, broken = wrong + found.wrong, broken + (found.broken != 0)
        if found.wrong or found.broken:
            print(masters, f"seed {seed}", found, flush=True)
        if done >= bursts:
            return done, moved, wrong, broken
    raise AssertionError


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make rtl-designs: {verilated.missing()}")
    bursts, differ = int(sys.argv[1]) if len(sys.argv) > 1 else BURSTS, 0
    for masters in MASTERS:
        done, moved, wrong, broken = campaign(masters, -(-bursts // len(MASTERS)))
        differ += wrong + broken
        print(f"{masters}: {done:,} bursts, {moved:,} bytes, {wrong} wrong, {broken} runs break a rule", flush=True)
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
