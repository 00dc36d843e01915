"""Options that prune, as a user states them: they do what the transforms do, in one order, and results echo them."""

import json

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.cli.models.pruning import parse_pruning

PLAN = ps.plan("deit_t")


def json_of(ran):
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_the_order_of_application_is_the_one_that_fits(pivotsim):
    arguments = ("--split", 30, "--attention", "density=0.2,seed=3", "--blocks", "block=16,msa=0.5,fc1=0.75,seed=4",
                 "--active", "1-3", "--neurons", 0.5, "--heads", 2)  # fmt: skip
    data = json_of(pivotsim("show", "trace", "deit_t", *arguments, "--json"))
    plan = ps.skip_attention(ps.prune_neurons(ps.prune_heads(PLAN, 2), 0.5), active=[1, 2, 3])
    plan = ps.prune_blocks(plan, block=16, density={"msa": 0.5, "fc1": 0.75}, seed=4)
    trace = ps.lower(ps.split_attention(ps.mask_attention(plan, density=0.2, seed=3), 30))
    assert data["macs"] == trace.macs
    assert data["ops"] == [{c: cell for c, cell in op._asdict().items() if c != "layer"} for op in trace]
    assert data["pruning"] == {
        "heads": 2, "neurons": 0.5, "blocks": [{"block": 16, "seed": 4, "density": {"msa": 0.5, "fc1": 0.75}}],
        "attention": {"density": 0.2, "seed": 3}, "split": 30,
    }  # fmt: skip


def test_masks_from_files(pivotsim, tmp_path):
    kept = np.random.default_rng(1).random((12, 3, 197, 197)) < 0.2
    np.save(tmp_path / "m.npy", ~kept)
    np.savez(tmp_path / "w.npz", proj=np.eye(12, dtype=bool))
    arguments = ("--blocks", f"block=16,masks={tmp_path / 'w.npz'}")
    arguments += ("--attention", f"masks={tmp_path / 'm.npy'},pruned_is_true=true")
    data = json_of(pivotsim("show", "trace", "deit_t", *arguments, "--json", "--csv", tmp_path / "t.csv"))
    assert sum(op["density"] == 1 / 12 for op in data["ops"]) == 12
    scores = 2 * 64 * int(kept.sum())
    weights = 12 * 197 * 192 * 192 * (1 - 1 / 12)
    assert ps.lower(PLAN).macs - data["macs"] == 12 * 2 * 3 * 64 * 197 * 197 - scores + weights
    again = json_of(pivotsim("show", "trace", tmp_path / "t.csv", "--json"))
    assert (again["macs"], again["ops"]) == (data["macs"], data["ops"])
    np.save(tmp_path / "kept.npy", kept)
    alone = json_of(pivotsim("show", "trace", "deit_t", "--attention", tmp_path / "kept.npy", "--json"))
    assert ps.lower(PLAN).macs - alone["macs"] == 12 * 2 * 3 * 64 * 197 * 197 - scores


def test_show_plan_prints_the_footprint(pivotsim):
    ran = pivotsim("show", "plan", "deit_s", "--blocks", "block=16,msa=0.6,mlp=0.6")
    assert (ran.code, ran.err) == (0, "")
    assert "1.627x fewer parameters, 1.572x fewer MACs than the dense model" in ran.out
    assert "weights_kept_frac" in ran.out and "60.0%" in ran.out
    total = next(line for line in ran.out.splitlines() if line.startswith("total")).split()
    assert total[1:3] == ["22,050,664", "13,556,584"]
    data = json_of(pivotsim("show", "plan", "deit_s", "--blocks", "block=16,msa=0.6,mlp=0.6", "--json"))
    assert data["footprint"]["total"]["parameters_kept"] == 13_556_584
    assert data["encoders"][3]["weights_kept_frac"] == pytest.approx(0.6, abs=1e-3)
    assert data["pruning"] == {"blocks": [{"block": 16, "density": {"msa": 0.6, "mlp": 0.6}}]}


def test_show_plan_without_pruning_is_as_it_was(pivotsim):
    ran = pivotsim("show", "plan", "deit_s")
    assert len(ran.out.splitlines()) == 14 and "parameters" not in ran.out
    assert json_of(pivotsim("show", "plan", "deit_s", "--json"))["pruning"] == {}


def test_run_and_combine_echo_what_they_pruned(pivotsim):
    data = json_of(pivotsim("run", "deit_s", "--heads", 3, "--neurons", 0.5, "--json"))
    assert data["pruning"] == {"heads": 3, "neurons": 0.5}
    assert data["workload"] == "deit_s, pruned"
    plan = ps.prune_neurons(ps.prune_heads(ps.plan("deit_s"), 3), 0.5)
    assert data["delay_ms"] == ps.simulate(plan).delay_ms
    assert "pruned: heads 3, neurons 0.5" in pivotsim("run", "deit_s", "--heads", 3, "--neurons", 0.5).out
    pair = ("--low", "1-3", "--high", "all", "--f-low", 0.8, "--heads", 3)
    mix = json_of(pivotsim("combine", "deit_s", *pair, "--json"))
    assert mix["pruning"] == {"heads": 3}
    pruned = ps.prune_heads(ps.plan("deit_s"), 3)
    efforts = [ps.simulate(ps.skip_attention(pruned, active=active)) for active in ([1, 2, 3], range(1, 13))]
    assert mix["delay_ms"] == ps.combine(efforts, [0.8, 1 - 0.8]).delay_ms
    assert "pruned: heads 3" in pivotsim("combine", "deit_s", *pair).out


def test_several_problems_of_one_option_are_told_at_once(pivotsim):
    ran = pivotsim("run", "deit_s", "--blocks", "blok=16,density=0.5,density=1,x")
    assert ran.code == 2
    assert ran.err.splitlines() == [
        "--blocks: unknown name (got 'blok'), nearest valid name: 'block'",
        "--blocks: density: stated twice (got 'blok=16,density=0.5,density=1,x')",
        "--blocks: expected NAME=VALUE,... such as block=16,density=0.5,seed=0 (got 'x')",
    ]


def test_nothing_asked_for_is_nothing():
    nothing = parse_pruning(None, None, None, None, None, None, None)
    assert not nothing and nothing.to_dict() == {} and nothing.applied(PLAN) is PLAN


def test_compare_says_what_was_pruned(pivotsim, tmp_path):
    for density in (0.3, 0.6):
        (tmp_path / f"{density}.json").write_text(
            pivotsim("run", "deit_t", "--blocks", f"block=16,density={density}", "--json").out
        )
    text = pivotsim("compare", tmp_path / "0.3.json", tmp_path / "0.6.json").out
    assert '{"blocks": [{"block": 16, "density": 0.3}]}' in text and '"density": 0.6' in text


def test_separate_projections_are_shown_too(pivotsim):
    data = json_of(pivotsim("show", "plan", "deit_t", "--qkv", "separate", "--blocks", "block=16,q=0.5", "--json"))
    rows = data["footprint"]["rows"]
    assert rows["q"]["parameters_kept"] < rows["q"]["parameters_dense"] == rows["k"]["parameters_kept"]


def test_a_recipe_says_where_it_comes_from_and_for_which_model(pivotsim):
    arguments = ("run", "deit_s", "--hw", "u250_mpca", "--preset", "parikh_code")
    told = "preset parikh_code: a public training repository"
    assert told in pivotsim(*arguments).out and "198 tokens" in pivotsim(*arguments).out
    assert json_of(pivotsim(*arguments, "--json"))["pruning_sources"][0].startswith(told)
    assert "pruning_sources" not in json_of(pivotsim(*arguments[:-2], "--json"))
