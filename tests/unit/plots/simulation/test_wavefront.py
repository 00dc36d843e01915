"""The wavefront's data and files."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.engines.pe.operands import seeded_operands
from pivotsim.plots.simulation.wavefront import (
    FRAMES,
    LOADS,
    MULTIPLIES,
    animate_wavefront,
    frame_clocks,
    plot_wavefront,
    wavefront_data,
)


def watched(**options):
    return ps.execute_gemm(*seeded_operands(5, 4, 6), rows=4, cols=3, activity=True, **options)


def test_the_wave_runs_along_antidiagonals():
    data = wavefront_data(watched())
    for step in range(3):  # the stream starts in clock 4
        multiplying = np.argwhere(data.doing[4 + step] == MULTIPLIES)
        assert multiplying.sum(axis=1).max() == step
    assert data.doing[0, 0, 0] == LOADS


def test_phases_cover_each_fold_in_order():
    run = watched()
    phases = wavefront_data(run).phases
    assert phases[:4] == [("load", 0, 4), ("fill", 4, 9), ("stream", 9, 10), ("drain", 10, 15)]
    assert phases[-1][2] == run.cycles == 30
    assert [name for name, _, _ in wavefront_data(watched(dataflow="os")).phases[:3]] == ["fill", "stream", "drain"]


def test_utilization_over_time_adds_up():
    run = watched(fold_overlap="pipelined")
    data = wavefront_data(run)
    assert data.utilization_frac.mean() == pytest.approx(run.utilization_frac)
    assert (data.busy_frac >= data.utilization_frac).all()


def test_a_load_settles_in_all_rows_of_a_column_at_once():
    run = watched(fold_overlap="settled")
    doing = wavefront_data(run).doing
    load = int(run.load_cycle[1])
    assert load == run.start_cycle[0] + 3  # the fourth row takes its operand over
    for column in range(3):
        assert (doing[load + 3 + column, :, column] == LOADS).all()  # four operands later, a clock a column
        assert not (doing[load + 3 + column, :, [c for c in range(3) if c != column]] == LOADS).any()


def test_frames_are_spread_and_end_with_the_last_clock():
    data = wavefront_data(watched())
    clocks = frame_clocks(data, FRAMES)
    assert clocks == sorted(set(clocks)) and clocks[0] == 0 and clocks[-1] == 29 and len(clocks) <= FRAMES


def test_files(tmp_path):
    run = watched(edge="aware", dataflow="os")
    assert plot_wavefront(run, tmp_path).read_bytes().startswith(b"\x89PNG")
    moving = animate_wavefront(run, tmp_path).read_bytes()
    assert moving.startswith(b"GIF8") and moving.count(b"\x21\xf9\x04") == run.cycles


def test_one_pe_one_clock(tmp_path):
    run = ps.execute_gemm([[1]], [[1]], rows=1, cols=1, activity=True, dataflow="os", os_edge_register=False)
    assert run.cycles == 1
    assert plot_wavefront(run, tmp_path).is_file()
