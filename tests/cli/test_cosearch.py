"""The command cosearch: what it prints, its JSON, its exit codes, its files, and every way to ask wrongly."""

import json

import numpy as np
import pytest

import pivotsim as ps
from tests.unit.effort import synthetic

PLAN = ps.plan(ps.load_model("deit_s").replace({"classes": 10}))
ARRAYS = synthetic.outputs((3, 6, 9, 12), images=100, classes=10)


@pytest.fixture
def cosearch(pivotsim, tmp_path):
    np.savez(tmp_path / "logits.npz", **ARRAYS)
    np.savez(tmp_path / "cka.npz", cka=synthetic.cka())

    def run(*arguments, logits=tmp_path / "logits.npz", cka=tmp_path / "cka.npz"):
        files = [*(() if logits is None else ("--logits", logits)), *(() if cka is None else ("--cka", cka))]
        return pivotsim("cosearch", "deit_s", "--set", "model.classes=10", *files, *arguments)

    return run


def search(hw="zcu102", **options):
    return ps.effort.cosearch(PLAN, ARRAYS, synthetic.cka(), hw, **options)


def test_phase_2(cosearch):
    ran = cosearch("--hw", "zcu102", "--target-delay-ms", 50, "--lec", 0.8)
    assert (ran.code, ran.err) == (0, "")
    assert "Phase 2, 50 ms at LEC 0.8 on zcu102: found; pair" in ran.out
    assert "[calibrated] once" in ran.out and "\x1b" not in ran.out
    data = json.loads(cosearch("--target-delay-ms", 50, "--lec", 0.8, "--json").out)
    answer = search().pair(50, 0.8)
    assert data["phase_2"] == [json.loads(json.dumps(answer.to_dict()))]
    assert (data["best"], data["front"], data["set"]) == (None, None, {"model.classes": 10})
    assert data["paths"]["6"]["active"] == list(ps.effort.best_paths(synthetic.cka())[6].active)
    assert (data["schema_version"], data["result"], data["images"]) == (1, "cosearch", 100)


def test_a_target_out_of_reach_is_answered_and_a_failed_check(cosearch):
    ran = cosearch("--target-delay-ms", 5)
    assert (ran.code, ran.err) == (1, "")
    assert "NOT MET; no pair lies within 5 % of 5 ms at LEC 0.7: the fastest takes 35." in ran.out
    assert cosearch("--target-delay-ms", 5, "--json").code == 1


def test_best_and_front(cosearch, tmp_path):
    ran = cosearch(
        "--objective", "accuracy_frac", "--limit", "delay_ms=50", "--limit", "lec=0.5", "--front", "energy_j",
        "--max-efforts", 3, "--plots", tmp_path / "out", "--json",
    )  # fmt: skip
    data, limits = json.loads(ran.out), {"delay_ms": 50, "lec": 0.5}
    found = search()
    best = found.best("accuracy_frac", limits, max_efforts=3)
    assert data["best"] == json.loads(json.dumps(best.to_dict()))
    front = found.front("energy_j", limits, max_efforts=3)
    assert data["front"] == [json.loads(json.dumps(choice.to_dict())) for choice in front]
    assert len(front) > 3
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["cosearch_entropy.png", "cosearch_front.png"]
    text = cosearch("--front", "delay_ms").out
    assert f"front of accuracy over delay_ms: {len(found.front())} choices" in text
    nothing = cosearch("--front", "delay_ms", "--limit", "delay_ms=1")
    assert nothing.code == 1 and "0 choices; none meets the limits" in nothing.out


@pytest.mark.parametrize(
    "options",
    [
        ("--gate", "none"), ("--hw", "zcu102_ws"), ("--profile", "full"), ("--set", "array.rows=32"), ("--lec", "0.9"),
        ("--energy", "activity"), ("--scope", "all"), ("--ps-pl-overlap", "heads"), ("--tolerance", "0.3"),
        ("--memory", "hw"), ("--qkv", "separate"), ("--score-bits", "32", "--profile", "full"),
    ],
)  # fmt: skip
def test_every_option_does_something(cosearch, options):
    base = ("--profile", "full") if "32" in options else ()
    plain = json.loads(cosearch("--target-delay-ms", 60, *base, "--json").out)["phase_2"]
    other = json.loads(cosearch("--target-delay-ms", 60, *options, "--json").out)["phase_2"]
    assert plain[0]["energy_j"] != other[0]["energy_j"]


