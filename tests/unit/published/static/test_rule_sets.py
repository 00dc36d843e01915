"""How far the MPCA's two rule sets are apart: reasons that add up, counted by hand, and as docs/mpca.md prints them."""

import re
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.published.static.kept_heads import distilled
from pivotsim.published.static.rule_sets import BALANCE, TILES, UNITS, rule_gap

DOCUMENT = Path(__file__).parents[4] / "docs/mpca.md"


@pytest.fixture(scope="module")
def gaps():
    whole = ps.plan(distilled())
    return [rule_gap("dense", whole), rule_gap("parikh_code", ps.prune_as(whole, "parikh_code"))]


def test_reasons_add_up(gaps):
    for gap in gaps:
        assert sum(gap.reasons.values()) == gap.schedule_cycles - gap.estimator_cycles
        assert sum(own for own, _ in gap.by_module.values()) == gap.schedule_cycles
        assert sum(theirs for _, theirs in gap.by_module.values()) == gap.estimator_cycles


def test_each_reason_by_itself(gaps):
    """Fill is 28 clocks a GEMM, heads in two rounds; a header is a clock per column and group of row tiles."""
    dense, pruned = gaps
    assert dense.reasons["fill"] == pruned.reasons["fill"] == 12 * (4 + 2 * 2) * 28
    assert dense.reasons["headers"] == dense.reasons[BALANCE] == 0 < pruned.reasons["headers"]
    units = 2 * 198 * 384 * 2 // 192 + 198 * 1536 // 192 + 6 * -(-198 * 198 // 192)
    assert dense.reasons[UNITS] == 12 * units - 19_968
    tiles = {m: dense.by_module[m][0] - dense.by_module[m][1] for m in ("fc1", "fc2")}
    assert tiles == {"fc1": 12 * (3 * 12 * 24 * 32 + 28 - 13 * 1536), "fc2": 12 * (3 * 3 * 96 * 32 + 28 - 4 * 6144)}
    assert dense.reasons[TILES] > 0.7 * sum(dense.reasons.values())


def test_ratios(gaps):
    found = [round(gap.schedule_cycles / gap.estimator_cycles, 2) for gap in gaps]
    assert found == [1.24, 1.71]


def test_a_board_without_an_mpca():
    with pytest.raises(ps.InputError, match="rule_gap: needs hardware of kind 'mpca'"):
        rule_gap("dense", ps.plan("deit_t"), "zcu102")


def rows_of(document):
    """The rows of a document's tables: first cell -> numbers."""
    rows = re.findall(r"^\| ([^|]+?) \|(.*[0-9].*)\|$", document, re.M)
    return {name: [float(cell.replace(",", "")) for cell in cells.split("|")] for name, cells in rows}


def test_the_document_prints_what_is_simulated(gaps):
    rows = rows_of(DOCUMENT.read_text())
    names = {"QK^T": "qkt", "SV": "sv", "softmax": "softmax", "qkv": "qkv", "proj": "proj", "fc1": "fc1", "fc2": "fc2"}
    for shown, module in names.items():
        assert rows[shown] == [cycles for gap in gaps for cycles in gap.by_module[module]], shown
    rest = [
        sum(pair[side] for module, pair in gap.by_module.items() if module not in names.values())
        for gap in gaps for side in (0, 1)
    ]  # fmt: skip
    assert rows["norms, GELU, residuals, token dropping"] == rest
    assert rows["together"] == [cycles for gap in gaps for cycles in (gap.schedule_cycles, gap.estimator_cycles)]
    for reason in gaps[0].reasons:
        assert rows[reason] == [gap.reasons[reason] for gap in gaps], reason
