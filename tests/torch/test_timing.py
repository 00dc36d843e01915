"""Measured latency: what is counted, how often and until when; a clock of our own decides, never the machine's."""

import statistics
from dataclasses import replace

import pytest

import pivotsim as ps
from pivotsim.pruning.devices.protocol import Device
from tests.torch.small import PLAIN, REASON

torch = pytest.importorskip("torch", reason=REASON)
from pivotsim.pruning.devices.torch_live import TorchLive
from pivotsim.pruning.token_plans import pruned_at
from pivotsim.vit_torch.measuring import timing
from pivotsim.vit_torch.measuring.plan_extraction import extract_plan
from pivotsim.vit_torch.model.plan_application import apply_plan
from pivotsim.vit_torch.model.transformer import build_vit

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device here")


class Clock:
    """Seconds that pass only while a ViT runs: 0.002, 0.004, 0.006, ... a pass, in the order of the passes."""

    def __init__(self, vit, monkeypatch):
        self.now_s, self.batches, self.threads = 100.0, [], []
        monkeypatch.setattr(timing.time, "perf_counter", lambda: self.now_s)
        vit.register_forward_hook(self.tick)

    def tick(self, _, inputs, output):
        assert torch.is_inference(output)
        self.batches.append(len(inputs[0]))
        self.threads.append(torch.get_num_threads())
        self.now_s += 0.002 * len(self.batches)


def test_repeats_after_the_warm_up(monkeypatch):
    vit = build_vit(PLAIN)
    clock = Clock(vit, monkeypatch)
    before = torch.get_num_threads()
    samples = timing.time_forward_ms(vit, 3, threads=before + 1, repeats=4, warm_up=2)
    assert samples == pytest.approx([6, 8, 10, 12])
    assert clock.batches == [3] * 6 and clock.threads == [before + 1] * 6
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("budget_s", "wanted"), [(0.001, [4]), (0.0119, [6]), (0.0121, [6, 8]), (9.0, [6, 8, 10])])
def test_a_budget_ends_the_passes_but_one_always_counts(monkeypatch, budget_s, wanted):
    vit = build_vit(PLAIN)
    Clock(vit, monkeypatch)
    assert timing.time_forward_ms(vit, repeats=3, warm_up=2, budget_s=budget_s) == pytest.approx(wanted)


