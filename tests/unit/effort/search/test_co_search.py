"""cosearch(): Phase 2 against the paper's words, the whole space against a walk of every image."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort import best_paths, cosearch
from pivotsim.effort.search.cascade_costs import COSTS
from pivotsim.effort.search.fronts import excess, rising
from pivotsim.effort.search.pairs import pairs_from_the_largest
from pivotsim.effort.search.threshold_grid import candidates, count_exits
from tests.oracles.effort import cascade_walk, entropy_gate
from tests.oracles.system.image_stream import stream
from tests.unit.effort import synthetic

CLASSES = 5
PLAN = ps.plan(ps.load_model("deit_s").replace({"classes": CLASSES}))
CKA = synthetic.cka()
GATE_MS = CLASSES * 30e-6  # 30 ns per class
QUANTITIES = (*COSTS, "accuracy_frac", "lec")


def search(efforts=(3, 6, 9, 12), hw="zcu102", gate="entropy", images=64, seed=0, round_to=None, **options):
    logits = synthetic.outputs(efforts, images, CLASSES, seed, round_to=round_to)
    return cosearch(PLAN, logits, CKA, hw, gate=gate, **options)


def walk(found, most, board=0):
    """The oracle's choices for the images and reports of a search."""
    reports, seen = found.reports[board], found.outputs
    gate = (GATE_MS, 7.92 * GATE_MS / 1e3) if found.gate == "entropy" else (0.0, 0.0)
    return list(
        cascade_walk.choices(
            {e: v.tolist() for e, v in seen.entropies.items()}, {e: v.tolist() for e, v in seen.right.items()},
            {e: r.delay_ms for e, r in reports.items()}, {e: r.energy_j for e, r in reports.items()}, most, *gate,
        )
    )  # fmt: skip


# -- one choice


@pytest.mark.parametrize("gate", ["entropy", "none"])
@pytest.mark.parametrize("efforts", [(6,), (6, 12), (3, 6, 12), (3, 6, 9, 12)])
def test_a_choice_equals_its_images_run_one_by_one(efforts, gate):
    found = search(gate=gate)
    choice = found.at_lec(efforts, [0.55] * (len(efforts) - 1))
    seen = [found.outputs.entropies[e].tolist() for e in efforts]
    at = entropy_gate.exits(seen, list(choice.thresholds))
    assert choice.exits.at.tolist() == at
    reports = [ps.simulate(ps.skip_attention(PLAN, active=found.paths[e].active)) for e in efforts]
    gate_ms, gate_j = (GATE_MS, 7.92 * GATE_MS / 1e3) if gate == "entropy" else (0.0, 0.0)
    oracle = stream(at, [r.delay_ms for r in reports], [r.energy_j for r in reports], gate_ms, gate_j)
    for name, value in oracle.items():
        assert getattr(choice.mix, name) == pytest.approx(value, rel=1e-12), name
    assert choice.mix.to_dict() == ps.combine(reports, choice.exits.fractions, gate=gate).to_dict()
    assert choice.to_dict()["exit_fractions"] == [at.count(i) / len(at) for i in range(len(efforts))]


def test_a_pair_at_its_lec():
    found = search(images=10)
    choice = found.at_lec((3, 12), [0.7])
    assert choice.exits.counts == (7, 3)
    assert choice.lec == 0.7
    assert choice.thresholds[0] == math.nextafter(sorted(found.outputs.entropies[3])[6], 1)


# -- Phase 2


def test_order_of_the_pairs():
    pairs = pairs_from_the_largest(range(13))
    assert len(pairs) == 78 and pairs[:4] == [(11, 12), (10, 12), (9, 12), (10, 11)]
    for before, after in itertools.pairwise(pairs):
        assert (sum(before), before[1]) > (sum(after), after[1])
    assert pairs_from_the_largest([6, 9, 12, 3])[:3] == [
        (9, 12),
        (6, 12),
        (3, 12),
    ]  # (6, 9) has as many, a smaller high


