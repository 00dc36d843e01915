"""GEMMs on designs whose DRAM is a bandwidth."""

from pivotsim.kernels._jit import kernel
from pivotsim.kernels.memory.found_programs import SIGNATURE, TYPES, run_each
from pivotsim.kernels.types import Array, Records


@kernel(f"{SIGNATURE})", types=TYPES)
def run_with_bandwidth(
    gemms: Array, designs: Array, limits: Array, drams: Array, tasks: Array, candidates: Array, budget: int,
    is_pruned: bool, is_run: bool, room: Array, states: Array, bounds: Array, records: Records, chosen: Array,
    result: Array, moved: Array, found: Array,
) -> None:  # fmt: skip
    """Run each task, see ``run_each``."""
    run_each(
        gemms, designs, limits, drams, tasks, candidates, budget, is_pruned, is_run, room, states, bounds, records,
        chosen, result, moved, found, None, None,
    )  # fmt: skip
