"""`make proof`, its part on memories: engine `memory` against the clock-by-clock oracle; writes the README's line."""

import sys
import time

from tests.memory_campaign import campaign
from tests.readme_section import write_section

POINTS, SEED = 33_000, 2


def main() -> int:
    started = time.monotonic()
    runs, misfits, found = campaign(POINTS, SEED)
    different = len(found)
    write_section(
        "memory proof",
        f"{runs:,} random GEMMs on random memories (and {misfits:,} that do not fit): every transfer's and every tile's"
        f"\nstart and end, stalls by cause and bytes by level, engine `memory` against the oracle: {different}"
        " differences.",
    )
    print(f"{runs:,} runs, {misfits:,} misfits, {different} differences, {time.monotonic() - started:.0f} s")
    return int(bool(different) or runs < 20_000)


if __name__ == "__main__":
    sys.exit(main())
