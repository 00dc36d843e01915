"""The wave model: tiles placed one by one by the oracle, and the steps computed apart from this package."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.engines.gpu_wave import encoder_times_ms, kernel_ops, kernel_times_ms, wave_counts
from pivotsim.errors import InputError
from pivotsim.hardware.gpu import load_gpu
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.token_plans import at_tokens, pruned_at
from pivotsim.workload.ops import Op
from tests.oracles.devices import gpu_waves as oracle

LINES = (Path(__file__).parents[2] / "data" / "gpu_wave_steps.csv").read_text().splitlines()
STEPS = list(csv.DictReader(LINES[1:]))
MODELS = {"DeiT-S": "deit_s", "DeiT-B": "deit_b", "DINOv2-G": "dinov2_g"}
GPUS = {"TX2": "gpu/tx2", "AGX Orin": "gpu/agx_orin", "A100": "gpu/a100"}


@pytest.mark.parametrize("row", STEPS, ids=lambda r: f"{r['device']} {r['model']} {r['batch']} {r['tile']}")
def test_the_steps_of_every_device_model_batch_and_tile(row):
    rows, cols = map(int, row["tile"].split("x"))
    bare = {"kernel.tile_rows": rows, "kernel.tile_cols": cols, "overhead.encoder_floor_us": 0.0}
    device, plan = GpuWave(load_gpu(GPUS[row["device"]]).replace(bare)), ps.plan(MODELS[row["model"]])
    latency = device.latencies_ms(plan, range(1, plan.model.tokens + 1), int(row["batch"]))
    for step in row["steps_t_and_jump_pct"].split():
        tokens, jump = step.split(":")
        found = 100 * (latency[int(tokens)] / latency[int(tokens) - 1] - 1)
        assert f"{found:.1f}" == jump, step


@given(
    m=st.integers(1, 70), n=st.integers(1, 70), repeats=st.integers(1, 4), places=st.integers(1, 6),
    rows=st.integers(1, 40), cols=st.integers(1, 40), per_sm=st.integers(1, 3),
)  # fmt: skip
def test_waves_equal_tiles_placed_one_by_one(m, n, repeats, places, rows, cols, per_sm):
    gpu = load_gpu("gpu/tx2").replace(
        {"sm.count": places, "kernel.tile_rows": rows, "kernel.tile_cols": cols, "kernel.tiles_per_sm": per_sm}
    )
    found = wave_counts([Op(1, "fc1", "gemm", m, 5, n, repeats)], gpu)
    assert found.tolist() == [oracle.wave_count(m, n, repeats, rows, cols, places * per_sm)]


@pytest.mark.parametrize(("m", "waves"), [(127, 1), (128, 1), (129, 1), (256, 1), (257, 2)])
def test_a_wave_more_starts_with_the_first_tile_that_finds_no_place(m, waves):
    assert wave_counts([Op(1, "fc1", "gemm", m, 64, 128)], load_gpu("gpu/tx2")).tolist() == [waves]


@pytest.mark.parametrize("model", ["deit_t", "dinov2_g"])
@pytest.mark.parametrize(("tokens", "left", "batch"), [(1, 1, 1), (64, 64, 3), (65, 33, 2)])
def test_encoders_equal_the_oracle(model, tokens, left, batch):
    gpu = load_gpu("gpu/agx_orin").replace({"kernel.wave_us": 1.5, "overhead.encoder_floor_us": 300.0})
    spec = ps.load_model(model).replace({"depth": 2})
    plan = pruned_at(at_tokens(ps.plan(spec), tokens), 1, tokens - left)
    found = encoder_times_ms(ps.lower(plan, batch), gpu)
    expected = [oracle.encoder_ms(spec.model_dump(), a, left, batch, gpu.model_dump()) for a in (tokens, left)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_gate_and_value_run_as_one_and_never_across_encoders():
    kernels = kernel_ops(ps.lower(ps.plan("dinov2_g")).within("encoders"))
    assert [op.module for op in kernels[:6]] == ["qkv", "qkt", "sv", "proj", "gate", "fc2"]
    assert kernels[4].n == 8192
    assert len(kernels) == 6 * 40


def test_the_floor_holds_back_an_encoder_that_would_be_faster():
    gpu = load_gpu("gpu/agx_orin")
    assert encoder_times_ms(ps.lower(at_tokens(ps.plan("dinov2_g"), 4)), gpu).tolist() == [1.75] * 40


def test_sizes_that_would_wrap_are_refused():
    with pytest.raises(InputError, match="sizes too large"):
        kernel_times_ms([Op(1, "fc1", "gemm", 2**40, 1, 2**40)], load_gpu("gpu/tx2"))