def test_several_hardwares(cosearch):
    ran = cosearch("--hw", "zcu102", "--hw", "zcu102_ws", "--target-delay-ms", 60, "--front", "delay_ms", "--json")
    data = json.loads(ran.out)
    assert [answer["hardware"] for answer in data["phase_2"]] == ["zcu102", "zcu102_ws"]
    assert {choice["hardware"] for choice in data["front"]} == {"zcu102"}


def test_each_hardware_states_its_own_options_delays_and_notes(cosearch):
    names = ("zcu102", "u250_mpca")
    asked = ("--hw", names[0], "--hw", names[1], "--gate", "none", "--front", "delay_ms")
    data = json.loads(cosearch(*asked, "--json").out)
    found = search(names, memory="paper", gate="none")
    assert [board["name"] for board in data["hardware"]] == list(names)
    assert [(board["engine"], board["memory"]) for board in data["hardware"]] == [
        ("analytic", "paper"),
        ("mpca", "paper"),
    ]
    assert not {"engine", "memory", "profile"} & data.keys()
    for board, reports in zip(data["hardware"], found.reports, strict=True):
        assert board["efforts"] == {
            str(e): {"delay_ms": r.delay_ms, "energy_j": r.energy_j} for e, r in reports.items()
        }
        assert board["notes"] == list(dict.fromkeys(note for r in reports.values() for note in r.notes)) != []
    assert data["notes"] == list(found.notes())
    for name, board in zip(names, data["hardware"], strict=True):
        own = [note for note in board["notes"] if not note.startswith("scope: ")]  # the workload is one
        assert own and all(f"{name}: {note}" in data["notes"] for note in own)
    text = cosearch(*asked).out
    assert text.count("Behind these numbers:") == 1
    assert all(f"  {note}\n" in text for note in data["notes"])


def test_a_note_that_all_hardwares_share_stands_once(cosearch):
    data = json.loads(cosearch("--hw", "zcu102", "--hw", "zcu102", "--target-delay-ms", 50, "--json").out)
    assert data["notes"] == data["hardware"][0]["notes"] == data["hardware"][1]["notes"]


def test_notes_of_every_question(cosearch):
    """Also of a front, and of one that is empty."""
    marks = list(search().reports[0][3].notes)
    for asked in (
        ("--front", "delay_ms"),
        ("--front", "delay_ms", "--limit", "delay_ms=1"),
        ("--objective", "delay_ms"),
    ):
        assert json.loads(cosearch(*asked, "--json").out)["notes"] == marks
        assert all(f"  {note}\n" in cosearch(*asked).out for note in marks)


def test_sampled_thresholds_are_said(cosearch):
    asked = ("--front", "delay_ms", "--objective", "edp_j_ms", "--max-efforts", 3)
    sampled, words = {"levels": 20, "thresholds": 101}, "at most 20 of up to 101 thresholds per gate"
    data = json.loads(cosearch(*asked, "--levels", 20, "--json").out)
    assert data["sampling"] == data["best"]["sampling"] == sampled and words in data["best"]["reason"]
    found = search().front(max_efforts=3, levels=20)
    assert data["front"] == [json.loads(json.dumps(choice.to_dict())) for choice in found]
    lines = cosearch(*asked, "--levels", 20).out.splitlines()
    assert [line.split(":")[0] for line in lines if words in line] == [
        "best edp_j_ms on zcu102", "front of accuracy over delay_ms",
    ]  # fmt: skip
    exact = json.loads(cosearch(*asked, "--json").out)
    assert exact["sampling"] is exact["best"]["sampling"] is None
    assert "thresholds per gate" not in cosearch(*asked).out


