"""Counts of structures: against a slow oracle, against every recorded run, and of wholes against their parts."""

import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.resources.block_rams import ULTRA_BIT
from pivotsim.hardware.resources.recorded import HOW, recorded, rows_of
from pivotsim.hardware.resources.structures.designs import all_structures
from pivotsim.hardware.resources.structures.rotators import rotator_levels, rotator_luts
from pivotsim.hardware.resources.structures.shift_registers import chain_ffs, chain_luts, stairs
from pivotsim.hardware.resources.structures.sizes import Sizes
from tests.oracles.resources import structures as oracle

ZCU102 = ps.load_hardware("zcu102")


def drawn(draw):
    return {
        "rows": draw.choice([1, 8, 17, 33, 64, draw.randint(1, 130)]),
        "cols": draw.choice([1, 8, 36, draw.randint(1, 130)]),
        "dataflow": draw.choice(["is", "ws", "os"]),
        "fold_overlap": draw.choice(FOLD_OVERLAPS),
        "mac_latency": draw.randint(1, 4),
        "mac_packing": draw.randint(1, 2),
        "lanes": draw.choice([1, 8, 64, draw.randint(1, 300)]),
        "ipmem_bytes": draw.choice([0, 8192, draw.randint(1, 10**6)]),
        "wtmem_bytes": draw.choice([8192, draw.randint(1, 10**6)]),
        "gb_bytes": draw.choice([16384, draw.randint(1, 10**6)]),
        "opmem_words": draw.choice([1, 56, 64, 65, draw.randint(1, 20_000)]),
        "opmem_halves": draw.choice([1, 2]),
        "bias": draw.random() < 0.8,
        "ultra": draw.choice([(), ("gb",), tuple(draw.sample(list(ULTRA_BIT), draw.randint(0, 3)))]),
    }


def sizes(designs):
    """Return designs as vectors."""

    def column(name):
        return np.array([design[name] for design in designs])

    return Sizes(
        column("rows"), column("cols"), np.array([int(d["dataflow"] == "os") for d in designs]),
        np.array([FOLD_OVERLAPS.index(d["fold_overlap"]) for d in designs]), column("mac_latency"),
        column("mac_packing"), column("lanes"),
        column("ipmem_bytes"), column("wtmem_bytes"), column("gb_bytes"), column("opmem_words"), column("opmem_halves"),
        np.array([d["bias"] * (4 if d["dataflow"] == "is" else 4 * d["cols"]) for d in designs]),
        np.array([sum(ULTRA_BIT[name] for name in d["ultra"]) for d in designs]),
    )  # fmt: skip


def test_two_hundred_designs_equal_the_slow_count():
    draw = random.Random(7)
    designs = [drawn(draw) for _ in range(200)]
    found = {
        one.name: tuple(np.broadcast_to(n, 200) for n in (one.lut, one.ff, one.half_brams, one.urams))
        for one in all_structures(sizes(designs))
    }
    for place, design in enumerate(designs):
        expected = oracle.structures(design)
        assert {name: tuple(int(n[place]) for n in counts) for name, counts in found.items()} == expected, design


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 16, 17, 18, 32, 33, 34, 48, 49, 50, 64, 65, 97, 128, 129, 130, 161])
def test_chains_of_a_bit(depth):
    assert (int(chain_luts(depth)), int(chain_ffs(depth))) == oracle.chain(depth)


def test_stairs_are_their_steps():
    for count, start in ((0, 0), (1, 0), (64, 0), (36, 1), (130, 2)):
        steps = [oracle.chain(start + step) for step in range(count)]
        assert tuple(int(amount) for amount in stairs(count, start)) == tuple(
            map(sum, zip((0, 0), *steps, strict=True))
        )


def design_of(row, **more):
    """Return the design of a recorded run: the rest does not matter to its part."""
    os, own = row.parameters.get("os", 0), row.parameters
    overlap = {0: "none", 2: "chained", 4: "settled"}[own.get("OVERLAP", 0)]
    return {
        "rows": row.rows, "cols": row.cols, "dataflow": "os" if os else "is", "fold_overlap": overlap,
        "mac_latency": own.get("MREG", 0) + 1, "mac_packing": 1, "lanes": own.get("LANES", 8),
        "ipmem_bytes": own.get("BYTES", 8192), "wtmem_bytes": 8192, "gb_bytes": own.get("BYTES", 8192),
        "opmem_words": own.get("DEPTH", 64), "opmem_halves": own.get("HALVES", 1), "bias": True, "ultra": (), **more,
    }  # fmt: skip


def counts_of(name, design):
    (found,) = (one for one in all_structures(sizes([design])) if one.name == name)
    return int(found.lut[0]), int(found.ff[0]), int(found.half_brams[0]) / 2, HOW[int(found.how[0])]


def urams_of(name, design):
    """Return the UltraRAM of a structure."""
    (found,) = (one for one in all_structures(sizes([design])) if one.name == name)
    return int(np.broadcast_to(found.urams, 1)[0])


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("column", "columns"),
        ("skew", "skew registers"),
        ("read mover", "read mover"),
        ("top", "masks, counters"),
        ("memory", "gb"),
    ],
)
def test_nothing_is_left_over_at_recorded_sizes(part, name):
    runs = list(rows_of(part))
    assert len(runs) >= 2
    for row in runs:
        lut, ff, brams, how = counts_of(name, design_of(row, fold_overlap="settled"))
        assert (lut, ff, brams) == (row.lut, row.ff, row.bram36), row
        assert how in ("exact formula", "recorded")