@pytest.mark.parametrize("target", [30, 36.9, 40, 50, 60, 75])
@pytest.mark.parametrize("lec", [0.6, 0.7, 0.8])
def test_the_first_pair_that_fits_is_taken(target, lec):
    found = search(range(13), gate="none")
    delays = {pair: found.at_lec(pair, [lec]).delay_ms for pair in pairs_from_the_largest(found.efforts)}
    expected = next((pair for pair, delay in delays.items() if abs(delay - target) <= 0.05 * target), None)
    answer = found.pair(target, lec)
    assert answer.met == (expected is not None)
    assert answer.choice.efforts == (expected or min(delays, key=lambda p: abs(delays[p] - target)))
    assert answer.choice.exits.fractions[0] >= lec


def test_the_pair_inferred_behind_pvds_50():
    """At F_L = 0.80 and 50 ms the rule takes (6, 12) of efforts in steps of 3; of all efforts (7, 12) is first."""
    steps = search((3, 6, 9, 12), gate="none", images=10).pair(50, 0.8).choice
    assert (steps.efforts, round(steps.delay_ms, 2)) == ((6, 12), 48.47)
    assert steps.mix.edp_sum_of_efforts_j_ms == pytest.approx(16.21, abs=0.005)
    every = search(range(3, 13), gate="none", images=10).pair(50, 0.8).choice
    assert (every.efforts, round(every.delay_ms, 2)) == ((7, 12), 52.32)


def test_both_edges_of_the_tolerance():
    found = search((6, 12), gate="none", images=10)
    delay = found.at_lec((6, 12), [0.8]).delay_ms
    assert delay == pytest.approx(48.47, abs=0.005)
    for target in (delay / 1.0499, delay / 0.9501):
        assert found.pair(target, 0.8).met
    for target in (delay / 1.0501, delay / 0.9499):
        assert not found.pair(target, 0.8).met
    assert found.pair(delay, 0.8, tolerance_frac=0).met
    assert not found.pair(math.nextafter(delay, 0), 0.8, tolerance_frac=0).met


def test_targets_out_of_reach_are_answered():
    found = search((3, 6, 12), gate="none", images=10)
    fast = found.pair(10, 0.7)
    assert not fast.met and fast.choice.efforts == (3, 6)
    assert (
        fast.reason == f"no pair lies within 5 % of 10 ms at LEC 0.7: the fastest takes {fast.choice.delay_ms:.6g} ms"
    )
    slow = found.pair(500, 0.7)
    assert slow.choice.efforts == (6, 12) and "the slowest takes 54.4" in slow.reason
    between = found.pair(39, 0.7)
    assert between.choice.efforts == (3, 6) and "the nearest take 35.9" in between.reason and "42.8" in between.reason


def test_phase_2_needs_no_labels():
    logits = synthetic.outputs((6, 12))
    del logits["labels"]
    found = cosearch(PLAN, logits, CKA)
    answer = found.pair(48, 0.8)
    assert answer.met and answer.choice.accuracy_frac is None and answer.choice.to_dict()["correct"] is None
    assert found.best("delay_ms").choice.efforts == (6,)
    for call in (found.front, lambda: found.best("accuracy_frac"), lambda: found.best(limits={"accuracy_frac": 0.5})):
        with pytest.raises(ps.InputError, match="logits: accuracy needs labels"):
            call()


# -- the whole space


@pytest.mark.parametrize("gates", [0, 1, 2, 3])
@pytest.mark.parametrize("images", [1, 2, 9])
def test_counts_of_the_grid_equal_a_walk(gates, images):
    draw = np.random.default_rng(10 * gates + images)
    entropies = list(draw.integers(0, 6, (gates, images)) / 5)
    right = list(draw.random((gates + 1, images)) < 0.6)
    cuts = [candidates(e, 99) for e in entropies]
    grid = count_exits(images, entropies, cuts, right)
    shape = tuple(len(c) for c in cuts)
    for place in np.ndindex(shape):
        at = entropy_gate.exits(
            [*(e.tolist() for e in entropies), [0] * images], [c[i] for c, i in zip(cuts, place, strict=True)]
        )
        for effort in range(gates + 1):
            assert np.broadcast_to(grid.counts[effort], shape)[place] == at.count(effort)
            hits = sum(a == effort and right[effort][i] for i, a in enumerate(at))
            assert np.broadcast_to(grid.correct[effort], shape)[place] == hits


