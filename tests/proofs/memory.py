"""`make proof`, its part on memories: engine `memory` against the clock-by-clock oracle; writes the page's line.

A count of points makes a quick try, which leaves the page alone: python -m tests.proofs.memory 300
"""

import sys
import time

from tests.proofs.memory_campaign import campaign
from tests.proofs.page_section import write_section

POINTS, SEED = 33_000, 2
MASKED_POINTS = 20_000
MIXED_POINTS = 10_500
BLOCK_POINTS = 11_000


def main() -> int:
    started = time.monotonic()
    points = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS
    runs, misfits, found = campaign(points, SEED)
    masked_runs, masked_misfits, found_masked = campaign(points * MASKED_POINTS // POINTS, SEED, is_masked=True)
    mixed_runs, mixed_misfits, found_mixed = campaign(points * MIXED_POINTS // POINTS, SEED, is_mixed=True)
    mode_runs, _, found_modes = campaign(points * MIXED_POINTS // POINTS, SEED, is_mixed=True, has_modes=True)
    block_runs, _, found_block = campaign(
        points * BLOCK_POINTS // POINTS, SEED, is_mixed=True, has_modes=True, has_block=True
    )
    different = sum(map(len, (found, found_masked, found_mixed, found_modes, found_block)))
    text = (
        f"{runs:,} random GEMMs on random memories (and {misfits:,} that do not fit), {masked_runs:,} with masks"
        f" (and {masked_misfits:,}),\nand {mixed_runs:,} of elements of 1 to 64 bits, half with AXI bursts that cost"
        f" clocks (and {mixed_misfits:,}), {mode_runs:,}\nof these with serial transfers, no reuse, two clocks or"
        f" post-operations, and {block_runs:,} with all of this under os,\nwhose folds share chunks in blocks of"
        " outputs: every transfer's and every tile's start and end, stalls by cause\nand bytes by level, engine"
        f" `memory` against the oracle: {different} differences."
    )
    if points >= POINTS:
        write_section("memory proof", text)
    print(
        f"{runs:,} runs, {misfits:,} misfits, masked {masked_runs:,} and {masked_misfits:,}, mixed {mixed_runs:,}"
        f" and {mixed_misfits:,}, modes {mode_runs:,}, blocks {block_runs:,}, {different} differences,"
        f" {time.monotonic() - started:.0f} s"
    )
    few = runs < 20_000 or masked_runs < 10_000 or min(mixed_runs, mode_runs, block_runs) < 5_000
    return int(bool(different) or (points >= POINTS and few))


if __name__ == "__main__":
    sys.exit(main())
