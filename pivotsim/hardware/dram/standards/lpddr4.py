"""LPDDR4 (JEDEC JESD209-4): one 16-bit channel of eight banks, bursts of 16 beats, a bank refreshed at a time.

A command takes several clocks of the command bus: four for ACT, RD and WR (two commands of two clocks), two for the
others. Its clock here is its last one, so that it holds the bus for as long before. A refresh of one bank counts in no
window of four activates here [assumed].
"""

from pivotsim.hardware.dram.constraints import COMMANDS, Constraint
from pivotsim.hardware.dram.standard import (
    BUS_LINES,
    PARAMETERS,
    Standard,
    bank_refresh_lines,
    column_lines,
    row_lines,
)

WRITTEN = "nCWL + 1 + nBL"  # the strobe's first edge is up to a clock late (tDQSS)
COMMAND_CLOCKS = {"ACT": "4", "RD": "4", "WR": "4", "PRE": "2", "PREA": "2", "REFB": "2", "REF": "2"}

STANDARD = Standard(
    kind="lpddr4",
    title="LPDDR4",
    parameters={
        **PARAMETERS,
        "nCCD": "Read to read, write to write.",
        "nRRD": "Activate to activate.",
        "nWTR": "Last written beat to read.",
        "nRPab": "Precharge of all banks to activate or refresh.",
        "nRFCpb": "Refresh of one bank to its activate, or to the refresh of another.",
        "nPPD": "Precharge to precharge.",
    },
    constraints=(
        *row_lines(WRITTEN, "nRPab"),
        Constraint("ACT", "ACT", "rank", "nRRD"),
        *column_lines("rank", "nCCD", f"{WRITTEN} + nWTR"),
        Constraint("PRE", "PRE", "rank", "nPPD"),
        Constraint("PRE", "PREA", "rank", "nPPD"),
        *bank_refresh_lines(apart="nRFCpb", beside="nRRD", refresh="nRFCpb", closing_all="nRPab"),
        *BUS_LINES,
        *(Constraint(a, b, "channel", COMMAND_CLOCKS[b]) for a in COMMANDS for b in COMMANDS),  # type: ignore[arg-type]
    ),
    has_bank_refresh=True,
)
