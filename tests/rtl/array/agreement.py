"""One point, four answers: closed form, engine `pe`, RTL and numpy; what differs, in words."""

import random
from dataclasses import dataclass, replace

import numpy as np

from pivotsim.engines.array.folds import fold_times
from pivotsim.engines.pe import clock as pe
from tests.rtl.array.bridge import DATAFLOWS, Build, VerilatedArray

EDGES = ("padded", "aware")


@dataclass(frozen=True)
class Point:
    """One multiplication on one array."""

    build: Build
    m: int
    k: int
    n: int
    dataflow: str
    edge: str

    @property
    def array(self) -> dict:
        build = self.build
        return {
            "rows": build.rows, "cols": build.cols, "dataflow": self.dataflow, "fold_overlap": build.fold_overlap,
            "edge": self.edge, "os_edge_register": build.os_edge_register, "mac_latency": build.mac_latency,
            "mac_packing": build.mac_packing,
        }  # fmt: skip


@dataclass
class Tally:
    """What a campaign has seen."""

    points: int = 0
    clocks: int = 0
    pe_clocks: int = 0
    digests: int = 0  # PE-clocks whose registers were compared
    differences: int = 0


def size_around(draw: random.Random, extent: int) -> int:
    """Draw a size: from 1 upwards, at the array's size and its neighbours, or well above it."""
    kind = draw.randrange(4)
    if kind == 0:
        return draw.randint(1, 3)
    if kind == 1:
        return max(1, draw.randint(1, 3) * extent + draw.randint(-1, 1))
    if kind == 2:
        return draw.randint(1, max(1, extent))
    return draw.randint(1, 3 * extent + 4)


def draw_point(draw: random.Random, build: Build) -> Point:
    """Draw sizes, dataflow and edge for a compiled array; streamed lengths lie around the array's size too."""
    dataflow, edge = (
        draw.choice(DATAFLOWS[:2] if build.slices or build.mac_packing > 1 else DATAFLOWS),
        draw.choice(EDGES),
    )
    rows, cols = size_around(draw, build.rows), size_around(draw, build.cols)
    length = size_around(draw, draw.choice((build.rows, build.cols, 2 * build.rows + build.cols)))
    m, k, n = {"is": (cols, rows, length), "ws": (length, rows, cols), "os": (rows, length, cols)}[dataflow]
    return Point(build, m, k, n, dataflow, edge)


def operands(point: Point, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 operands: random, or all at an extreme, where a lost sign or carry shows."""
    generator = np.random.default_rng(seed)
    if seed % 8 == 0:
        return np.full((point.m, point.k), -128, np.int8), np.full((point.k, point.n), -128, np.int8)
    a = generator.integers(-128, 128, (point.m, point.k), dtype=np.int8)
    return a, generator.integers(-128, 128, (point.k, point.n), dtype=np.int8)


def differences(point: Point, array: VerilatedArray, seed: int, tally: Tally) -> list[str]:
    """Run one point everywhere and return what differs, most basic first; empty if all agree."""
    a, b = operands(point, seed)
    rtl = array.run(a, b, point.dataflow, point.edge)
    engine = pe.run(a, b, point.array, digests=point.build.digest)
    closed = fold_times(point.m, point.k, point.n, point.array)
    product = a.astype(np.int32) @ b.astype(np.int32)
    found = []
    if not np.array_equal(rtl.result, product):
        found.append("results: rtl and numpy")
    if not np.array_equal(engine.result, product):
        found.append("results: pe and numpy")
    for name, rtl_clocks, engine_clocks, closed_clocks in (
        ("loads", rtl.loads, engine.load_cycle, closed.load_cycle),
        ("starts", rtl.starts, engine.start_cycle, closed.start_cycle),
        ("ends", rtl.ends, engine.end_cycle, closed.end_cycle),
    ):
        if not np.array_equal(rtl_clocks, closed_clocks):
            found.append(f"{name} of folds: rtl and analytic")
        if not np.array_equal(engine_clocks, closed_clocks):
            found.append(f"{name} of folds: pe and analytic")
    if not rtl.cycles == engine.cycles == closed.cycles:
        found.append(f"cycles: rtl {rtl.cycles}, pe {engine.cycles}, analytic {closed.cycles}")
    if point.build.digest:
        compared = min(len(rtl.digests), len(engine.digests))
        unequal = np.flatnonzero(rtl.digests[:compared] != engine.digests[:compared])
        if unequal.size or len(rtl.digests) != len(engine.digests):
            found.append(f"registers: rtl and pe, from clock {unequal[0] if unequal.size else compared}")
        tally.digests += compared * point.build.rows * point.build.cols
    tally.points += 1
    tally.clocks += rtl.cycles
    tally.pe_clocks += rtl.cycles * point.build.rows * point.build.cols
    tally.differences += bool(found)
    return found


def with_digest(build: Build) -> Build:
    """The same array, its registers visible."""
    return replace(build, digest=True)
