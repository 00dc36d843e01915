"""--format: the tables of every command as Markdown, CSV or LaTeX; pages of 100 columns; help in groups."""

import csv
import io
import json
import re

import pytest

import pivotsim as ps
from pivotsim.cli.command import GROUPS, NO_TABLES, OWN, Command
from pivotsim.cli.entry import COMMANDS, app_of
from pivotsim.dse.sweep.run import run_sweep

SPACE = {"name": "s", "axes": {"array.rows": [16, 32], "array.cols": [18, 36], "array.dataflow": ["is", "os"]}}
TABLES = {
    "gemm": ("8", "8", "8"), "run": ("deit_t",), "show hw": (), "show fit": (), "show model": ("deit_t",),
    "show plan": ("deit_t",), "show trace": ("deit_t",), "list": ("models",),
    "watch": ("3", "2", "4", "--array", "2x2"),
    "combine": ("deit_t", "--low", "1-3", "--high", "all", "--f-low", "0.5"), "reproduce static": (),
    "compare": ("A.json", "A.json"), "validate": (), "front": ("SWEEP",),
    "schedule": ("digits_vit", "--accuracy", "digits"), "classify": ("digits", "digits"),
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "A.json").write_text(json.dumps(ps.simulate(ps.plan("deit_t")).to_dict()))
    run_sweep(SPACE, folder / "SWEEP")
    return folder


@pytest.fixture
def command(pivotsim, files, monkeypatch):
    monkeypatch.chdir(files)
    return lambda name, *more: pivotsim(*name.split(), *TABLES[name], *more)


def commands(command=None, path=""):
    """Yield (path, command) of all commands."""
    import typer

    command = command or typer.main.get_command(app_of(COMMANDS))
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, f"{path} {name}".strip())
    if path and not hasattr(command, "commands"):
        yield path, command


@pytest.mark.parametrize("name", TABLES)
def test_a_page_is_100_columns_wide(command, name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    ran = command(name)
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 100
    assert len(ran.out.splitlines()) > 1


@pytest.mark.parametrize("name", TABLES)
def test_every_table_in_every_form(command, name):
    markdown = command(name, "--format", "markdown").out
    names = [line for line in markdown.splitlines() if re.match(r"\|(-+:?\|)+$", line)]
    latex = command(name, "--format", "latex")
    assert (
        latex.code == 0 and latex.out.count("\\begin{tabular}") == latex.out.count("\\end{tabular}") == len(names) > 0
    )
    inside = False
    for line in latex.out.splitlines():
        inside = (inside or line.startswith("\\begin{tabular}")) and not line.startswith("\\end{tabular}")
        assert inside or not line or line.startswith(("%", "\\end{tabular}")), "what is no table is a comment"
        assert not re.search(r"(?<!\\)[%#_]", line) or line.startswith("%")
    ran = command(name, "--format", "csv")
    parts = [list(csv.reader(io.StringIO(part))) for part in ran.out.strip("\n").split("\n\n")]
    assert len(parts) == len(names)
    assert all(len({len(row) for row in part}) == 1 for part in parts)


def test_csv_says_the_rest_on_stderr(command):
    ran, plain = command("gemm", "--format", "csv"), command("gemm")
    assert ran.out.splitlines()[:2] == ["quantity,value,unit", "cycles,170,clocks"]
    assert all(line in plain.out for line in ran.err.splitlines())


def test_the_commands_that_print_json_have_a_form():
    for path, command in commands():
        options = {option for parameter in command.params for option in parameter.opts}
        assert ("--format" in options) == ("--json" in options and path not in NO_TABLES), path
        assert isinstance(command, Command)


def test_every_option_has_its_group_once():
    options = [option for group in GROUPS.values() for option in group]
    used = {p.opts[0] for _, command in commands() for p in command.params if p.param_type_name == "option"}
    assert len(options) == len(set(options))
    assert used <= set(options), used - set(options)
    assert set(options) - used <= {"--html"}
    assert all(name in dict(commands()) for name, _ in OWN)


@pytest.mark.parametrize("width", [60, 100, 160])
def test_help_is_as_wide_as_the_terminal(pivotsim, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = pivotsim("run", "--help").out.splitlines()
    assert width - 12 <= max(map(len, lines)) <= width
    assert [line for line in lines if line.endswith(":") and not line.startswith(" ")] == [
        "Arguments:", "Workload:", "Pruning:", "Hardware:", "Simulation:", "Search:", "Output:", "Options:",
    ]  # fmt: skip


def test_a_summary_is_one_screen(pivotsim, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = pivotsim("reproduce", "pivot").out.splitlines()
    assert len(lines) <= 25 and max(map(len, lines)) <= 100
    counts = {verdict: str(count) for verdict, count in ps.reproduce("pivot").counts().items()}
    for verdict, count in counts.items():
        assert any(line.startswith(verdict) and line.removeprefix(verdict).split()[0] == count for line in lines), (
            verdict
        )
    assert any(line.split()[:3] == ["table2.deit_s.delay", "59.66", "59.660"] for line in lines)


def test_pictures_in_the_forms_of_papers(pivotsim, tmp_path):
    ran = pivotsim("run", "deit_t", "--plots", tmp_path, "--figure-format", "pdf", "--figure-columns", "1")
    assert ran.code == 0
    assert {path.suffix for path in tmp_path.iterdir()} == {".pdf"} and ran.out.count(".pdf") == len(
        list(tmp_path.iterdir())
    )
    for options, message in (
        (("--figure-format", "pdf"), "--figure-format: changes pictures alone, give --plots too (got 'pdf')"),
        (("--plots", "p", "--figure-columns", "3"), "--figure-columns: must be 1 or 2 (got 3)"),
        (("--plots", "p", "--figure-format", "jpg"), "--figure-format: must be one of png, pdf, svg (got 'jpg')"),
    ):
        ran = pivotsim("run", "deit_t", *options)
        assert (ran.code, ran.out) == (2, "") and ran.err.startswith(message)


def test_every_command_that_draws_has_the_forms():
    for path, command in commands():
        options = {option for parameter in command.params for option in parameter.opts}
        draws = "--plots" in options or path == "watch"
        assert ({"--figure-format", "--figure-columns"} <= options) == draws, path
