"""Engine `mpca` on traces: which kernel a GEMM is, DMA, masks, and whole DeiT-S dense and pruned."""

import dataclasses
import itertools
import random

import pytest

import pivotsim as ps
from pivotsim.engines.mpca.lanes import run_dense, run_heads, run_masked
from pivotsim.engines.mpca.use import by_module, cycles_per_gemm, lane_uses
from pivotsim.workload.masks.masks import drawn_mask
from tests.oracles.mpca import clock as oracle

U250 = ps.load_hardware("u250_mpca")
BARE = U250.replace({"mpca.header_cycles": 0, "mpca.fill": False, "mpca.dma_bytes_per_cycle": "unlimited"})
EM_LANES = 16 * 12  # elements that the element-wise module works on in a clock


def mpca(**values):
    return U250.replace({f"mpca.{name}": value for name, value in values.items()}).mpca


def trace_of(*ops, **masks):
    """A trace of (module, m, k, n, repeats); a module in ``masks`` has that mask."""
    listed = [
        ps.Op(1, module, "gemm", m, k, n, repeats, mask_key=module if module in masks else "")
        for module, m, k, n, repeats in ops
    ]
    return ps.Trace(tuple(listed), "t", {("", module): mask for module, mask in masks.items()})


class TestKernels:
    def test_each_module_has_its_kernel(self):
        mask = drawn_mask(384, 1536, block=16, density=0.5, seed=0)
        trace = trace_of(
            ("qkv", 197, 384, 1152, 1), ("qkt", 197, 64, 197, 6), ("sv", 197, 197, 64, 6), ("fc1", 197, 384, 1536, 1),
            fc1=mask,
        )  # fmt: skip
        array = mpca(dma_bytes_per_cycle="unlimited")
        expected = [
            run_dense(197, 384, 1152, array), run_heads(197, 64, 197, 6, array), run_heads(197, 197, 64, 6, array),
            run_masked(197, mask, array),
        ]  # fmt: skip
        uses = lane_uses(trace, array)
        assert [use.kernel for use in uses] == ["dbmm", "dhbmm", "dhbmm", "sbmm"]
        assert [use.cycles for use in uses] == [result.cycles for result in expected]
        assert cycles_per_gemm(trace, array).tolist() == [use.cycles for use in uses]
        assert [use.lane_efficiency_frac for use in uses] == pytest.approx([r.lane_efficiency_frac for r in expected])

    def test_heads_of_a_batch_fill_the_head_modules(self):
        """6 heads take two rounds of 4, the 12 heads of two images three."""
        one = ps.simulate(ps.plan("deit_s"), BARE).details.uses[1]
        two = ps.simulate(ps.plan("deit_s"), BARE, batch=2).details.uses[1]
        assert (one.cycles, two.cycles) == (2 * 2_688, 3 * 2_688)

    def test_repeats_go_through_the_copies_of_a_mask(self):
        mask = drawn_mask(64, 48, block=8, density=0.4, seed=3, count=3)
        array = mpca(dma_bytes_per_cycle=7)
        for repeats in (1, 2, 3, 4, 7):
            (use,) = lane_uses(trace_of(("q", 30, 64, 48, repeats), q=mask), array)
            parts = [run_masked(30, mask, array, i % 3) for i in range(repeats)]
            dma = [oracle.dma_clocks(part.dma_bytes, 7) for part in parts]
            assert use.compute_cycles == sum(part.cycles for part in parts)
            assert use.dma_cycles == sum(dma)
            whole = sum(max(part.cycles, clocks) for part, clocks in zip(parts, dma, strict=True))
            assert use.cycles == dma[0] + whole
            assert use.kept_blocks == sum(part.kept_blocks for part in parts)

    def test_masks_of_anything_but_weights_are_refused_each_with_its_place(self):
        square = drawn_mask(16, 16, block=4, density=0.5, seed=0, operand="out")
        weights = drawn_mask(16, 16, block=4, density=0.5, seed=0)
        trace = trace_of(
            ("qkt", 16, 16, 16, 1), ("fc1", 16, 16, 16, 1), ("fc2", 16, 16, 16, 1), qkt=weights, fc1=square, fc2=weights
        )
        with pytest.raises(ps.InputError) as error:
            ps.simulate(trace, U250)
        assert error.value.problems == (
            "t: operation 1 (qkt, encoder 1): engine 'mpca' skips blocks of weights only (got 'mask of b')",
            "t: operation 2 (fc1, encoder 1): engine 'mpca' skips blocks of weights only (got 'mask of out')",
        )

    def test_clocks_of_a_trace_beyond_int64(self):
        ops = [("fc1", 2**30, 2**20, 2**20, 1)] * 4000
        with pytest.raises(ps.InputError, match="exceed int64"):
            lane_uses(trace_of(*ops), mpca())