def test_threads_are_restored_after_an_error(monkeypatch):
    vit, before = build_vit(PLAIN), torch.get_num_threads()
    monkeypatch.setattr(vit, "forward", lambda images: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        timing.time_forward_ms(vit, threads=before + 1)
    assert torch.get_num_threads() == before


def test_all_bad_numbers_at_once():
    with pytest.raises(ps.InputError) as caught:
        TorchLive(threads=0, repeats=0, warm_up=-1, budget_s=float("inf"))
    assert [p.partition(":")[0] for p in caught.value.problems] == ["threads", "repeats", "warm_up", "budget_s"]
    with pytest.raises(ps.InputError, match=r"device: must be one of cpu, cuda \(got 'gpu'\)"):
        TorchLive("gpu")
    with pytest.raises(ps.InputError, match=r"budget_s: must be a number \(got 'long'\)"):
        timing.time_forward_ms(build_vit(PLAIN), budget_s="long")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_no_cuda_is_one_clear_line():
    with pytest.raises(ps.InputError, match=r"^device: torch sees no CUDA device here \(got 'cuda'\)$"):
        TorchLive("cuda")


def test_the_device_says_the_median_and_keeps_repeats(monkeypatch):
    device = TorchLive(repeats=4, warm_up=1)
    assert isinstance(device, Device)
    assert device.name == f"torch {torch.__version__} on cpu, 1 thread"
    calls = iter([[5.0, 1.0, 9.0, 2.0], [7.0]])
    monkeypatch.setattr(timing, "time_forward_ms", lambda vit, batch, **options: next(calls))
    plan = ps.plan(PLAIN)
    assert device.latency_ms(plan, 2) == 3.5
    assert device.latency_ms(plan) == 7.0
    assert [(m.plan, m.batch, m.repeats_ms) for m in device.measured] == [
        (plan, 2, (5.0, 1.0, 9.0, 2.0)), (plan, 1, (7.0,)),
    ]  # fmt: skip


def test_the_device_runs_the_plan(monkeypatch):
    seen = []

    def spy(vit, batch, **options):
        active = [block.attention_active for block in vit.blocks]
        seen.append((vit.model.name, active, batch, options["threads"], options["repeats"]))
        return [1.0]

    monkeypatch.setattr(timing, "time_forward_ms", spy)
    device = TorchLive(threads=2, repeats=3)
    device.latency_ms(ps.skip_attention(ps.plan(PLAIN), active=[2]), 4)
    device.latency_ms(ps.plan(PLAIN))
    device.latency_ms(ps.plan(PLAIN.replace({"depth": 1, "name": "other"})))
    assert seen == [
        ("small", [False, True, False], 4, 2, 3), ("small", [True] * 3, 1, 2, 3), ("other", [True], 1, 2, 3),
    ]  # fmt: skip


def test_a_batch_is_a_positive_integer():
    for batch, problem in ((0, "batch: must be at least 1"), (1.5, "batch: must be an integer")):
        with pytest.raises(ps.InputError, match=problem):
            TorchLive().latency_ms(ps.plan(PLAIN), batch)


def pruned(plan, encoder, tokens):
    """The plan of single-layer pruning."""
    return replace(
        plan,
        encoders=tuple(
            replace(
                e,
                attention_tokens=tokens if e.encoder > encoder else e.attention_tokens,
                mlp_tokens=tokens if e.encoder >= encoder else e.mlp_tokens,
            )
            for e in plan.encoders
        ),
    )


@pytest.mark.parametrize(("method_ms", "wanted"), [((7.0, 90.0, 8.0), 4.0), ((3.0, 3.0, 3.0), 0.0)])
def test_the_cost_of_pruning_is_what_the_method_adds(monkeypatch, method_ms, wanted):
    turns = []

    def spy(vit, batch, **options):
        assert batch == 2 and [e.mlp_tokens for e in extract_plan(vit).encoders] == [17, 9, 9]
        turns.append(vit.blocks[1].between.reads_map)
        return [method_ms[len(turns) // 2] if turns[-1] else 4.0]

    monkeypatch.setattr(timing, "time_forward_ms", spy)
    device = TorchLive(repeats=3)
    assert device.pruning_ms(pruned(ps.plan(PLAIN), 2, 9), 2) == wanted
    assert turns == [True, False] * 3 and device.measured == []


def test_the_cost_of_pruning_needs_a_plan_of_single_layer_pruning():
    twice = pruned(pruned(ps.plan(PLAIN), 2, 9), 3, 5)
    ahead = pruned(ps.plan(PLAIN), 0, 9)
    skipped = ps.skip_attention(pruned(ps.plan(PLAIN), 2, 9), active=[1, 3])
    for plan in (twice, ahead, skipped):
        with pytest.raises(ps.InputError, match="plan: must prune tokens in one encoder"):
            TorchLive(repeats=1).pruning_ms(plan)
    assert TorchLive().pruning_ms(ps.plan(PLAIN)) == 0  # nothing pruned, nothing measured


def test_the_cost_of_pruning_takes_plans_with_their_token_steps():
    """The plans that a schedule makes hold the steps that their tokens follow from."""
    plan = pruned_at(ps.plan(PLAIN), 2, 8)
    assert plan.encoders[1].between
    assert TorchLive(repeats=1, warm_up=0).pruning_ms(plan) >= 0
    assert TorchLive(repeats=1, warm_up=0).pruning_ms(pruned_at(ps.plan("deit_t"), 4, 100)) >= 0


def test_a_schedule_from_measured_latencies_prunes():
    device = TorchLive(repeats=1, warm_up=0)
    found = ps.pruning.pruning_schedule(ps.plan(PLAIN), device, {17: 80.0, 9: 80.0}, alpha=0, grid=[9], encoder=2)
    assert (found.removed, found.encoder) == (8, 2)
    assert found.pruning_ms >= 0 and found.pruned_ms > 0


def test_a_batch_beyond_memory_is_one_clear_line(monkeypatch):
    with pytest.raises(ps.InputError, match=r"^batch: 1000000000 images take 2048000000000 bytes, at most 2147483647"):
        TorchLive().latency_ms(ps.plan(PLAIN), 1_000_000_000)
    most = (2**31 - 1) // (2 * 16 * 16 * 4)
    monkeypatch.setattr(timing.torch, "randn", lambda *shape, generator: no_memory(shape))
    for batch, problem in ((most, "has no memory for it"), (most + 1, "at most 2147483647")):
        with pytest.raises(ps.InputError, match=f"batch: .*{problem}"):
            timing.time_forward_ms(build_vit(PLAIN), batch)


def no_memory(_):
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


def test_a_pass_beyond_memory_is_one_clear_line(monkeypatch):
    vit = build_vit(PLAIN)
    monkeypatch.setattr(vit, "forward", no_memory)
    with pytest.raises(ps.InputError, match=r"^batch: .* has no memory for it \(got 3\)$"):
        timing.time_forward_ms(vit, 3)
    monkeypatch.setattr(vit, "forward", lambda images: torch.cat([images, images[:, :1, :1]]))
    with pytest.raises(RuntimeError, match="Sizes of tensors"):  # another error is none of memory
        timing.time_forward_ms(vit, 3)


def test_deit_s_runs_at_its_real_shapes():
    device = TorchLive(repeats=2, warm_up=0)
    latency_ms = device.latency_ms(ps.plan("deit_s"))
    assert 0 < latency_ms < 600_000
    assert latency_ms == statistics.median(device.measured[0].repeats_ms) and len(device.measured[0].repeats_ms) == 2


@CUDA
def test_cuda_waits_for_its_kernels(monkeypatch):
    waits, synchronize = [], torch.cuda.synchronize
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device=None: waits.append(synchronize(device)))
    device = TorchLive("cuda", repeats=3, warm_up=1)
    assert device.latency_ms(ps.plan("deit_s"), 2) > 0
    assert len(waits) == 2 * 4 and "cuda" not in device.name
    whole = build_vit(PLAIN)
    images = torch.randn(2, 2, 16, 16)
    for patches in ("first", "random"):
        apply_plan(whole, ps.plan(PLAIN), patches=patches)
        torch.testing.assert_close(
            whole.to("cuda")(images.to("cuda")).cpu(), whole.to("cpu")(images), rtol=1e-3, atol=1e-3
        )
