"""Boards without a processor: what they run, what they refuse, and what they leave out."""

import pytest

import pivotsim as ps
from pivotsim.dse.space.reading import load_space
from pivotsim.operations import PS_KINDS

ZCU102, U250 = ps.load_hardware("zcu102"), ps.load_hardware("u250_mpca")
ON_PL = {f"placement.{kind}": "pl" for kind in PS_KINDS if kind != "requant"}
ALL_ELSEWHERE = {**ON_PL, "placement.requant": "array"}
ENDS = ("default", "low", "high")
PS_POWER = {f"power.activity.{end}.{name}": 0 for end in ENDS for name in ("ps_idle_w", "ps_active_w")}
BARE = ZCU102.replace({"host": "none"})
PLAN = ps.plan("deit_s")


def refusal(call):
    with pytest.raises(ps.InputError) as error:
        call()
    return str(error.value).splitlines()


def test_the_word_none_and_where_it_may_stand(tmp_path):
    path = tmp_path / "bare.yaml"
    path.write_text("base: zcu102\nname: bare\nhost: none\n")
    hw = ps.load_hardware(path)
    assert hw.host is None and (hw.ps_cores, hw.ps_pl_overlap) == (0, "serial")
    assert hw.source("host") == f"set by the user in {path}"
    assert not any(key.startswith("host.") for key in hw.sources)
    assert [row for row in hw.to_rows() if row[0].startswith("host")] == [
        ("host", "none", "", hw.source("host"), "Processor side; none is a board with no processor.")
    ]
    assert ps.load_hardware(hw.model_dump()) == hw
    assert hw.replace({"host": ZCU102.host.model_dump()}).host == ZCU102.host
    with pytest.raises(ps.InputError, match="'bare' has no processor"):
        hw.host_costs("paper")


def test_every_value_can_be_replaced_by_itself():
    changes = {path: value for path, value, *_ in BARE.to_rows()}
    assert BARE.replace(changes).model_dump(exclude={"sources", "ranges"}) == BARE.model_dump(
        exclude={"sources", "ranges"}
    )


def test_what_it_would_have_to_run_is_named_with_the_key_to_change():
    rest = "but this board has no processor (host: none), and deit_s runs"
    assert refusal(lambda: ps.simulate(PLAN, BARE)) == [
        f"placement.softmax: 'ps', {rest} softmax (first in encoder 1); set placement.softmax=pl, or state a "
        "processor (host)"
    ]
    named = [line.split(":")[0] for line in refusal(lambda: ps.simulate(PLAN, BARE, profile="full"))]
    in_order = ("norm", "requant", "softmax", "add", "gelu")
    assert named == [f"placement.{kind}" for kind in in_order]
    (line,) = refusal(lambda: ps.simulate(PLAN, BARE.replace(ON_PL), profile="full"))
    assert line.endswith("(first in encoder 1); set placement.requant=array, or state a processor (host)")
    head = ps.Trace(tuple(op for op in ps.lower(PLAN) if op.module == "head"), "head")
    (line,) = refusal(lambda: ps.simulate(head, BARE, profile="full", scope="all"))
    assert "head runs norm (first outside the encoders)" in line


def test_every_way_to_many_designs_refuses_it_too():
    call = lambda: ps.simulate_designs(PLAN, BARE, {"rows": [32, 64]})  # noqa: E731
    assert refusal(call)[0].startswith("placement.softmax: 'ps', but this board has no processor")
    assert ps.simulate_designs(PLAN, BARE.replace(ON_PL), {"rows": [64]})["delay_ms"] == [
        ps.simulate(PLAN, BARE.replace(ON_PL)).delay_ms
    ]


@pytest.mark.parametrize("profile", ["paper", "full"])
def test_with_everything_elsewhere_it_runs_as_the_board_with_an_idle_processor(profile):
    bare, idle = (ps.simulate(PLAN, hw.replace(ALL_ELSEWHERE), profile=profile) for hw in (BARE, ZCU102))
    assert bare.rows == idle.rows and (bare.delay_ms, bare.ps_ms) == (idle.delay_ms, 0)
    assert (bare.gate_ms, bare.energy_j) == (None, idle.energy_j)


def test_what_the_profile_leaves_out_is_said():
    hw = BARE.replace({"placement.softmax": "pl"})
    report = ps.simulate(PLAN, hw)
    said = "profile: 'paper' leaves out what is placed on ps, where no processor is: "
    assert said + "norm, requant, add, gelu" in report.notes
    assert not any(note.startswith(said) for note in ps.simulate(PLAN, hw.replace(ALL_ELSEWHERE)).notes)
    all_charged = "profile: 'paper' leaves no operation's time out here: there is no processor, they run in the"
    assert [note for note in ps.simulate(PLAN, hw.replace(ALL_ELSEWHERE)).notes if note.startswith("profile:")] == [
        f"{all_charged} programmable logic"
    ]
    free = "profile: 'paper' charges no time for norm, requant, add, gelu; profile 'full' charges more"
    assert [note for note in ps.simulate(PLAN).notes if note.startswith("profile:")] == [free]
    full = ps.load_hardware("zcu102").replace(
        {f"host.full.gelu.{part}": 0 for part in ("cycles_per_element", "cycles_per_row")}
    )
    told = [note for note in ps.simulate(PLAN, full, profile="full").notes if note.startswith("profile:")]
    assert told == ["profile: 'full' charges no time for gelu"]
    assert not any(note.startswith("profile:") for note in ps.simulate(PLAN, profile="full").notes)


