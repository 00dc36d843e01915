"""`run --checkpoint`: what is printed is what the library finds, and bad files are one line."""

import json

import numpy as np
import pytest

import pivotsim as ps
from tests.unit.importers.checkpoint_files import packed, weights_of, write_safetensors

PRUNED = ps.prune_blocks(ps.prune_heads(ps.plan("deit_t"), 2), block=16, density={"qkv": 0.5, "fc1": 0.25})
MACHINES = (("zcu102", "paper"), ("zcu102", "hw"), ("u250_mpca", "hw"))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write_safetensors(tmp_path_factory.mktemp("checkpoints") / "pruned.safetensors", weights_of(PRUNED))


def test_json_has_what_was_found_and_the_delays_of_three_machines(pivotsim, path):
    ran = pivotsim("run", "deit_t", "--checkpoint", path, "--json")
    assert (ran.code, ran.err) == (0, "")
    data = json.loads(ran.out)
    found = data["checkpoint"]
    assert data["pl_cycles"] == ps.simulate(PRUNED).pl_cycles
    assert found["blocks"] == [16]
    assert found["heads"] == [{"encoder": i, "kept": 2, "before": 3} for i in range(1, 13)]
    assert {row["module"]: row["kept_frac"] for row in found["weights"]} == {
        "qkv": 0.5,
        "proj": 1,
        "fc1": 0.25,
        "fc2": 1,
    }
    for row, (hw, memory) in zip(found["machines"], MACHINES, strict=True):
        for name, plan in (("whole", ps.plan("deit_t")), ("checkpoint", PRUNED)):
            report = ps.simulate(plan, hw, memory=memory)
            assert row[name] == {"pl_cycles": report.pl_cycles, "delay_ms": report.delay_ms}


def test_tables_stand_beside_the_totals(pivotsim, path):
    ran = pivotsim("run", "deit_t", "--checkpoint", path)
    assert (ran.code, ran.err) == (0, "")
    for text in (
        "heads: 2 of 3 in encoders 1, 2",
        "blocks of 16",
        "array of zcu102 behind its memories",
        "MPCA of u250_mpca",
    ):
        assert text in ran.out
    report = ps.simulate(PRUNED, "u250_mpca")
    assert f"{report.pl_cycles:,}" in ran.out


def test_a_trace_is_matched_by_its_layers(pivotsim, tmp_path):
    rows = "layer,m,k,n\na.up,10,64,96\na.down,10,96,64\n"
    (tmp_path / "t.csv").write_text(rows)
    weight = np.ones((96, 64), "f4")
    weight[:32] = 0
    path = write_safetensors(tmp_path / "w.safetensors", {"a.up.weight": weight, "b.weight": weight})
    ran = pivotsim("run", "--trace", tmp_path / "t.csv", "--checkpoint", path, "--json")
    assert ran.code == 0
    found = json.loads(ran.out)["checkpoint"]
    assert (found["blocks"], found["unread"], found["missing"]) == ([32], ["b.weight"], ["a.down"])
    assert found["weights"] == [
        {"module": "other", "matrices": 1, "structure": "blocks of 32", "zeros_frac": 1 / 3, "kept_frac": 2 / 3}
    ]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("w.safetensors", (10**10).to_bytes(8, "little") + b"{}", "header: must be at most"),
        ("w.safetensors", packed({"a": {}}), "a: must state dtype"),
        ("w.npz", b"PK", "is no whole .npz file"),
        ("w.h5", b"", "is no checkpoint that is read"),
        ("w.safetensors", None, "no such file"),
    ],
)
def test_bad_files_are_one_line(name, content, line, pivotsim, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ran = pivotsim("run", "deit_t", "--checkpoint", tmp_path / name)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert line in ran.err
