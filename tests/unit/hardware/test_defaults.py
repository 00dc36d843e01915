"""Board files and kinds of operations that they do not know: valid, with defaults that are named where they count."""

from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.hardware import defaults
from pivotsim.operations import OPERATIONS
from tests.oracles.system import host_costs

OLD = Path(__file__).parents[2] / "data" / "zcu102_0_1_0.yaml"  # a whole file as version 0.1.0 asked for it
DEFAULT = "[assumed] default, this board does not state it"
ZCU102 = ps.load_hardware("zcu102")
LATER = ("relu", "mul", "pool")  # kinds that no file of then knows
RELU = ps.plan(ps.load_model("deit_s").replace({"activation": "relu"}))


def without(*kinds):
    """The old file without the lines of some kinds."""
    lines = OLD.read_text().splitlines(keepends=True)
    keys = tuple(f"{kind}:" for kind in kinds)
    ends = tuple(f".{kind}:" for kind in kinds)
    return "".join(line for line in lines if not (line.strip().startswith(keys) or any(end in line for end in ends)))


def test_a_file_of_0_1_0_is_valid_and_gives_the_same_numbers():
    old = ps.load_hardware(OLD)
    for profile in ("paper", "full"):
        report, same = (ps.simulate(ps.plan("deit_s"), hw, profile=profile) for hw in (old, ZCU102))
        told = "\n".join(report.notes)
        told = told.replace("of the four, only none", "of the five, only none")  # a fold overlap more
        told = told.replace("= 12.687 ns at 1.2 GHz", "= 12.687 ns at 1.2 GHz; no public A53 figure of known size")
        assert report.rows == same.rows and told == "\n".join(same.notes)
        assert not any(DEFAULT in note for note in report.notes)
    assert ps.simulate(ps.plan("deit_s"), old).delay_ms == pytest.approx(59.659904, abs=1e-6)


def test_a_kind_that_is_left_out_gets_its_row(tmp_path):
    path = tmp_path / "board.yaml"
    path.write_text(without("gelu", "sort"))
    assert "gelu:" not in path.read_text()
    hw = ps.load_hardware(path)
    # which files of then did not state
    besides = {"sources": True, "ranges": True, "fpga": {"dsp_columns", "clock_regions"}}
    assert hw.model_dump(exclude=besides) == ZCU102.model_dump(exclude=besides)
    named = {path: source for path, source in hw.sources.items() if source.startswith(DEFAULT)}
    assert set(named) == {
        *(f"{group}.{kind}" for kind in ("gelu", "sort", *LATER) for group in ("host.paper", "host.full", "placement")),
        *("units.gelu", *(f"units.{kind}" for kind in LATER), "array.count", "array.split", "array.mac_packing"),
    }
    assert named["host.full.gelu"] == f"{DEFAULT}: {OPERATIONS['gelu'].source}"
    for path, _, _, source, _ in hw.to_rows():
        assert source, path
    assert ps.load_hardware(hw.model_dump()) == hw


