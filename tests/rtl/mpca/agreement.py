"""One sparse product, three answers: engine `mpca`, the Verilog lanes and numpy; what differs, in words."""

import random
from dataclasses import dataclass

import numpy as np

from pivotsim.engines.mpca.lanes import run_dense, run_heads, run_masked, token_groups
from pivotsim.hardware.kinds.mpca import BALANCES, MpcaSpec
from pivotsim.rtl.mpca.lane_programs import LaneProgram, dense_programs, masked_programs, token_words
from pivotsim.workload.masks.masks import Mask
from tests.rtl.mpca.bridge import BEFORE, Build, Run, VerilatedLanes

MASKED, DENSE, HEADS = "masked", "dense", "heads"
IDLE = LaneProgram((), np.array([1 << 31], dtype=np.uint32), np.zeros(0), np.zeros((0, 1)))


@dataclass(frozen=True)
class Point:
    """One multiplication: (m, k) x (k, n), of which ``kept`` (block rows, block columns) blocks are there."""

    kind: str
    m: int
    k: int
    n: int
    block: int
    balance: str
    header: int
    heads: int
    kept: np.ndarray
    seed: int

    def __str__(self) -> str:
        sizes = f"{self.m}x{self.k}x{self.n} in blocks of {self.block}, {self.balance}, header {self.header}"
        kept = f"{int(self.kept.sum())} of {self.kept.size} blocks"
        return f"{self.kind} {sizes}, {self.heads} heads, {kept}, seed {self.seed}"


@dataclass
class Tally:
    """What a campaign has seen."""

    points: int = 0
    clocks: int = 0
    sums: int = 0
    empty_columns: int = 0
    differences: int = 0


