"""Effort pairs: F_H solved for beside a scan of it, what holds, what is counted, and what only ranks."""

import dataclasses
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.published.base.claims import Interval, load_claims, printed
from pivotsim.published.base.fractions import solve
from pivotsim.published.base.quantities import EDPS, QUANTITIES, Pairs, costs_of
from pivotsim.published.pivot.effort_pairs import EDP_DEFINITIONS, RowPairs, effort_reports, search_rows
from pivotsim.published.pivot.hypotheses import ALL_CELLS, BY_DELAY, BY_ENERGY
from tests.campaigns import cases
from tests.oracles.effort.pair_scan import scan

STEPS = cases(5_000, 20_000)


@pytest.fixture(scope="module")
def efforts():
    hw = ps.load_hardware("zcu102")
    found = {("deit_s", 0.0): effort_reports(ps.plan("deit_s"), hw)}
    for ratio in (3.0, 4.0):
        model = ps.load_model("lvvit_s").replace({"mlp_hidden": int(384 * ratio)})
        found["lvvit_s", ratio] = effort_reports(ps.plan(model), hw)
    return found


@pytest.fixture(scope="module")
def searches(efforts):
    claims = load_claims()
    rows = {row: [RowPairs(row, claims, efforts["deit_s", 0.0])] for row in ("PVDS-50", "PVDS-35")}
    rows |= {
        row: [RowPairs(row, claims, efforts["lvvit_s", ratio], ratio) for ratio in (3.0, 4.0)]
        for row in ("PVLS-50", "PVLS-35")
    }
    return {search.row: search for search in search_rows(rows, lambda row: row.startswith("PVLS"))}


@pytest.mark.campaign
@pytest.mark.parametrize("definition", EDP_DEFINITIONS)
@pytest.mark.parametrize("row", ["PVDS-50", "PVDS-35"])
def test_solved_pairs_are_those_that_a_scan_finds(efforts, row, definition):
    """The scan's F_H lie within the solved interval and fill it to one step; no pair is missed, none is made up."""
    claims = load_claims()
    pairs = RowPairs(row, claims, efforts["deit_s", 0.0])
    texts = {c.quantity: c.text for c in claims if c.model == row}
    delays = [report.delay_ms for report in efforts["deit_s", 0.0]]
    for cut in (True, False):
        cells = {name: printed(texts[name], cut=cut) for name in ("delay", "energy", "edp")}
        slow = scan(delays, 7.92, {name: (i.low, i.high) for name, i in cells.items()}, definition, STEPS)
        fast = pairs.solved(ALL_CELLS, definition, cut=cut)
        assert len(pairs) == 66
        for at, pair in enumerate(zip(pairs.low.tolist(), pairs.high.tolist(), strict=True)):
            low, high = fast.low[at], fast.high[at]
            if pair in slow:
                assert fast.holds[at] and low - 1e-12 <= slow[pair][0] <= low + 1 / STEPS
                assert high - 1 / STEPS <= slow[pair][-1] <= high + 1e-12
            else:
                assert not fast.holds[at] or high - low < 1 / STEPS


@pytest.mark.parametrize("seed", range(30))
def test_random_curves_are_met_exactly_where_they_are_solved(seed):
    """Rising and falling curves, cells at their ends and beyond: inside meets, a hair outside does not."""
    draw = random.Random(seed)
    start, slope = draw.uniform(1, 9), draw.choice([-1, 1]) * draw.uniform(0.5, 5)
    middle = start + slope * draw.uniform(-0.2, 1.2)
    cell = Interval(middle, middle - 0.1, middle + 0.1)

    def curve(high_frac):
        return start + slope * high_frac

    found = solve([(curve, cell)], 1)
    exact = sorted((end - start) / slope for end in (cell.low, cell.high))
    if found.holds[0]:
        assert found.low[0] == pytest.approx(max(exact[0], 0), abs=1e-12)
        assert found.high[0] == pytest.approx(min(exact[1], 1), abs=1e-12)
    else:
        assert exact[1] < 0 or exact[0] > 1
    assert 0 <= found.nearest[0] <= 1


def test_quantities_of_pairs_are_those_of_combine(efforts):
    """The array form beside ``combine``, gate included."""
    reports = efforts["deit_s", 0.0]
    pairs = Pairs(costs_of([reports[4]], gates=[True]), costs_of([reports[11]]))
    mix = ps.combine([reports[4], reports[11]], [0.65, 0.35])
    names = {
        "delay": mix.delay_ms, "energy": mix.energy_j, "edp": mix.edp_j_ms, "power": mix.power_w,
        "edp_mean_of_images": mix.edp_mean_of_images_j_ms, "edp_sum_of_efforts": mix.edp_sum_of_efforts_j_ms,
        "fps_per_watt": mix.fps_per_watt, "fps": 1e3 / mix.delay_ms,
        **{f"{g}_share": 100 * e["share"] for g, e in mix.breakdown("group").items() if g not in ("entropy", "other")},
        **{f"{m}_share": 100 * e["share"] for m, e in mix.breakdown("module").items()},
    }  # fmt: skip
    assert set(EDPS.values()) <= set(names) and "entropy_share" in names
    for name, value in names.items():
        assert QUANTITIES[name].value(pairs, np.array([0.35]))[0] == pytest.approx(value, rel=1e-12), name


