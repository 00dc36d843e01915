"""The wave model beside the token-pruning paper's latencies: other methods, the unstated batch, one token."""

import dataclasses
from functools import partial

import pytest

import pivotsim as ps
from pivotsim.hardware.kinds.gpu import load_gpu
from pivotsim.pruning.devices.gpu_wave import GpuWave
from pivotsim.pruning.token_plans import at_tokens, pruned_at
from pivotsim.published.tokens import judge
from pivotsim.published.tokens.claims import GPUS, MODELS, Table, load_token_claims
from pivotsim.published.tokens.latency import METHODS, latency_ms, load_gpus, wave_predictor
from pivotsim.published.tokens.other_methods import RAM_BYTES_PER_NS, element_work_ms
from pivotsim.published.tokens.unstated_batch import WHOLE, infer_batch
from tests.oracles.devices import gpu_waves
from tests.oracles.workload import token_costs, token_counts

OTHERS = [c for c in load_token_claims() if c.quantity == "latency" and c.method in METHODS]


@pytest.fixture(scope="module")
def audit():
    return ps.reproduce("tokens")


def slow_latency_ms(claim):
    """Encoder by encoder: tokens by carrying lists, waves by placing tiles, products of the method by hand."""
    model, gpu = ps.load_model(MODELS[claim.model]), load_gpu(GPUS[claim.device]).model_dump()
    width, prefix, batch = model.width, 1, claim.batch
    name, _, text = claim.parameter.partition("=")
    encoders = range(1, model.depth + 1)
    if claim.method == "DyViT":
        assert name == "rho"
        rule = partial(token_counts.share_of_original, keep_rate=float(text))
        steps = {(e, "before"): [partial(rule, stage=k)] for k, e in enumerate((4, 7, 10), start=1)}
    else:
        assert name == "r"
        rule = {"Top-K": token_counts.top_k, "ToMe": token_counts.tome}[claim.method]
        steps = {(e, "between"): [partial(rule, r=int(text))] for e in encoders}
    counts = token_counts.run(model.depth, model.patches, prefix, steps)
    gemm_ms = partial(
        gpu_waves.gemm_ms, tile_rows=gpu["kernel"]["tile_rows"], tile_cols=gpu["kernel"]["tile_cols"], gpu=gpu
    )
    floor_ms, arriving, total = gpu["overhead"]["encoder_floor_us"] / 1000, model.tokens, 0.0
    bare = {**gpu, "overhead": {**gpu["overhead"], "encoder_floor_us": 0}}
    for encoder, (attention, mlp) in zip(encoders, counts, strict=True):
        ms = gpu_waves.encoder_ms(model.model_dump(), attention, mlp, batch, bare)
        if claim.method == "ToMe" and mlp < attention:
            ms += gemm_ms(-(-attention // 2), width // model.heads, attention // 2, batch)
        if claim.method == "DyViT" and encoder in (4, 7, 10):
            rows = batch * (arriving - prefix)
            for inputs, outputs in ((1, 1), (1, 2), (2, 4)):
                ms += gemm_ms(rows, width // inputs, width // outputs, 1)
            ms += gemm_ms(rows, width // 4, 2, 1)
        if claim.method != "DyViT" or encoder in (4, 7, 10):
            ms *= 1.22
        total += max(ms, floor_ms)
        arriving = mlp
    return total


@pytest.mark.parametrize("claim", [c for c in OTHERS if c.where != "table8"], ids=lambda c: c.id)
def test_other_methods_latencies_are_the_oracles(audit, claim):
    found = next(f for f in audit.findings if f.claim.id == claim.id)
    assert found.simulated == pytest.approx(slow_latency_ms(claim), rel=1e-12)
    assert found.verdict == "not validated"
    assert found.deviation_frac == pytest.approx(found.simulated / float(claim.text) - 1)


def test_errors_of_the_24_claims_by_what_is_charged(audit):
    assert len(OTHERS) == 24
    table = next(t for t in audit.tables() if t.title.startswith("Latencies of Top-K"))
    assert [row[1:] for row in table.rows] == [
        (24, 14, "-47.6 %", "-18.1 %", "-4.0 %"),
        (24, 14, "-46.9 %", "-17.3 %", "-3.0 %"),
        (24, 14, "-35.7 %", "-2.3 %", "+17.1 %"),
    ]
    deviations = {f.claim.id: f.deviation_frac for f in audit.findings if f.claim in OTHERS}
    assert deviations == pytest.approx(dict(audit.method_errors[-1].errors_frac))


def test_elements_of_a_methods_own_work_by_counting_them():
    """Top-K at r = 6 in one encoder of DeiT-S: what it reads, compares and moves, 8 bytes each."""
    counted = token_costs.row_of_class_token(197, 1, 191, 384, 6, 0)
    trace = ps.lower(ps.prune_tokens(ps.plan("deit_s"), "top_k", r=6, encoders=[1]))
    found = element_work_ms(trace, "TX2")
    assert found == pytest.approx(8e-6 * sum(counted.values()) / RAM_BYTES_PER_NS["TX2"])
    assert element_work_ms(ps.lower(ps.plan("deit_s")), "TX2") == 0


def changed_batch(texts):
    """The inference with some of the two rows' latencies changed."""
    by_id = {f"table4.a100.{row}.latency": text for row, text in texts.items()}
    claims = [dataclasses.replace(c, text=by_id.get(c.id, c.text)) for c in load_token_claims()]
    table = Table(claims)
    return infer_batch(table, wave_predictor(load_gpus()))


def test_batch_2_alone_of_sixteen_meets_all_that_the_rows_print(audit):
    assert audit.batch.counted == "1 of 16 tried meets all cells"
    assert audit.batch.best.settings == {"batch": 2}
    plan, device = ps.plan("dinov2_g"), GpuWave("gpu/a100")
    assert audit.batch.best.values[f"{WHOLE} by R=73, ms"] == device.latency_ms(plan, 2)
    known = {cell.quantity: cell.known / cell.interval.value for cell in audit.batch.cells}
    by_id = {f.claim.id: f for f in audit.findings}
    assert known[f"{WHOLE} by R=139, ms"] == pytest.approx(
        abs(by_id["table6.a100.b4.dinov2_g.baseline.latency"].deviation_frac)
    )
    own = abs(by_id["table9.a100.b16.dinov2_g.ours.latency"].deviation_frac)
    assert known["R=73, ms"] == known["R=139, ms"] == pytest.approx(own)


def test_rows_that_no_batch_meets_are_not_met(audit):
    none = changed_batch({"alpha_01_04": "45.00"})
    assert none.fitting == []
    claim = next(c for c in load_token_claims() if c.id == "table4.a100.alpha_01_04.latency")
    change = next(c for c in load_token_claims() if c.id == "table4.a100.alpha_01_04.change")
    table, gpus = Table(load_token_claims()), load_gpus()
    judged = judge.Judge(table, gpus, wave_predictor(gpus), audit.hits, none, audit.inverse, None)
    assert judged.finding(claim).verdict == "not met"
    assert judged.finding(change).verdict == "source contradicts itself"  # nothing explains the implied baseline


def test_an_unstated_batch_explains_three_cells(audit):
    found = {f.claim.id: f for f in audit.findings}
    for part in ("alpha_01_04.change", "alpha_05_09.change"):
        assert found[f"table4.a100.{part}"].verdict == "not validated"
    assert found["table4.a100.alpha_05_09.removed"].verdict == "inferred"
    shown = next(t for t in audit.tables() if t.title.startswith("Cells that do not follow"))
    assert [row[4] for row in shown.rows].count("an unstated batch explains it") == 3


def test_the_changes_at_the_inferred_batch_are_the_wave_models(audit):
    """Printed -4.70 and -6.34 %: latencies are near, what pruning saves is not."""
    device, plan = GpuWave("gpu/a100"), ps.plan("dinov2_g")
    for row, removed, tokens in (("alpha_01_04", 73, 184), ("alpha_05_09", 139, 118)):
        found = next(f for f in audit.findings if f.claim.id == f"table4.a100.{row}.change")
        own = latency_ms(pruned_at(plan, 10, removed), 2, device.gpu, True)
        assert pruned_at(plan, 10, removed).encoders[-1].mlp_tokens == tokens
        assert found.simulated == pytest.approx(100 * (own / device.latency_ms(plan, 2) - 1))
        assert found.simulated > -1.1 and "no baseline is printed" in found.reason


def test_an_r_that_no_accuracy_makes_the_best_is_not_met(audit):
    table, gpus = Table(load_token_claims()), load_gpus()
    orin = audit.inverse[0]
    first = dataclasses.replace(orin.intervals[0], least_points=9.0)
    assert not first.possible
    inverse = [dataclasses.replace(orin, intervals=(first, orin.intervals[1])), audit.inverse[1]]
    judged = judge.Judge(table, gpus, wave_predictor(gpus), [], audit.batch, inverse, None)
    verdicts = {c.id.split(".")[2]: judged.finding(c).verdict for c in orin.removed}
    assert verdicts == {"alpha_01_03": "not met", "alpha_04_05": "not met", "alpha_06_09": "inferred"}


def test_one_token_less_beside_the_papers_third(audit):
    finding = next(f for f in audit.findings if f.claim.quantity == "one_token_change")
    device, plan = GpuWave("gpu/agx_orin"), ps.plan("dinov2_g")
    before, after = (device.latency_ms(at_tokens(plan, n), 2) for n in (193, 192))
    assert finding.simulated == pytest.approx(100 * (1 - after / before))
    assert finding.verdict == "not validated"
    assert "the largest of 9 staircases: dinov2_g at batch 2, 193 to 192 tokens" in finding.reason


def test_the_first_layers_saving_is_against_a_model_that_does_not_score(audit):
    """As every printed baseline: 70 of 94.0 ms. One that scores everywhere would be near the implied 114 ms."""
    finding = next(f for f in audit.findings if f.claim.quantity == "first_layer_decrease")
    device, plan = GpuWave("gpu/agx_orin"), ps.plan("dinov2_g")
    plain, scored = (GpuWave(device.gpu, scored=flag).latency_ms(plan) for flag in (False, True))
    own = latency_ms(pruned_at(plan, 1, 139), 1, device.gpu, True)
    assert finding.simulated == pytest.approx(100 * (1 - own / plain)) == pytest.approx(25.5, abs=0.05)
    assert finding.verdict == "not validated"
    assert f"68.4 ms imply one of 114.0 ms; the wave model has {plain:.1f} ms (-17.6 %)" in finding.reason
    assert f"{scored:.1f} ms (+0.5 %) if every block of the whole model scored" in finding.reason


def test_table_4_the_other_way_round(audit):
    """By hand for the Orin's first pair: (112.2 - 104.2) 40/30 of 155.5 ms, 86.5 points, alpha 0.3 and 0.4."""
    orin, a100 = audit.inverse
    first = orin.intervals[0]
    for alpha, off, bound in ((0.3, -0.1, first.least_points), (0.4, 0.1, first.most_points)):
        gain = (112.2 - 104.2 + off) * 40 / 30 / 155.5
        assert bound == pytest.approx(86.5 * gain * alpha / (1 - alpha))
    assert [round(f.halfway_points, 1) for f in orin.intervals] == [3.2, 3.0]
    assert [(f.tokens, f.next_tokens) for f in a100.intervals] == [(184, 118)]
    assert a100.slowest_ms == pytest.approx(30.19, abs=0.01)
    assert all(f.possible for check in audit.inverse for f in check.intervals)
    row = next(f for f in audit.findings if f.claim.id == "table4.agx_orin.alpha_04_05.removed")
    assert (row.verdict, row.reason.count("points")) == ("inferred", 2)


def test_table_2s_rows_cost_the_same_but_for_a_mean(audit):
    costs = {cost.claim.parameter: cost for cost in audit.scoring}
    assert len(costs) == 6
    plain = token_costs.single(197, 1, 120, 384, 6)
    mean = token_costs.single_by_mean(197, 1, 120, 384, 6)
    for row, cost in costs.items():
        expected = mean["score"] + mean["mul"] if row == "heads=mean" else plain["score"]
        assert cost.elements == expected
    own = {name: (cost.gpu_ms, cost.board_ms) for name, cost in costs.items()}
    assert own["heads=mean"] > own["heads=max"] == own["heads=sum"] == own["feature=Q"] == own["feature=V"]
    assert {f.verdict for f in audit.findings if f.claim.where.startswith("table2")} == {"not modelled"}
