"""Tables of the docs whose rows are settings: each row is run, on top of the rows above it."""

import re
from pathlib import Path

import pytest
import yaml

import pivotsim as ps

DOCS = Path(__file__).parents[1] / "docs"


def _rows_of_steps():
    board, rows = ps.load_hardware("zcu102"), []
    for line in (DOCS / "where_59_ms_go.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 7 or not re.fullmatch(r"[\d.]+", cells[2]):
            continue
        changes = dict(setting.split("=") for setting in re.findall(r"`([^`]+)`", cells[1]))
        if changes:
            board = board.replace({path: yaml.safe_load(value) for path, value in changes.items()})
        rows.append((cells[0], board, cells[2:]))
    return rows


def _rows_of_packing():
    """Return (array, overlap, packing, cells that follow) of the table in docs/timing.md."""
    found = []
    for line in (DOCS / "timing.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 10 and re.fullmatch(r"\d+x\d+", cells[0]):
            found.append((cells[0], cells[1], int(cells[2]), cells[3:]))
    return found


def test_page_of_timing_has_all_designs():
    assert len({row[:3] for row in map(tuple, _rows_of_packing())}) == len(_rows_of_packing()) == 12


@pytest.mark.parametrize(
    ("array", "overlap", "packing", "printed"), _rows_of_packing(), ids=lambda value: str(value)[:8]
)
def test_design_whose_columns_share_slices(array, overlap, packing, printed):
    rows, cols = map(int, array.split("x"))
    latency = 1 if overlap == "none" else 1 + packing
    board = ps.load_hardware("zcu102").replace({
        "array.rows": rows, "array.cols": cols, "array.fold_overlap": overlap, "array.mac_packing": packing,
        "array.mac_latency": latency,
    })  # fmt: skip
    report = ps.simulate(ps.plan("deit_s"), board)
    in_logic = ps.simulate(ps.plan("deit_s"), board.replace({"placement.softmax": "pl"}))
    fitted, counted = ps.fit(board.replace({"fpga.use.counted_by": "fitted"})), ps.fit(board)
    parts = [part for part in counted.synthesis.parts if part.name in ("columns", "skew registers")]
    words = ["yes" if each.fits else "no" for each in (fitted, counted)]
    assert printed == [
        f"{report.pl_cycles / 125e3:.2f}", f"{report.delay_ms:.2f}", f"{in_logic.delay_ms:.2f}",
        f"{fitted['dsp'].demand:,}", ", ".join(f"{fitted[name].demand:,}" for name in ("lut", "ff", "bram36")),
        f"{sum(part.lut for part in parts):,}, {sum(part.ff for part in parts):,}",
        f"{counted['lut'].demand:,}, {counted['ff'].demand:,}, {', '.join(words)}",
    ]  # fmt: skip


def test_page_of_59_ms_has_its_steps():
    assert [name for name, *_ in _rows_of_steps()][::6] == ["the paper's board", "units of 64 lanes"]


@pytest.mark.parametrize(("name", "board", "printed"), _rows_of_steps(), ids=lambda value: str(value)[:24])
def test_step_of_59_ms(name, board, printed):
    whole = ps.plan("deit_s")
    plans = whole, ps.prune_tokens(whole, "heatvit"), ps.skip_attention(whole, active=range(1, 7))
    dense, pruned, low = (ps.simulate(plan, board, profile="full") for plan in plans)
    mean = ps.combine([low, dense], exit_fractions=[0.8, 0.2])
    of_paper = ps.simulate(whole, board).delay_ms
    ratios = [f"{dense.delay_ms / each.delay_ms:.2f}x" for each in (pruned, low, mean)]
    assert printed == [f"{of_paper:.2f}", f"{dense.delay_ms:.2f}", *ratios]


def test_which_steps_fit_the_device():
    """As the page says below its table: all but the last, by DSPs."""
    page = " ".join((DOCS / "where_59_ms_go.md").read_text(encoding="utf-8").split())
    fits = [ps.fit(board) for _, board, _ in _rows_of_steps()]
    assert [found.fits for found in fits] == [True] * 6 + [False]
    dsp, lut = ([found[name].demand for found in fits] for name in ("dsp", "lut"))
    assert fits[-1]["dsp"].mark == "extrapolated"
    assert f"bring the DSPs to {dsp[-1]:,} of {fits[-1]['dsp'].bound:,}" in page
    assert f"{dsp[1]:,} DSPs with softmax in the logic, {dsp[2]:,} with all units" in page
    assert f"{lut[5]:,} of {fits[5]['lut'].bound:,} LUTs with two arrays" in page
