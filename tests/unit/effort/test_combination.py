"""combine() against a stream of images run one by one."""

import random

import pytest

import pivotsim as ps
from tests.oracles.system.image_stream import stream

GATE_MS = {"paper": 0.03, "full": 0.05}  # 1000 classes at 30 ns, and a call of 20 us
WHOLE = ps.plan("deit_s")


def effort(count, **options):
    return ps.simulate(ps.skip_attention(WHOLE, active=range(1, count + 1)), "zcu102", **options)


@pytest.mark.parametrize("gate", ["entropy", "none"])
@pytest.mark.parametrize("profile", ["paper", "full"])
@pytest.mark.parametrize("counts", [(6, 12), (12,), (3, 6, 12), (1, 2, 4, 8)])
def test_equals_a_stream_of_images(counts, profile, gate):
    draw = random.Random(len(counts))
    exits = [draw.randrange(len(counts)) for _ in range(200)]
    reports = [effort(count, profile=profile) for count in counts]
    fractions = [exits.count(i) / len(exits) for i in range(len(counts))]
    mix = ps.combine(reports, fractions, gate=gate)
    gate_ms, gate_j = (GATE_MS[profile], 7.92 * GATE_MS[profile] / 1e3) if gate == "entropy" else (0.0, 0.0)
    oracle = stream(exits, [r.delay_ms for r in reports], [r.energy_j for r in reports], gate_ms, gate_j)
    for name, value in oracle.items():
        assert getattr(mix, name) == pytest.approx(value, rel=1e-12), name


def test_parts_add_up():
    mix = ps.combine([effort(3), effort(7), effort(12)], [0.5, 0.3, 0.2])
    for by in ("module", "group", "encoder", "resource"):
        entries = mix.breakdown(by)
        assert sum(e["delay_ms"] for e in entries.values()) == pytest.approx(mix.delay_ms, rel=1e-12)
        assert sum(e["share"] for e in entries.values()) == pytest.approx(1, rel=1e-12)
    assert sum(mix.energy_components_j.values()) == pytest.approx(mix.energy_j, rel=1e-12)
    assert mix.breakdown("module")["entropy"]["delay_ms"] == pytest.approx(1.5 * 0.03)
    assert mix.breakdown("resource")["ps"]["delay_ms"] == pytest.approx(mix.ps_ms)
    assert mix.mean_pl_cycles == pytest.approx(sum(e.reach_frac * e.report.pl_cycles for e in mix.efforts))


def test_notes_of_all_efforts():
    nothing = ps.combine([effort(0), effort(12)], [0.5, 0.5])
    assert any(note.startswith("host.paper.softmax: [calibrated]") for note in nothing.notes)
    assert not any("softmax" in note for note in effort(0).notes)


def test_all_images_at_one_exit():
    low, high = effort(6), effort(12)
    assert ps.combine([low, high], [1, 0], gate="none").delay_ms == low.delay_ms
    assert ps.combine([low, high], [0, 1], gate="none").delay_ms == pytest.approx(low.delay_ms + high.delay_ms)
    assert ps.combine([high], [1]).delay_ms == high.delay_ms


def test_every_effort_but_the_last_pays_its_gate():
    mix = ps.combine([effort(3), effort(6), effort(12)], [0.5, 0.3, 0.2])
    assert [e.gate_ms for e in mix.efforts] == pytest.approx([0.03, 0.03, 0])
    assert mix.gate_ms == pytest.approx(0.03 + 0.5 * 0.03)


def test_no_more_than_all_images_reach_an_effort():
    mix = ps.combine([effort(3), effort(6), effort(12)], [0.0, 0.6, 0.4 + 5e-10], gate="none")
    assert [e.reach_frac for e in mix.efforts] == [1.0, 1.0, 0.4 + 5e-10]


def test_the_processor_is_read_by_the_gates_alone_where_the_array_has_units():
    hw = ps.load_hardware({"base": "zcu102", "placement": {"softmax": "pl"}, "host": {"clock_mhz": 1000}})
    reports = [ps.simulate(WHOLE, hw)] * 2
    assert not ps.combine(reports, [0.5, 0.5]).not_used
    for mix in (ps.combine(reports, [0.5, 0.5], gate="none"), ps.combine(reports[:1], [1])):
        assert mix.not_used.keys() == {"host.clock_mhz"}


