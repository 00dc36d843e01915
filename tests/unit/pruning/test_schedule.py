"""Schedules: brute force, plateaus, the charge for pruning, and every edge of the grid and its tables."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.recorded import Recorded
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.schedule import pruning_schedule
from pivotsim.pruning.token_plans import at_tokens, pruned_at, pruning_encoder, without_steps
from tests.campaigns import cases
from tests.oracles.workload.token_pruning import best_count

PLAN = ps.plan("deit_s")
TINY_NAMED = ps.plan(ps.load_model("deit_t").replace({"image_px": 64, "name": "mine"}))
TINY = ps.plan(ps.load_model("deit_t").replace({"image_px": 64}))  # 17 tokens


class Table:
    """A device that reads its answers off a table: tokens of the last block's MLP -> ms."""

    name = "table"

    def __init__(self, latency_ms):
        self.table = latency_ms

    def latency_ms(self, plan, batch=1):
        return batch * self.table[plan.encoders[-1].mlp_tokens]

    def latencies_ms(self, plan, tokens, batch=1):
        return np.array([batch * self.table[n] for n in tokens])


class Charging(Table):
    """The same, with a price for pruning."""

    def __init__(self, latency_ms, own_ms):
        super().__init__(latency_ms)
        self.own_ms = own_ms

    def pruning_ms(self, pruned, batch=1):
        return self.own_ms


@pytest.mark.campaign
def test_schedules_equal_brute_force_on_random_staircases_and_tables():
    draw = np.random.default_rng(5)
    counts = list(range(4, 18))
    for _ in range(cases(1_000, 10_000)):
        steps = draw.integers(0, 4, len(counts)).cumsum() + 1.0  # plateaus and ties
        if draw.random() < 0.3:
            draw.shuffle(steps)  # staircases need not be monotone
        percent = draw.integers(0, 101, len(counts)).astype(float)
        alpha = float(draw.choice([0.0, 0.25, 0.5, 1.0, draw.random()]))
        latency = dict(zip(counts, steps.tolist(), strict=True))
        found = pruning_schedule(TINY, Table(latency), dict(zip(counts, percent.tolist(), strict=True)), alpha=alpha)
        assert found.best_tokens == best_count(counts, steps.tolist(), percent.tolist(), alpha)
        assert found.removed == 17 - found.best_tokens


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    rises=st.lists(st.integers(0, 5), min_size=48, max_size=48),
    alpha=st.floats(0, 1),
)
def test_on_plateaus_the_largest_count_of_one_is_chosen(lengths, rises, alpha):
    heights = [ms for i, length in enumerate(lengths) for ms in [float(i + 1)] * length]
    counts = range(18 - len(heights), 18)
    if counts[0] < 4:
        heights, counts = heights[4 - counts[0] :], range(4, 18)
    percent = (np.cumsum(rises[: len(counts)]) / 3).clip(0, 100)
    latency, accuracy = dict(zip(counts, heights, strict=True)), dict(zip(counts, percent.tolist(), strict=True))
    found = pruning_schedule(TINY, Table(latency), accuracy, alpha=alpha, grid=counts)
    plateau = [n for n in counts if latency[n] == latency[found.best_tokens]]
    assert found.best_tokens == max(plateau)


def test_alpha_0_asks_for_accuracy_and_alpha_1_for_latency():
    latency, accuracy = {n: float(n) for n in range(4, 18)}, {n: 60.0 + n for n in range(4, 18)}
    assert pruning_schedule(TINY, Table(latency), accuracy, alpha=0).best_tokens == 17
    assert pruning_schedule(TINY, Table(latency), accuracy, alpha=1).best_tokens == 4


def test_one_grid_point_is_chosen():
    found = pruning_schedule(TINY, Table({9: 2.0, 17: 5.0}), {9: 50.0}, grid=[9])
    assert (found.best_tokens, found.removed, found.gain_ms) == (9, 8, 3.0)


@pytest.mark.parametrize(("own_ms", "recommended"), [(2.999, 8), (3.0, 0), (3.001, 0)])
def test_nothing_is_recommended_where_the_pruning_takes_what_it_saves(own_ms, recommended):
    found = pruning_schedule(TINY, Charging({9: 2.0, 17: 5.0}, own_ms), {9: 50.0}, grid=[9])
    assert (found.removed, found.recommended_removed) == (8, recommended)
    stated = pruning_schedule(TINY, Charging({9: 2.0, 17: 5.0}, 99.0), {9: 50.0}, grid=[9], pruning_ms=own_ms)
    assert (stated.pruning_ms, stated.recommended_removed) == (own_ms, recommended)
    assert found.pruned_plan == pruned_at(TINY, found.encoder, recommended)