def test_candidates():
    ties = np.array([0.5, 0.1, 0.5, 0.9])
    above = [0.0, *(math.nextafter(v, 1) for v in (0.1, 0.5, 0.9))]
    assert candidates(ties).tolist() == candidates(ties, 4).tolist() == above
    assert candidates(ties, 3).tolist() == [above[0], above[2], above[3]]
    assert candidates(ties, 2).tolist() == [above[0], above[3]]
    assert len(candidates(np.random.default_rng(0).random(1000), 100)) == 100


@pytest.mark.parametrize("gate", ["entropy", "none"])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_columns_equal_the_walk(most, gate):
    found = search((2, 7, 12), images=12, gate=gate, round_to=1.0, energy="activity" if gate == "none" else "constant")
    expected = walk(found, most)
    place = 0
    for block in found._blocks(most, None):
        for index in range(len(block.columns["delay_ms"])):
            efforts, thresholds, quantities = expected[place]
            spot = block.spot(index)
            assert (spot.efforts, spot.thresholds) == (efforts, thresholds)
            assert spot.values.keys() == set(QUANTITIES)
            for name in QUANTITIES:
                assert spot.values[name] == pytest.approx(quantities[name], rel=1e-12), name
            place += 1
    assert place == len(expected)


@pytest.mark.parametrize("cost", list(COSTS))
@pytest.mark.parametrize("limits", [{}, {"lec": 0.5}, {"delay_ms": 60, "accuracy_frac": 0.6}])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_the_front_is_what_no_choice_beats(most, limits, cost):
    found = search((1, 4, 12), images=14, seed=3)
    allowed = [
        c for _, _, c in walk(found, most)
        if c["delay_ms"] <= limits.get("delay_ms", 1e9) and c["lec"] >= limits.get("lec", 0)
        and c["accuracy_frac"] >= limits.get("accuracy_frac", 0)
    ]  # fmt: skip
    best = {}
    for c in allowed:
        key = round(c[cost], 9)
        best[key] = max(best.get(key, 0.0), c["accuracy_frac"])
    expected = [
        (key, accuracy) for key, accuracy in sorted(best.items())
        if not any(other < key and best[other] >= accuracy for other in best)
    ]  # fmt: skip
    front = found.front(cost, limits, max_efforts=most)
    assert [(round(c.to_dict()[cost], 9), c.accuracy_frac) for c in front] == expected


@pytest.mark.parametrize("objective", [*COSTS, "accuracy_frac"])
@pytest.mark.parametrize("limits", [{}, {"delay_ms": 45.0}, {"accuracy_frac": 0.8, "lec": 0.3}, {"energy_j": 0.2}])
def test_the_best_is_the_least_or_most_of_all(objective, limits):
    found = search((1, 4, 12), images=14, seed=3)

    def misses(c):
        gains = ("accuracy_frac", "lec")
        return max([0.0, *((n - c[k] if k in gains else c[k] - n) / n for k, n in limits.items())])

    everything = [c for _, _, c in walk(found, 3)]
    least = min(map(misses, everything))
    sign = -1 if objective == "accuracy_frac" else 1
    value = sign * min(sign * c[objective] for c in everything if misses(c) == least)
    answer = found.best(objective, limits, max_efforts=3)
    assert answer.met == (least == 0)
    assert answer.choice.to_dict()[objective] == pytest.approx(value, rel=1e-12)


def test_the_front_of_points_with_ties():
    draw = np.random.default_rng(0)
    for _ in range(300):
        points = list(zip(*draw.integers(0, 5, (2, draw.integers(0, 12))).tolist(), strict=True))
        found = [points[i] for i in rising(*(np.array([p[axis] for p in points], float) for axis in (0, 1)))]
        best = {p for p in points if not any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in points)}
        assert found == sorted(best)


