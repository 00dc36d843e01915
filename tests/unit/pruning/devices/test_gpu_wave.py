"""The GPU device: one trace equals many; scores cost where they are computed."""

import pytest

import pivotsim as ps
from pivotsim.engines.gpu_wave import encoder_times_ms
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.devices.named import device_of
from pivotsim.pruning.devices.protocol import ChargesPruning, Device, HasNotes, KnowsStaircase
from pivotsim.pruning.devices.simulated import Simulated
from pivotsim.pruning.staircase import staircase_of
from pivotsim.pruning.token_plans import at_tokens, pruned_at

DINO = ps.plan("dinov2_g")


@pytest.mark.parametrize("name", ["gpu/tx2", "gpu/agx_orin", "gpu/a100", "gpu/h200"])
def test_one_trace_equals_many(name):
    device, counts = GpuWave(name), [1, 64, 65, 256, 257]
    assert device.latencies_ms(DINO, counts, 2).tolist() == [device.latency_ms(at_tokens(DINO, n), 2) for n in counts]
    assert device.latencies_ms(DINO, []).shape == (0,)


def test_the_published_schedule_at_batch_16_sits_on_an_edge():
    edges = staircase_of(DINO, GpuWave("gpu/a100"), batch=16).edges
    assert 257 - 185 in [edge.tokens for edge in edges]


def test_scores_cost_in_every_block_or_in_the_pruning_one():
    gpu = GpuWave("gpu/a100").spec
    whole, scored = GpuWave(gpu).latency_ms(DINO), GpuWave(gpu, scored=True).latency_ms(DINO)
    assert scored == pytest.approx(1.22 * whole)
    pruned = pruned_at(DINO, 10, 100)
    block = GpuWave(gpu).latency_ms(pruned) - 9 * whole / 40 - 30 * GpuWave(gpu).latency_ms(at_tokens(DINO, 157)) / 40
    assert GpuWave(gpu).pruning_ms(pruned) == pytest.approx(0.22 * block)
    assert GpuWave(gpu, scored=True).pruning_ms(pruned) == 0
    assert GpuWave(gpu).pruning_ms(DINO) == 0


@pytest.mark.parametrize("above_floor", [-0.5, -0.1, 0.0, 0.1])
def test_scoring_below_the_launch_floor_is_hidden_by_it(above_floor):
    """A block of x ms of GEMMs takes max(floor, x), with scores max(floor, 1.22 x)."""
    gpu, pruned = GpuWave("gpu/a100").spec, pruned_at(DINO, 10, 100)
    gemms_ms = encoder_times_ms(ps.lower(pruned), gpu.replace({"overhead.encoder_floor_us": 0}))[9]
    floor_ms = gemms_ms / (1 + above_floor)
    floored = GpuWave(gpu.replace({"overhead.encoder_floor_us": 1e3 * floor_ms}))
    expected = max(floor_ms, 1.22 * gemms_ms) - max(floor_ms, gemms_ms)
    assert floored.pruning_ms(pruned) == pytest.approx(expected, abs=1e-12)
    assert (expected == 0) == (above_floor == -0.5)


def test_it_is_a_device_and_all_that_a_device_can_be():
    for form in (Device, KnowsStaircase, ChargesPruning, HasNotes):
        assert isinstance(GpuWave("gpu/tx2"), form)
    assert any("not validated" in note for note in GpuWave("gpu/tx2").notes(DINO))


def test_a_name_tells_a_board_from_a_gpu(tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("base: gpu/a100\nname: mine\nsm:\n  count: 54\n")
    assert isinstance(device_of(str(own)), GpuWave)
    assert isinstance(device_of("zcu102_ws"), Simulated)
