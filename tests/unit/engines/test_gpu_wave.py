"""The wave model: tiles placed one by one by the oracle, and the steps computed apart from this package."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.engines.gpu_wave import encoder_times_ms, kernel_ops, launches
from pivotsim.errors import InputError
from pivotsim.hardware.kinds.gpu import load_gpu
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
    found = launches([Op(1, "fc1", "gemm", m, 5, n, repeats)], gpu)
    assert found.waves.tolist() == [oracle.wave_count(m, n, repeats, rows, cols, places * per_sm)]


@pytest.mark.parametrize(("m", "waves"), [(127, 1), (128, 1), (129, 1), (256, 1), (257, 2)])
def test_a_wave_more_starts_with_the_first_tile_that_finds_no_place(m, waves):
    assert launches([Op(1, "fc1", "gemm", m, 64, 128)], load_gpu("gpu/tx2")).waves.tolist() == [waves]


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
        launches([Op(1, "fc1", "gemm", 2**40, 1, 2**40)], load_gpu("gpu/tx2"))


SHAPES = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([0.25, 0.5, 0.8, 1.0, 2.0])),
    min_size=1, max_size=4, unique_by=lambda shape: shape[:2],
)  # fmt: skip


def with_shapes(shapes, choice, **others):
    texts = [f"{rows}x{cols} at {share}" for rows, cols, share in shapes]
    return load_gpu("gpu/tx2").replace({"kernel.tiles": texts, "kernel.tile_choice": choice, **others})


@given(
    m=st.integers(1, 70), n=st.integers(1, 70), repeats=st.integers(1, 3), shapes=SHAPES,
    choice=st.sampled_from(["fastest", "least_work"]), wave_us=st.sampled_from([0.0, 0.001, 1.0]),
)  # fmt: skip
def test_the_shape_of_a_product_is_the_oracles(m, n, repeats, shapes, choice, wave_us):
    gpu = with_shapes(shapes, choice, **{"kernel.wave_us": wave_us})
    found = launches([Op(1, "fc1", "gemm", m, 5, n, repeats)], gpu).time_ms
    expected = oracle.gemm_of_shapes_ms(m, 5, n, repeats, shapes, choice, gpu.model_dump())
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


def test_one_listed_shape_is_the_default_and_products_of_attention_keep_theirs():
    ops = [Op(1, "fc1", "gemm", 197, 64, 384), Op(1, "qkt", "gemm", 197, 64, 197, 6)]
    plain, gpu = launches(ops, load_gpu("gpu/tx2")), with_shapes([(128, 128, 1.0)], "fastest")
    assert launches(ops, gpu).time_ms.tolist() == plain.time_ms.tolist()
    halved = launches(ops, with_shapes([(128, 128, 0.5)], "fastest")).time_ms
    assert halved.tolist() == [2 * plain.time_ms[0], plain.time_ms[1]]


@given(shapes=SHAPES, n=st.integers(1, 70), wave_us=st.sampled_from([0.0, 1.0]))
def test_with_the_fastest_shape_fewer_rows_never_take_longer(shapes, n, wave_us):
    """The least of functions that do not fall does not fall: the TX2's rise cannot be had this way."""
    gpu = with_shapes(shapes, "fastest", **{"kernel.wave_us": wave_us})
    times = launches([Op(1, "fc1", "gemm", m, 5, n) for m in range(1, 120)], gpu).time_ms
    assert (np.diff(times) >= -1e-12 * times[1:]).all()


def test_by_least_padded_work_the_latency_rises_with_fewer_tokens_somewhere():
    """On two SMs 192 rows fill 3 waves of 64x64, fewer elements than a wave of 128x128, at a quarter of the speed.

    193 rows fill four of them, as many elements as that wave, which is listed first: a third of the time.
    """
    gpu = with_shapes([(128, 128, 1.0), (64, 64, 0.25)], "least_work")
    few, many = (launches([Op(1, "fc1", "gemm", m, 64, 128)], gpu) for m in (192, 193))
    assert few.shape.tolist() == [1] and many.shape.tolist() == [0]
    assert few.time_ms[0] == pytest.approx(3 * many.time_ms[0])
    shipped = GpuWave("gpu/tx2_tiles").latencies_ms(ps.plan("deit_b"), range(1, 198), 2)
    assert (np.diff(shipped) < -1e-9).any()