def test_an_unknown_cost_is_said_not_guessed():
    found = pruning_schedule(TINY, Table({9: 2.0, 17: 5.0}), {9: 50.0}, grid=[9])
    assert math.isnan(found.pruning_ms)
    assert any("not charged" in note for note in found.notes)
    assert found.to_dict()["pruning_ms"] is None


def test_holes_in_tables_are_left_out_and_told():
    latency = {n: float(n) if n != 10 else math.nan for n in range(4, 18)}
    found = pruning_schedule(TINY, Table(latency), {8: 50.0, 10: 90.0, 12: math.nan, 17: 60.0})
    assert found.tokens.tolist() == [17, 8]
    assert found.notes[:2] == (
        "1 of 14 grid points have no latency and are left out",
        "11 of 14 grid points have no accuracy and are left out",
    )


def test_a_callable_is_asked_once_per_grid_point():
    asked = []
    pruning_schedule(TINY, Table(dict.fromkeys(range(4, 18), 1.0)), lambda n: asked.append(n) or 50.0)
    assert asked == list(range(17, 3, -1))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"grid": [3]}, "grid: must be at least 4, the method leaves 1 prefix tokens"),
        ({"grid": [5, 2, 3]}, r"grid: must be at least 4, .* \(got 2\)"),
        ({"grid": [18]}, "grid: must be at most the model's 17 tokens"),
        ({"grid": []}, "grid: must hold at least one"),
        ({"grid": [4.5]}, "grid: must be an integer"),
        ({"grid": 5}, "grid: must be token counts"),
        ({"accuracy": {}}, "accuracy: the table is empty"),
        ({"accuracy": {9: 100.1}}, "accuracy: 9 tokens: must lie in 0 to 100"),
        ({"accuracy": {9: -1}}, "accuracy: 9 tokens: must lie in 0 to 100"),
        ({"accuracy": {18: 50}}, "accuracy: holds 18 tokens, the model has 17"),
        ({"accuracy": {"9": 50}}, "accuracy: tokens: must be an integer"),
        ({"accuracy": lambda n: "high"}, "accuracy: 17 tokens: must be a number"),
        ({"accuracy": 80.0}, "accuracy: must be a table, a function"),
        ({"accuracy": {9: math.nan}}, "grid: no point has both latency and accuracy"),
        ({"alpha": 1.5}, "alpha: must lie in 0 to 1"),
        ({"device": Table(dict.fromkeys(range(18), math.inf))}, "table: 4 tokens: latency must be finite"),
        ({"device": Table(dict.fromkeys(range(18), -1.0))}, "latency must be finite and not negative"),
        (
            {"device": Table({**dict.fromkeys(range(17), 1.0), 17: math.nan})},
            "table: has no latency of the whole",
        ),
        ({"device": 3}, "device: must have a name"),
        ({"device": "zcu103"}, "hardware: unknown name"),
        ({"encoder": 13}, "encoder: must be at most 12"),
        ({"pruning_ms": -1}, "pruning_ms: must be finite and not negative"),
        ({"plan": pruned_at(TINY, 4, 3)}, "plan: prunes tokens already"),
        ({"plan": at_tokens(TINY, 3)}, "plan: 3 tokens are too few to prune"),
        ({"plan": ps.skip_attention(TINY, active=[1])}, "encoder: attention is skipped there"),
    ],
)
def test_what_makes_no_schedule_is_refused(changes, problem):
    arguments = {"plan": TINY, "device": Table(dict.fromkeys(range(18), 1.0)), "accuracy": {9: 50.0}, **changes}
    with pytest.raises(InputError, match=problem):
        pruning_schedule(**arguments)


def test_where_the_published_models_prune():
    assert [pruning_encoder(ps.plan(name)) for name in ("deit_s", "deit_b", "dinov2_g")] == [4, 4, 10]
    assert pruning_encoder(ps.plan(ps.load_model("deit_t").replace({"depth": 1}))) == 1


