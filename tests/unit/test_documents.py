"""The documents say what the program does."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import yaml

import pivotsim as ps
from pivotsim.cli.entry import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = [
    c for c in re.findall(r"`(pivotsim [^`]+)`", README) if not re.search(r"my\.csv|a\.json|--csv|\[pandas\]", c)
]


def test_the_readme_names_its_two_commands():
    assert "    make run " in README and "    make test " in README
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^run:", makefile, re.M) and re.search(r"^test:", makefile, re.M)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_core_tests_of_the_makefile_are_there():
    listed = re.search(r"^CORE_TESTS +:= ((?:.*\\\n)*.*)", (ROOT / "Makefile").read_text(), re.M)[1]
    paths = [word.partition("::")[0] for word in listed.replace("\\\n", " ").split() if word[:2] != "--"]
    assert len(paths) > 5 and not [path for path in paths if not (ROOT / path).exists()]


def users_files(folder):
    """Write the files that the README's commands name, as a user would have them."""
    (folder / "acc.csv").write_text("tokens,accuracy_pct\n197,79.8\n128,78.6\n64,70.0\n")
    draw = np.random.default_rng(0)
    easy = draw.normal(size=(40, 1000)) * draw.uniform(0.1, 30, (40, 1))
    np.savez(folder / "logits.npz", effort3=easy, effort6=2 * easy, effort12=3 * easy, labels=easy.argmax(axis=1))
    np.savez(folder / "cka.npz", cka=draw.uniform(0, 1, (12, 12)))


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_commands_of_the_readme_run(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    users_files(tmp_path)
    if command.startswith("pivotsim front"):
        assert main(["sweep", "zcu102_arrays", "--out", "arrays"]) == 0
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out


def test_the_first_result_is_what_is_printed(capsys):
    block = README.partition("    $ pivotsim run deit_s --active 1-6\n")[2].partition("    ...")[0]
    shown = [line.removeprefix("    ") for line in block.rstrip().splitlines()]
    main(["run", "deit_s", "--active", "1-6"])
    assert capsys.readouterr().out.splitlines()[: len(shown)] == shown


def test_the_python_of_the_readme_runs(capsys):
    code = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(code) == 1
    exec(compile(code[0], "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_pictures_of_the_readme_exist():
    for path in re.findall(r"\]\((notebooks/[^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == ps.__version__
    assert len(citation["references"]) == 3
    assert f"## {ps.__version__}" in (ROOT / "CHANGELOG.md").read_text()
