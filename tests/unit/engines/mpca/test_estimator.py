"""Rules `authors` of engine `mpca` against an oracle that walks block by block, and the estimator's figures."""

import itertools
import random
from fractions import Fraction

import pytest

import pivotsim as ps
from pivotsim.engines.mpca import estimator
from pivotsim.workload.masks.masks import drawn_mask
from tests.campaigns import cases
from tests.oracles.mpca import estimator as oracle
from tests.unit.engines.conformance import BoardConformance

U250 = ps.load_hardware("u250_mpca").replace({"mpca.rules": "authors"})
DISTILLED = ps.load_model("deit_s").replace({"prefix_tokens": 2})  # 198 tokens
DENSE = {"qkv": 221_184, "qkt": 49_152, "softmax": 19_968, "sv": 59_904, "proj": 73_728, "fc1": 239_616, "fc2": 294_912}
# (block, kept share of weights, of tokens) -> ms of the pruned model with 5 of 6 heads at 300 MHz, as printed
PRUNED = {
    (16, 0.5, 0.5): "0.868", (16, 0.5, 0.7): "1.169", (16, 0.5, 0.9): "1.488",
    (16, 0.7, 0.5): "1.151", (16, 0.7, 0.7): "1.543", (16, 0.7, 0.9): "1.992",
    (32, 0.5, 0.5): "1.658", (32, 0.5, 0.7): "1.827", (32, 0.5, 0.9): "2.044",
    (32, 0.7, 0.5): "2.212", (32, 0.7, 0.7): "2.422", (32, 0.7, 0.9): "2.659",
}  # fmt: skip


def exact(share):
    return Fraction(str(share))


def mpca(p=(4, 12, 2, 8), block=16):
    levels = dict(zip(("p_h", "p_t", "p_c", "p_pe"), p, strict=True))
    return U250.replace({f"mpca.{name}": value for name, value in {**levels, "dense_block": block}.items()}).mpca


def by_module(report):
    found = dict.fromkeys(DENSE, 0)
    for row in report.rows:
        found[row.module] = found.get(row.module, 0) + row.cycles
    return {module: cycles for module, cycles in found.items() if cycles}


