"""The documents say what the program does."""

import importlib
import inspect
import re
import shlex
from pathlib import Path

import pytest
import yaml

import pivotsim as ps
from pivotsim.cli.entry import COMMANDS as ENTRIES
from pivotsim.cli.entry import main
from tests.readme_commands import LEFT_OUT, commands_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = (
    "adding", "boards", "glossary", "hardware_out", "hidden_settings", "html_reports", "importing", "mpca", "pipelines",
    "several_arrays", "staircases", "uncertainty", "validation",
)  # fmt: skip
TEXTS = "\n".join((ROOT / name).read_text() for name in ("README.md", *(f"docs/{page}.md" for page in PAGES)))
FUNCTIONS = [getattr(importlib.import_module(f"pivotsim.cli.{module}"), name) for module, name in ENTRIES.values()]
EXAMPLES = [
    line
    for function in FUNCTIONS
    if inspect.isfunction(function)
    for line in re.findall(r"Example: (pivotsim .*)", function.__doc__)
]
COMMANDS = commands_of(TEXTS + "".join(f"\n    {line}" for line in EXAMPLES))
SHARED_FILES = (r"\barrays\b", r"my\.csv", r"\benergy_front\b", r"\bsmall_arrays\b", r"\b[ab]\.json")


def test_the_readme_names_its_two_commands():
    assert "    make run " in README and "    make test " in README
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^run:", makefile, re.M) and re.search(r"^test:", makefile, re.M)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_core_tests_of_the_makefile_are_there():
    listed = re.search(r"^CORE_TESTS +:= ((?:.*\\\n)*.*)", (ROOT / "Makefile").read_text(), re.M)[1]
    paths = [word.partition("::")[0] for word in listed.replace("\\\n", " ").split() if word[:2] != "--"]
    assert len(paths) > 5 and not [path for path in paths if not (ROOT / path).exists()]


def groups_of(commands):
    """Return lists of commands to be run in their order: those that share files, and each other one alone."""
    groups = {}
    for command in commands:
        shared = next((files for files in SHARED_FILES if re.search(files, command)), command)
        groups.setdefault(shared, []).append(command)
    return list(groups.values())


@pytest.mark.parametrize("commands", groups_of(COMMANDS), ids=" and ".join)
def test_commands_run_as_written(commands, tmp_path, monkeypatch, capsys):
    """Of README.md, docs and every command's help."""
    monkeypatch.chdir(tmp_path)
    for command in commands:
        line, _, file = command.partition(" > ")
        assert main(shlex.split(line)[1:]) == 0, command
        out = capsys.readouterr().out
        assert out, command
        if file:
            Path(file).write_text(out)


def test_every_help_has_its_example():
    assert len(EXAMPLES) > 8 and {"schedule", "cosearch", "sweep", "front"} <= {line.split()[1] for line in EXAMPLES}


def test_what_is_left_out_is_written_somewhere():
    assert all(part in TEXTS for part in LEFT_OUT)
    assert len(COMMANDS) > 30


def test_the_first_result_is_what_is_printed(capsys):
    block = README.partition("    $ pivotsim run deit_s --active 1-6\n")[2].partition("    ...")[0]
    shown = [line.removeprefix("    ") for line in block.rstrip().splitlines()]
    main(["run", "deit_s", "--active", "1-6"])
    assert capsys.readouterr().out.splitlines()[: len(shown)] == shown


def test_the_python_of_the_readme_runs(capsys):
    code = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(code) == 1
    names = {}
    exec(compile(code[0], "README.md", "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert ps.fit(names["hw"]).fits
    largest = {f"array.{axis}": max(values) for axis, values in names["designs"].items()}  # demands grow with both
    assert ps.fit(names["hw"].replace(largest)).fits


def test_pictures_of_the_readme_exist():
    for path in re.findall(r"\]\((notebooks/[^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == ps.__version__
    assert len(citation["references"]) == 3
    assert f"## {ps.__version__}" in (ROOT / "CHANGELOG.md").read_text()