def test_the_limit_that_is_missed_most_counts():
    columns = {"delay_ms": np.array([40.0, 60.0, 55.0]), "accuracy_frac": np.array([0.4, 0.8, 0.7])}
    missed = excess(columns, {"delay_ms": 50, "accuracy_frac": 0.8})
    assert missed == pytest.approx([0.5, 0.2, 0.125])
    assert excess(columns, {"delay_ms": 0, "accuracy_frac": 0}).tolist() == [np.inf] * 3
    assert excess(columns, {}).tolist() == [0, 0, 0]


def test_limits_that_cannot_be_met_are_answered():
    found = search((3, 12), images=10)
    answer = found.best("edp_j_ms", {"delay_ms": 20})
    assert not answer.met and answer.choice.efforts == (3,)
    assert answer.reason == "delay_ms <= 20 is missed (got 24.97712): the least that any choice reaches is 24.9771"
    exact = found.best("accuracy_frac").choice
    both = found.best("edp_j_ms", {"delay_ms": exact.delay_ms - 1e-6, "accuracy_frac": exact.accuracy_frac})
    assert not both.met and both.reason.count("only choices that miss another limit meet it") == both.reason.count(
        "missed"
    )
    assert found.front(limits={"delay_ms": 20}) == []


def test_hardwares_compete():
    slow, fast = ps.load_hardware("zcu102"), ps.load_hardware("zcu102").replace({"array.cols": 72})
    found = search((3, 12), hw=[slow, fast], images=10)
    assert [r.delay_ms for r in (found.reports[0][3], found.reports[1][3])] == sorted(
        (found.reports[0][3].delay_ms, found.reports[1][3].delay_ms), reverse=True
    )
    assert found.best("delay_ms").choice.delay_ms == found.reports[1][3].delay_ms
    both = {(c.delay_ms, c.accuracy_frac) for c in found.front()}
    assert both == {(c.delay_ms, c.accuracy_frac) for c in search((3, 12), hw=fast, images=10).front()}
    assert found.pair(40, 0.7, board=1).choice.delay_ms != found.pair(40, 0.7, board=0).choice.delay_ms


def test_one_gate_is_exact_whatever_the_number_of_images():
    """More images than DEFAULT_LEVELS: every point of the walk's front is found, and meets limits set to its values."""
    found = search((3, 12), images=400, seed=1)
    walked = [c for _, _, c in walk(found, 2)]
    edge, most = [], -1.0
    for c in sorted(walked, key=lambda c: (c["edp_j_ms"], -c["accuracy_frac"])):
        if c["accuracy_frac"] > most:
            edge.append(c)
            most = c["accuracy_frac"]
    front = found.front("edp_j_ms")
    assert [c.accuracy_frac for c in front] == [c["accuracy_frac"] for c in edge]
    assert [c.mix.edp_j_ms for c in front] == pytest.approx([c["edp_j_ms"] for c in edge], rel=1e-12)
    for point in edge:
        limits = {"accuracy_frac": point["accuracy_frac"], "edp_j_ms": point["edp_j_ms"] * (1 + 1e-12)}
        answer = found.best("edp_j_ms", limits)
        assert answer.met and answer.sampling is None and answer.to_dict()["sampling"] is None
        assert answer.reason == "least edp_j_ms of all choices within the limits"
        assert answer.choice.mix.edp_j_ms == pytest.approx(point["edp_j_ms"], rel=1e-12)


def test_a_front_holds_no_array_of_its_own_per_choice():
    """Tens of thousands of choices over as many images would not fit in memory."""
    found = search((3, 12), images=300)
    front = found.front()
    assert len(front) > 20
    for choice in front:
        assert [id(own) for own in choice.exits.seen] == [id(found.outputs.entropies[e]) for e in choice.efforts]
        assert np.bincount(choice.exits.at, minlength=len(choice.efforts)).tolist() == list(choice.exits.counts)


