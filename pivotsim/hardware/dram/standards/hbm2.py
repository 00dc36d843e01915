"""HBM2 (JEDEC JESD235): one pseudo channel of 64 bits, bursts of four beats, bank groups, two command buses.

Row and column commands have a bus each, on which an activate takes two clocks. The two pseudo channels of a channel
share both buses; one of them is modelled, and the other's commands take none of its clocks [assumed].
"""

from pivotsim.hardware.dram.constraints import COLUMN_COMMANDS, COMMANDS, Constraint
from pivotsim.hardware.dram.standard import (
    BUS_LINES,
    PARAMETERS,
    Standard,
    bank_refresh_lines,
    column_lines,
    row_lines,
)

ROW_COMMANDS = tuple(command for command in COMMANDS if command not in COLUMN_COMMANDS)

STANDARD = Standard(
    kind="hbm2",
    title="HBM2",
    parameters={
        **PARAMETERS,
        "nRCD": "Activate to read.",
        "nRCDWR": "Activate to write.",
        "nCCD_S": "Read to read, write to write, other bank group.",
        "nCCD_L": "Read to read, write to write, same bank group.",
        "nRRD_S": "Activate to activate, other bank group.",
        "nRRD_L": "Activate to activate, same bank group.",
        "nWTR_S": "Last written beat to read, other bank group.",
        "nWTR_L": "Last written beat to read, same bank group.",
        "nRFCSB": "Refresh of one bank to its activate.",
        "nRREFD": "Refresh of one bank to the refresh or the activate of another, and the other way round.",
    },
    constraints=(
        *row_lines(opening="nRCDWR"),
        Constraint("ACT", "ACT", "bank_group", "nRRD_L"),
        Constraint("ACT", "ACT", "rank", "nRRD_S"),
        *column_lines("bank_group", "nCCD_L", "nCWL + nBL + nWTR_L"),
        *column_lines("rank", "nCCD_S", "nCWL + nBL + nWTR_S"),
        *bank_refresh_lines(apart="nRREFD", beside="nRREFD", refresh="nRFCSB"),
        *BUS_LINES,
        *(Constraint("ACT", following, "channel", "2") for following in ROW_COMMANDS),  # type: ignore[arg-type]
    ),
    has_bank_groups=True,
    has_bank_refresh=True,
    has_two_command_buses=True,
)
