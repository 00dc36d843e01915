"""The calibrated board's file: what it states, that it loads to the same board, and that nothing is half-written."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.calibration import MeasuredRow
from tests.unit.calibration import synthetic

GELU = [MeasuredRow("gelu", m, 1, n) for m in (8, 49, 197) for n in (96, 1536)]


@pytest.fixture(scope="module")
def found():
    truth = ps.load_hardware("zcu102").replace({"host.full.gelu.cycles_per_element": 9.0, "host.full.call_us": 12.0})
    return ps.calibrate(synthetic.filled(GELU, truth, np.random.default_rng(0), 0.02))


def test_the_file_loads_to_the_calibrated_board(found, tmp_path):
    path = tmp_path / "mine.yaml"
    found.write(path, date="2026-11-30")
    hw, same = ps.load_hardware(path), found.hardware_of("2026-11-30")
    assert hw.values() == same.values() and hw.intervals == same.intervals
    assert (hw.name, hw.description) == ("mine", "zcu102, 3 constants calibrated on measured rows")
    assert set(hw.intervals) == {each.path for each in found.fitted}
    for each in found.fitted:
        source = hw.source(each.path)
        assert source == same.source(each.path)
        assert source.startswith("[calibrated: 6 rows, 2026-11-30, error ") and source.endswith(f"was {each.old:g}")
        low, high = hw.intervals[each.path]
        assert low <= each.value * (1 + 1e-5) and each.value * (1 - 1e-5) <= high
    assert hw.source("host.full.norm").startswith("[inherited from zcu102] [model]")


def test_it_states_what_changed_alone(found, tmp_path):
    path = tmp_path / "mine.yaml"
    found.write(path)
    stated = [line.strip().partition(":")[0] for line in path.read_text().splitlines()]
    assert "norm" not in stated and "array" not in stated
    assert stated[:3] == ["base", "name", "description"]
    assert {"cycles_per_element", "cycles_per_row", "call_us"} <= set(stated)


def test_a_run_says_what_is_calibrated(found, tmp_path):
    path = tmp_path / "mine.yaml"
    found.write(path, date="2026-11-30")
    notes = ps.simulate(ps.plan("deit_t"), ps.load_hardware(path), profile="full").notes
    told = [note for note in notes if "[calibrated: 6 rows, 2026-11-30" in note]
    assert [note.partition(":")[0] for note in told] == [
        "host.full.call_us", "host.full.gelu.cycles_per_element", "host.full.gelu.cycles_per_row"
    ]  # fmt: skip
    paper = ps.simulate(ps.plan("deit_t"), ps.load_hardware(path), profile="paper").notes
    assert not any("[calibrated: " in note for note in paper)


def test_a_cost_of_which_one_part_is_held_is_whole(tmp_path):
    """A file that begins an operation's cost states all of it, also of a kind that the base leaves to a default."""
    rows = [MeasuredRow("relu", m, 1, n, ms=0.02 + m * n * 4e-6) for m in (8, 64, 197) for n in (96, 1536)]
    found = ps.calibrate(rows, hold=["*.cycles_per_row"])
    path = tmp_path / "mine.yaml"
    found.write(path)
    hw = ps.load_hardware(path)
    assert hw.host.full.of("relu").cycles_per_row == 7
    assert hw.source("host.full.relu.cycles_per_row").startswith("[inherited from zcu102] [assumed] default")
    assert hw.source("host.full.relu.cycles_per_element").startswith("[calibrated: 6 rows")


def test_a_base_of_ones_own_beside_it_or_elsewhere(found, tmp_path):
    (tmp_path / "board.yaml").write_text("base: zcu102\nhost:\n  clock_mhz: 600\n")
    (tmp_path / "deep").mkdir()
    rows = [each.row for each in found.rows]
    own = ps.calibrate(rows, tmp_path / "board.yaml")
    for path in (tmp_path / "out.yaml", tmp_path / "deep" / "out.yaml"):
        own.write(path)
        hw = ps.load_hardware(path)
        assert hw.host.clock_mhz == 600
        assert hw.values() == own.hardware.values()
    assert 'base: "board"\n' in (tmp_path / "out.yaml").read_text()


def test_what_is_refused(found, tmp_path):
    with pytest.raises(ps.InputError, match=r"a board's file ends in .yaml \(got '.csv'\)"):
        found.write(tmp_path / "out.csv")
    board = tmp_path / "board.yaml"
    board.write_text("base: zcu102\n")
    own = ps.calibrate([each.row for each in found.rows], board)
    with pytest.raises(ps.InputError, match="is the board that was measured; write the calibrated one beside it"):
        own.write(board)
    assert board.read_text() == "base: zcu102\n"
    with pytest.raises(ps.InputError, match="base: name the board's file; it was given as an object"):
        ps.calibrate([each.row for each in found.rows], ps.load_hardware("zcu102")).write(tmp_path / "out.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board.yaml"]