@pytest.mark.parametrize(("hw", "profile"), [("zcu102", "paper"), ("zcu102", "full"), ("u250_mpca", "paper")])
def test_the_gain_charges_the_pruning_once(hw, profile):
    device = Simulated(hw, profile=profile)
    found = pruning_schedule(PLAN, device, {197: 80.0, 108: 80.0}, grid=[197, 108])
    pruned = pruned_at(PLAN, 4, 89)
    whole, bare = (ps.simulate(plan, hw, profile=profile).delay_ms for plan in (PLAN, without_steps(pruned)))
    assert found.removed == 89
    assert (found.baseline_ms, found.pruned_ms) == (whole, bare)
    assert found.pruning_ms > 0
    assert found.gain_ms == pytest.approx(whole - bare - found.pruning_ms)
    if profile == "full" or hw == "u250_mpca":
        assert found.gain_ms == pytest.approx(whole - ps.simulate(pruned, hw, profile=profile).delay_ms)
    stated = pruning_schedule(PLAN, device, {197: 80.0, 108: 80.0}, grid=[197, 108], pruning_ms=0.25)
    assert stated.gain_ms == pytest.approx(whole - bare - 0.25)


def test_the_hash_covers_every_input_and_no_output():
    latency, accuracy = {n: float(n) for n in range(4, 18)}, {9: 50.0, 17: 60.0}

    def digest(plan=TINY, device=None, table=accuracy, **options):
        return pruning_schedule(plan, device or Simulated(), table, **options).input_hash

    shallow = ps.plan(TINY.model.replace({"depth": 8}))
    digests = [
        digest(), digest(alpha=0.25), digest(batch=2), digest(grid=[17, 9]), digest(encoder=5), digest(pruning_ms=0.0),
        digest(pruning_ms=1.0),
        digest(table={9: 50.0, 17: 61.0}), digest(plan=shallow), digest(ps.skip_attention(TINY, active=[4])),
        digest(device=Simulated(profile="full")), digest(device=Simulated(engine="memory")),
        digest(device=Simulated("zcu102_ws")), digest(device=Simulated(part="array")),
        digest(device=Simulated(ps.load_hardware("zcu102").replace({"host.clock_mhz": 1000}))),
        digest(device=GpuWave("gpu/tx2")), digest(device=GpuWave("gpu/tx2", scored=True)),
        digest(device=Table(latency)),
        digest(device=Recorded("here", {("mine", 1, 17): [1.0]}), plan=TINY_NAMED),
        digest(device=Recorded("here", {("mine", 1, 17): [2.0]}), plan=TINY_NAMED),
    ]  # fmt: skip
    assert len(set(digests)) == len(digests)
    assert digests[0] == digest()
    assert digest(device=Table(latency)) == digest(device=Table({n: 2 * ms for n, ms in latency.items()}))
    assert digest(table=lambda n: accuracy.get(n, math.nan)) == digests[0]  # what it says counts, not its form


def test_the_devices_options_are_told():
    told = pruning_schedule(TINY, Simulated(profile="full"), {9: 50.0}).to_dict()
    assert {
        "engine": "analytic",
        "memory": "paper",
        "profile": "full",
        "scope": "encoders",
        "part": "delay",
    }.items() <= (told.items())
    assert pruning_schedule(TINY, GpuWave("gpu/tx2"), {9: 50.0}).to_dict()["scored"] is False
    assert pruning_schedule(TINY, Table(dict.fromkeys(range(18), 1.0)), {9: 50.0}).options == {}


@pytest.mark.parametrize("batch", [0, 1.5, "2"])
def test_a_batch_is_a_positive_integer(batch):
    with pytest.raises(InputError, match=r"^batch: must be"):
        pruning_schedule(TINY, Table(dict.fromkeys(range(18), 1.0)), {9: 50.0}, batch=batch)


def test_devices_are_asked_for_plans_that_prune_at_no_cost():
    asked = []
    device = Table({9: 2.0, 17: 5.0})
    latency_ms = device.latency_ms
    device.latency_ms = lambda plan, batch=1: asked.append(plan) or latency_ms(plan, batch)
    pruning_schedule(TINY, device, {9: 50.0}, grid=[9])
    assert [plan.token_methods for plan in asked] == [[], []]
    assert [e.mlp_tokens for e in asked[-1].encoders] == [17] * 3 + [9] * 9


def test_the_gpu_charges_scoring_in_the_pruning_block_alone():
    found = pruning_schedule(ps.plan("dinov2_g"), "gpu/agx_orin", {257: 86.5, 91: 84.46}, batch=2, grid=[257, 91])
    assert found.removed == 166
    assert 0 < found.pruning_ms < found.baseline_ms / 40