def test_two_gates_are_sampled_where_there_are_more_thresholds_than_levels_and_say_so():
    found = search((3, 6, 12), images=200)
    sampling = found.sampling(max_efforts=3, levels=20)
    assert sampling == (20, 201) and found.best(max_efforts=3, levels=20).sampling == sampling
    words = "cascades of 3 efforts were tried with at most 20 of up to 201 thresholds per gate"
    assert str(sampling) == words
    best = found.best(max_efforts=3, levels=20)
    assert best.reason == f"least edp_j_ms of the choices tried within the limits; {words}"
    assert best.to_dict()["sampling"] == {"levels": 20, "thresholds": 201}
    missed = found.best(limits={"accuracy_frac": 1.0}, max_efforts=3, levels=20)
    assert not missed.met and "the most that any choice tried reaches is" in missed.reason
    assert missed.reason.endswith(words)
    everything, some = found.front(max_efforts=3), found.front(max_efforts=3, levels=20)
    assert some != everything and {len(c.efforts) for c in some} == {1, 2, 3}
    for choice in some:
        assert any(c.delay_ms <= choice.delay_ms and c.accuracy_frac >= choice.accuracy_frac for c in everything)
    alone = {(c.delay_ms, c.accuracy_frac) for c in found.front()}
    for cost, accuracy in alone:  # one gate stays exact beside two that are sampled
        assert any(c.delay_ms <= cost and c.accuracy_frac >= accuracy for c in some)


def test_the_edge_of_sampling():
    found = search((3, 6, 12), images=30)
    assert found.sampling(max_efforts=3, levels=31) is None
    assert found.sampling(max_efforts=3, levels=30) == (30, 31)
    assert found.sampling(max_efforts=3) is None is found.sampling()
    assert search((3, 12), images=300).sampling(max_efforts=3) is None  # no cascade of three
    assert search((3, 6, 12), images=300).sampling(max_efforts=3) == (257, 301)
    whole = walk(found, 3)
    assert sum(len(b.columns["lec"]) for b in found._blocks(3, 31)) == len(whole)
    assert sum(len(b.columns["lec"]) for b in found._blocks(3, 30)) < len(whole)


def test_notes_tell_of_every_hardware_and_of_an_odd_order():
    found = search((3, 12), hw=["zcu102", "u250_mpca"], images=10, gate="none")  # an MPCA has no processor for one
    marks = [dict.fromkeys(note for r in reports.values() for note in r.notes) for reports in found.reports]
    shared = marks[0].keys() & marks[1].keys()
    assert all(marks) and [note.partition(":")[0] for note in shared] == ["scope"]
    named = [note if note in shared else f"zcu102: {note}" for note in marks[0]]
    named += [f"u250_mpca: {note}" for note in marks[1] if note not in shared]
    assert list(found.notes()) == list(found.notes([found.at_lec((3, 12), [0.5])])) == named
    assert search((3, 12), hw=["zcu102", "zcu102"], images=10).notes() == tuple(marks[0])
    swapped = dataclasses.replace(found, reports=({3: found.reports[0][12], 12: found.reports[0][3]},))
    odd = "order: effort 2 takes less time than the one before it"
    assert swapped.notes([swapped.at_lec((3, 12), [0.5])] * 2) == (odd, *marks[0])


def test_one_simulation_per_effort_and_hardware(monkeypatch):
    from pivotsim.effort.search import boards

    calls = []
    monkeypatch.setattr(boards, "simulate", lambda *a, **k: calls.append(a) or ps.simulate(*a, **k))
    found = search((3, 6, 12), hw=["zcu102", "zcu102_ws"])
    found.pair(50), found.best(max_efforts=3), found.front()
    assert len(calls) == 6


def test_paths_are_the_best_of_the_matrix():
    found = search((3, 6))
    assert found.paths == {e: best_paths(CKA)[e] for e in (3, 6)}
    assert found.reports[0][3].inputs.trace == ps.lower(ps.skip_attention(PLAN, active=found.paths[3].active)).within(
        "encoders"
    )


def test_the_hash_sees_every_input():
    plain = search().input_hash
    assert plain == search().input_hash
    other = CKA / 2  # the same paths at other scores
    assert len({
        plain, search(seed=1).input_hash, search((3, 6)).input_hash, search(gate="none").input_hash,
        search(hw="zcu102_ws").input_hash, search(profile="full").input_hash,
        cosearch(PLAN, synthetic.outputs((3, 6, 9, 12)), other).input_hash,
    }) == 7  # fmt: skip


