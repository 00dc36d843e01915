"""The documents say what the program does."""

import importlib
import inspect
import re
import shlex
from pathlib import Path

import pytest
import yaml

import pivotsim as ps
from docs.generators.diagrams import board_svg
from pivotsim.cli.entry import COMMANDS as ENTRIES
from pivotsim.cli.entry import main
from tests.readme_commands import LEFT_OUT, commands_of, files_of, groups_of, shown_by_commands

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *(path for path in sorted(DOCS.rglob("*.md")) if DOCS / "reference" not in path.parents)]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
TEXT = "\n".join(TEXTS.values())
FUNCTIONS = [getattr(importlib.import_module(f"pivotsim.cli.{module}"), name) for module, name in ENTRIES.values()]
EXAMPLES = [
    line
    for function in FUNCTIONS
    if inspect.isfunction(function)
    for line in re.findall(r"Example: (pivotsim .*)", function.__doc__)
]
COMMANDS = commands_of(TEXT + "".join(f"\n    {line}" for line in EXAMPLES))
FILES = files_of(TEXT)
PYTHON = {page: re.findall(r"```python\n(import pivotsim.*?)```", text, re.S) for page, text in TEXTS.items()}


def test_the_readme_names_its_two_commands():
    assert "    make run " in README and "    make test " in README
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(r"^run:", makefile, re.M) and re.search(r"^test:", makefile, re.M)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_core_tests_of_the_makefile_are_there():
    listed = re.search(r"^CORE_TESTS +:= ((?:.*\\\n)*.*)", (ROOT / "Makefile").read_text(), re.M)[1]
    paths = [word.partition("::")[0] for word in listed.replace("\\\n", " ").split() if word[:2] != "--"]
    assert len(paths) > 5 and not [path for path in paths if not (ROOT / path).exists()]


@pytest.mark.parametrize("commands", groups_of(COMMANDS), ids=" and ".join)
def test_commands_run_as_written(commands, tmp_path, monkeypatch, capsys):
    """Of README.md, docs and every command's help."""
    monkeypatch.chdir(tmp_path)
    for name in {word for command in commands for word in command.split()} & FILES.keys():
        Path(name).write_text(FILES[name])
    for command in commands:
        line, _, file = command.partition(" > ")
        assert main(shlex.split(line)[1:]) == 0, command
        out = capsys.readouterr().out
        assert out, command
        if file:
            Path(file).write_text(out)


@pytest.mark.parametrize("page", [page for page, text in TEXTS.items() if shown_by_commands(text)])
def test_a_console_shows_what_is_printed(page, tmp_path, monkeypatch, capsys):
    """Commands of one page in their order; what is shown of their output stands there, in that order."""
    monkeypatch.chdir(tmp_path)
    for name, content in files_of(TEXTS[page]).items():
        Path(name).write_text(content)
    for command, pieces in shown_by_commands(TEXTS[page]):
        line, _, file = command.partition(" > ")
        assert main(shlex.split(line)[1:]) == 0, command
        out = capsys.readouterr().out
        if file:
            Path(file).write_text(out)
        place, lines = 0, out.splitlines()
        for piece in filter(None, pieces):
            found = [at for at in range(place, len(lines) - len(piece) + 1) if _shows(piece, lines[at:])]
            assert found, (command, piece, out)
            place = found[0] + len(piece)


def _shows(piece, lines):
    return all(
        line.startswith(part.removesuffix(" ...")) if part.endswith(" ...") else line == part
        for part, line in zip(piece, lines, strict=False)
    )


def test_every_help_has_its_example():
    assert len(EXAMPLES) > 8 and {"schedule", "cosearch", "sweep", "front"} <= {line.split()[1] for line in EXAMPLES}


def test_what_is_left_out_is_written_somewhere():
    assert all(part in TEXT for part in LEFT_OUT)
    assert len(COMMANDS) > 30


def test_the_first_result_is_what_is_printed(capsys):
    block = README.partition("    $ pivotsim run deit_s --active 1-6\n")[2].partition("    ...")[0]
    shown = [line.removeprefix("    ") for line in block.rstrip().splitlines()]
    main(["run", "deit_s", "--active", "1-6"])
    assert capsys.readouterr().out.splitlines()[: len(shown)] == shown


@pytest.mark.parametrize("page", [page for page, blocks in PYTHON.items() if blocks])
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    """Its blocks in their order, as in one session; those that import torch are run by tests/torch."""
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in PYTHON[page]:
        exec(compile(block, page, "exec"), names)


def test_the_python_of_the_readme_is_short_and_its_designs_fit(capsys):
    (code,) = PYTHON["README.md"]
    assert len([line for line in code.splitlines() if line]) <= 10
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert ps.fit(names["hw"]).fits
    largest = {f"array.{axis}": max(values) for axis, values in names["designs"].items()}  # demands grow with both
    assert ps.fit(names["hw"].replace(largest)).fits


def test_the_readme_is_one_that_is_read():
    assert len(README.splitlines()) <= 130


@pytest.mark.parametrize("page", TEXTS)
def test_links_within_the_repository_lead_somewhere(page):
    found = re.findall(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)", TEXTS[page])
    missing = [link for link in found if not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == [] and (found or page != "README.md")


def test_the_block_diagram_is_drawn_from_the_board():
    assert (DOCS / "figures" / "zcu102.svg").read_text(encoding="utf-8") == board_svg(ps.load_hardware("zcu102"))


def test_the_files_behind_the_equations_exist():
    rows = re.findall(r"\| `([a-z_/.]+)`(?:, `([a-z_/.]+)`)? \|$", TEXTS["docs/equations.md"], re.M)
    named = {path for row in rows for path in row if path}
    assert len(named) > 15 and [path for path in named if not (ROOT / "pivotsim" / path).exists()] == []


def test_versions_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == ps.__version__
    assert len(citation["references"]) == 3
    assert f"## {ps.__version__}" in (ROOT / "CHANGELOG.md").read_text()
