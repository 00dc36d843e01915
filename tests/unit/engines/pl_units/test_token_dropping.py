"""The token-dropping module against networks built comparator by comparator and clocks counted one by one."""

import random

import pytest

import pivotsim as ps
from pivotsim.engines.pl_units.token_dropping import (
    NETWORKS,
    dropping,
    network_comparators,
    network_stages,
    sort_cycles,
)
from tests.oracles.mpca import sorting_networks, token_module

HW = ps.load_hardware("zcu102")
UNIT = HW.units.token_drop
COUNTS = [1, 2, 3, 4, 5, 8, 9, 16, 17, 32, 33, 64]


def unit(**changes):
    return HW.replace({f"units.token_drop.{name}": value for name, value in changes.items()}).units.token_drop


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("count", COUNTS)
def test_the_oracles_networks_sort_and_have_our_size(network, count):
    stages = sorting_networks.NETWORKS[network](sorting_networks.power_of_two(count))
    draw = random.Random(count)
    for _ in range(20):
        values = [draw.randrange(count) for _ in range(sorting_networks.power_of_two(count))]
        assert sorting_networks.run(stages, values) == sorted(values)
    assert network_stages(network, count) == len(stages)
    assert network_comparators(network, count) == sum(map(len, stages))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("count", [*COUNTS, 196])
def test_sorting_clocks(network, count):
    stages = sorting_networks.NETWORKS[network](sorting_networks.power_of_two(count))
    for comparators in (1, 2, 3, 7, 15, 16, 17, 31, 63, 64, 127, 128, 129):
        assert sort_cycles(network, count, comparators) == sorting_networks.clocks(stages, comparators)


def test_the_oracle_of_all_zeros_and_ones_of_eight_wires():
    """A network that sorts all 0-1 inputs sorts all inputs (Knuth, volume 3, section 5.3.4)."""
    for build in sorting_networks.NETWORKS.values():
        stages = build(8)
        for bits in range(256):
            values = [bits >> i & 1 for i in range(8)]
            assert sorting_networks.run(stages, values) == sorted(values)


def test_closed_forms():
    """Batcher 1968: q(q+1)/2 stages; bitonic P/2 each, merges (q^2 - q + 4) 2^(q-2) - 1 in all."""
    for q in range(2, 13):
        count = 2**q
        assert network_stages("bitonic", count) == network_stages("odd_even_merge", count) == q * (q + 1) // 2
        assert network_comparators("bitonic", count) == q * (q + 1) // 2 * count // 2
        assert network_comparators("odd_even_merge", count) == (q * q - q + 4) * 2 ** (q - 2) - 1
        assert network_comparators("odd_even_transposition", count) == count * (count - 1) // 2
    assert network_comparators("bitonic", 196) == 4608
    assert network_comparators("odd_even_merge", 196) == 3839


@pytest.mark.parametrize(
    ("changes", "phases"),
    [
        ({}, (78, 72, 408, 44)),
        ({"comparators": 16}, (78, 288, 408, 44)),
        ({"comparators": 1}, (78, 4608, 408, 44)),
        ({"comparators": 128}, (78, 36, 408, 44)),
        ({"sort_network": "odd_even_transposition"}, (78, 512, 408, 44)),
        ({"averaging_hidden": True}, (0, 72, 408, 44)),
    ],
)
def test_deit_s_dropped_once(changes, phases):
    """197 tokens of 384 channels, 6 heads: 602 clocks; 818, 5,138 and 566 with 16, 1 and 128 comparators."""
    found = dropping(unit(**changes), tokens=197, width=384, heads=6)
    assert tuple(found) == phases
    assert found.cycles == sum(phases)


def test_deit_s_dropped_three_times():
    assert sum(dropping(UNIT, tokens=n, width=384, heads=6).cycles for n in (197, 100, 52)) == 1141


@pytest.mark.parametrize("tokens", [2, 3, 12, 13, 17, 18, 24, 25, 197])
@pytest.mark.parametrize("width", [15, 16, 17])
@pytest.mark.parametrize("network", NETWORKS)
def test_every_phase_equals_the_oracle(tokens, width, network):
    shape = unit(sort_network=network, comparators=5, score_lanes=4, ports=3, channels_per_port=8, divide_cycles=7)
    assert tuple(dropping(shape, tokens=tokens, width=width, heads=3)) == (
        token_module.average(3, tokens - 1, 4),
        token_module.sort(network, tokens - 1, 5),
        token_module.shuffle(tokens, width, 3, 8),
        token_module.normalise(width, 8, 7),
    )


ON_PL = {f"placement.{kind}": "pl" for kind in ("score", "sort", "gather", "merge")}


def unit_rows(plan, changes=(), **options):
    hw = HW.replace({**ON_PL, **dict(changes)})
    return [row for row in ps.simulate(plan, hw, **options).rows if row.resource == "pl" and row.kind != "gemm"]