def test_what_a_run_uses_of_them_is_named():
    for profile, cost in (("paper", "host.paper.relu"), ("full", "host.full.relu")):
        notes = ps.simulate(RELU, profile=profile).notes
        assert [note.split(":")[0] for note in notes if DEFAULT in note].count(cost) == 1
        assert f"placement.relu: {DEFAULT}: the first place that there is" in notes
        assert not any("units.relu" in note for note in notes)
        assert not any(DEFAULT in note for note in ps.simulate(ps.plan("deit_s"), profile=profile).notes)
    on_pl = ps.simulate(RELU, ZCU102.replace({"placement.relu": "pl"}))
    assert [note.split(":")[0] for note in on_pl.notes if DEFAULT in note] == ["units.relu"]
    assert on_pl.unit_cycles == 12 * (-(-197 * 1536 // 16) + 1)


def test_a_default_that_is_changed_is_the_users():
    hw = ZCU102.replace({"host.full.relu.cycles_per_element": 2.0})
    notes = ps.simulate(RELU, hw, profile="full").notes
    assert "host.full.relu.cycles_per_element: set by the user (was 1)" in notes
    assert any(note.startswith(f"host.full.relu.cycles_per_row: {DEFAULT}") for note in notes)


def test_a_board_that_states_the_kind_needs_no_default():
    costs = {"relu": {"cycles_per_element": 3, "cycles_per_row": 0}}
    hw = ps.load_hardware(
        {"base": "zcu102", "host": {"paper": costs, "full": costs}, "placement": {"relu": "ps"}, "name": "x"}
    )
    report = ps.simulate(RELU, hw)
    assert not any(DEFAULT in note for note in report.notes)
    assert report.breakdown("module")["relu"]["delay_ms"] == pytest.approx(12 * 197 * 1536 * 3 / 1.2e6)


def test_relu_by_hand_and_from_a_file(tmp_path):
    path = tmp_path / "t.csv"
    ps.write_trace(ps.lower(RELU), path)
    trace = ps.read_trace(path)
    assert "relu" in path.read_text() and "gelu" not in path.read_text()
    assert ps.simulate(trace, profile="paper").rows == ps.simulate(RELU, profile="paper").rows
    rows = [row for row in ps.simulate(trace, profile="full").rows if row.kind == "relu"]
    cost = {"cycles_per_element": 1.0, "cycles_per_row": 7}
    ms = host_costs.op_ms(cost, 197, 197 * 1536, call_us=20, clock_mhz=1200, cores=1, efficiency=0.9)
    assert [row.encoder for row in rows] == list(range(1, 13))
    assert [row.delay_ms for row in rows] == pytest.approx([ms] * 12, rel=1e-12)
    assert not any(row.kind == "relu" for row in ps.simulate(RELU, profile="paper").rows)  # the paper leaves it out


@pytest.mark.parametrize(("kind", "cost"), [("mul", "add"), ("pool", "score")])
def test_kinds_that_cost_what_others_do_by_default(kind, cost):
    m, n, heads = 49, 512, 3
    ops = [ps.workload.Op(1, "other", one, m, 1, n, heads) for one in (kind, cost)]
    first, second = ps.simulate(ps.Trace(tuple(ops)), profile="full").rows
    stated = {"cycles_per_element": OPERATIONS[cost].full[0], "cycles_per_row": OPERATIONS[cost].full[1]}
    ms = host_costs.op_ms(stated, m * heads, m * n * heads, call_us=20, clock_mhz=1200, cores=1, efficiency=0.9)
    assert first.delay_ms == second.delay_ms == pytest.approx(ms, rel=1e-12)
    on_pl = ps.simulate(ps.Trace((ops[0],)), ZCU102.replace({f"placement.{kind}": "pl"}), profile="full")
    assert on_pl.unit_cycles == heads * (-(-m * n // 16) + 1)


def test_behind_a_pool_crosses_what_is_left():
    pool, fc = ps.workload.Op(1, "pool", "pool", 16, 1, 9), ps.workload.Op(1, "fc1", "gemm", 4, 4, 8)
    moved = []
    for first in (pool, pool._replace(n=900), fc._replace(n=4)):
        trace = ps.Trace((first, fc if first.kind == "pool" else pool))
        rows = ps.simulate(trace, profile="full").rows
        moved += [row.delay_ms for row in rows if row.kind == "transfer"]
    assert moved[0] == moved[1] == moved[2], "16 elements each way, however many a window reads"


def test_a_further_kind_changes_no_hash():
    """What a board states is hashed; defaults are the package's, whose version stands beside each hash."""
    stated = ps.load_hardware("zcu102").values()
    assert "relu" not in stated["placement"] and "relu" not in stated["host"]["full"] and "relu" not in stated["units"]
    chosen = ps.load_hardware("zcu102").replace({"host.full.relu.cycles_per_row": 9.0})
    assert chosen.values()["host"]["full"]["relu"] == {"cycles_per_element": 1.0, "cycles_per_row": 9.0}


def test_values_that_came_later_change_no_hash_where_they_have_their_default():
    for name, path, other in (
        ("zcu102", "units.token_drop.fused_token", "sum"),
        ("u250_mpca", "units.token_drop.fused_token", "sum"),
        ("u250_mpca", "mpca.rules", "authors"),
    ):
        *groups, last = path.split(".")
        for value, is_hashed in ((defaults.LATER[path], False), (other, True)):
            inside = ps.load_hardware(name).replace({path: value}).values()
            for group in groups:
                inside = inside[group]
            assert (last in inside) == is_hashed, (name, path, value)
