"""Random streams, and what a log of commands must obey: shared by the tests of channels."""

import itertools

from pivotsim.engines.dram.channel import serve
from pivotsim.hardware.dram.constraints import gap_clocks
from tests.oracles.memory import dram_clock


def rules_of(spec, constraints=None):
    lines = spec.standard.constraints if constraints is None else constraints
    return [(c.previous, c.following, c.scope, gap_clocks(c, spec.timing_clocks), c.nth) for c in lines]


def draw_stream(draw, spec, n):
    """Addresses, directions and arrivals: sequential, strided or scattered; one direction or mixed; dense or not."""
    kind = draw.choice(("sequential", "strided", "scattered", "scattered"))
    if kind == "sequential":
        start = draw.randrange(spec.capacity_bytes - n * spec.burst_bytes)
        addresses = [start + i * spec.burst_bytes for i in range(n)]
    elif kind == "strided":
        stride = draw.choice((64, 256, 2048, 8192, 65_536))
        addresses = [i * stride % spec.capacity_bytes for i in range(n)]
    else:
        span = draw.choice((2**12, 2**16, 2**20, spec.capacity_bytes))
        addresses = [draw.randrange(span) for _ in range(n)]
    write_share = draw.choice((0, 0.1, 0.5, 1))
    writes = [draw.random() < write_share for _ in range(n)]
    pause = draw.choice((0, 0, 3, 30, 300))
    arrivals = list(itertools.accumulate(draw.randint(0, pause) for _ in range(n)))
    return addresses, writes, arrivals


def check_against_oracle(spec, addresses, writes, arrivals, constraints=None):
    finish, log = dram_clock.simulate(spec, rules_of(spec, constraints), addresses, writes, arrivals)
    ours = serve(spec, addresses, writes, arrivals, log=True, constraints=constraints)
    assert ours.commands == log
    assert ours.finish_clocks.tolist() == finish
    assert ours.total_clocks == max(finish)


def shortest_distance(spec, commands, line):
    """Clocks between a command and the nth most recent previous one in scope, at the least; None without a pair."""
    shift = spec.organisation.banks_per_group
    keys = {"bank": lambda c: c.bank, "bank_group": lambda c: c.bank // shift}
    key = keys.get(line.scope, lambda c: 0)
    earlier, distances = {}, []
    for command in commands:
        place = key(command)
        seen = earlier.setdefault(place, [])
        if command.command == line.following and len(seen) >= line.nth:
            distances.append(command.clock - seen[-line.nth])
        if command.command == line.previous:
            seen.append(command.clock)
    return min(distances, default=None)
