"""The commands schedule and reproduce tokens as a shell sees them."""

import json

import pytest

ROWS = [f"{n},{80 - 0.002 * (197 - n) ** 2:.4f}" for n in range(4, 198)]


@pytest.fixture
def accuracy(tmp_path):
    path = tmp_path / "acc.csv"
    path.write_text("\n".join(["tokens,accuracy_pct", *ROWS]) + "\n")
    return path


def test_schedule_prints_steps_utilities_and_the_choice_and_draws(pivotsim, accuracy, tmp_path):
    ran = pivotsim("schedule", "deit_s", "--hw", "zcu102", "--accuracy", accuracy, "--plots", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    for text in (
        "engine analytic, memory paper, profile paper, scope encoders, part delay",
        "R = 197 - 108",
        "8.6 %",
        "chosen",
        "schedule.png",
        "pruning: [estimate]",
    ):
        assert text in ran.out
    assert (tmp_path / "out" / "schedule.png").exists()


def test_schedule_as_json(pivotsim, accuracy):
    ran = pivotsim("schedule", "deit_s", "--accuracy", accuracy, "--json", "--alpha", "0", "--set", "array.cols=32")
    result = json.loads(ran.out)
    assert (result["result"], result["removed"], result["alpha"]) == ("schedule", 0, 0.0)
    assert (result["set"], len(result["grid"])) == ({"array.cols": 32}, 194)
    assert [result[name] for name in ("engine", "memory", "profile", "part")] == ["analytic", "paper", "paper", "delay"]
    assert {"tokens": 192, "next_tokens": 193}.items() <= result["steps"][-1].items()


def test_schedule_on_a_gpu_and_from_a_recording(pivotsim, accuracy, tmp_path):
    ran = pivotsim("schedule", "deit_s", "--hw", "gpu/tx2", "--accuracy", accuracy, "--stride", "3", "--json")
    assert [row["tokens"] for row in json.loads(ran.out)["grid"]][:2] == [197, 194]
    recorded = tmp_path / "here.csv"
    recorded.write_text("model,batch,tokens,repeat,latency_ms\ndeit_s,1,197,0,30\ndeit_s,1,128,0,20\n")
    ran = pivotsim("schedule", "deit_s", "--recorded", recorded, "--accuracy", accuracy)
    assert ran.code == 0
    assert "192 of 194 grid points have no latency" in ran.out
    assert "not known" in ran.out


def test_a_staircase_without_steps_is_said_to_have_none(pivotsim, accuracy):
    ran = pivotsim("schedule", "deit_s", "--hw", "gpu/a100", "--accuracy", "deit_s")
    assert "no step up of 2 % or more that stands out: latency goes from 1.730 to 1.761 ms\n" in ran.out
    assert "step: most tokens" not in ran.out
    assert "\n   120  " in ran.out  # three grid points have an accuracy: all are printed
    ran = pivotsim("schedule", "deit_s", "--hw", "zcu102_ws", "--accuracy", accuracy, "--part", "array")
    assert "stands out: latency goes from" in ran.out and "\n   120  " not in ran.out


@pytest.mark.parametrize(
    ("options", "axis", "values"),
    [
        (("--alpha", "0.1:0.5:0.2"), "alpha", [0.1, 0.3, 0.5]),
        (("--alpha", "0.25,0.1:0.2"), "alpha", [0.25, 0.1, 0.2]),
        (("--batch", "1,4"), "batch", [1, 4]),
        (("--encoder", "1:12:5"), "encoder", [1, 6, 11]),
        (("--methods",), "method", ["whole model", "one layer", "Top-K", "ToMe", "DynamicViT"]),
    ],
)
def test_several_values_are_a_table(pivotsim, tmp_path, options, axis, values):
    command = ("schedule", "deit_s", "--hw", "gpu/tx2", "--accuracy", "deit_s", *options)
    told = json.loads(pivotsim(*command, "--json").out)
    assert (told["result"], [row[axis] for row in told["rows"]]) == ("schedule sweep", values)
    assert any(note.startswith("--accuracy deit_s: published") for note in told["notes"])
    ran = pivotsim(*command, "--csv", tmp_path / "out.csv", "--plots", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[2].split()[0] == axis
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == [axis, *map(str, values)]
    assert (tmp_path / f"schedule_by_{axis}.png").exists()


def test_the_csv_of_a_sweep_is_alone_on_stdout(pivotsim):
    ran = pivotsim("schedule", "deit_s", "--hw", "gpu/tx2", "--accuracy", "deit_s", "--batch", "1,2", "--csv", "-")
    assert [line.split(",")[0] for line in ran.out.splitlines()] == ["batch", "1", "2"]
    assert "batch" in ran.err


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--alpha", "0.1,0.2", "--batch", "1,2"), "schedule: --alpha and --batch: one sweep at a time"),
        (("--encoder", "1,2", "--methods"), "schedule: --encoder and --methods: one sweep at a time"),
        (("--alpha", "0.9:0.1"), "--alpha: a range is FIRST:LAST or FIRST:LAST:STEP, rising (got '0.9:0.1')"),
        (("--alpha", "0:1:0"), "--alpha: a range is FIRST:LAST"),
        (("--alpha", "0:1:0.1:2"), "--alpha: a range is FIRST:LAST"),
        (("--batch", "1:2000"), "--batch: at most 1000 values (got '1:2000')"),
        (("--alpha", "0.1,x"), "--alpha: must be a number (got 'x')"),
        (("--alpha", "0.1,2"), "--alpha: must lie in 0 to 1 (got 2)"),
        (("--alpha", "0.3,0.1:0.5"), "--alpha: a value stands twice (got 0.3)"),
        (("--batch", "2,1,2"), "--batch: a value stands twice (got 2)"),
        (("--batch", "1,0"), "--batch: must be at least 1 (got 0)"),
        (("--batch", "1,1.5"), "--batch: must be an integer (got 1.5)"),
        (("--encoder", "1,13"), "--encoder: must be at most 12 (got 13)"),
        (("--csv", "x.csv"), "--csv: writes the rows of a sweep; state several values, as in --alpha 0.1:0.9"),
        (("--methods", "--pruning-ms", "1"), "--pruning-ms: is not charged in a sweep over --methods (got 1)"),
    ],
)
def test_sweeps_that_cannot_be_are_one_line(pivotsim, options, problem):
    ran = pivotsim("schedule", "deit_s", "--hw", "gpu/tx2", "--accuracy", "deit_s", *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip().startswith(problem)
    assert "\n" not in ran.err.strip()


@pytest.mark.parametrize("setting", ["model.depth=6", "model.width=768", "array.rows=3"])
def test_a_recording_is_of_the_model_as_it_is(pivotsim, accuracy, tmp_path, setting):
    recorded = tmp_path / "here.csv"
    recorded.write_text("model,batch,tokens,repeat,latency_ms\ndeit_s,1,197,0,30\n")
    ran = pivotsim("schedule", "deit_s", "--recorded", recorded, "--accuracy", accuracy, "--set", setting)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip() == f"--set: {setting.split('=')[0]}: a recording has no such value"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--hw", "zcu102", "--live", "cpu"), "schedule: --hw and --live exclude each other"),
        (("--hw", "gpu/a100", "--part", "array"), "--part: says how a board is simulated; this device is none"),
        (("--hw", "gpu/a100", "--set", "array.rows=3"), "--set: array.rows: unknown key"),
        (("--recorded", "none.csv"), "none.csv: no such file"),
        (("--hw", "gpu/a1000"), "hardware: unknown name (got 'gpu/a1000'), nearest valid name: 'gpu/a100'"),
        (("--alpha", "2"), "--alpha: must lie in 0 to 1 (got 2)"),
        (("--stride", "0"), "--stride: must be at least 1 (got 0)"),
        (("--encoder", "13"), "--encoder: must be at most 12 (got 13)"),
        (("--part", "half"), "--part: must be one of delay, array (got 'half')"),
    ],
)
def test_wrong_input_is_one_line_and_exit_status_2(pivotsim, accuracy, arguments, problem):
    ran = pivotsim("schedule", "deit_s", "--accuracy", accuracy, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip().startswith(problem)
    assert "\n" not in ran.err.strip()


def test_reproduce_tokens_prints_and_passes(pivotsim):
    ran = pivotsim("reproduce", "tokens")
    assert (ran.code, ran.err) == (0, "")
    assert "all verdicts are the expected ones" in ran.out
    ran = pivotsim("reproduce", "tokens", "--json")
    result = json.loads(ran.out)
    assert (result["paper"], result["unexpected"], len(result["claims"])) == ("tokens", [], 222)
    assert "| claim | published |" in pivotsim("reproduce", "tokens", "--full", "--format", "markdown").out


def test_an_unexpected_verdict_is_exit_status_1(pivotsim, monkeypatch):
    from pivotsim.published.tokens import audit as tokens

    monkeypatch.setattr(tokens, "load_expected", lambda name: {"table2a.q": "input"})
    ran = pivotsim("reproduce", "tokens")
    assert ran.code == 1
    assert "table2a.q: expected 'input', found 'not modelled'" in ran.err
