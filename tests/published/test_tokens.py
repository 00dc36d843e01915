"""The audit of the token-pruning paper: every number, the thirteen contradictions, and the wave model beside."""

import dataclasses

import pytest

import pivotsim as ps
from pivotsim.published.tokens.claims import Table, load_token_claims
from pivotsim.published.tokens.contradictions import RULES
from pivotsim.published.tokens.judge import VERDICTS
from tests import table_alignment


@pytest.fixture(scope="module")
def audit():
    return ps.reproduce("tokens")


@pytest.fixture(scope="module")
def findings(audit):
    return {f.claim.id: f for f in audit.findings}


def hits_of(changes):
    """Hits with some claims' texts changed, as {id: hit}."""
    claims = [dataclasses.replace(c, text=changes.get(c.id, c.text)) for c in load_token_claims()]
    table = Table(claims)
    return {hit.id: hit for rule in RULES.values() for hit in rule(table)}


def test_every_table_is_there_in_full(audit):
    counts = {}
    for finding in audit.findings:
        counts[finding.claim.where] = counts.get(finding.claim.where, 0) + 1
    cells = {"table2a": 3, "table2b": 3, "table3": 12, "table4": 25, "table5": 16}
    cells |= {"table6": 46, "table7": 13, "table8": 60, "table9": 13}
    assert {where: counts[where] for where in cells} == cells


def test_all_verdicts_are_the_expected_ones(audit):
    assert audit.unexpected == []
    assert sum(audit.counts().values()) == len(audit.findings)
    assert set(audit.counts()) == set(VERDICTS)


def test_every_contradiction_is_found_or_noted(audit):
    assert list(dict.fromkeys(row["number"] for row in audit.contradictions)) == [str(i) for i in range(1, 14)]
    notes = [row["number"] for row in audit.contradictions if row["rule"] == "note"]
    assert notes == ["3", "12"]
    found = {(name, hit.id) for name, hit in audit.hits}
    for row in audit.contradictions:
        assert row["rule"] == "note" or all((row["rule"], claim) in found for claim in row["claims"].split())


def test_what_rounding_explains_is_no_hit(audit):
    assert not any(hit.id == "table6.tx2.b2.deit_b.tome.change" for _, hit in audit.hits)


@pytest.mark.parametrize(
    ("claim", "implied"),
    [
        ("table7.tx2.b1.deit_s.top_k.change", "22.82"),
        ("table7.tx2.b1.deit_s.tome.change", "43.54"),
        ("table3.a100.cuda_cores", "6912"),
        ("table9.a100.b16.dinov2_g.ours.degradation", "at most 4.82"),
        ("table9.a100.b16.dinov2_g.top_k.degradation", "13.31"),
        ("table5.b2.layer_30.latency", "< 155.5"),
        ("section4_4.tome_below_most", "4.92"),
        ("abstract.similar_latency", "7.16"),
    ],
)
def test_what_the_papers_own_cells_imply(audit, findings, claim, implied):
    hit = next(hit for _, hit in audit.hits if hit.id == claim)
    assert hit.implied == implied
    assert hit.marked
    assert findings[claim].verdict == "source contradicts itself"


def test_a_hit_says_what_a_number_turns_out_to_be(audit):
    rules = {hit.id: hit.rule for _, hit in audit.hits}
    own = "latency against 35.32 ms; it is the change over the method's own latency"
    for method, latency, change in (("top_k", 43.38, 18.6), ("tome", 50.70, 30.3)):
        assert 100 * (1 - 35.32 / latency) == pytest.approx(change, abs=0.06)
        assert rules[f"table7.tx2.b1.deit_s.{method}.change"] == own
    points = -23.1 - -28.3  # the largest of Table 6: DeiT-S, ToMe beside the paper's own method
    assert points == pytest.approx(5.2)
    similar = "abstract.similar_latency"
    assert rules[similar] == "from the tables' cells; 5.2 is in percentage points"
    assert hits_of({similar: "6.2"})[similar].rule == "from the tables' cells"
    plain = hits_of({"table6.tx2.b2.deit_s.ours.change": "-38.5"})["table6.tx2.b2.deit_s.ours.change"].rule
    assert plain.startswith("latency against ") and plain.endswith(" ms")