def draw_point(draw: random.Random, build: Build) -> Point:
    """Draw a multiplication that the build's memories hold."""
    for _ in range(1000):
        kind = draw.choice((MASKED, MASKED, MASKED, MASKED, DENSE, HEADS))
        b = draw.choice((draw.randint(1, 9), build.p_pe, 2 * build.p_pe))
        rows, columns = draw.randint(1, 6), draw.randint(1, 3 * build.lanes + 1)
        m = draw.randint(1, draw.choice((build.p_pe, 3 * build.p_t * build.p_pe)))
        k, n = rows * b - draw.randint(0, b - 1), columns * b - draw.randint(0, b - 1)
        density = draw.choice((0.05, 0.3, 0.5, 0.7, 0.9, 1))
        kept = np.array([[draw.random() < density for _ in range(columns)] for _ in range(rows)])
        if draw.random() < 0.3:
            kept[:, draw.randrange(columns)] = False
        heads = draw.randint(1, 2 * build.p_h) if kind == HEADS else 1
        point = Point(
            kind, m, k, n, b, draw.choice(BALANCES), draw.choice((0, 1, 1, 2, 5)), heads,
            kept if kind == MASKED else np.ones_like(kept), draw.randrange(2**31),
        )  # fmt: skip
        groups = token_groups(m, build.spec())
        part = -(-b // build.p_pe) * b
        if (
            columns < 1 << build.list_bits
            and rows * columns <= 1 << build.row_bits
            and rows * columns * part <= 1 << build.weight_bits
            and groups * rows * b <= 1 << build.token_bits
            and groups * columns * b <= 1 << build.out_bits
        ):
            return point
    raise AssertionError("no point fits the build")


def operands(point: Point) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 (heads, m, k) and (heads, k, n): random, or all at an extreme, where a lost sign or carry shows."""
    generator = np.random.default_rng(point.seed)
    shapes = (point.heads, point.m, point.k), (point.heads, point.k, point.n)
    if point.seed % 8 == 0:
        return np.full(shapes[0], -128, np.int8), np.full(shapes[1], -128, np.int8)
    a, b = (generator.integers(-128, 128, shape, dtype=np.int8) for shape in shapes)
    return a, b


def differences(point: Point, lanes: VerilatedLanes, tally: Tally) -> list[str]:
    """Run one point everywhere and return what differs; empty if all agree."""
    build = lanes.build
    mpca = build.spec(balance=point.balance, header_cycles=point.header, dense_block=point.block)
    tokens, weights = operands(point)
    tally.points += 1
    found = []
    if point.kind == MASKED:
        mask = Mask("b", point.k, point.n, point.block, point.kept)
        expected = run_masked(point.m, mask, mpca).cycles
        tally.empty_columns += int((~point.kept.any(axis=0)).sum())
        if not point.kept.any():
            return [] if expected == 0 else [f"cycles: {expected} of nothing"]
        masked = weights * mask.elements()
        cycles = _compare(point, mpca, lanes, masked_programs(weights[0], mask, mpca), tokens, masked, found, tally)
    elif point.kind == DENSE:
        expected = run_dense(point.m, point.k, point.n, mpca).cycles
        cycles = _compare(point, mpca, lanes, dense_programs(weights[0], mpca), tokens, weights, found, tally)
    else:
        expected = run_heads(point.m, point.k, point.n, point.heads, mpca).cycles
        cycles = 0
        for first in range(0, point.heads, build.p_h):
            together = slice(first, first + build.p_h)
            programs = [p for head in weights[together] for p in dense_programs(head, mpca, build.p_c)]
            programs += [IDLE] * (build.lanes - len(programs))
            cycles += _compare(point, mpca, lanes, programs, tokens[together], weights[together], found, tally)
    if cycles != expected:
        found.append(f"cycles: rtl {cycles}, engine {expected}")
    tally.clocks += cycles
    tally.differences += bool(found)
    return found


def _compare(
    point: Point, mpca: MpcaSpec, lanes: VerilatedLanes, programs, tokens: np.ndarray, weights: np.ndarray,
    found: list[str], tally: Tally,
) -> int:  # fmt: skip
    """Run one load of the array, note what differs in results, and return its clocks."""
    build, b, groups = lanes.build, point.block, token_groups(point.m, mpca)
    of_heads = [token_words(own, b, mpca) for own in tokens]
    if point.kind != HEADS:
        of_heads *= build.p_h
    depth, columns = -(-point.k // b) * b, -(-point.n // b) * b
    limit = 2 * groups * (sum(len(p.weights) for p in programs) + point.header * columns + 100)
    lanes.load(programs, of_heads)
    run = lanes.run(
        lockstep=point.balance == "lockstep", header=point.header if point.kind == MASKED else 0, block=b,
        groups=groups, depth=depth, columns=columns, limit=limit,
    )  # fmt: skip
    wanted, count = _results(point, mpca, programs, tokens, weights)
    if not np.array_equal(run.results, wanted):
        found.append("results: rtl and numpy")
    if run.sums != count:
        found.append(f"sums that leave: rtl {run.sums}, blocks have {count}")
    tally.sums += run.sums
    _compare_last_sum(point, mpca, run, found)
    return run.cycles


def _compare_last_sum(point: Point, mpca: MpcaSpec, run: Run, found: list[str]) -> None:
    """The last sum is registered in the last clock, or as much earlier as the last columns of a block are fewer."""
    missing = -point.block % mpca.p_pe
    if run.last_sum_cycle != run.cycles - 1 - missing:
        found.append(f"last sum: in clock {run.last_sum_cycle} of {run.cycles}, {missing} columns missing")


def _results(point: Point, mpca: MpcaSpec, programs, tokens, weights) -> tuple[np.ndarray, int]:
    """Return what every place of every lane, tile and row holds afterwards, and how many sums left."""
    b, groups = point.block, token_groups(point.m, mpca)
    columns = -(-point.n // b) * b
    wanted = np.full((mpca.lanes, mpca.p_t, mpca.p_pe, 1 << 10), BEFORE, dtype=np.int32)
    rows = np.zeros((len(tokens), groups * mpca.p_t * mpca.p_pe, columns), dtype=np.int32)
    rows[:, : point.m, : point.n] = np.matmul(tokens.astype(np.int32), weights.astype(np.int32))
    by_place = rows.reshape(len(tokens), groups, mpca.p_t, mpca.p_pe, columns)
    count = 0
    for lane, program in enumerate(programs):
        head = lane // mpca.p_c if point.kind == HEADS else 0
        for j in program.columns:
            for group in range(groups):
                place = group * columns + j * b
                wanted[lane, :, :, place : place + b] = by_place[head, group, :, :, j * b : j * b + b]
                count += mpca.p_t * mpca.p_pe * b
    return wanted, count