def test_efforts_are_of_one_model():
    def message(a, b):
        with pytest.raises(ps.InputError) as error:
            ps.combine([ps.simulate(ps.plan(a)), ps.simulate(ps.plan(b))], [0.5, 0.5])
        return str(error.value)

    start = "reports: the model differs between number 1 and 2, in "
    assert message("deit_t", "deit_s") == f"{start}name (got deit_t, deit_s)"
    deeper = WHOLE.model.replace({"depth": 13})
    assert message("deit_s", deeper) == f"{start}depth (got 12, 13)"
    wider = WHOLE.model.replace({"depth": 13, "mlp_hidden": 1537})  # the first of two is told
    assert message("deit_s", wider) == f"{start}depth (got 12, 13)"
    other_name = WHOLE.model.replace({"name": "mine", "description": "DeiT-S."})
    assert ps.combine([effort(12), ps.simulate(ps.plan(other_name))], [0.5, 0.5]).delay_ms > 0
    read = [ps.simulate(ps.Trace(ps.lower(ps.plan(name)).ops, name)) for name in ("deit_t", "deit_s")]
    assert ps.combine(read, [0.5, 0.5]).delay_ms > 0  # nobody knows whose operations those are


def test_three_edps_agree_only_without_a_mix():
    low, high = effort(6), effort(12)
    alone = ps.combine([low], [1])
    assert (
        alone.edp_j_ms == pytest.approx(alone.edp_mean_of_images_j_ms) == pytest.approx(alone.edp_sum_of_efforts_j_ms)
    )
    mix = ps.combine([low, high], [0.8, 0.2], gate="none")
    assert mix.edp_sum_of_efforts_j_ms < mix.edp_j_ms < mix.edp_mean_of_images_j_ms


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ([0.8, 0.1], "exit_fractions: must sum to 1 (got 0.9)"),
        ([0.8, 0.21], "exit_fractions: must sum to 1 (got 1.01)"),
        ([0.8], "exit_fractions: expected 2, one per effort (got 1)"),
        ([1.2, -0.2], "exit_fractions: each must lie in 0 to 1 (got 1.2)"),
        ([float("nan"), 0.5], "exit_fractions: each must lie in 0 to 1 (got nan)"),
        ([True, False], "exit_fractions: must be a number (got true)"),
        (0.5, "exit_fractions: must be a list of numbers (got 0.5)"),
    ],
)
def test_wrong_fractions(fractions, message):
    with pytest.raises(ps.InputError) as error:
        ps.combine([effort(6), effort(12)], fractions)
    assert str(error.value) == message


def test_reports_that_do_not_mix():
    with pytest.raises(ps.InputError, match="at least one"):
        ps.combine([], [])
    with pytest.raises(ps.InputError, match="profile differs between number 1 and 2"):
        ps.combine([effort(6), effort(12, profile="full")], [0.5, 0.5])
    other = ps.simulate(WHOLE, ps.load_hardware("zcu102").replace({"array.rows": 16}))
    with pytest.raises(ps.InputError, match=r"hardware differs between number 1 and 2, in array.rows \(got 64, 16\)"):
        ps.combine([effort(6), other], [0.5, 0.5])
    for option in ({"engine": "memory", "memory": "hw"}, {"energy": "activity"}, {"scope": "all"}):
        with pytest.raises(ps.InputError, match=f"{next(iter(option))} differs between number 1 and 2"):
            ps.combine([effort(6), effort(12, **option)], [0.5, 0.5])
    placed = {"base": "zcu102", "placement": {"softmax": "pl"}}
    with_host, without = (ps.simulate(WHOLE, ps.load_hardware({**placed, **host})) for host in ({}, {"host": "none"}))
    with pytest.raises(ps.InputError, match=r"hardware differs between number 1 and 2, in host"):
        ps.combine([with_host, without], [0.5, 0.5], gate="none")
    with pytest.raises(ps.InputError, match=r"differs between number 1 and 2"):
        ps.combine([effort(6), ps.simulate(WHOLE, "u250_mpca")], [0.5, 0.5])
    os = ps.simulate(WHOLE, "zcu102_os")
    with pytest.raises(ps.InputError, match=r"hardware differs between number 1 and 2, in name"):
        ps.combine([effort(6), os], [0.5, 0.5])
    with pytest.raises(ps.InputError, match="batch 1"):
        ps.combine([effort(6, batch=2), effort(12)], [0.5, 0.5])
    with pytest.raises(ps.InputError, match="is no Report"):
        ps.combine([6, 12], [0.5, 0.5])
    headless = ps.Trace(tuple(op for op in ps.lower(WHOLE) if op.module != "head"))
    reports = [ps.simulate(headless)] * 2
    with pytest.raises(ps.InputError, match="number of classes is unknown"):
        ps.combine(reports, [0.5, 0.5])
    assert ps.combine(reports, [0.5, 0.5], gate="none").gate_ms == 0
