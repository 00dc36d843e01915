"""Four systolic arrays in Verilog by others, simulated as they are: their clocks are those of the closed form.

tests/data/foreign_rtl.csv has the clocks of each run, tests/data/foreign_arrays.csv whose array it is: repository,
commit, licence, source. Numbers alone are taken from there. Sides and sizes are written as this project's array has
them: the os array is turned (its rows are our columns), and `ws_soc` always streams as many operands as it has rows. A
row's mode is the one of its hardware: arrays that hold weights, with a second register per PE, run `settled`.

What a controller adds is stated once for all sizes. It is read from the states of the controller, but for PHASE, which
is read from the runs:

    axis        nothing         os, `pipelined` and `none`, MAC latencies of 2 to 5
    opentpu     nothing         ws, `settled` and `none` (edge-aware). It loads all columns in the same clocks, hence
                                max(T, R + C - 1) a fold; it has as many columns as rows, where that is `settled`
    ws_soc      PHASE           ws, `none`
    int8_gemm   WEIGHT_BANK     ws, `settled`: a fold takes max(T, 2R) instead of max(T, 2R - 1)
                FIRST_STATES    the first tile is taken over by all PEs at once, when the skewed load has reached the
                REGISTERED      last of R columns; so the second load waits for no row
"""

import csv
from pathlib import Path

import pytest

import pivotsim as ps

DATA = Path(__file__).parents[3] / "data"
PHASE = 1  # ws_soc: from a load to its stream, and from a stream's end to the next load
WEIGHT_BANK = 1  # int8_gemm: the loader exchanges the banks of its weight buffer before each load
FIRST_STATES = 2  # int8_gemm: the controller sees that the first tile is in, then lets all PEs take it over
REGISTERED = 1  # int8_gemm: a PE takes over in the clock before the fold's first operand
ARRAYS = {"axis": (233, 178), "int8_gemm": (73, 72), "opentpu": (86, 86), "ws_soc": (72, 72)}  # runs, right results


def table(name):
    with (DATA / name).open() as file:
        return list(csv.DictReader(file))


def runs_of(array):
    """Runs of an array, numbers as numbers."""
    numbers = ("rows", "cols", "m", "k", "n", "mac_latency", "folds", "clocks")
    return [{**run, **{name: int(run[name]) for name in numbers}} for run in table("foreign_rtl.csv")
            if run["array"] == array]  # fmt: skip


def ours(run, **changes):
    """The closed form in the run's mode."""
    mode = {name: run[name] for name in ("rows", "cols", "dataflow", "fold_overlap", "edge", "mac_latency")}
    return ps.simulate_gemm(run["m"], run["k"], run["n"], **(mode | changes))


def added(run):
    """Clocks that the run's controller adds."""
    rows, folds, streamed = run["rows"], run["folds"], run["m"]
    if run["array"] == "ws_soc":
        return PHASE * (2 * folds - 1)
    if run["array"] != "int8_gemm":
        return 0
    of_all = [max(streamed, 2 * rows - 1)] * (folds - 1)
    its_own = [max(streamed, rows + WEIGHT_BANK + REGISTERED)] + [max(streamed, 2 * rows - 1 + WEIGHT_BANK)] * folds
    return rows - 1 + FIRST_STATES + sum(its_own[: folds - 1]) - sum(of_all)


@pytest.mark.parametrize("array", ARRAYS)
def test_every_run_takes_the_clocks_of_its_mode(array):
    runs = runs_of(array)
    right = [run for run in runs if run["results_right"] == "true"]
    assert (len(runs), len(right)) == ARRAYS[array]
    assert [run for run in right if ours(run).cycles + added(run) != run["clocks"]] == []
    assert [run for run in runs if ours(run).folds != run["folds"]] == []


@pytest.mark.parametrize(("array", "least"), [("int8_gemm", 14), ("opentpu", 20)])
def test_short_streams_tell_settled_from_pipelined(array, least):
    """Where a stream is shorter than a load and its way down, `pipelined` is too fast, and only there."""
    told = 0
    for run in runs_of(array):
        if run["fold_overlap"] == "settled":
            slower = ours(run).cycles - ours(run, fold_overlap="pipelined").cycles
            assert (slower > 0) == (run["folds"] > 1 and run["m"] < 2 * run["rows"] - 1)
            told += slower > 0
    assert told >= least


def test_results_are_lost_where_one_shift_drains_all_columns_too_early():
    """The os array shifts all sums out at once, and needs T >= 2R + C - 2; `pipelined` needs no such thing."""
    lost = 0
    for run in runs_of("axis"):
        is_short = (
            run["fold_overlap"] == "pipelined" and run["folds"] > 1 and run["k"] < 2 * run["rows"] + run["cols"] - 2
        )
        assert (run["results_right"] == "false") <= is_short
        lost += run["results_right"] == "false"
    assert lost == 55


def test_every_array_has_its_source():
    sources = {row["array"]: row for row in table("foreign_arrays.csv")}
    assert set(sources) == set(ARRAYS) == {run["array"] for run in table("foreign_rtl.csv")}
    for row in sources.values():
        assert row["source"].endswith(row["repo"]) and len(row["commit"]) == 40 and row["licence"]
