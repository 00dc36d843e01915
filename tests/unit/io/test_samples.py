"""Sample data by name: found as boards are, marked in what rests on it, refused for another model."""

import json
from pathlib import Path

import pytest

import pivotsim as ps
from pivotsim.cli.entry import main
from pivotsim.effort.outputs import effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka
from pivotsim.io.samples import ENDINGS, find_sample, sample_note
from pivotsim.pruning.accuracy.given import read_accuracy

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "samples").glob("*/*.yaml"))
COSEARCH = ("cosearch", "digits_vit", "--logits", "digits", "--cka", "digits", "--target-delay-ms", "0.11")


def ran(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_sample_says_what_it_is(path):
    sample = find_sample(path.parent.name, "--x", path.stem)
    assert sample.path == path.with_suffix(ENDINGS[path.parent.name]) and sample.path.is_file()
    assert path.parent.name == "traces" or ps.load_model(sample.model).name == sample.model
    assert any(word in sample.source for word in ("measured on", "published", "trained by", "images of"))
    assert "not on ImageNet" in sample.source or sample.model != "digits_vit" or path.parent.name == "images"


def test_every_file_has_its_description():
    assert len(SHIPPED) == 9
    files = [path for path in (ROOT / "samples").glob("*/*") if path.suffix != ".yaml"]
    assert sorted(path.with_suffix(".yaml") for path in files) == SHIPPED


def test_the_digits_are_those_that_were_recorded():
    recorded = ROOT / "notebooks" / "recorded"
    for kind, name in (("logits", "calibration"), ("cka", "cka")):
        assert (
            find_sample(kind, "", "digits").path.read_bytes()
            == (recorded / f"cosearch_digits_seed0_{name}.npz").read_bytes()
        )


def test_the_samples_fit_their_models():
    model = ps.load_model("digits_vit")
    table = read_accuracy(find_sample("accuracy", "", "digits").path)
    assert list(table) == list(range(model.tokens, model.prefix_tokens, -1))
    assert table[model.tokens] > 95 and table[2] < 20  # of ten classes, nearly nothing left to see
    assert list(table.values()) == sorted(table.values(), reverse=True)
    outputs = effort_outputs(find_sample("logits", "", "digits").path)
    assert (outputs.classes, outputs.images, outputs.efforts[-1]) == (model.classes, 256, model.depth)
    assert len(checked_cka(find_sample("cka", "", "digits").path)) == model.depth


def test_the_published_accuracies_are_the_papers():
    claims = {f.claim.id: float(f.claim.text) for f in ps.reproduce("tokens").findings if f.claim.number is not None}
    whole = read_accuracy(find_sample("accuracy", "", "deit_s").path)
    assert whole == {
        197: 79.8,
        197 - 69: pytest.approx(79.8 - claims["table7.tx2.b1.deit_s.ours.degradation"]),
        197 - 77: pytest.approx(79.8 - claims["table6.tx2.b2.deit_s.ours.degradation"]),
    }


@pytest.mark.parametrize(
    ("arguments", "notes"),
    [
        (("schedule", "deit_s", "--accuracy", "deit_s"), ["--accuracy deit_s: published, not measured here; "]),
        (("schedule", "digits_vit", "--accuracy", "digits"), ["--accuracy digits: measured on scikit-learn's"]),
        (COSEARCH, ["--logits digits: measured on 256", "--cka digits: measured on 256"]),
    ],
)
def test_what_a_result_rests_on_is_printed(capsys, arguments, notes):
    code, out, err = ran(capsys, *arguments)
    assert (code, err) == (0, "") and all(f"  {note}" in out for note in notes)
    data = json.loads(ran(capsys, *arguments, "--json")[1])
    assert all(any(line.startswith(note) for line in data["notes"]) for note in notes)


def test_a_users_own_file_has_no_such_note(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "tokens,accuracy_pct\n197,79.8\n128,78\n"
    for name in ("acc.csv", "digits"):  # a file comes before a sample of its name
        Path(name).write_text(text)
        code, out, err = ran(capsys, "schedule", "deit_s", "--accuracy", name)
        assert (code, err) == (0, "") and "--accuracy" not in out and "80" not in out.splitlines()[0]


def test_samples_of_the_users(capsys, tmp_path, monkeypatch):
    folder = tmp_path / "samples" / "accuracy"
    folder.mkdir(parents=True)
    (folder / "mine.csv").write_text("tokens,accuracy_pct\n197,79.8\n128,78\n")
    monkeypatch.setenv("PIVOTSIM_PATH", str(tmp_path))
    code, out, err = ran(capsys, "schedule", "deit_s", "--accuracy", "mine")
    assert (code, err) == (0, "") and "--accuracy" not in out
    (folder / "mine.yaml").write_text("model: deit_t\nsource: guessed\n")
    assert ran(capsys, "schedule", "deit_t", "--accuracy", "mine")[1].endswith("  --accuracy mine: guessed\n")
    with pytest.raises(ps.InputError, match=r"^--accuracy: the sample 'mine' is of deit_t \(got 'deit_s'\)$"):
        sample_note("--accuracy", find_sample("accuracy", "--accuracy", "mine"), "deit_s")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("schedule", "deit_s", "--accuracy", "digits"),
            "--accuracy: the sample 'digits' is of digits_vit (got 'deit_s')",
        ),
        (
            ("schedule", "deit_s", "--accuracy", "deits"),
            "--accuracy: no such file, and no sample of that name (got 'deits'), nearest valid name: 'deit_s'",
        ),
        (("schedule", "deit_s", "--accuracy", "acc.csv"), "acc.csv: no such file"),
        (
            ("cosearch", "deit_s", *COSEARCH[2:]),
            "--logits: the sample 'digits' is of digits_vit (got 'deit_s')",
        ),
        (
            (*COSEARCH[:3], "digit", *COSEARCH[4:]),
            "--logits: no such file, and no sample of that name (got 'digit'), nearest valid name: 'digits'",
        ),
        (
            (*COSEARCH[:5], "zzz", *COSEARCH[6:]),
            "--cka: no such file, and no sample of that name (got 'zzz'), valid names: digits",
        ),
    ],
)
def test_what_is_no_sample_gets_one_line(capsys, tmp_path, monkeypatch, arguments, line):
    monkeypatch.chdir(tmp_path)
    assert ran(capsys, *arguments) == (2, "", line + "\n")
