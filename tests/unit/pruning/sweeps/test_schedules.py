"""Sweeps: each row equals the schedule or the plan by itself; files, JSON, and what is refused."""

import csv
import json
import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.pruning import alpha_sweep, batch_sweep, location_sweep, method_sweep, pruning_schedule
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.token_plans import pruned_at, without_steps
from tests.oracles.workload.token_pruning import best_count

PLAN = ps.plan("deit_s")
GPU = GpuWave("gpu/tx2")
KNOWN = {197: 79.8, 160: 79.5, 128: 78.81, 64: 70.0}


class Counting:
    """A device that counts how often it is asked, with a price or without."""

    name = "counting"

    def __init__(self):
        self.asked = 0

    def latency_ms(self, plan, batch=1):
        self.asked += 1
        return float(batch * sum(e.mlp_tokens for e in plan.encoders))


def test_every_alpha_is_its_own_schedule_and_the_staircase_is_taken_once():
    found = alpha_sweep(PLAN, GPU, KNOWN, batch=2)
    assert found["alpha"].tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    for i, alpha in enumerate(found["alpha"]):
        alone = pruning_schedule(PLAN, GPU, KNOWN, alpha=float(alpha), batch=2)
        row = {name: values[i] for name, values in found.items()}
        assert row["tokens"] == alone.best_tokens and row["removed"] == alone.removed
        assert (row["baseline_ms"], row["pruned_ms"], row["own_ms"]) == (
            alone.baseline_ms, alone.pruned_ms, alone.pruning_ms,
        )  # fmt: skip
        assert row["change_frac"] == pytest.approx((alone.pruned_ms + alone.pruning_ms) / alone.baseline_ms - 1)
        assert row["accuracy_pct"] == KNOWN[alone.best_tokens]
        latency = [GPU.latencies_ms(PLAN, [n], 2)[0] for n in KNOWN]
        assert row["tokens"] == best_count(list(KNOWN), latency, list(KNOWN.values()), alpha)
    one, nine = Counting(), Counting()
    alpha_sweep(PLAN, one, KNOWN, [0.5])
    alpha_sweep(PLAN, nine, KNOWN)
    assert nine.asked < one.asked + 9


def test_every_batch_is_its_own_schedule_beside_its_workload():
    found = batch_sweep(PLAN, GPU, KNOWN, [1, 3], alpha=0.7, reading="quadratic")
    for i, batch in enumerate((1, 3)):
        alone = pruning_schedule(PLAN, GPU, KNOWN, alpha=0.7, batch=batch)
        assert (found["removed"][i], found["pruned_ms"][i]) == (alone.removed, alone.pruned_ms)
        assert found["workload"][i] == batch * 197 * 197 * 384


@pytest.mark.parametrize("device", [GPU, Simulated("zcu102", profile="full"), Counting()], ids=lambda d: d.name)
def test_every_place_is_its_own_plan(device):
    found = location_sweep(PLAN, device, 69, [1, 7, 12])
    whole = device.latency_ms(PLAN)
    for i, place in enumerate((1, 7, 12)):
        pruned = pruned_at(PLAN, place, 69)
        own = device.pruning_ms(pruned) if hasattr(device, "pruning_ms") else math.nan
        expected = device.latency_ms(without_steps(pruned)) + (0 if math.isnan(own) else own)
        assert found["latency_ms"][i] == pytest.approx(expected)
        assert found["change_frac"][i] == pytest.approx(expected / whole - 1)
        assert found["tokens_left"][i] == 128
    assert len(location_sweep(PLAN, device, 69)) == 12
    assert any("not charged" in note for note in found.notes) == isinstance(device, Counting)


def test_one_layer_beside_many_at_about_its_macs():
    found = method_sweep(PLAN, GPU, 69)
    assert found["method"].tolist() == ["whole model", "one layer", "Top-K", "ToMe", "DynamicViT"]
    assert np.abs(found["macs"][2:] / found["macs"][1] - 1).max() < 0.01
    latency = dict(zip(found["method"], found["latency_ms"], strict=True))
    assert latency["one layer"] < latency["whole model"] < latency["Top-K"]  # as Table 7 has them on the TX2
    assert found["own_ms"].tolist()[0] == 0
    scored = GpuWave("gpu/tx2", scored=True)  # Top-K scores in every block
    assert latency["Top-K"] == pytest.approx(scored.latency_ms(ps.prune_tokens(PLAN, "top_k", r=8)))


def test_a_sweep_is_a_table_of_numbers(tmp_path):
    found = method_sweep(PLAN, Counting(), 69)
    assert found.columns[:3] == ("method", "setting", "tokens_left")
    found.to_csv(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["latency_ms"] for row in rows] == [str(ms) for ms in found["latency_ms"].tolist()]
    assert [row["own_ms"] for row in rows] == ["0.0", "", "", "", ""]
    told = found.to_json()
    json.dumps(told, allow_nan=False)
    assert told["result"] == "schedule sweep"
    assert told["rows"][1]["own_ms"] is None and told["rows"][1]["method"] == "one layer"
    assert all(found.descriptions.values())
    text = str(found)
    assert "latency, ms" in text and "one layer" in text and "Top-K" in text
    assert repr(found) == "<SweepTable: deit_s on counting, batch 1: one layer that prunes, and many, 5 rows>"


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: alpha_sweep(PLAN, GPU, KNOWN, []), "alphas: must hold at least one number"),
        (lambda: alpha_sweep(PLAN, GPU, KNOWN, 0.5), "alphas: must be a list of numbers"),
        (lambda: alpha_sweep(PLAN, GPU, KNOWN, [0.5, 2]), "alpha: must lie in 0 to 1"),
        (lambda: batch_sweep(PLAN, GPU, KNOWN, []), "batches: must hold at least one integer"),
        (lambda: batch_sweep(PLAN, GPU, KNOWN, [1, 0]), "batch: must be at least 1"),
        (lambda: batch_sweep(PLAN, GPU, KNOWN, [1], reading="x"), "reading: must be one of linear, quadratic"),
        (lambda: location_sweep(PLAN, GPU, 69, [13]), "encoder: must be at most 12"),
        (lambda: location_sweep(PLAN, GPU, 69, []), "encoders: must hold at least one"),
        (lambda: location_sweep(PLAN, GPU, 197), "r: must be at most 196"),
        (lambda: location_sweep(pruned_at(PLAN, 4, 5), GPU, 69), "plan: prunes tokens already"),
        (lambda: location_sweep(PLAN, 3, 69), "device: must have a name"),
        (lambda: method_sweep(PLAN, "gpu/tx3", 69), "hardware: unknown name"),
        (lambda: method_sweep(PLAN, GPU, 69, batch=0), "batch: must be at least 1"),
    ],
)
def test_what_makes_no_sweep_is_refused(call, problem):
    with pytest.raises(InputError, match=problem):
        call()