@pytest.mark.parametrize("hw", [BARE.replace(ALL_ELSEWHERE), U250], ids=["systolic", "mpca"])
def test_an_entropy_gate_needs_a_processor(hw):
    report = ps.simulate(PLAN, hw)
    (line,) = refusal(lambda: ps.combine([report, report], [0.5, 0.5]))
    assert line == f"gate: 'entropy' runs on a processor, '{hw.name}' has none (host: none); use gate 'none'"
    mix = ps.combine([report, report], [0.5, 0.5], gate="none")
    assert mix.delay_ms == pytest.approx(1.5 * report.delay_ms)


def test_power_of_a_processor_that_is_not_there():
    hw = BARE.replace(ALL_ELSEWHERE)
    lines = refusal(lambda: ps.simulate(PLAN, hw, energy="activity"))
    assert len(lines) == 6
    assert lines[0] == (
        "energy: 'activity': power.activity.default.ps_idle_w: must be 0, this board has no processor (host: none) "
        "(got 2.15)"
    )
    report = ps.simulate(PLAN, hw.replace(PS_POWER), energy="activity")
    assert report.energy_components_j["ps"] == 0 < report.energy_interval.pinned_low_j
    idle = ps.simulate(PLAN, ZCU102.replace(ALL_ELSEWHERE), energy="activity")
    assert {**idle.energy_components_j, "ps": 0.0} == report.energy_components_j
    data = hw.model_dump()
    for end in ENDS:
        del data["power"]["activity"][end]["ps_idle_w"], data["power"]["activity"][end]["ps_active_w"]
    assert ps.simulate(PLAN, ps.load_hardware(data), energy="activity").energy_j == report.energy_j
    del data["host"]
    assert "hardware: host: required key is missing" in refusal(lambda: ps.load_hardware(data))


@pytest.mark.parametrize("kind", ["relu", "softmax"])
def test_kinds_that_it_does_not_state_run_elsewhere(kind):
    """A default is a place that the board has, also where the processor goes after the default came."""
    data = ZCU102.model_dump()
    del data["placement"][kind]
    with_processor = ps.load_hardware(data)
    assert with_processor.placement.of(kind) == "ps"
    for hw in (
        with_processor.replace({"host": "none"}),
        ps.load_hardware({**data, "host": "none", "sources": {}, "ranges": {}}),
    ):
        assert hw.placement.of(kind) == "pl"
    assert U250.placement.of("relu") == "pl"
    relu = ps.plan(ps.load_model("deit_s").replace({"activation": "relu"}))
    units = {row.kind: row.cycles for row in ps.simulate(relu, U250).rows if row.kind == "relu"}
    assert units == {"relu": -(-197 * 1536 // 16) + 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"host": "non"}, "replace: host: must be a group of 'key: value' lines, or the word none (got 'non')"),
        ({"host": None}, "replace: host: must be a group of 'key: value' lines, or the word none (got nothing)"),
        ({"host": "none", "host.cores": 2}, "replace: host: is changed as a whole and in part (got 'none')"),
        ({"host.cores": 2, "host": "none"}, "replace: host: is changed as a whole and in part (got 'none')"),
        ({"hots": "none"}, "replace: hots: unknown key, nearest valid name: 'host'"),
    ],
)
def test_bad_values(changes, message):
    assert refusal(lambda: ZCU102.replace(changes))[0] == message


def test_values_and_sources_of_a_processor_that_is_not_there():
    none = "host is none, so it holds no values"
    assert refusal(lambda: BARE.replace({"host.cores": 2})) == [f"replace: host.cores: {none} (got 2)"]
    data = BARE.model_dump()
    data["sources"]["host.cores"] = "a leftover"
    (line,) = refusal(lambda: ps.load_hardware(data))
    assert line.startswith("hardware: sources: 'host.cores' names no value")
    space = {"name": "s", "fixed": {"set": {"host": "none"}}, "axes": {"host.cores": [1, 2]}}
    assert refusal(lambda: load_space(space)) == [f"axes.host.cores: {none}"]
    (line,) = refusal(lambda: ps.simulate(PLAN, BARE, ps_pl_overlap="heads"))
    assert line == f"ps_pl_overlap: host.ps_pl_overlap: {none} (got 'heads')"
    assert ps.simulate(PLAN, BARE.replace(ALL_ELSEWHERE), ps_pl_overlap="serial").delay_ms > 0
