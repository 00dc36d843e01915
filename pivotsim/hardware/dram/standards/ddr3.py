"""DDR3 (JEDEC JESD79-3): no bank groups, eight banks, a prefetch and burst of eight beats, refreshes of all banks."""

from pivotsim.hardware.dram.constraints import Constraint
from pivotsim.hardware.dram.standard import BUS_LINES, PARAMETERS, Standard, column_lines, row_lines

STANDARD = Standard(
    kind="ddr3",
    title="DDR3",
    parameters={
        **PARAMETERS,
        "nCCD": "Read to read, write to write.",
        "nRRD": "Activate to activate.",
        "nWTR": "Last written beat to read.",
    },
    constraints=(
        *row_lines(),
        Constraint("ACT", "ACT", "rank", "nRRD"),
        *column_lines("rank", "nCCD", "nCWL + nBL + nWTR"),
        *BUS_LINES,
    ),
)