class TestDma:
    """64 bytes a clock; fc1 of DeiT-S is 1,179,648 bytes of int16."""

    def test_the_first_weights_are_waited_for(self):
        trace = trace_of(("qkt", 197, 64, 197, 6), ("fc1", 197, 384, 1536, 1), ("fc1", 197, 384, 1536, 1))
        heads, first, second = lane_uses(trace, mpca())
        assert (heads.dma_cycles, heads.first_dma_cycles) == (0, 0)
        assert (first.dma_bytes, first.dma_cycles, first.first_dma_cycles) == (1_179_648, 18_432, 18_432)
        assert first.compute_cycles == second.compute_cycles == second.cycles == 27_648 + 28
        assert first.cycles == 18_432 + 27_676
        assert {first.bound, second.bound} == {"compute"}

    @pytest.mark.parametrize(("rate", "clocks", "bound"), [(43, 27_434, "compute"), (42, 28_087, "dma")])
    def test_the_longer_of_the_two_counts(self, rate, clocks, bound):
        first, second = lane_uses(trace_of(*[("fc1", 197, 384, 1536, 1)] * 2), mpca(dma_bytes_per_cycle=rate))
        assert (second.dma_cycles, second.cycles, second.bound) == (clocks, max(clocks, 27_676), bound)
        assert first.cycles == clocks + second.cycles

    def test_a_single_buffer_waits_every_time(self):
        first, second = lane_uses(trace_of(*[("fc1", 197, 384, 1536, 1)] * 2), mpca(dma_buffers="single"))
        assert first.cycles == second.cycles == 18_432 + 27_676
        assert first.first_dma_cycles == 0

    def test_stored_bytes_by_hand(self):
        """288 blocks of 256 int16 and a row index of a byte; 25 pointers of 4 bytes."""
        mask = drawn_mask(384, 384, block=16, density=0.5, seed=0)
        (use,) = lane_uses(trace_of(("proj", 197, 384, 384, 1), proj=mask), mpca())
        assert use.dma_bytes == 288 * (512 + 1) + 25 * 4
        wide = mpca(index_bytes=2, pointer_bytes=8, weight_bytes=1)
        (use,) = lane_uses(trace_of(("proj", 197, 384, 384, 1), proj=mask), wide)
        assert use.dma_bytes == 288 * (256 + 2) + 25 * 8

    @pytest.mark.parametrize(("rows", "index"), [(1, 0), (2, 1), (256, 1), (257, 2)])
    def test_an_index_is_as_wide_as_the_rows_need(self, rows, index):
        mask = drawn_mask(rows, 3, block=1, density=1, seed=0)
        assert run_masked(1, mask, mpca()).dma_bytes == 3 * rows * (2 + index) + 4 * 4

    def test_memory_paper_has_no_dma(self):
        free = ps.simulate(ps.plan("deit_s"), U250, memory="paper")
        whole = ps.simulate(ps.plan("deit_s"), U250)
        assert whole.options["memory"] == "hw" and whole.options["engine"] == "mpca"
        assert free.pl_cycles == whole.pl_cycles - 13_824 == sum(u.compute_cycles for u in whole.details.uses) + 52_440
        assert sum(use.dma_cycles for use in free.details.uses) == 0
        assert free.counts == whole.counts  # the weights come all the same


