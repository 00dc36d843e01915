"""`make proof`, its part on memories: engine `memory` against the clock-by-clock oracle; writes the README's line."""

import sys
import time

from tests.proofs.memory_campaign import campaign
from tests.proofs.readme_section import write_section

POINTS, SEED = 33_000, 2
MASKED_POINTS = 20_000


def main() -> int:
    started = time.monotonic()
    runs, misfits, found = campaign(POINTS, SEED)
    masked_runs, masked_misfits, found_masked = campaign(MASKED_POINTS, SEED, is_masked=True)
    different = len(found) + len(found_masked)
    write_section(
        "memory proof",
        f"{runs:,} random GEMMs on random memories (and {misfits:,} that do not fit), and {masked_runs:,} with masks"
        f" (and {masked_misfits:,}):\nevery transfer's and every tile's start and end, stalls by cause and bytes by"
        f" level, engine `memory` against\nthe oracle: {different} differences.",
    )
    print(
        f"{runs:,} runs, {misfits:,} misfits, masked {masked_runs:,} and {masked_misfits:,}, {different} differences,"
        f" {time.monotonic() - started:.0f} s"
    )
    return int(bool(different) or runs < 20_000 or masked_runs < 10_000)


if __name__ == "__main__":
    sys.exit(main())
