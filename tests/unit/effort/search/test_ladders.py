"""search_ladder(): rungs of three kinds against a walk of every ladder, threshold and image."""

import functools
import random

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort import cosearch, search_ladder
from pivotsim.effort.search.cascade_costs import COSTS
from tests.campaigns import cases
from tests.oracles.effort import cascade_walk
from tests.unit.effort import synthetic

WHOLE = ps.plan("digits_vit")
LOW = ps.skip_attention(WHOLE, active=[1, 2, 5])
PLANS = {
    "whole": WHOLE,
    "skip": LOW,
    "tokens": ps.prune_tokens(WHOLE, "evit", keep_rate=0.5, encoders=[2, 4]),
    "heads": ps.prune_heads(WHOLE, 1),
    "neurons": ps.prune_neurons(WHOLE, keep_rate=0.5),
    "blocks": ps.prune_blocks(WHOLE, block=8, density=0.5),
    "mixed": ps.prune_neurons(ps.prune_tokens(LOW, "evit", keep_rate=0.5, encoders=[2]), keep_rate=0.5),
}
CASES, CLASSES = cases(400, 1_200), 10


@functools.cache
def reports(energy):
    """Return a report of each plan; who only collects tests waits for none."""
    return {name: ps.simulate(plan, energy=energy) for name, plan in PLANS.items()}


def logits_of(draw, names, images):
    """Coarse logits, so that entropies tie within a rung and between rungs; surer ones are more often right."""
    labels = np.array([draw.randrange(CLASSES) for _ in range(images)])
    arrays = {name: np.array([[draw.randrange(4) for _ in range(CLASSES)] for _ in range(images)]) for name in names}
    for logits in arrays.values():
        logits[np.arange(images), labels] += [draw.choice([0, 0, 6, 9]) for _ in range(images)]
    return arrays | {"labels": labels}


def walked(search, most):
    reports, seen = search.reports[0], search.outputs
    gate = reports[seen.efforts[0]]
    charged = (gate.gate_ms, sum(gate.gate_components_j.values())) if search.gate == "entropy" else (0.0, 0.0)
    return list(
        cascade_walk.choices(
            {e: v.tolist() for e, v in seen.entropies.items()}, {e: v.tolist() for e, v in seen.right.items()},
            {e: r.delay_ms for e, r in reports.items()}, {e: r.energy_j for e, r in reports.items()}, most, *charged,
        )
    )  # fmt: skip


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(4))
def test_the_best_ladder_is_the_best_of_all_that_a_walk_tries(part):
    met = missed = long = 0
    for case in range(part, CASES, 4):
        draw = random.Random(case)
        names = draw.sample(sorted(PLANS), draw.randint(1, 4))
        images = draw.randint(1, 5)
        energy = draw.choice(["constant", "activity"])
        rungs = {name: reports(energy)[name] for name in names}
        search = search_ladder(rungs, logits_of(draw, names, images), gate=draw.choice(["entropy", "none"]))
        most, objective = draw.randint(1, 3), draw.choice(list(COSTS))
        limits = {"accuracy_frac": draw.randint(1, images) / images} if draw.random() < 0.8 else {}
        if draw.random() < 0.3:
            limits["delay_ms"] = draw.uniform(0.02, 0.2)
        choices = walked(search, most)
        least_miss, least, winners = cascade_walk.best(choices, objective, limits)
        answer = search.best(objective, limits, max_efforts=most)
        found = answer.choice.to_dict()
        assert answer.sampling is None and answer.met == (least_miss == 0)
        assert found[objective] == pytest.approx(least, rel=1e-12)
        own = [q for e, t, q in winners if e == answer.choice.efforts and t == answer.choice.thresholds]
        assert len(own) == 1  # the walk tried it, and nothing beats it
        assert found["accuracy_frac"] == own[0]["accuracy_frac"]
        quickest = min(q["delay_ms"] for _, _, q in winners)
        assert found["delay_ms"] == pytest.approx(quickest, rel=1e-12)
        tied = [q["accuracy_frac"] for _, _, q in winners if q["delay_ms"] <= quickest * (1 + 1e-12)]
        assert found["accuracy_frac"] == max(tied)
        met, missed, long = met + answer.met, missed + (not answer.met), long + (len(answer.choice.efforts) > 1)
    assert min(met, missed, long) > cases(2, 15)  # they see every side


def test_the_front_is_what_no_ladder_beats():
    for seed in range(40):
        draw = random.Random(seed)
        names = draw.sample(sorted(PLANS), 4)
        search = search_ladder({n: reports("activity")[n] for n in names}, logits_of(draw, names, 5))
        points = {(q["energy_j"], q["accuracy_frac"]) for _, _, q in walked(search, 3)}
        edge, most = [], -1.0
        for energy, accuracy in sorted(points, key=lambda p: (p[0], -p[1])):
            if accuracy > most:
                edge.append((energy, accuracy))
                most = accuracy
        front = search.front("energy_j", max_efforts=3)
        assert [c.accuracy_frac for c in front] == [a for _, a in edge]
        assert [c.mix.energy_j for c in front] == pytest.approx([e for e, _ in edge], rel=1e-12)


