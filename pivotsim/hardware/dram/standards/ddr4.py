"""DDR4 (JEDEC JESD79-4B): bank groups, whose banks share a data path slower than the bus; refreshes of all banks."""

from pivotsim.hardware.dram.constraints import Constraint
from pivotsim.hardware.dram.standard import BUS_LINES, PARAMETERS, Standard, column_lines, row_lines

STANDARD = Standard(
    kind="ddr4",
    title="DDR4",
    parameters={
        **{name: PARAMETERS[name] for name in ("nBL", "nCL", "nCWL", "nRCD", "nRP", "nRAS", "nRC", "nWR", "nRTP")},
        "nCCD_S": "Read to read, write to write, other bank group.",
        "nCCD_L": "Read to read, write to write, same bank group.",
        "nRRD_S": "Activate to activate, other bank group.",
        "nRRD_L": "Activate to activate, same bank group.",
        "nFAW": PARAMETERS["nFAW"],
        "nWTR_S": "Last written beat to read, other bank group.",
        "nWTR_L": "Last written beat to read, same bank group.",
        **{name: PARAMETERS[name] for name in ("nRTW", "nRFC", "nREFI")},
    },
    constraints=(
        *row_lines(),
        Constraint("ACT", "ACT", "bank_group", "nRRD_L"),
        Constraint("ACT", "ACT", "rank", "nRRD_S"),
        *column_lines("bank_group", "nCCD_L", "nCWL + nBL + nWTR_L"),
        *column_lines("rank", "nCCD_S", "nCWL + nBL + nWTR_S"),
        *BUS_LINES,
    ),
    has_bank_groups=True,
)
