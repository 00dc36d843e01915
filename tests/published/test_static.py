"""The audit of pruned and sparse ViTs: verdicts, exact figures, and the search behind Parikh et al.'s ratios."""

import dataclasses
import json

import pytest

import pivotsim as ps
from pivotsim.published.base.claims import load_claims
from pivotsim.published.static import compression
from pivotsim.published.static.audit import Judge, audit_static
from tests import table_alignment


@pytest.fixture(scope="module")
def audit():
    return audit_static()


@pytest.fixture(scope="module")
def findings(audit):
    return {f.claim.id: f for f in audit.findings}


def test_every_claim_has_the_expected_verdict(audit):
    assert audit.unexpected == []
    assert len(audit.findings) == len(load_claims("static/claims.csv")) == 46
    assert audit.counts() == {
        "reproduced": 17, "input": 0, "calibrated": 3, "inferred": 4, "not met": 0,
        "source contradicts itself": 0, "not modelled": 22,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "gmacs"),
    [
        ("evit.dense.gmacs", 4.599), ("evit.0.9.gmacs", 4.022), ("evit.0.8.gmacs", 3.477), ("evit.0.7.gmacs", 3.029),
        ("evit.0.6.gmacs", 2.635), ("evit.0.5.gmacs", 2.309), ("dynamicvit.deit_s.gmacs", 2.981),
    ],
)  # fmt: skip
def test_gmacs(findings, claim, gmacs):
    assert findings[claim].simulated == pytest.approx(gmacs, abs=0.0006)


def test_one_setting_of_the_grid_meets_both_ratios(audit):
    (only,) = audit.fitting
    assert (only.pruned, only.block_density, only.token_keep_rate, only.encoders) == (
        "MSA and MLP",
        0.6,
        0.5,
        (3, 7, 10),
    )
    assert round(only.compute_reduction, 3) == 3.423 and round(only.compression, 3) == 1.626
    assert len(audit.hypotheses) == 2 * 3 * 6 * 6


def test_the_search_counts_as_the_transforms_do():
    """The formula of the search against a plan with real masks and token steps."""
    chosen = [s for s in compression.settings() if s.block_density < 1][::23]
    assert {s.pruned for s in chosen} == set(compression.PRUNED)
    for setting in chosen:
        plan = ps.prune_tokens(ps.plan("deit_s"), "tdm", keep_rate=setting.token_keep_rate, encoders=setting.encoders)
        labels = compression.PRUNED[setting.pruned]
        plan = ps.prune_blocks(plan, block=16, density=dict.fromkeys(labels, setting.block_density))
        found = ps.workload.footprint(plan)
        assert found.mac_ratio == pytest.approx(setting.compute_reduction, rel=1e-3)
        assert found.parameter_ratio == pytest.approx(setting.compression, rel=1e-3)


def test_pruning_the_attention_alone_cannot_reach_the_compression():
    assert round(compression.most_compressed("deit_s", "MSA only"), 3) == 1.473


def test_a_wrong_figure_is_found():
    """Verdicts follow from what is simulated: each reproduced number, moved, is not reproduced."""
    judge = Judge(compression.settings(), (3.4, 1.6))
    for claim in load_claims("static/claims.csv"):
        if (claim.number and judge.finding(claim).verdict in ("reproduced", "calibrated")) or claim.id.startswith(
            "dynamicvit"
        ):
            moved = dataclasses.replace(claim, text=f"{claim.number * 1.1:.4f}")
            assert judge.finding(moved).verdict == "not modelled", claim.id


def test_no_setting_fits_other_ratios():
    claim = next(c for c in load_claims("static/claims.csv") if c.id == "parikh.compression")
    finding = Judge(compression.settings(), (3.4, 1.0)).finding(claim)
    assert (finding.verdict, finding.simulated) == ("not modelled", None)


def test_json(audit):
    data = json.loads(json.dumps(audit.to_dict()))
    assert data["paper"] == "static" and len(data["claims"]) == 46 and data["unexpected"] == []
    assert [s["fits"] for s in data["settings"]] == [True] + [False] * 9
    assert all(s["inferred"] for s in data["settings"])


def test_predictors_are_told_where_a_method_has_them(findings):
    """DynamicViT on DeiT-S: before encoders 4, 7 and 10, 196, 137 and 96 patches, 384 to 384, 192, 96 and 2."""
    macs = (196 + 137 + 96) * (384 * 384 + 384 * 192 + 192 * 96 + 96 * 2)
    assert f" with {macs / 1e9:.2f} for the predictors (" in findings["dynamicvit.deit_s.gmacs"].reason
    assert findings["evit.0.7.gmacs"].reason == "token counts by the method's rule; equal after rounding"


def test_numbers_stand_to_the_right(audit):
    table_alignment.check(audit.tables())
