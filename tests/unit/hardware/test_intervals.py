"""Intervals of a hardware file: checked, inherited with their values, dropped with them, without effect on results."""

import pytest

import pivotsim as ps

GELU = "host.full.gelu.cycles_per_element"
BOARD = {"base": "zcu102", "intervals": {GELU: [6, 7.5], "array.rows": [64, 64], "host.full.call_us": [10, 30]}}


def test_an_interval_is_a_pair_and_changes_no_result():
    plain, hw = ps.load_hardware("zcu102"), ps.load_hardware(BOARD)
    assert hw.intervals[GELU] == (6.0, 7.5) and plain.intervals == {}
    assert hw.values() == plain.values()
    one, other = (ps.simulate(ps.plan("deit_t"), each, profile="full") for each in (plain, hw))
    assert one.to_dict()["input_hash"] == other.to_dict()["input_hash"]
    assert ps.load_hardware(hw.model_dump()) == hw


def test_it_stands_behind_the_source():
    rows = {path: source for path, _, _, source, _ in ps.load_hardware(BOARD).to_rows()}
    assert rows[GELU].endswith("; 95 % interval 6 to 7.5")
    assert "95 %" not in rows["host.full.gelu.cycles_per_row"]
    assert "intervals" not in rows


@pytest.mark.parametrize(
    ("path", "pair", "problem"),
    [
        (GELU, [8, 9], "must hold the value, 7 (got 8, 9)"),
        (GELU, [7.1, 6], "low is above high (got 7.1, 6)"),
        (GELU, [7], "must be two numbers, [low, high] (got a list of one: 7)"),
        (GELU, [1, 7, 9], "must be two numbers, [low, high] (got 1, 7, 9)"),
        (GELU, ["6", 8], "must be two numbers, [low, high] (got 6, 8)"),
        (GELU, [True, 8], "must be two numbers, [low, high] (got true, 8)"),
        (GELU, 7, "must be two numbers, [low, high] (got 7)"),
        (GELU, [float("nan"), 9], "must be a finite number (got nan)"),
        ("host.full.gelu.cycles_per_elemen", [6, 8], f"names no value, nearest valid name: '{GELU}'"),
        ("array.dataflow", [6, 8], "only a number has an interval, the value is none (got 'is')"),
        ("memories.bias", [0, 1], "only a number has an interval, the value is none (got true)"),
        ("host.full", [0, 1], "names no value"),
    ],
)
def test_what_is_refused(path, pair, problem):
    with pytest.raises(ps.InputError) as error:
        ps.load_hardware({"base": "zcu102", "intervals": {path: pair}})
    assert str(error.value).startswith(f"hardware: intervals.{path}") and problem in str(error.value)


def test_a_wrong_one_is_told_on_its_line(tmp_path):
    path = tmp_path / "board.yaml"
    path.write_text(f"base: zcu102\nname: b\nintervals:\n  host.full.call_us: [1, 30]\n  {GELU}: [8, 9]\n")
    with pytest.raises(ps.InputError, match=f"^{path}:5: intervals.{GELU}: must hold the value"):
        ps.load_hardware(path)
    path.write_text("base: zcu102\nname: b\nintervals: 3\n")
    with pytest.raises(ps.InputError, match=f"^{path}:3: intervals: must be a group of 'key: value' lines"):
        ps.load_hardware(path)


def test_a_changed_value_loses_its_interval():
    hw = ps.load_hardware(BOARD)
    assert set(hw.replace({GELU: 20}).intervals) == {"array.rows", "host.full.call_us"}
    assert set(hw.replace({"host": "none"} | dict.fromkeys(moved(hw), "array")).intervals) == {"array.rows"}


def moved(hw):
    return [f"placement.{kind}" for kind, place in hw.placement if place == "ps" and kind == "requant"]


def test_a_file_on_a_base_inherits_what_it_does_not_state(tmp_path):
    base, board = tmp_path / "low.yaml", tmp_path / "top.yaml"
    base.write_text(f"base: zcu102\nname: low\nintervals:\n  {GELU}: [6, 8]\n  host.full.call_us: [1, 30]\n")
    board.write_text("base: low\nname: top\nhost:\n  full:\n    gelu: {cycles_per_element: 9}\n")
    hw = ps.load_hardware(board)
    assert hw.intervals == {"host.full.call_us": (1.0, 30.0)}
    board.write_text(board.read_text() + f"intervals:\n  {GELU}: [8, 10]\n")
    hw = ps.load_hardware(board)
    assert hw.intervals == {"host.full.call_us": (1.0, 30.0), GELU: (8.0, 10.0)}
    assert not any(path.startswith("intervals") for path in hw.sources)
    board.write_text("base: low\nname: top\nhost: none\nplacement:\n" + "".join(
        f"  {kind}: pl\n" for kind in ("softmax", "gelu", "silu", "norm", "add", "score", "sort", "gather", "merge")
    ) + "  requant: array\n")  # fmt: skip
    assert ps.load_hardware(board).intervals == {}


def test_ranges_are_as_intervals_are_without_a_confidence(tmp_path):
    zcu102 = ps.load_hardware("zcu102")
    assert zcu102.ranges[GELU] == (1.7, 152.0) and zcu102.intervals == {}
    row = next(row for row in zcu102.to_rows() if row[0] == GELU)
    assert row[3].endswith("; range 1.7 to 152")
    assert GELU not in zcu102.replace({GELU: 20}).ranges and "host.full.call_us" in zcu102.replace({GELU: 20}).ranges
    board = tmp_path / "b.yaml"
    board.write_text(f"base: zcu102\nname: b\nranges:\n  {GELU}: [8, 10]\n")
    with pytest.raises(ps.InputError, match=rf"b.yaml:4: ranges.{GELU}: must hold the value, 7 \(got 8, 10\)"):
        ps.load_hardware(board)
    board.write_text("base: zcu102\nname: b\nranges:\n  array.dataflow: [1, 2]\n")
    with pytest.raises(ps.InputError, match="only a number has a range, the value is none"):
        ps.load_hardware(board)
    assert zcu102.values() == zcu102.model_copy(update={"ranges": {}}).values()  # and so no hash


def test_an_interval_is_shown_where_there_is_a_range_too():
    hw = ps.load_hardware({"base": "zcu102", "kind": "systolic", "name": "b", "intervals": {GELU: [6, 8]}})
    row = next(row for row in hw.to_rows() if row[0] == GELU)
    assert row[3].endswith("; 95 % interval 6 to 8") and "range" not in row[3].rpartition(";")[2]


def test_a_board_without_a_processor_has_no_ranges_of_one():
    hw = ps.load_hardware("zcu102").replace(
        {"host": "none"} | dict.fromkeys(moved(ps.load_hardware("zcu102")), "array")
    )
    assert set(hw.ranges) == {"memories.read_latency_ns"}
