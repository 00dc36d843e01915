"""A campaign on the written units: answers against the references, clocks against the model."""

import random
from collections import Counter
from collections.abc import Callable

import numpy as np

import pivotsim as ps
from pivotsim.engines.pl_units.token_dropping import dropping
from pivotsim.engines.pl_units.written_fills import DIVIDE_CYCLES, written_fill_cycles
from pivotsim.integer import activation, layer_norm, residual, softmax, tokens
from pivotsim.integer.scaling import Scale, scale_of
from tests.rtl.units.verilated_units import VerilatedUnits

BOARD = ps.load_hardware("zcu102")
HOLDS = ([0], [1, 0], [0, 0, 1, 0, 1, 1])
Differences = list[str]


def _compared(units: VerilatedUnits, name: str, kind: str, out, expected, blocks, clocks: int) -> Differences:
    """Return what differs: answers, or the clocks of the engine's model, of blocks that follow each other."""
    found = [f"{name}: answers"] if any(not np.array_equal(*pair) for pair in zip(out, expected, strict=True)) else []
    fill = written_fill_cycles(name, units.lanes, units.longest)
    board = BOARD.replace({f"units.{kind}.elements_per_clock": units.lanes, f"units.{kind}.fill_cycles": fill})
    model = sum(board.unit_cycles(kind, block.size, 1) for block in blocks) - fill * (len(blocks) - 1)
    return found + ([f"{name}: {clocks} clocks, {model} of the model"] if clocks != model else [])


def softmax_rows(units: VerilatedUnits, draw: random.Random, rows: int) -> Differences:
    """Two blocks of rows, of scores all alike, far apart or between."""
    n = draw.randint(units.lanes, units.longest)
    generator = np.random.default_rng(draw.getrandbits(32))
    span = draw.choice([1, 4, 40, 256])
    blocks = [generator.integers(-128, span - 128, (rows, n)).astype(np.int8) for _ in range(2)]
    table = softmax.softmax_table(draw.choice([1e-9, 0.003, 0.02, 0.1, 1.0]))
    out, clocks = units.softmax(blocks, table, draw.choice(HOLDS))
    return _compared(
        units, "softmax", "softmax", out, [softmax.probabilities(b, table) for b in blocks], blocks, clocks
    )