class TestReport:
    def test_rows_add_up(self):
        report = ps.simulate(ps.plan("deit_s"), U250)
        assert report.pl_cycles == sum(use.cycles for use in report.details.uses) + report.unit_cycles
        assert report.delay_ms == pytest.approx(report.pl_cycles / 300e3) and report.ps_ms == 0
        assert report.timeline.delay_ms == pytest.approx(report.delay_ms)
        assert report.utilization_frac == pytest.approx(report.macs / (6_144 * (report.pl_cycles - report.unit_cycles)))
        assert report.counts.dram_bytes == 12 * 2 * 12 * 384 * 384 and report.counts.sram_bytes == 0
        assert report.energy_j == pytest.approx(75e-3 * report.delay_ms)

    def test_details_by_module(self):
        report = ps.simulate(ps.plan("deit_s"), U250)
        details = report.to_dict()["mpca_by_module"]
        assert details == by_module(report.details.uses)
        assert list(details) == ["qkv", "qkt", "sv", "proj", "fc1", "fc2"]
        assert details["qkt"]["lane_efficiency_frac"] == pytest.approx(6 / 8 * 13 / 14)
        assert details["fc1"] == {
            "kernel": "dbmm", "cycles": 12 * 27_676, "compute_cycles": 12 * 27_676, "lower_bound_cycles": 12 * 27_648,
            "kept_blocks": 12 * 24 * 96, "dma_bytes": 12 * 1_179_648, "dma_cycles": 12 * 18_432, "first_dma_cycles": 0,
            "lane_efficiency_frac": 1.0, "bound": "compute",
        }  # fmt: skip

    def test_few_tokens_are_bound_by_dma(self):
        """One token group: a dense fc1 computes 9,216 clocks and fetches 18,432; three groups compute longer."""
        small, large = (lane_uses(trace_of(("fc1", m, 384, 1536, 1)), mpca())[0] for m in (96, 288))
        assert (small.bound, large.bound) == ("dma", "compute")

    def test_only_its_own_report_has_details(self):
        assert "mpca_by_module" not in ps.simulate(ps.plan("deit_s")).to_dict()

    def test_skipping_attention_and_combining(self):
        whole = ps.plan("deit_s")
        low = ps.simulate(ps.skip_attention(whole, active=[1, 2, 3]), U250)
        high = ps.simulate(whole, U250)
        mix = ps.combine([low, high], [0.5, 0.5], gate="none")
        assert mix.delay_ms == pytest.approx(low.delay_ms + 0.5 * high.delay_ms)