# -- power -----------------------------------------------------------------------------------------------------
def test_power_is_what_the_other_components_leave(tmp_path):
    """Rows whose watts follow from a known periphery give it back; the run that it is fitted on has the rows' mean."""
    models = ("deit_t", "deit_s", "lvvit_s")
    plain = ps.load_hardware("zcu102")
    reports = [ps.simulate(ps.plan(m), profile="full", scope="all", energy="activity") for m in models]
    watts = [r.energy_j / r.delay_ms * 1e3 - plain.power.activity.default.periphery_w + 2.0 for r in reports]
    rows = [MeasuredRow(model=m, watts=w + d) for m, w in zip(models, watts, strict=True) for d in (-0.05, 0.05)]
    found = ps.calibrate(rows)
    hw = found.hardware
    activity = hw.power.activity
    assert activity.default.periphery_w == pytest.approx(2.0, abs=1e-5)
    assert hw.power.board_w == pytest.approx(np.mean(watts), rel=1e-5)
    assert activity.low.periphery_w < 2.0 < activity.high.periphery_w
    low, high = hw.intervals["power.activity.default.periphery_w"]
    assert (low, high) == (activity.low.periphery_w, activity.high.periphery_w) and high - low < 0.3
    assert activity.fitted_on.power_w == pytest.approx(np.mean(watts), rel=1e-5)
    from pivotsim.energy.activity import residual_w

    assert residual_w(activity) == pytest.approx(2.0, abs=1e-4)
    path = tmp_path / "mine.yaml"
    found.write(path)
    assert ps.load_hardware(path).values() == hw.values()
    assert found.score("W").rows == 6 and found.score("ms").rows == 0


def test_one_power_row_keeps_the_range_and_has_no_interval():
    found = ps.calibrate([MeasuredRow(model="deit_s", watts=9.0)], profile="paper")
    hw = found.hardware
    assert hw.power.board_w == 9.0 and not hw.intervals
    assert hw.power.activity.low.periphery_w == 0.32
    run = ps.simulate(ps.plan("deit_s"), hw, energy="activity", scope="all")
    assert run.energy_j / run.delay_ms * 1e3 == pytest.approx(9.0, rel=1e-5)


# -- ranges and bases ------------------------------------------------------------------------------------------
def test_a_constant_may_leave_the_boards_range_and_that_is_said(tmp_path):
    truth = ps.load_hardware("zcu102").replace({"host.full.softmax.cycles_per_element": 5.0})
    rows = [MeasuredRow("softmax", m, 1, n) for m in (8, 49, 197) for n in (49, 197)]
    filled = synthetic.filled(rows, truth, np.random.default_rng(0), 0.001)
    found = ps.calibrate([*filled, MeasuredRow(model="deit_s", watts=9.0)])
    path = "host.full.softmax.cycles_per_element"
    assert path not in found.hardware.ranges and "host.full.gelu.cycles_per_element" in found.hardware.ranges
    value = next(each.value for each in found.fitted if each.path == path)
    line = f"{path}: found {value:.3g} lies outside the board's stated range 11.6 to 72"
    assert line in found.notes and sum("stated range" in note for note in found.notes) == 1
    found.write(tmp_path / "mine.yaml")
    hw = ps.load_hardware(tmp_path / "mine.yaml")
    assert hw.ranges == found.hardware.ranges and hw.values() == found.hardware.values()


@pytest.mark.parametrize("is_deep", [False, True])
def test_a_name_that_the_base_builds_on_is_refused(found, tmp_path, is_deep):
    (tmp_path / "desk.yaml").write_text("base: zcu102\n")
    (tmp_path / "room.yaml").write_text("base: desk\n")
    base = tmp_path / ("room.yaml" if is_deep else "desk.yaml")
    own = ps.calibrate([each.row for each in found.rows], base)
    with pytest.raises(ps.InputError, match="builds on 'zcu102' and would find this file there; give it another name"):
        own.write(tmp_path / "zcu102.yaml")
    if is_deep:
        with pytest.raises(ps.InputError, match="builds on 'desk' and would find this file there"):
            own.write(tmp_path / "desk.yaml")
    assert not (tmp_path / "zcu102.yaml").exists() and (tmp_path / "desk.yaml").read_text() == "base: zcu102\n"
    (tmp_path / "elsewhere").mkdir()
    own.write(tmp_path / "elsewhere" / "zcu102.yaml")
    assert ps.load_hardware(tmp_path / "elsewhere" / "zcu102.yaml").values() == own.hardware.values()
