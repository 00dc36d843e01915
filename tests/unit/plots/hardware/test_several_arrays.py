"""Several arrays of as many DSPs: the data, the picture, and the numbers that docs prints of them."""

import itertools
import re
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.plots.hardware.several_arrays import (
    COUNTS,
    draw_fronts,
    draw_several_arrays,
    fronts_data,
    several_arrays_data,
    shapes_within,
)  # fmt: skip
from pivotsim.plots.style import new_axes

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/several_arrays.md").read_text()
PAPER = ps.simulate(ps.plan("deit_s"), "zcu102")
DRAM_BYTES_PER_MS = ps.load_hardware("zcu102").memories.dram_bytes_per_s / 1e3


@pytest.fixture(scope="module")
def found():
    return several_arrays_data(ps.plan("deit_s"), overlaps=("none", "settled"))


@pytest.fixture(scope="module")
def fronts():
    return fronts_data(ps.plan("deit_s"))


def row_of(one):
    """A design as the page's table has it."""
    of_heads = {one.splits.get(module, "-") for module in ("qkt", "sv")}
    linear = dict.fromkeys(one.splits.get(module, "-") for module in ("qkv", "proj", "fc1", "fc2"))
    cells = (
        one.fold_overlap, one.arrays, f"{one.rows}x{one.cols}", one.dataflow, f"{one.pl_cycles:,}", f"{one.pl_ms:.2f}",
        f"{PAPER.pl_cycles / one.pl_cycles:.2f}", f"{one.delay_ms:.2f}", f"{one.dsp:,}", one.bram36,
        f"{one.lut:,}{'' if one.fits_by_synthesis else ', NO'}",
        f"{one.dram_bytes / 1e6:.0f}", ", ".join(sorted(of_heads)), ", ".join(linear),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def test_the_page_has_the_table(found):
    assert [line for line in PAGE.splitlines() if re.match(r"\| (none|settled) ", line)] == [
        row_of(one) for one in found
    ]


def best(found, overlap, counts=COUNTS):
    return min(
        (one for one in found if one.fold_overlap == overlap and one.arrays in counts), key=lambda b: b.pl_cycles
    )


def test_the_pages_say_what_follows(found, fronts):
    texts = {"page": " ".join(PAGE.split()), "results": " ".join((ROOT / "docs/results.md").read_text().split())}
    one, many = best(found, "none", (1,)), best(found, "none")
    settled, several = best(found, "settled", (1,)), best(found, "settled")
    gain = f"{one.pl_cycles / many.pl_cycles:.2f} times as fast"
    whole = f"{PAPER.delay_ms / many.delay_ms:.2f}"
    own = f"{PAPER.pl_cycles / many.pl_cycles:.2f}"
    shapes = f"{many.arrays} arrays of {many.rows}x{many.cols}"
    assert f"{shapes} are {gain} as the best single array" in texts["page"]
    assert f"and {own} times as fast as 64x36; with the processor {whole}" in texts["page"]
    assert f"{settled.pl_cycles / several.pl_cycles:.2f} times as fast as one" in texts["page"]
    assert settled.pl_cycles < many.pl_cycles  # beats every number without overlap
    assert f"{many.dram_bytes / DRAM_BYTES_PER_MS:.1f} ms at 12.8 GB/s" in texts["page"]
    assert f"{one.dram_bytes / DRAM_BYTES_PER_MS:.1f} ms for the single one" in texts["page"]
    least = {name: next(dsp for dsp, ms in front if ms <= PAPER.pl_ms) for name, front in fronts.items()}
    text = "{:,} DSPs are as fast as the paper's 2,304, one array takes {:,}"
    assert text.format(least["up to 12 arrays"], least["one array"]) in texts["page"]
    assert f"{shapes} are {gain} as the best one" in texts["results"]


def test_every_design_is_the_one_that_simulate_gives(found):
    for one in found[::5]:
        values = {"count": one.arrays, "rows": one.rows, "cols": one.cols, "dataflow": one.dataflow,
                  "fold_overlap": one.fold_overlap}  # fmt: skip
        hw = ps.load_hardware("zcu102").replace({f"array.{name}": value for name, value in values.items()})
        report = ps.simulate(ps.plan("deit_s"), hw)
        assert (report.pl_cycles, report.delay_ms, report.fits) == (one.pl_cycles, one.delay_ms, True)


def test_shapes():
    assert all(3 * rows * cols <= 100 for rows, cols in shapes_within(3, 100))
    assert (33, 1) in shapes_within(3, 100) and (34, 1) not in shapes_within(3, 100)
    assert max(max(shape) for shape in shapes_within(1, 2520)) == 400


def test_fronts_fall_and_more_arrays_are_never_slower(fronts):
    one, many = fronts.values()
    for front in (one, many):
        assert front == sorted(front) and all(a[1] > b[1] for a, b in itertools.pairwise(front))
    for dsp, ms in one:
        assert min(other for need, other in many if need <= dsp) <= ms


def test_the_picture(found, fronts):
    _, (left, right) = new_axes(12, 4, 2)
    draw_several_arrays(found, PAPER.pl_ms, left)
    draw_fronts(fronts, (2304, PAPER.pl_ms), right)
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    assert labels == ["fold_overlap none", "fold_overlap settled", "64x36 is, none (the paper)"]
    assert [text.get_text() for text in right.get_legend().get_texts()][:2] == list(fronts)
    assert right.get_xlabel() == "DSPs" and left.get_ylabel() == "time of the arrays, ms"