def layer_norm_rows(units: VerilatedUnits, draw: random.Random, rows: int) -> Differences:
    """Two blocks of rows, of any mean and spread: constant rows and extreme ones too."""
    n = units.lanes * draw.randint(1, units.longest // units.lanes)
    generator = np.random.default_rng(draw.getrandbits(32))
    blocks = []
    for _ in range(2):
        spread = 10.0 ** generator.integers(-2, 5, (rows, 1))
        x = generator.normal(
            generator.normal(0, 1, (rows, 1)) * 10.0 ** generator.integers(0, 5, (rows, 1)), spread, (rows, n)
        )
        blocks.append(np.clip(np.round(x), -32768, 32767).astype(np.int16))
    blocks[0][0] = np.where(generator.random(n) < 0.5, -32768, 32767)
    gamma, beta = generator.normal(1, 0.3, n), generator.normal(0, draw.choice([0.1, 3.0]), n)
    constants = layer_norm.layer_norm_constants(
        gamma,
        beta,
        draw.choice([1e-12, 1e-6, 1e-3]),
        draw.choice([1e-4, 1 / 2000, 1.0]),
        draw.choice([1 / 24, 1e-3, 4.0]),
    )
    out, clocks = units.layer_norm(blocks, constants, draw.choice(HOLDS))
    expected = [layer_norm.normalised(block, constants) for block in blocks]
    return _compared(units, "layer_norm", "norm", out, expected, blocks, clocks)


def residual_rows(units: VerilatedUnits, draw: random.Random, rows: int) -> Differences:
    """Sums of 8, 16 or 32 bits, every scale."""
    generator, n = np.random.default_rng(draw.getrandbits(32)), draw.randint(1, units.longest)
    stream = generator.integers(-32768, 32768, (rows, n)).astype(np.int16)
    bits = draw.choice([8, 16, 32])
    x = generator.integers(-(1 << (bits - 1)), 1 << (bits - 1), (rows, n)).astype(np.int32)
    scale = draw.choice([scale_of(10.0 ** draw.uniform(-12, 4)), Scale(65535, 62), Scale(0, 0), Scale(65535, 0)])
    out, clocks = units.residual_add(stream, x, scale, draw.choice(HOLDS))
    return _compared(units, "residual_add", "add", [out], [residual.add(stream, x, scale)], [stream], clocks)


def dropped_tokens(units: VerilatedUnits, draw: random.Random, rows: int) -> Differences:
    """Tokens dropped, ``rows`` times: scores with many equal ones too, none or all kept."""
    sizes, found = units.dropping, Differences()
    unit = BOARD.replace(
        {
            "units.token_drop.score_lanes": units.lanes, "units.token_drop.comparators": sizes.comparators,
            "units.token_drop.ports": sizes.ports, "units.token_drop.channels_per_port": sizes.channels,
            "units.token_drop.divide_cycles": DIVIDE_CYCLES, "units.token_drop.averaging_hidden": False,
        }
    ).units.token_drop  # fmt: skip
    for _ in range(rows):
        generator = np.random.default_rng(draw.getrandbits(32))
        n, heads = draw.randint(1, 1 << sizes.token_bits), draw.randint(1, 6)
        kept, width = draw.randint(0, n), sizes.channels * draw.randint(1, sizes.blocks)
        attention = generator.integers(0, draw.choice([1, 2, 128]), (heads, n)).astype(np.int8)
        x = generator.integers(-32768, 32768, (sizes.prefix + n, width)).astype(np.int16)
        seen, score = units.drop(attention, x, kept), tokens.scores(attention)
        order = tokens.ranked(score)
        fused = tokens.fuse(x[sizes.prefix :][order[kept:]], score[order[kept:]])
        if not np.array_equal(seen.kept, tokens.gather(x, tokens.top_k(score, kept), sizes.prefix)):
            found.append("token_dropping: kept tokens")
        if not np.array_equal(seen.fused, fused):
            found.append("token_dropping: the fused token")
        model = dropping(unit, sizes.prefix + n, width, heads, sizes.prefix)
        if seen.phases != tuple(model) or seen.cycles != model.cycles:
            found.append(f"token_dropping: {seen.phases} clocks, {tuple(model)} of the model")
    return found


# unit -> its inputs, and the blocks of rows of a call
CAMPAIGNS: dict[str, tuple[Callable[[VerilatedUnits, random.Random, int], Differences], int]] = {
    "softmax": (softmax_rows, 2),
    "layer_norm": (layer_norm_rows, 2),
    "residual_add": (residual_rows, 1),
    "token_dropping": (dropped_tokens, 1),
}
ROWS_OF_A_DROP = 20  # it takes a hundred clocks


def every_table_input(units: VerilatedUnits) -> Differences:
    """Every byte through the three activations, and every maximum with every score below it through softmax."""
    lanes, found = units.lanes, Differences()
    every = np.arange(-128, 128).astype(np.int8)[None]
    for kind in activation.ACTIVATIONS:
        table = activation.activation_table(kind, 1 / 16, 1 / 20)
        out, clocks = units.activation([every], table, HOLDS[2])
        found += _compared(units, "activation", "gelu", out, [activation.activate(every, table)], [every], clocks)
    most, below = (index.ravel() for index in np.tril_indices(256))
    rows = np.repeat((below - 128)[:, None], max(2, lanes), axis=1).astype(np.int8)
    rows[:, most.size % rows.shape[1]] = most - 128
    table = softmax.softmax_table(0.03)
    out, clocks = units.softmax([rows], table)
    return found + _compared(units, "softmax", "softmax", out, [softmax.probabilities(rows, table)], [rows], clocks)


def campaign(
    units: VerilatedUnits, vectors: int, seed: int, rows: int = 20, drops: int | None = None
) -> tuple[Counter[str], Differences]:
    """Give each unit so many random rows, token dropping a 20th or ``drops``; return how many, and what differs."""
    draw, seen, found = random.Random(seed), Counter(), every_table_input(units)
    for name, (one, blocks) in CAMPAIGNS.items():
        wanted = vectors
        if one is dropped_tokens:
            wanted = vectors // ROWS_OF_A_DROP if drops is None else drops
        while seen[name] < wanted and not found:
            found += one(units, draw, rows)
            seen[name] += rows * blocks
    return seen, found
