"""Latencies from vectors over token counts equal the chain's, which makes every operation, and simulate()'s."""

import random

import pytest

import pivotsim as ps
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import at_tokens
from pivotsim.pruning.token_vectors import latencies_by_vector
from tests.campaigns import cases

MODELS = ("deit_t", "deit_s", "digits_vit", "dinov2_s_reg", "dinov3_s", "eva02_s", "lvvit_s", "siglip_b")
BOARDS = ("zcu102", "zcu102_ws", "zcu102_os", "kv260", "pynq_z2", "u50")
ON_PL = ("softmax", "gelu", "silu", "norm", "add", "requant")


def drawn_plan(draw):
    model = ps.load_model(draw.choice(MODELS)).replace({"depth": draw.randint(1, 4)})
    plan = ps.plan(model, qkv=draw.choice(("fused", "separate")), score_bits=draw.choice((8, 32)))
    if draw.random() < 0.5:
        plan = ps.skip_attention(plan, active=[e for e in range(1, model.depth + 1) if draw.random() < 0.6])
    if draw.random() < 0.3:
        plan = ps.prune_neurons(plan, {1: draw.choice((0.3, 0.5))})
    return ps.prune_heads(plan, {model.depth: 1}) if draw.random() < 0.2 and model.depth in plan.active else plan


def drawn_device(draw):
    board = ps.load_hardware(draw.choice(BOARDS))
    values = {
        "array.rows": draw.randint(1, 80),
        "array.cols": draw.randint(1, 80),
        "array.fold_overlap": draw.choice(("none", "preload", "chained", "pipelined")),
        "array.edge": draw.choice(("padded", "aware")),
    }
    if board.host is not None:
        values["host.cores"] = draw.choice((1, 2, 4))
        values |= {f"placement.{kind}": draw.choice(("array" if kind == "requant" else "pl", "ps")) for kind in ON_PL}
    return Simulated(
        board.replace(values), profile=draw.choice(("paper", "full")), part=draw.choice(("delay", "delay", "array"))
    )


@pytest.mark.campaign
def test_drawn_plans_boards_and_tokens_equal_the_chain():
    draw, by_vector = random.Random(197), 0
    count = cases(60, 10_000)
    for number in range(count):
        plan, device, batch = drawn_plan(draw), drawn_device(draw), draw.randint(1, 3)
        least, most = plan.model.leading_tokens, plan.model.tokens
        tokens = [draw.randint(max(1, least), draw.choice((least + 8, most))) for _ in range(draw.randint(1, 5))]
        found = latencies_by_vector(plan, tokens, batch, device._setting)
        by_vector += found is not None
        chain = device._latencies_by_chain(plan, tokens, batch).tolist()
        assert found is None or found.tolist() == chain, (number, plan, device, tokens)
        if number % 10 == 0:
            one_by_one = [device.latency_ms(at_tokens(plan, n), batch) for n in tokens]
            assert device.latencies_ms(plan, tokens, batch).tolist() == one_by_one == chain
    assert by_vector > 0.7 * count


@pytest.mark.parametrize("options", [{"engine": "memory", "memory": "hw", "profile": "full"}, {"hw": "zcu102_ws"}])
def test_many_counts_at_once(options):
    plan, device = ps.skip_attention(ps.plan("deit_t"), active=[2, 3, 4]), Simulated(**options)
    tokens = list(range(1, 40, 3))
    found = latencies_by_vector(plan, tokens, 2, device._setting)
    assert found.tolist() == device._latencies_by_chain(plan, tokens, 2).tolist()


def test_what_sizes_alone_do_not_tell_is_left_to_the_chain():
    def taken(plan, tokens, batch=1):
        return latencies_by_vector(plan, tokens, batch, Simulated()._setting) is not None

    plan = ps.plan("deit_t")
    assert taken(plan, [1, 197])
    assert not taken(ps.prune_blocks(plan, block=16, density=0.5), [197])
    assert not taken(ps.prune_tokens(plan, "single", r=20, encoder=4), [197])
    assert not taken(plan, [197], batch=2**31 - 1)  # more elements than vectors of float64 count exactly
    rotated = ps.plan("dinov3_s")  # five tokens that are not turned; without patches there is nothing to turn
    assert taken(rotated, [6, 201]) and not taken(rotated, [5, 201])


def test_units_behind_memories_are_built_for_each_count():
    """The fill of a softmax unit is that of the longest row it is built for, which differs from count to count."""
    placed = {"placement.softmax": "pl", "placement.norm": "pl", "units.memory_bytes": 65_536}
    hw, plan, tokens = ps.load_hardware("zcu102").replace(placed), ps.plan("deit_t"), [16, 40, 197]
    found = Simulated(hw=hw, engine="memory", memory="hw", profile="full").latencies_ms(plan, tokens)
    alone = [ps.simulate(at_tokens(plan, n), hw, memory="hw", profile="full").delay_ms for n in tokens]
    assert found.tolist() == pytest.approx(alone, rel=1e-12)