def test_without_labels(cosearch, tmp_path):
    path = tmp_path / "plain.npz"
    np.savez(path, **{name: array for name, array in ARRAYS.items() if name != "labels"})
    ran = cosearch("--target-delay-ms", 50, logits=path)
    assert ran.code == 0 and "accuracy" in ran.out
    ran = cosearch("--front", "delay_ms", logits=path)
    assert (ran.code, ran.err) == (
        2,
        "--logits: accuracy needs labels, an integer array of one class per image (got none)\n",
    )


ASK = ("--target-delay-ms", "50")


@pytest.mark.parametrize(
    ("arguments", "files", "message"),
    [
        ((), {}, "cosearch: give --target-delay-ms, --objective or --front"),
        (ASK, {"logits": None}, "cosearch: give --logits F.npz, and --cka F.npz or --rung NAME=FLAGS"),
        (ASK, {"cka": None}, "cosearch: give --logits F.npz, and --cka F.npz or --rung NAME=FLAGS"),
        (ASK, {"logits": "./nothing.npz"}, "nothing.npz: no such file"),
        (ASK, {"logits": " "}, "--logits: must name a file (got ' ')"),
        (ASK, {"cka": __file__}, "test_cosearch.py: is no .npz or .npy file"),
        (("--front", "delay_ms", "--lec", "0.7"), {}, "--lec: belongs to --target-delay-ms"),
        (("--front", "delay_ms", "--tolerance", "0.7"), {}, "--tolerance: belongs to --target-delay-ms"),
        ((*ASK, "--limit", "lec=0.7"), {}, "--limit: belongs to --objective or --front"),
        ((*ASK, "--max-efforts", "2"), {}, "--max-efforts: belongs to --objective or --front"),
        ((*ASK, "--levels", "9"), {}, "--levels: belongs to --objective or --front"),
        (("--front", "delay_ms", "--levels", "9"), {}, "levels: belongs to max_efforts 3, of one gate every threshold"),
        (("--front", "delay_ms", "--max-efforts", "3", "--levels", "1"), {}, "levels: must be at least 2 (got 1)"),
        (("--front", "delay_ms", "--levels", "all"), {}, "--levels: must be an integer (got 'all')"),
        ((*ASK, "--lec", "1.5"), {}, "lec: must lie in 0 to 1 (got 1.5)"),
        ((*ASK, "--lec", "most"), {}, "--lec: must be a number (got 'most')"),
        (("--target-delay-ms", "-5"), {}, "--target-delay-ms: must be a finite number above 0 (got -5)"),
        (("--front", "delay"), {}, "cost: must be one of"),
        (("--objective", "speed"), {}, "objective: must be one of"),
        (("--objective", "delay_ms", "--limit", "lec"), {}, "--limit: expected QUANTITY=VALUE such as delay_ms=50"),
        (("--objective", "delay_ms", "--limit", "lec=x"), {}, "--limit lec: must be a number (got 'x')"),
        (("--objective", "delay_ms", "--limit", "lec=1", "--limit", "lec=0"), {}, "--limit: lec: set twice"),
        (
            ("--objective", "delay_ms", "--limit", "led=1"),
            {},
            "--limit led: unknown quantity, nearest valid name: 'lec'",
        ),
        ((*ASK, "--hw", "zcu12"), {}, "hardware: unknown name (got 'zcu12')"),
        ((*ASK, "--set", "array.row=3"), {}, "--set: array.row: unknown key"),
        ((*ASK, "--set", "model.depth=6"), {}, "cka: deit_s has 6 encoders, so 6 rows are needed (got 12)"),
        ((*ASK, "--gate", "yes"), {}, "gate: must be one of entropy, none (got 'yes')"),
    ],
)
def test_wrong_questions(cosearch, arguments, files, message):
    ran = cosearch(*arguments, **files)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err and len(ran.err.splitlines()) == 1
    assert "Traceback" not in ran.err