def pruned(block, kept, tokens):
    """The plan of one setting: 5 heads, the neurons, the tokens and the blocks that stay."""
    plan = ps.prune_neurons(ps.prune_heads(ps.plan(DISTILLED), 5), hidden=-int(-1536 * exact(kept) // 1))
    plan = ps.prune_tokens(plan, "tdm", keep_rate=tokens)
    return ps.prune_blocks(plan, block=block, density={"msa": float(exact(kept) * 6 / 5)})


class TestFigures:
    def test_dense(self):
        report = ps.simulate(ps.plan(DISTILLED), U250)
        assert by_module(report) == DENSE
        assert (report.pl_cycles, report.unit_cycles, f"{report.delay_ms:.3f}") == (958_464, 0, "3.195")
        wide = ps.simulate(ps.plan(DISTILLED), U250.replace({"mpca.dense_block": 32}))
        assert (wide.pl_cycles, f"{wide.delay_ms:.3f}") == (1_065_984, "3.553")

    def test_the_oracle_dense(self):
        assert oracle.model(b=16, kept=Fraction(1), token_rate=Fraction(1), heads_kept=6) == DENSE
        wide = oracle.model(b=32, kept=Fraction(1), token_rate=Fraction(1), heads_kept=6)
        assert sum(wide.values()) == 1_065_984

    @pytest.mark.parametrize("setting", PRUNED, ids=str)
    def test_twelve_pruned_models(self, setting):
        """A mask's blocks are whole: where the estimator's share of them is not, clocks differ in the fourth digit."""
        block, kept, tokens = setting
        parts = oracle.model(b=block, kept=exact(kept), token_rate=exact(tokens), heads_kept=5)
        assert f"{sum(parts.values()) / 300e3:.3f}" == PRUNED[setting]
        report = ps.simulate(pruned(*setting), U250.replace({"mpca.dense_block": block}))
        found, masked = by_module(report), ("qkv", "proj")
        assert {m: c for m, c in found.items() if m not in masked} == {
            m: c for m, c in parts.items() if m not in masked
        }
        for module in masked:  # 0.84 of 480 blocks are 403, of 120 are 101
            assert found[module] == parts[module] if kept == 0.5 else abs(found[module] / parts[module] - 1) < 2.5e-3
        assert report.delay_ms == pytest.approx(float(PRUNED[setting]), rel=1e-3)
        share, array = exact(kept) * 6 / 5, mpca(block=block)
        own = {"qkv": 0, "proj": 0}
        for op in report.inputs.trace:
            if op.module in masked:
                count = 3 if op.module == "qkv" else 1
                sizes = op.m, op.k, op.n // count
                clocks = estimator.matrix_cycles(*sizes, block, array, share.numerator, share.denominator)
                own[op.module] += count * clocks
        assert own == {module: parts[module] for module in masked}

    def test_the_most_pruned_model_to_the_clock(self):
        assert ps.simulate(pruned(16, 0.5, 0.5), U250).pl_cycles == 260_523


def random_shape(draw):
    p = draw.randint(1, 5), draw.randint(1, 6), draw.randint(1, 4), draw.randint(1, 9)
    b = draw.choice((1, p[3], 2 * p[3], p[3] + 1, draw.randint(1, 20)))
    edges = (1, b, b + 1, p[0] * b, p[0] * b + 1, p[1] * p[2] * b, p[1] * p[2] * b + 1, draw.randint(1, 80))
    m, k, n = (draw.choice(edges) for _ in range(3))
    return p, b, m, k, n


@pytest.mark.campaign
def test_matrices_equal_the_oracle():
    """Random shapes, levels and kept shares, with heads of any width: the order `sweep` never is the faster."""
    draw, count = random.Random(12), cases(500, 5_000)
    orders = {"equal": 0, "expand": 0}
    for _ in range(count):
        p, b, m, k, n = random_shape(draw)
        blocks = draw.randint(1, 500)
        kept = draw.choice((0, 1, blocks, draw.randint(0, blocks)))
        phi, head_width = Fraction(kept, blocks), draw.randint(1, 70)
        ours = estimator.matrix_cycles(m, k, n, b, mpca(p), kept, blocks)
        assert ours == oracle.matrix(m, k, n, head_width, p, b, phi), (p, b, m, k, n, head_width, phi)
        sweep = oracle.sweep(m, k, n, head_width, p, b, phi)
        orders["equal" if sweep == ours else "expand"] += 1
    assert min(orders.values()) > count / 17  # both happen


@pytest.mark.campaign
def test_heads_and_row_sums_equal_the_oracle():
    draw = random.Random(13)
    for _ in range(cases(300, 3_000)):
        p, b, m, k, n = random_shape(draw)
        heads, array = draw.randint(1, 20), mpca(p, b)
        assert estimator.heads_cycles(m, k, n, heads, array) == oracle.heads(m, k, n, heads, p, b)
        assert estimator.row_sum_cycles(m, n, heads, array) == oracle.row_sums(m, n, heads, p, b)
        result = estimator.run_heads(m, k, n, heads, array)
        assert 0 < result.lane_efficiency_frac <= 1 and result.dma_bytes == 0


def test_traces_equal_the_oracle():
    """Random small models, dense or pruned, through simulate."""
    draw = random.Random(14)
    for _ in range(150):
        heads, head_width = draw.randint(1, 4), draw.choice((4, 6, 8))
        model = DISTILLED.replace(
            {"depth": 2, "heads": heads, "width": heads * head_width, "head_size": head_width,
             "head_features": heads * head_width, "mlp_hidden": draw.randint(4, 60),
             "image_px": 8 * draw.randint(2, 6), "patch_px": 8}
        )  # fmt: skip
        p, b = tuple(draw.randint(1, 5) for _ in range(4)), draw.randint(1, 4)
        plan = ps.plan(model, qkv=draw.choice(("fused", "separate")))
        share = draw.choice((None, 0.5, 0.8))
        if share:
            plan = ps.prune_blocks(plan, block=b, density=share)
        report = ps.simulate(plan, U250.replace({f"mpca.{n}": v for n, v in zip(
            ("p_h", "p_t", "p_c", "p_pe", "dense_block"), (*p, b), strict=True)}))  # fmt: skip
        n, d, expected = model.tokens, model.width, 0
        for op in report.inputs.trace:
            mask = report.inputs.trace.mask_of(op) if op.kind == "gemm" else None
            phi = Fraction(mask.kept_blocks[0], mask.kept[0].size) if mask else Fraction(1)
            if op.module in ("qkt", "sv") and op.kind == "gemm":
                expected += oracle.heads(op.m, op.k, op.n, heads, p, b)
            elif op.module == "softmax":
                expected += oracle.row_sums(n, n, heads, p, b)
            elif op.module == "qkv":
                expected += 3 * oracle.matrix(op.m, op.k, d, head_width, p, b, phi)
            elif op.kind == "gemm":
                expected += oracle.matrix(op.m, op.k, op.n, head_width, p, b, phi)
        assert report.pl_cycles == expected


def test_a_share_of_the_blocks_is_that_share_of_the_clocks_rounded_up():
    mask = drawn_mask(384, 320, block=16, density=0.6, seed=0)
    result = estimator.run_masked(198, "proj", mask, mpca())
    assert (result.cycles, result.kept_blocks) == (2_765, 288)  # 3 * 1,536 * 0.6 = 2,764.8
    assert result.dma_bytes == 288 * (16 * 16 * 2 + 1) + 21 * 4
    nothing = estimator.run_masked(198, "proj", drawn_mask(32, 32, block=16, density=0.1, seed=0), mpca())
    assert (nothing.cycles, nothing.kept_blocks) == (0, 0)


class TestWhatIsSaid:
    def test_notes_name_what_takes_no_time(self):
        notes = ps.simulate(pruned(16, 0.5, 0.5), U250).notes
        assert (
            "mpca.rules: 'authors' takes balance as perfect and charges no time for the DMA of weights, fill, headers, "
            "softmax but for its row sums, norm, add, gelu, score, sort, gather, merge"
        ) in notes
        assert not any(note.startswith(("units.", "mpca.balance", "mpca.dma")) for note in notes)
        assert not any("counts encoders" in note for note in notes)
        assert not any("mpca.rules: 'authors'" in note for note in ps.simulate(ps.plan("deit_t"), "u250_mpca").notes)

    def test_outside_the_encoders(self):
        report = ps.simulate(ps.plan(DISTILLED), U250, scope="all")
        assert "mpca.rules: 'authors' counts encoders; what is outside them is charged as their matrices are" in (
            report.notes
        )
        embed = oracle.matrix(196, 768, 384, 64, (4, 12, 2, 8), 16)
        head = oracle.matrix(1, 384, 1000, 64, (4, 12, 2, 8), 16)
        assert report.pl_cycles == 958_464 + embed + head

    @pytest.mark.parametrize(
        "setting",
        [
            {"mpca.balance": "rr"}, {"mpca.header_cycles": 9}, {"mpca.fill": False}, {"mpca.dma_bytes_per_cycle": 1},
            {"mpca.dma_buffers": "single"}, {"units.softmax.fill_cycles": 9}, {"units.token_drop.comparators": 1},
        ],
        ids=str,
    )  # fmt: skip
    def test_settings_of_the_other_rules_have_no_effect_and_say_so(self, setting):
        plan = pruned(16, 0.5, 0.5)
        report = ps.simulate(plan, U250.replace(setting))
        assert report.pl_cycles == 260_523
        (path,) = setting
        assert report.not_used[path] == "not used here: needs --set mpca.rules=pivotsim"
        own = ps.simulate(plan, ps.load_hardware("u250_mpca").replace(setting))
        assert path not in own.not_used

    def test_power_is_that_of_the_board_under_either_rules(self):
        assert ps.simulate(ps.plan("deit_t"), U250).remarks == ()

    def test_a_wrong_name(self):
        with pytest.raises(ps.InputError) as error:
            U250.replace({"mpca.rules": "author"})
        assert str(error.value) == (
            "replace: mpca.rules: must be one of pivotsim, authors (got 'author'), nearest valid name: 'authors'"
        )

    def test_the_table_and_the_timeline(self):
        report = ps.simulate(ps.plan(DISTILLED), U250)
        (table,) = report.details.tables()
        assert table.closing == ("rules authors: 96 PEs, busy as the column says, balance taken as perfect, no DMA",)
        assert {piece.resource for piece in report.timeline.pieces if piece.end > piece.start} == {"array"}
        assert report.utilization_frac == pytest.approx(report.macs / (958_464 * 6_144))


def test_what_dropping_tokens_takes_is_nothing():
    from pivotsim.pruning.cost import pruning_cycles

    plan = ps.prune_tokens(ps.plan(DISTILLED), "tdm", keep_rate=0.5)
    assert (
        pruning_cycles(plan, U250, 1, "mpca", "hw")
        == 0
        < pruning_cycles(plan, ps.load_hardware("u250_mpca"), 1, "mpca", "hw")
    )


class TestConformance(BoardConformance):
    """The same rules among the engines, on the levels of the other rules' tests."""

    name, board, compute, deit_s_cycles = "mpca", "u250_mpca", "mpca", 1_188_696

    @pytest.fixture(params=itertools.product((1, 4), (1, 3)), ids=str)
    def mode(self, request):
        p_h, p_pe = request.param
        return {"rules": "authors", "p_h": p_h, "p_t": 2, "p_c": 1, "p_pe": p_pe, "dense_block": 4}
