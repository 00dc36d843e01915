"""Ways to run the memory hierarchy other than the usual one (rules.md, 13): serial transfers, no reuse, two clocks.

memory: transfers (overlapped or serial), reuse (kept or none), clock_divisor (array clocks of one clock of the
        memories), post_region_cycles and post_entry_cycles (array clocks between a region's last output and its drain)
"""

from tests.oracles.memory.program import Pass, Program, Region, Transfer

USUAL = {
    "transfers": "overlapped", "reuse": "kept", "clock_divisor": 1, "post_region_cycles": 0, "post_entry_cycles": 0,
}  # fmt: skip


def array_as_run(array: dict, memory: dict) -> dict:
    """The array; where all take turns, nothing of two folds overlaps."""
    return {**array, "fold_overlap": "none"} if memory["transfers"] == "serial" else array


def is_turn_of_load(program: Program, load: Transfer) -> bool:
    """Whether all that stands before a load in the program is over: passes, and drains of the regions before."""
    if program.memory["transfers"] == "overlapped":
        return True
    region = program.regions[0] if load.kind == "bias" else program.passes[load.serves].region
    have_drained = all(drain.end is not None for drain in _drains_before(program, region))
    return have_drained and all(map(_is_over, program.passes[: load.serves]))


def is_turn_of_pass(program: Program, index: int) -> bool:
    """Whether all that stands before a pass in the program is over: also its own loads, and the bias among them."""
    if program.memory["transfers"] == "overlapped":
        return True
    loads = [load for load in program.loads if load.serves <= index]
    drains = _drains_before(program, program.passes[index].region)
    return all(transfer.readable for transfer in (*loads, *drains))


def user_of(program: Program, clock: int) -> str:
    """What uses a clock in which the array is idle, where all take turns: what is in flight, else what starts next."""
    drains = [region.drain for region in program.regions]
    later = [each for each in (*drains, *program.loads) if each.end is not None and each.end > clock]
    kind = min(later, key=lambda each: each.start).kind
    return "output" if kind == "bias" else kind


def _is_over(one: Pass) -> bool:
    return (one.registered if one.writes_region else one.stream_end) is not None


def _drains_before(program: Program, region: Region) -> list[Transfer]:
    place = next(number for number, one in enumerate(program.regions) if one is region)
    return [one.drain for one in program.regions[:place]]
