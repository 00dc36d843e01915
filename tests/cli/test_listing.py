"""The command list, names that are typed in other ways, and what the shell completes."""

import json

import pytest

import pivotsim as ps
from pivotsim.cli.catalogue.listing import KINDS
from pivotsim.cli.completion import NAMES, names
from pivotsim.workload.presets import PRESETS
from pivotsim.workload.tokens.methods import METHODS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_names_with_what_they_are(pivotsim, kind):
    ran = pivotsim("list", kind, "--json")
    assert (ran.code, ran.err) == (0, "")
    rows = json.loads(ran.out)
    assert rows and all(value != "" for row in rows for value in row.values())
    text = pivotsim("list", kind).out
    assert all(str(next(iter(row.values()))) in text for row in rows)


def test_names_are_those_that_load(pivotsim):
    def listed(kind):
        return [next(iter(row.values())) for row in json.loads(pivotsim("list", kind, "--json").out)]

    rows = json.loads(pivotsim("list", "models", "--json").out)
    for row in rows:
        model = ps.load_model(row["model"])
        assert (row["encoders"], row["tokens"], row["width"]) == (model.depth, model.tokens, model.width)
        assert row["parameters, M"] == model.parameters / 1e6
    boards = listed("boards")
    assert all(ps.load_hardware(name).kind for name in boards)
    assert {"zcu102", "u250_mpca", "truth/tpu_v4"} <= set(boards) and "gpu/a100" not in boards
    assert listed("presets") == list(PRESETS) and listed("methods") == list(METHODS)
    assert pivotsim("list", "modles").err.endswith("nearest valid name: 'models'\n")


def test_a_listed_trace_runs(pivotsim):
    ran = pivotsim("run", "--trace", "bert_base_128")
    assert ran.code == 0 and "--trace bert_base_128: BERT-base as published" in ran.out
    data = json.loads(pivotsim("run", "--trace", "bert_base_128", "--json").out)
    encoder = 128 * (768 * 3072 + 768**2 + 2 * 768 * 3072) + 12 * 2 * 128 * 128 * 64 - 128 * 768 * 768
    assert json.loads(pivotsim("show", "model", "deit_s", "--json").out)["derived"]["macs"] > 0
    trace = ps.read_trace("samples/traces/bert_base_128.csv")
    assert trace.macs == 12 * (128 * 768 * (3 * 768 + 768 + 2 * 3072) + 2 * 12 * 128 * 128 * 64) and encoder
    assert data["pl_cycles"] == ps.simulate(trace).pl_cycles


@pytest.mark.parametrize(
    ("typed", "name"),
    [("DeiT-S", "deit_s"), ("ViT-B/16", "vit_b_16"), ("dinov2-b-reg", "dinov2_b_reg"), ("deit s", "deit_s")],
)
def test_models_fold_case_and_hyphens(typed, name):
    assert ps.load_model(typed) == ps.load_model(name)


def test_boards_and_spaces_fold_too(pivotsim):
    assert ps.load_hardware("ZCU102-OS") == ps.load_hardware("zcu102_os")
    with pytest.raises(ps.InputError, match="nearest valid name: 'deit_s'"):
        ps.load_model("deit-ss")


def completed(monkeypatch, capsys, line):
    """Return what bash would offer behind the line's last word."""
    from pivotsim.cli.entry import main

    monkeypatch.setenv("_PIVOTSIM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    with pytest.raises(SystemExit):
        main([])
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pivotsim reprod", ["reproduce"]),
        ("pivotsim run deit_", ["deit_b", "deit_s", "deit_t"]),
        ("pivotsim run deit_s --hw zcu102_", ["zcu102_os", "zcu102_ws"]),
        ("pivotsim run deit_s --profile ", ["paper", "full"]),
        ("pivotsim show hw zcu104", ["zcu104"]),
        ("pivotsim list pre", ["presets"]),
        ("pivotsim run deit_s --format l", ["latex"]),
        ("pivotsim sweep zcu102_a", ["zcu102_arrays"]),
        ("pivotsim run --trace be", ["bert_base_128"]),
        ("pivotsim run deit_s --preset parikh_c", ["parikh_code"]),
    ],
)
def test_completion(monkeypatch, capsys, line, offered):
    assert completed(monkeypatch, capsys, line) == offered


def test_every_kind_of_names_is_known():
    assert all(names(kind) for kind in NAMES.values())