def test_a_ladder_of_efforts_is_a_co_search():
    """The same plans by name give the same cascades, thresholds, costs and answers."""
    logits = synthetic.outputs((2, 4, 8), images=40, classes=CLASSES, depth=8)
    efforts = cosearch(WHOLE, logits, synthetic.cka(8))
    plans = {f"effort{e}": ps.skip_attention(WHOLE, active=path.active) for e, path in efforts.paths.items()}
    ladder = search_ladder(dict(reversed(plans.items())), logits)
    assert ladder.efforts == ["effort2", "effort4", "effort8"]
    for most in (1, 2, 3):
        a, b = (s.best("edp_j_ms", {"accuracy_frac": 0.7}, max_efforts=most) for s in (efforts, ladder))
        assert [f"effort{e}" for e in a.choice.efforts] == list(b.choice.efforts)
        assert (a.choice.thresholds, a.choice.exits.counts, a.reason) == (
            b.choice.thresholds,
            b.choice.exits.counts,
            b.reason,
        )
        assert a.choice.mix.to_dict() == b.choice.mix.to_dict()
    assert "active" in a.to_dict() and "active" not in b.to_dict()
    assert b.to_dict()["efforts"] == list(b.choice.efforts)


def test_images_meet_the_rungs_by_rising_delay():
    draw = random.Random(0)
    search = search_ladder(reports("activity"), logits_of(draw, PLANS, 3))
    delays = [search.reports[0][name].delay_ms for name in search.efforts]
    assert delays == sorted(delays) and search.efforts[0] == "mixed" and search.efforts[-1] == "whole"
    assert not search.notes()[0].startswith("order")


def test_what_a_search_reads_is_in_its_hash():
    draw = random.Random(0)
    logits = logits_of(draw, ["skip", "whole"], 3)
    two = {name: PLANS[name] for name in ("whole", "skip")}
    search = search_ladder(two, logits)
    assert search.input_hash == search_ladder(dict(reversed(two.items())), logits).input_hash
    others = [search_ladder(two, logits, gate="none"), search_ladder(two, logits, "zcu102_os"),
              search_ladder({**two, "skip": PLANS["mixed"]}, logits),
              search_ladder(two, {**logits, "skip": logits["skip"] + np.eye(3, CLASSES)})]  # fmt: skip
    assert len({search.input_hash, *(other.input_hash for other in others)}) == 5
    assert search_ladder(two, logits, energy="activity").best("energy_j").choice.mix.energy_j == pytest.approx(
        reports("activity")["skip"].energy_j
    )


def test_logits_from_a_file(tmp_path):
    logits = logits_of(random.Random(1), ["skip", "whole"], 4)
    np.savez(tmp_path / "rungs.npz", **logits)
    two = {name: reports("constant")[name] for name in ("whole", "skip")}
    assert search_ladder(two, tmp_path / "rungs.npz").input_hash == search_ladder(two, logits).input_hash


GOOD = logits_of(random.Random(2), ["skip", "whole"], 2)
TWO = {name: PLANS[name] for name in ("whole", "skip")}
NO_HEAD = {name: values for name, values in GOOD.items() if name != "skip"}


@pytest.mark.parametrize(
    ("rungs", "logits", "options", "problem"),
    [
        ({}, GOOD, {}, "rungs: must map names to Plans or Reports, at least one"),
        ([WHOLE], GOOD, {}, "rungs: must map names to Plans or Reports, at least one"),
        ({"whole": 3}, GOOD, {}, r"rungs: whole: must be a Plan or a Report \(got 3\)"),
        ({"labels": WHOLE}, GOOD, {}, "rungs: 'labels': a rung needs a name, other than labels"),
        ({**TWO, "skip": reports("constant")["skip"]}, GOOD, {}, "rungs: must all be Plans or all be Reports"),
        ({"whole": reports("constant")["whole"]}, GOOD, {"hw": "zcu102"}, "rungs: are Reports, so hw and options do"),
        ({"whole": reports("constant")["whole"]}, GOOD, {"energy": "activity"}, "rungs: are Reports, so hw and"),
        (TWO, NO_HEAD, {}, "logits: skip: the rung has no logits"),
        (TWO, {**GOOD, "skp": GOOD["skip"]}, {}, "logits: skp: is no rung, nearest valid name: 'skip'"),
        ({"whole": WHOLE}, {"whole": GOOD["whole"][:, :4], "labels": [0, 1]}, {}, "logits: the model has 10 classes"),
        ({"whole": WHOLE, "skip": ps.plan("deit_t")}, GOOD, {}, "reports: the model differs between number 1 and 2"),
        (TWO, GOOD, {"gate": "sure"}, "gate: must be one of"),
        (TWO, GOOD, {"hw": []}, "hw: at least one hardware is needed"),
    ],
)
def test_what_does_not_fit_is_told(rungs, logits, options, problem):
    with pytest.raises(ps.InputError, match=f"^{problem}"):
        search_ladder(rungs, logits, **options)


def test_labels_are_needed_for_accuracy_alone():
    logits = {name: values for name, values in GOOD.items() if name != "labels"}
    search = search_ladder(TWO, logits)
    assert search.best("delay_ms").choice.efforts == ("skip",)
    with pytest.raises(ps.InputError, match=r"^logits: accuracy needs labels"):
        search.best("delay_ms", {"accuracy_frac": 0.5})