def test_a_loss_of_nothing_is_a_whole_step_below_any_other():
    claim = "table4.agx_orin.alpha_06_09.degradation"
    assert hits_of({claim: "0.0"})[claim].size_frac == -1.0


@pytest.mark.parametrize(
    ("alpha", "is_hit"), [("0.1-0.4", False), ("0.1-0.5", True), ("0.5-0.5", True), ("0.6-0.9", False)]
)
def test_one_alpha_is_in_use_where_its_range_holds_one_half_ends_included(alpha, is_hit):
    """73 tokens on the A100; its other tables remove 185."""
    found = hits_of({"table4.a100.alpha_01_04.alpha": alpha}).get("table4.a100.alpha_01_04.removed")
    assert (found is not None) == is_hit


@pytest.mark.parametrize(
    ("claim", "right"),
    [
        ("table7.tx2.b1.deit_s.top_k.change", "22.8"),
        ("table3.a100.cuda_cores", "6912"),
        ("table9.a100.b16.dinov2_g.ours.degradation", "4.7"),
        ("table9.a100.b16.dinov2_g.top_k.degradation", "13.3"),
        ("table5.b2.layer_30.latency", "150.8"),
        ("section4_4.tome_below_most", "4.92"),
        ("section4_3.deit_layer", "4"),
        ("table4.a100.alpha_01_04.change", "-29.0"),
    ],
)
def test_a_cell_put_right_is_no_hit(claim, right):
    assert claim in hits_of({})
    changed = {claim: right}
    if claim.startswith("table4"):
        changed = {claim: right, "table4.a100.alpha_05_09.change": "-30.2"}
    assert claim not in hits_of(changed)


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("table6.tx2.b2.deit_s.ours.change", "-28.5"),
        ("table3.tx2.cuda_cores", "265"),
        ("table4.agx_orin.alpha_01_03.degradation", "2.5"),
        ("section4_2.removed_share", "78"),
        ("section8_2.ours_drop", "13.1"),
    ],
)
def test_a_cell_put_wrong_is_a_hit(claim, wrong):
    found = set(hits_of({claim: wrong})) - set(hits_of({}))
    assert found


def test_a_changed_verdict_is_told(audit):
    claim = audit.findings[0].claim.id
    other = dataclasses.replace(audit, expected={**audit.expected, claim: "input"})
    assert other.unexpected == [f"{claim}: expected 'input', found 'not modelled'"]
    wrong = [{"number": "1", "rule": "changes", "claims": "abstract.others_increase_least", "what": ""}]
    assert dataclasses.replace(audit, contradictions=wrong).unexpected == [
        "contradiction 1: rule 'changes' does not find abstract.others_increase_least"
    ]
    blind = dataclasses.replace(audit, hits=[])
    assert any(line.startswith("contradiction 1: rule 'changes'") for line in blind.unexpected)


def test_percentages_are_recomputed_from_latencies(findings):
    finding = findings["table6.agx_orin.b2.dinov2_g.ours.change"]
    assert finding.simulated == pytest.approx(100 * (104.1 / 155.5 - 1))
    assert finding.verdict == "recomputed"


def test_predictions_stand_beside_latencies_and_say_that_they_are_not_validated(findings):
    latencies = [f for f in findings.values() if f.claim.quantity == "latency"]
    predicted = [f for f in latencies if f.simulated is not None]
    assert len(predicted) == len(latencies)
    for f in predicted:
        assert f.verdict in ("calibrated", "source contradicts itself") or "not validated" in f.reason
    for f in latencies:
        if f.claim.method == "baseline" and f.verdict == "calibrated":
            assert abs(f.deviation_frac) < 0.001
    assert findings["table7.tx2.b1.deit_s.ours.latency"].deviation_frac < -0.2  # the model's own weakness is shown
    assert findings["table4.a100.alpha_01_04.latency"].verdict == "inferred"  # its batch


def test_the_precision_behind_the_latencies(audit):
    rows = {(p.claim.device, p.claim.batch, p.claim.model): p for p in audit.precision}
    assert len(rows) == len(audit.precision) == 6
    a100 = rows["A100", 4, "DinoV2-G"]
    assert (round(a100.needed_tflops), round(a100.fp32_tflops, 1), a100.possible) == (59, 19.5, False)
    assert rows["TX2", 2, "DeiT-B"].possible


def test_numbers_stand_to_the_right(audit):
    table_alignment.check(audit.tables())
