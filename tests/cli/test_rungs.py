"""cosearch with --rung: one gate over any kinds of effort, its JSON, and every way to ask wrongly."""

import json

import numpy as np
import pytest

import pivotsim as ps
from tests.unit.effort import synthetic

NAMES = ("low", "tokens", "whole")
SEEN = synthetic.outputs((2, 4, 8), images=50, classes=10, depth=8)
ARRAYS = {name: SEEN[f"effort{e}"] for name, e in zip(NAMES, (2, 4, 8), strict=True)} | {"labels": SEEN["labels"]}
LOW = "low=--active 1-3 --heads 1 --neurons 0.5 --blocks block=8,density=0.5"
TOKENS = "tokens=--tokens evit:keep_rate=0.5,encoders=2 --tokens top_k:r=1,encoders=4"
RUNGS = ("--rung", "whole", "--rung", LOW, "--rung", TOKENS)
BEST = ("--objective", "edp_j_ms", "--limit", "accuracy_frac=0.9", "--max-efforts", 3)


@pytest.fixture
def cosearch(pivotsim, tmp_path):
    np.savez(tmp_path / "rungs.npz", **ARRAYS)

    def run(*arguments):
        return pivotsim("cosearch", "digits_vit", "--logits", tmp_path / "rungs.npz", *arguments)

    return run


def plans():
    whole = ps.plan("digits_vit")
    low = ps.skip_attention(ps.prune_neurons(ps.prune_heads(whole, 1), keep_rate=0.5), active=[1, 2, 3])
    fewer = ps.prune_tokens(whole, "evit", keep_rate=0.5, encoders=[2])
    return {"whole": whole, "low": ps.prune_blocks(low, block=8, density=0.5),
            "tokens": ps.prune_tokens(fewer, "top_k", r=1, encoders=[4])}  # fmt: skip


def test_the_answer_is_that_of_the_ladder(cosearch):
    found = ps.effort.search_ladder(plans(), ARRAYS)
    answer = found.best("edp_j_ms", {"accuracy_frac": 0.9}, max_efforts=3)
    data = json.loads(cosearch(*RUNGS, *BEST, "--json").out)
    assert data["best"] == json.loads(json.dumps(answer.to_dict()))
    assert data["input_hash"] == found.input_hash
    assert data["rungs"]["low"] == {
        "active": "1-3", "heads": 1, "neurons": 0.5, "blocks": [{"block": 8, "density": 0.5}],
    }  # fmt: skip
    assert data["rungs"]["whole"] == {} and "paths" not in data
    assert list(data["hardware"][0]["efforts"]) == found.efforts == ["low", "tokens", "whole"]


def test_what_is_printed(cosearch, tmp_path):
    ran = cosearch(*RUNGS, *BEST, "--front", "delay_ms", "--plots", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert "digits_vit, rungs low, tokens, whole, 50 images" in ran.out
    assert "--active 1-3 --heads 1 --neurons 0.5" in ran.out and "best edp_j_ms on zcu102: found" in ran.out
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["cosearch_entropy.png", "cosearch_front.png"]


def test_flags_that_do_nothing_are_said(cosearch):
    rungs = ("--rung", "whole", "--rung", "low=--active 1-3 --neurons 1.0", "--rung", TOKENS)
    data = json.loads(cosearch(*rungs, *BEST, "--json").out)
    assert data["not_used"] == {"--rung low: --neurons": "not used here: it removes nothing"}
    assert "--rung low: --neurons: not used here: it removes nothing" in cosearch(*rungs, *BEST).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rung", "low=--activ 1-3"), "--rung low: --activ: no flag that shapes a model, nearest valid name: '--act"),
        (("--rung", "low=1-3"), "--rung low: 1-3: no flag that shapes a model"),
        (("--rung", "low=--active"), "--rung low: --active: needs a value"),
        (("--rung", "low=--active 1 --active 2"), "--rung low: --active: stated twice"),
        (("--rung", "low=--active 1-99"), "--rung low: active: must be at most 8 (got 9)"),
        (("--rung", "low=--heads two"), "--rung low: --heads: must be an integer (got 'two')"),
        (("--rung", "low=--heads 9"), "--rung low: --heads: must be at most 2 (got 9)"),
        (("--rung", "low=--tokens evit"), "--rung low: --tokens: evit: keep_rate: is required"),
        (("--rung", "low=--preset parik"), "--rung low: --preset: must be one of parikh_code, parikh_seed"),
        (("--rung", "low=--blocks 'block=8"), "--rung low: No closing quotation"),
        (("--rung", "=--active 1"), "--rung: expected NAME or NAME=FLAGS"),
        (("--rung", "--active 1-3"), "--rung: expected NAME or NAME=FLAGS"),
        (("--rung", "low", "--rung", "low=--heads 1"), "--rung low: named twice"),
        (("--rung", "labels"), "--rung 'labels': a rung needs a name, other than labels"),
        (("--rung", "lov"), "rungs.npz: lov: the rung has no logits, nearest valid name: 'low'"),
        ((*RUNGS, "--cka", "digits"), "--cka: belongs to efforts; leave it out beside --rung"),
        ((*RUNGS, "--target-delay-ms", "0"), "--target-delay-ms: belongs to efforts; leave it out beside --rung"),
        ((*RUNGS, "--lec", "0.5"), "--lec: belongs to --target-delay-ms"),
    ],
)  # fmt: skip
def test_wrong_rungs(cosearch, arguments, message):
    ran = cosearch(*arguments, "--objective", "delay_ms")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err and all(line.count(": ") for line in ran.err.splitlines())