@pytest.mark.parametrize("batch", [1, 2])
def test_a_plan_costs_the_module_once_per_image_and_step(batch):
    plan = ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=0.5)
    rows = unit_rows(plan, batch=batch)
    assert [row.encoder for row in rows] == [3] * 4 + [7] * 4 + [10] * 4
    assert [row.module for row in rows] == ["score", "sort", "gather", "merge"] * 3
    expected = [c for n in (197, 100, 52) for c in dropping(UNIT, tokens=n, width=384, heads=6)]
    assert [row.cycles for row in rows] == [batch * c for c in expected]
    assert sum(row.cycles for row in rows) == batch * 1141


def test_tokens_that_are_not_fused_are_not_read():
    plan = ps.prune_tokens(ps.plan("deit_s"), "top_k", r=65, encoders=[4])
    assert [(row.module, row.cycles) for row in unit_rows(plan)] == [("score", 78), ("sort", 72), ("gather", 24 * 11)]


def test_only_a_softmax_hides_the_average():
    hidden = {"units.token_drop.averaging_hidden": True}
    tdm = ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=0.5)
    assert [r.cycles for r in unit_rows(tdm, hidden) if r.module == "score"] == [0, 0, 0]
    predicted = ps.prune_tokens(ps.plan("deit_s"), "dynamicvit", keep_rate=0.5, encoders=[4])
    pooled = [r.cycles for r in unit_rows(predicted, hidden) if r.kind == "score"]
    assert pooled == [196 * 192 // 16]


def test_one_module_beside_the_array():
    plan = ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=0.5)
    report = ps.simulate(plan, HW.replace({**ON_PL, "host.ps_pl_overlap": "images"}), batch=2)
    assert {piece.resource for piece in report.timeline.pieces} == {"array", "ps", "token_drop unit"}
    assert report.unit_cycles == 2 * 1141
    assert [note.split(":")[0] for note in report.notes if note.startswith("units.")] == ["units.token_drop"]


def test_a_phase_of_its_own_on_the_processor():
    """What stays on the processor is charged there, and what the module does is not."""
    plan = ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=0.5, encoders=[3])
    hw = HW.replace({"placement.sort": "pl"})
    resources = {r.module: r.resource for r in ps.simulate(plan, hw, profile="full").rows if r.encoder == 3}
    assert [resources[m] for m in ("score", "sort", "gather", "merge")] == ["ps", "pl", "ps", "ps"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dropping(UNIT, tokens=1, width=384, heads=6), "tokens: must be at least 2 (got 1)"),
        (lambda: dropping(UNIT, tokens=5, width=0, heads=6), "width: must be at least 1 (got 0)"),
        (lambda: sort_cycles("quick", 5, 1), "network: must be one of bitonic, odd_even_merge, odd_even_transposition"),
        (lambda: sort_cycles("bitonic", 0, 1), "n: must be at least 1 (got 0)"),
        (lambda: sort_cycles("bitonic", 5, 0), "comparators: must be at least 1 (got 0)"),
        (lambda: unit(sort_network="bitonc"), "nearest valid name: 'bitonic'"),
        (lambda: unit(ports=0), "units.token_drop.ports: must be at least 1 (got 0)"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert message in str(error.value)


def test_clocks_beyond_int64():
    trace = ps.Trace((ps.workload.Op(1, "sort", "sort", 2**60, 1, 1000),))
    with pytest.raises(ps.InputError, match="the clocks of PL units exceed int64"):
        ps.simulate(trace, HW.replace(ON_PL))


def test_a_sum_is_not_scaled():
    """197 to 100 to 52 tokens: what a mean takes on top is ceil(384/16) + 20, three times."""
    found = dropping(unit(fused_token="sum"), tokens=197, width=384, heads=6)
    assert tuple(found) == (78, 72, 408, token_module.normalise(0, 16, 0)) == (78, 72, 408, 0)
    plan = ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=0.5)
    mean, summed = (
        ps.simulate(plan, HW.replace({**ON_PL, "units.token_drop.fused_token": kind})) for kind in ("mean", "sum")
    )
    assert mean.unit_cycles - summed.unit_cycles == 3 * token_module.normalise(384, 16, 20) == 132
    idle = {**ON_PL, "units.token_drop.fused_token": "sum", "units.token_drop.divide_cycles": 5}
    assert ps.simulate(plan, HW.replace(idle)).not_used["units.token_drop.divide_cycles"] == (
        "not used here: needs --set units.token_drop.fused_token=mean"
    )


def test_which_board_has_which():
    assert HW.units.token_drop.fused_token == "mean"
    assert ps.load_hardware("u250_mpca").units.token_drop.fused_token == "sum"