def test_pvds_50_is_one_of_66_pairs(searches):
    search = searches["PVDS-50"]
    assert search.counted == "1 of 66 pairs holds delay, energy and EDP"
    assert str(search.best) == "(6, 12) at F_H 0.1999..0.2001" and search.best.digits == "rounded"
    assert search.best.low_frac == 0.8 and search.best.share_base == "baseline" and search.best.fits
    for other in ("mean image", "mean over images"):
        assert search.counts[other, ALL_CELLS.name] == (0, 0)


def test_pvds_35_is_one_of_four_and_only_it_has_the_papers_efforts(searches):
    """Three others hold the cells with rounded digits; (3, 12) needs 10.57 printed as 10.5, that is cut."""
    search = searches["PVDS-35"]
    assert search.counts["sum over efforts", ALL_CELLS.name] == (4, 3)
    pairs = {(h.low, h.high): (h.digits, h.in_paper) for h in search.holding}
    assert pairs == {
        (3, 12): ("cut", True), (2, 11): ("rounded", False), (1, 10): ("rounded", False), (5, 12): ("rounded", False),
    }  # fmt: skip
    assert (search.best.low, search.best.high, search.best.low_frac) == (3, 12, 0.8)
    second = search.holding[1]
    assert (second.low, second.high) == (2, 11) and second.high_fracs == pytest.approx((0.2818, 0.2833), abs=5e-5)


def test_pvls_50_by_energy_and_edp(searches):
    search = searches["PVLS-50"]
    assert search.counts["sum over efforts", BY_ENERGY.name] == (7, 4)
    assert search.counts["sum over efforts", BY_DELAY.name] == (8, 1)
    best = search.best
    assert (best.low, best.high, best.mlp_ratio, best.reading) == (5, 16, 4.0, BY_ENERGY) and best.fits
    assert best.high_fracs == pytest.approx((0.1834, 0.1836), abs=5e-5)
    assert best.cells["delay"] == pytest.approx(51.75, abs=0.005)
    rounded = {(h.low, h.high, h.mlp_ratio) for h in search.holding if h.reading == BY_ENERGY and h.digits == "rounded"}
    assert rounded == {(5, 16, 4.0), (6, 16, 4.0), (8, 10, 4.0), (9, 12, 3.0)}
    assert "of 240 (pair, MLP ratio 3 or 4)" in search.counted


def test_pvls_35_stays_open(searches):
    search = searches["PVLS-35"]
    assert not search.best.fits and not search.best.holds
    assert [(h.low, h.high, h.mlp_ratio, h.in_paper) for h in search.holding] == [(4, 14, 4.0, False)]
    assert search.counts["sum over efforts", BY_ENERGY.name] == (0, 0)


def test_holding_candidates_meet_every_cell_and_others_do_not(searches):
    """What is called held agrees with the common rule of inference: a miss of 1 at most."""
    for search in searches.values():
        for one in search.hypotheses:
            if one.holds:
                assert one.miss <= 1 + 1e-9
                assert one.high_fracs[0] - 1e-12 <= 1 - one.low_frac <= one.high_fracs[1] + 1e-12


def test_what_the_paper_states_only_ranks(efforts):
    """With all efforts listed the same pairs hold; what changes is their order and what is called the paper's own."""
    claims = [dataclasses.replace(c, text="1-12") if c.id == "sec4.1.efforts_deit_s" else c for c in load_claims()]
    claims = [dataclasses.replace(c, text="0-100") if c.id == "sec4.4.lec" else c for c in claims]
    search = search_rows({"PVDS-35": [RowPairs("PVDS-35", claims, efforts["deit_s", 0.0])]}, lambda row: False)[0]
    assert {(h.low, h.high) for h in search.holding} == {(3, 12), (2, 11), (1, 10), (5, 12)}
    assert all(h.in_paper for h in search.holding)
    assert [round(h.lec_distance, 3) for h in search.holding] == [0.0, 0.017, 0.078, 0.129]


def test_delay_alone_selects_nothing(efforts):
    """With F_L free, many pairs meet 48.47 ms exactly: D_L + (1 - F_L) * D_H."""
    delays = [report.delay_ms for report in efforts["deit_s", 0.0]]
    assert len(scan(delays, 7.92, {"delay": (48.465, 48.475)}, "mean image", STEPS)) > 50
