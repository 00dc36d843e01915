"""Hardware of kind mpca: peaks, what it refuses, and that kinds keep apart."""

import pytest

import pivotsim as ps
from pivotsim.engines.registry import ENGINES, engines_of
from pivotsim.hardware.kinds.mpca import MpcaHardware
from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.loading import KINDS, schema_of
from pivotsim.io.yaml_reader import Document

U250 = ps.load_hardware("u250_mpca")


def test_each_kind_has_its_schema_and_its_modes():
    assert type(U250) is MpcaHardware and type(ps.load_hardware("zcu102")) is SystolicHardware
    for kind in KINDS:
        schema = schema_of(Document({"kind": kind}, {}, "board.yaml"))
        assert schema.model_fields["kind"].annotation.__args__ == (kind,)
    named = [name for kind in KINDS for name in engines_of(kind)]
    assert sorted(named) == sorted(ENGINES)  # each engine runs on one kind


def test_peaks():
    derived = {name: value for name, (value, _, _) in U250.derived.items()}
    assert derived == pytest.approx(
        {"pes": 6_144, "peak_gmac_per_s": 1_843.2, "peak_gops": 3_686.4, "lanes": 8, "tokens_per_group": 96,
         "dma_gb_per_s": 19.2}
    )  # fmt: skip
    assert "dma_gb_per_s" not in U250.without_memory_limits().derived
    assert (U250.mpca.fill_cycles, U250.replace({"mpca.fill": False}).mpca.fill_cycles) == (28, 0)


def test_all_its_values_are_marked_but_what_the_estimator_states():
    of_files = ("mpca.rules", "units.token_drop.fused_token")
    read = {f"mpca.{name}" for name in ("p_h", "p_t", "p_c", "p_pe", "clock_mhz")}
    for path, _, _, source, _ in U250.to_rows():
        if path.startswith(("mpca.", "units.", "power.", "placement.")) and path not in of_files:
            wanted = "levels and clock: defaults of the public latency estimator" if path in read else "[assumed]"
            assert source.startswith(wanted), path


def test_a_dict_and_a_base_are_as_good_as_its_file(tmp_path):
    assert ps.load_hardware(U250.model_dump()) == U250
    path = tmp_path / "wide.yaml"
    path.write_text("base: u250_mpca\nname: wide\ndescription: more lanes\nmpca:\n  p_c: 4\n")
    wide = ps.load_hardware(str(path))
    assert (wide.mpca.lanes, wide.pes) == (16, 12_288)
    assert wide.source("mpca.p_c") == f"set by the user in {path}"


def test_every_value_can_be_replaced_by_itself():
    changes = {path: value for path, value, *_ in U250.to_rows()}
    assert len(changes) > 30
    assert U250.replace(changes).model_dump(exclude={"sources"}) == U250.model_dump(exclude={"sources"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mpca.p_h": 0}, "replace: mpca.p_h: must be at least 1 (got 0)"),
        ({"mpca.p_t": 1025}, "replace: mpca.p_t: must be at most 1024 (got 1025)"),
        (
            {"mpca.balance": "ltp"},
            "replace: mpca.balance: must be one of lockstep, rr, greedy, lpt (got 'ltp'), nearest valid name: 'lpt'",
        ),
        ({"mpca.dma_bytes_per_cycle": 0}, "replace: mpca.dma_bytes_per_cycle: must be at least 1 (got 0)"),
        (
            {"mpca.dma_bytes_per_cycle": "none"},
            "replace: mpca.dma_bytes_per_cycle: must be an integer or the word unlimited (got 'none')",
        ),
        ({"mpca.fill": 1}, "replace: mpca.fill: must be true or false (got 1)"),
        ({"array.rows": 4}, "replace: array.rows: unknown key"),
        ({"placement.gelu": "ps"}, "replace: placement.gelu: this kind of hardware has no processor side (got 'ps')"),
        ({"placement.requant": "ps"}, "replace: placement.requant: this kind of hardware has no processor side"),
        ({"host.cores": 4}, "replace: host.cores: host is none, so it holds no values (got 4)"),
    ],
)
def test_bad_values(changes, message):
    with pytest.raises(ps.InputError) as error:
        U250.replace(changes)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "analytic"}, "engine: 'u250_mpca' is of kind 'mpca' and needs engine 'mpca' (got 'analytic')"),
        ({"profile": "full"}, "profile: 'u250_mpca' has no processor side to charge (got 'full')"),
        ({"energy": "activity"}, "energy: 'u250_mpca' has no constants per component; use energy 'constant'"),
        ({"ps_pl_overlap": "heads"}, "ps_pl_overlap: host.ps_pl_overlap: host is none, so it holds no values"),
        ({"memory": "none"}, "memory: must be one of paper, hw (got 'none')"),
    ],
)
def test_what_simulate_refuses(options, message):
    with pytest.raises(ps.InputError) as error:
        ps.simulate(ps.plan("deit_s"), U250, **options)
    assert str(error.value).startswith(message)


def test_engines_of_arrays_and_what_counts_on_an_array_refuse_it():
    needs = "needs hardware of kind 'systolic', 'u250_mpca' has no such array (got 'mpca')"
    calls = (
        lambda: ps.fit("u250_mpca"),
        lambda: ps.simulate_designs(ps.plan("deit_s"), "u250_mpca", {"rows": [4]}),
        lambda: ps.reproduce("pivot", hw="u250_mpca"),
        lambda: ENGINES["analytic"].run(ps.Trace(()), U250),
    )
    for call in calls:
        with pytest.raises(ps.InputError) as error:
            call()
        assert str(error.value).endswith(needs)
    with pytest.raises(ps.InputError, match="engine: 'zcu102' is of kind 'systolic' and needs engine 'analytic' or"):
        ps.simulate(ps.plan("deit_s"), "zcu102", engine="mpca")
    with pytest.raises(ps.InputError, match="engine: needs hardware of kind 'mpca', 'zcu102' has no such array"):
        ENGINES["mpca"].run(ps.Trace(()), ps.load_hardware("zcu102"))


def test_operands_that_are_too_wide():
    op = ps.workload.Op(1, "fc1", "gemm", 4, 4, 4, a_bits=17)
    with pytest.raises(ps.InputError, match=r"operands are wider than mpca\.operand_bits 16"):
        ps.simulate(ps.Trace((op,)), U250)


def test_memory_hw_chooses_the_engine():
    assert ps.simulate(ps.plan("deit_s"), memory="hw").options["engine"] == "memory"
    assert ps.simulate(ps.plan("deit_s")).options["engine"] == "analytic"


def test_a_timeline_of_an_mpca(tmp_path):
    report = ps.simulate(ps.plan("deit_t"), U250)
    assert set(report.timeline.resources) == {"array", "softmax unit", "gelu unit", "norm unit", "add unit"}
    text = ps.export.write_timeline(report, tmp_path / "t.json").read_text()
    assert "one event per operation" in text