# -- whole DeiT-S -------------------------------------------------------------------------------------------
def charged(trace, hw):
    """GEMMs of encoders and patch embedding, and element-wise work with all heads pooled; head and inputs left out."""
    uses = lane_uses(trace, hw.mpca)
    gemms = [op for op in trace if op.kind == "gemm"]
    cycles = sum(use.cycles for use, op in zip(uses, gemms, strict=True) if op.module != "head")
    pooled = [op.elements for op in trace if op.encoder and op.kind in ("softmax", "gelu", "norm", "add")]
    return cycles + sum(-(-elements // EM_LANES) for elements in pooled)


def test_dense_deit_s():
    """12 * (93,312 for GEMMs + 4,365 element-wise) + 13,824 for the patch embedding = 3.95 ms."""
    trace = ps.lower(ps.plan("deit_s"))
    assert charged(trace, BARE) == 12 * (93_312 + 4_365) + 13_824 == 1_185_948
    report = ps.simulate(ps.plan("deit_s"), BARE)
    # a unit takes head by head: 6 * ceil(197 * 197 / 192) softmax clocks, 5 more than pooled
    assert report.pl_cycles == 12 * (93_312 + 4_365 + 5) == 1_185_948 - 13_824 + 60


def kept_tokens(tokens, rate):
    """Tokens after token dropping: CLS, the best of the others, one merged token."""
    return 2 + -(-round(10 * rate) * (tokens - 1) // 10)


def token_dropping_cycles(tokens):
    """Clocks to average over heads, sort (bitonic, 64 comparators), shuffle over 12 ports, and scale."""
    others = tokens - 1
    stages = (others - 1).bit_length()
    average, sort = 6 * -(-others // 16), stages * (stages + 1) // 2 * -(-(2**stages // 2) // 64)
    return average + sort + 24 * -(-tokens // 12) + 24 + 20


def pruned(weights_keep, hidden_keep, token_keep, block, seed):
    """Trace and token-dropping clocks: masks of MSA weights, a smaller dense MLP, tokens dropped in 3, 7 and 10."""
    model, encoders, tokens, extra = ps.load_model("deit_s"), [], 197, 0
    for encoder in range(1, 13):
        after = tokens
        if encoder in (3, 7, 10):
            after = kept_tokens(tokens, token_keep)
            extra += token_dropping_cycles(tokens)
        encoders.append(ps.EncoderPlan(encoder, True, tokens, after))
        tokens = after
    hidden = round(1536 * hidden_keep)
    ops, masks = [], {}
    for op in ps.lower(dataclasses.replace(ps.plan(model), encoders=tuple(encoders))):
        if op.kind == "gemm" and op.module in ("qkv", "proj"):
            key = f"{op.encoder} {op.module}"
            number = 1000 * seed + len(masks)
            masks["", key] = drawn_mask(op.k, op.n, block=block, density=weights_keep, seed=number)
            op = op._replace(mask_key=key)
        if op.module in ("fc1", "gelu"):
            op = op._replace(n=hidden)
        if op.module == "fc2":
            op = op._replace(k=hidden)
        ops.append(op)
    return ps.Trace(tuple(ops), "pruned", masks), extra


@pytest.mark.parametrize(
    ("keeps", "block", "published_by_nobody"),
    [
        ((0.6, 0.6, 0.5), 16, 441_794),
        ((0.5, 0.7, 0.5), 16, 456_982),
        ((0.5, 0.7, 0.9), 16, 614_090),
        ((0.5, 0.7, 0.5), 32, 534_614),
    ],
)
def test_pruned_deit_s(keeps, block, published_by_nobody):
    """Model outputs under masks of another draw: the mean of ten draws is within 0.1 %, each within 0.2 %."""
    hw = BARE.replace({"mpca.dense_block": block})
    found = []
    for seed in range(10):
        trace, extra = pruned(*keeps, block, seed)
        found.append(charged(trace, hw) + extra)
    assert found == pytest.approx([published_by_nobody] * 10, rel=2e-3)
    assert sum(found) / 10 == pytest.approx(published_by_nobody, rel=1e-3)


def test_token_dropping_of_the_example():
    tokens = list(itertools.accumulate((0.5, 0.5, 0.5), kept_tokens, initial=197))
    assert tokens == [197, 100, 52, 28]
    assert sum(map(token_dropping_cycles, tokens[:3])) == 1_141


def test_the_lower_bound_never_falls_with_more_kept_blocks():
    draw = random.Random(11)
    for _ in range(50):
        block, seed = draw.choice((8, 16, 32)), draw.randint(0, 10**6)
        masks = [drawn_mask(384, 384, block=block, density=keep / 10, seed=seed) for keep in range(11)]
        bounds = [run_masked(197, mask, U250.mpca).lower_bound_cycles for mask in masks]
        assert bounds == sorted(bounds)
