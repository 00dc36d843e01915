"""Proof of the units in Verilog: it agrees with the integer reference in every answer, with the engine in every clock.

A count of vectors makes a quick try: python -m tests.proofs.units_rtl 10000
"""

import sys
import time
from collections import Counter

from tests.proofs.page_section import write_section
from tests.rtl import verilated
from tests.rtl.faults import missed as faults_missed
from tests.rtl.units import unit_faults
from tests.rtl.units.unit_agreement import campaign
from tests.rtl.units.verilated_units import Dropping, VerilatedUnits

# the widths that synthesis counts, and an odd one
BUILDS = [
    (1, 12, Dropping(token_bits=3, comparators=1, ports=3, channels=1, blocks=3, prefix=2)),
    (3, 24, Dropping(token_bits=4, comparators=8, ports=5, channels=2, blocks=2)),
    (8, 32, Dropping(token_bits=4, comparators=2, ports=2, channels=4, blocks=2)),
    (16, 64, Dropping(token_bits=5, comparators=4, ports=4, channels=2, blocks=3)),
]
VECTORS = 1_000_000  # of each unit, over all builds
SEED = 20240623


def main() -> int:
    if verilated.missing():
        raise SystemExit(f"make proof: {verilated.missing()}")
    started = time.monotonic()
    vectors = int(sys.argv[1]) if len(sys.argv) > 1 else VECTORS
    different: list[str] = []
    total = Counter[str]()
    for build in BUILDS:
        units = VerilatedUnits(*build)
        each = -(-vectors // len(BUILDS))
        seen, found = campaign(units, each, SEED + build[0], rows=250, drops=each)
        units.close()
        different += found
        total += seen
        print(f"{build[0]} lanes: {dict(seen)}, {found or 'no difference'}", flush=True)
    missed = faults_missed(unit_faults.FAULTS, unit_faults.caught_by) if vectors >= VECTORS else []
    faults = len(unit_faults.FAULTS)
    lanes = ", ".join(str(build[0]) for build in BUILDS)
    text = (
        f"{total['softmax']:,} random rows of softmax, {total['layer_norm']:,} of LayerNorm, {total['residual_add']:,}"
        f" of residual additions and {total['token_dropping']:,} drops of\ntokens in Verilog of {lanes} lanes, and"
        " every input of the tables of softmax, GELU, SiLU and ReLU:\nanswers against the integer reference, clocks"
        f" against the engine's model: {len(different)} differences."
    )
    if vectors >= VECTORS:
        text += f" {faults - len(missed)} of {faults} one-line faults in that Verilog are caught."
        write_section("units proof", text)
    print(text)
    print(f"{time.monotonic() - started:.0f} s")
    return int(bool(different) or bool(missed))


if __name__ == "__main__":
    sys.exit(main())