@pytest.mark.parametrize(
    ("part", "name", "runs"), [("packed column", "columns", 6), ("packed skew", "skew registers", 3)]
)
def test_nothing_is_left_over_of_columns_that_share_slices(part, name, runs):
    found = list(rows_of(part))
    assert len(found) == runs
    for row in found:
        lut, ff, brams, how = counts_of(name, design_of(row, fold_overlap="settled", mac_packing=2))
        assert (lut, ff, brams, how) == (row.lut, row.ff, row.bram36, "exact formula"), row
        assert row.dsp48e2 == (row.rows if part == "packed column" else 0)


def test_nothing_is_left_over_of_rotators():
    """A formula without a fitted number: banks times log2(banks), two stages in a LUT."""
    runs = list(rows_of("rotator"))
    assert {row.parameters["BITS"] for row in runs} == set(range(1, 8)) and len(runs) == 13
    for row in runs:
        items, width = 2 ** row.parameters["BITS"], row.parameters["WIDTH"]
        assert (row.lut, row.ff, row.levels) == (rotator_luts(items, width), 0, rotator_levels(items)), row


def test_nothing_is_left_over_of_generic_columns_and_their_skew():
    """Columns of 4 and 8 rows give the formula; those of 16 rows check it. Skew registers have no fitted number."""
    runs = list(rows_of("generic column"))
    assert {row.rows for row in runs} == {4, 8, 16} and len(runs) == 30
    for row in runs:
        double, chain = row.parameters["DOUBLE"], row.parameters["CHAIN"]
        overlap = {(0, 0): "chained", (1, 0): "pipelined", (1, 1): "settled"}[double, chain]
        if overlap == "settled" and not row.parameters["os"]:
            continue  # held operands that settle lie in slices
        lut, ff, _, _ = counts_of("columns", design_of(row, fold_overlap=overlap))
        assert (lut, ff) == (row.lut, row.ff), row
    for row in rows_of("generic skew"):
        if row.parameters["OVERLAP"] == 4 and not row.parameters["os"]:
            continue
        lut, ff, _, _ = counts_of("skew registers", design_of(row))
        assert (lut, ff) == (row.lut, row.ff), row


def test_an_array_in_one_piece_takes_a_little_less_than_its_parts():
    """Less by what the last column passes on to nobody, 9 flip-flops a row, and a few registers that tags share."""
    whole = list(rows_of("array"))
    assert len(whole) == 2
    for row in whole:
        design = design_of(row, fold_overlap="settled")
        lut, ff = (sum(counts_of(name, design)[i] for name in ("columns", "skew registers")) for i in (0, 1))
        assert row.dsp48e2 == row.rows * row.cols
        assert 0 <= ff - 9 * row.rows - row.ff <= row.cols
        assert 0 <= lut - row.lut <= 2 * row.cols


WHOLES = {"ipmem whole": "ipmem", "biases whole": "biases", "opmem whole": "opmem"}


@pytest.mark.parametrize("part", WHOLES)
def test_memories_in_one_piece_are_near_the_sum_of_their_parts(part):
    """Rotators and banks mapped apart: block RAMs exactly, LUTs within a tenth, flip-flops within a bank's few."""
    runs = list(rows_of(part))
    assert len(runs) == {"ipmem whole": 4, "biases whole": 8, "opmem whole": 1}[part]
    for row in runs:
        by_column = row.part == "biases whole" and row.parameters["READ_LANES"] > 4
        more = {"dataflow": "ws"} if by_column else {}
        lut, ff, brams, _ = counts_of(WHOLES[part], design_of(row, fold_overlap="none", **more))
        assert brams == row.bram36, row
        assert lut == pytest.approx(row.lut, rel=0.1), row
        assert ff == pytest.approx(row.ff, rel=0.1, abs=40), row


def test_a_large_buffer_in_one_piece_is_near_the_sum_of_its_parts():
    """UltraRAM exactly, LUTs within a twentieth, flip-flops within the upper bits of each bank's address."""
    runs = list(rows_of("large gb whole"))
    assert [row.uram for row in runs] == [16, 64]
    for row in runs:
        design = design_of(row, ultra=("gb",))
        lut, ff, brams, how = counts_of("gb", design)
        assert (urams_of("gb", design), brams, how) == (row.uram, row.bram36, "recorded" if row.lut else ""), row
        assert lut == pytest.approx(row.lut, rel=0.05) and ff == pytest.approx(row.ff, rel=0.1, abs=40), row


def test_blocks_of_ultraram_by_hand():
    """4,096 words of 72 bits: eight bytes apart, so a bank of bytes has 32,768 words."""
    for row in rows_of("two large banks"):
        assert row.uram == 2 * -(-row.parameters["BYTES"] // 2 // 32_768) and row.bram36 == 0
    for words, urams in ((1, 64), (32_768, 64), (32_769, 128), (131_072, 256)):
        design = design_of(next(rows_of("skew", R=64)), ultra=("gb",), lanes=64, gb_bytes=64 * words)
        assert urams_of("gb", design) == urams


def test_the_table_is_of_one_tool_and_has_levels():
    assert {row.tool for row in recorded()} == {"Yosys 0.23"}
    assert all(row.levels >= 0 for row in recorded()) and max(row.levels for row in recorded()) > 10