def test_options_of_simulate_are_handed_on():
    found = search((3, 12), engine="memory", memory="hw", images=10)
    assert found.reports[0][12].delay_ms == pytest.approx(106.84, abs=0.05)


LOGITS = synthetic.outputs((3, 6))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cosearch(PLAN, LOGITS, CKA[:6, :6]),
            "cka: deit_s has 12 encoders, so 12 rows are needed (got 6)",
        ),
        (
            lambda: cosearch(PLAN, synthetic.outputs((3,), classes=7), CKA),
            "logits: deit_s has 5 classes (got 7)",
        ),
        (
            lambda: cosearch(PLAN, synthetic.outputs((3, 13)), CKA),
            "logits: deit_s has efforts 0 to 12 (got 'effort13')",
        ),
        (
            lambda: cosearch(ps.skip_attention(PLAN, active=[1]), LOGITS, CKA),
            "plan: every attention must be active, the search skips them itself (got 2, 3,",
        ),
        (lambda: cosearch("deit_s", LOGITS, CKA), "plan: must be a Plan"),
        (lambda: cosearch(PLAN, LOGITS, CKA, []), "hw: at least one hardware is needed (got none)"),
        (lambda: cosearch(PLAN, LOGITS, CKA, "zcu12"), "hardware: unknown name (got 'zcu12')"),
        (lambda: cosearch(PLAN, LOGITS, CKA, gate="entropie"), "gate: must be one of entropy, none"),
        (lambda: cosearch(PLAN, LOGITS, CKA, profile="half"), "profile: must be one of"),
        (lambda: search((3,)).pair(50), "logits: a pair needs at least two efforts (got a list of one: 3)"),
        (lambda: search().pair(0), "target_delay_ms: must be a finite number above 0 (got 0)"),
        (lambda: search().pair(math.nan), "target_delay_ms: must be a finite number above 0 (got nan)"),
        (lambda: search().pair(50, 1.1), "lec: must lie in 0 to 1 (got 1.1)"),
        (lambda: search().pair(50, tolerance_frac=-1), "tolerance_frac: must lie in 0 to 1 (got -1)"),
        (lambda: search().at_lec((3, 6), []), "lecs: expected 1, one per effort but the last (got 0)"),
        (
            lambda: search().at_lec((3, 7), [0.5]),
            "efforts: choose from those that logits hold, 3, 6, 9, 12 (got a list of one: 7)",
        ),
        (lambda: search().at_lec((), []), "efforts: choose from those that logits hold, 3, 6, 9, 12 (got nothing)"),
        (lambda: search().at_lec((3, 6), [0.5], board=1), "board: must be at most 0 (got 1)"),
        (lambda: cosearch(PLAN, LOGITS, CKA, 5), "hardware: must be a name, a path or a dict"),
        (lambda: search().best("speed"), "objective: must be one of"),
        (lambda: search().best(limits={"delay": 3}), "limits: delay: unknown quantity, nearest valid name: 'delay_ms'"),
        (lambda: search().best(limits={"lec": 1.5}), "limits: lec: must lie in 0 to 1 (got 1.5)"),
        (
            lambda: search().best(limits={"delay_ms": math.inf}),
            "limits: delay_ms: must be a finite number of at least 0",
        ),
        (lambda: search().best(limits=[1]), "limits: must map quantities to numbers (got a list of one: 1)"),
        (lambda: search().best(max_efforts=4), "max_efforts: must be at most 3 (got 4)"),
        (lambda: search().best(max_efforts=0), "max_efforts: must be at least 1 (got 0)"),
        (lambda: search().best(max_efforts=3, levels=1), "levels: must be at least 2 (got 1)"),
        (lambda: search().front(max_efforts=3, levels=1025), "levels: must be at most 1024 (got 1025)"),
        (
            lambda: search().best(levels=50),
            "levels: belongs to max_efforts 3, of one gate every threshold is tried (got 50)",
        ),
        (lambda: search().front("accuracy_frac"), "cost: must be one of"),
    ],
)
def test_wrong_searches(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert str(error.value).startswith(message)
