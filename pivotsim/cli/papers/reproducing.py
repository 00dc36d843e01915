"""The commands that audit published numbers: `reproduce` with the name of a paper, and `reproduce all`."""

import importlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options, paging
from pivotsim.cli.command import App
from pivotsim.cli.output import print_json, print_line, print_note, print_notes
from pivotsim.cli.papers.audit_tables import print_audit, print_summary, print_verdicts
from pivotsim.cli.settings import load_both, parse_settings
from pivotsim.errors import InputError
from pivotsim.published.registry import PAPERS, Paper, reproduce

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings

reproduce_app = App(help="Published numbers beside simulated ones, with verdicts.")
FullOption = Annotated[bool, typer.Option("--full", help="Print every claim with its reason, not the summary.")]
RecordedOption = Annotated[
    Path | None,
    typer.Option(
        "--recorded",
        parser=options.folder("--recorded"),
        metavar="DIR",
        help="With --plots: recordings behind figures that no simulation gives, such as notebooks/recorded.",
    ),
]
# what a paper takes -> the parameters of its command: name, option, default
OPTIONS: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    "hw": (("hw", options.HwOption, "zcu102"), ("set_", options.HwSetOption, None)),
    "plots": (("plots", options.PlotsOption, None),),
    "recorded": (("recorded", RecordedOption, None),),
}
ALWAYS = (("html", paging.HtmlOption, None), ("full", FullOption, False), ("json", options.JsonOption, False))


def _add_command(name: str, paper: Paper) -> None:
    """Add the command of one paper, with the options that it takes."""

    def command(**given: Any) -> None:
        _reproduce(name, **given)

    taken = [*(option for kind in paper.takes for option in OPTIONS[kind]), *ALWAYS]
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(n, keyword, default=default, annotation=kind) for n, kind, default in taken]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer makes options of
    command.__annotations__ = {n: kind for n, kind, _ in taken}
    reproduce_app.command(name, help=paper.help)(command)


def _reproduce(
    name: str,
    *,
    full: bool,
    json: bool,
    html: Path | None,
    hw: str | None = None,
    set_: list[str] | None = None,
    plots: Path | None = None,
    recorded: Path | None = None,
) -> None:
    """Audit a paper and print what was found."""
    if json and full:
        raise InputError("--full: chooses the tables that are printed, and --json prints none")
    if recorded is not None and plots is None:
        raise InputError("--recorded: changes pictures alone, give --plots too")
    pictures: Any = importlib.import_module(f"pivotsim.plots.papers.{name}") if plots is not None else None
    if recorded is not None:
        pictures.recordings_in(recorded)  # a folder of none is refused before the audit, not after it
    asked: dict[str, Any] = {}
    said: dict[str, Any] = {}
    if hw is not None:
        said["set"] = parse_settings(set_)
        asked["hw"], _ = load_both(hw, None, said["set"])
    audit = reproduce(name, **asked)
    written: list[Path] = []
    if plots is not None:
        drawn = {"recorded": recorded} if "recorded" in PAPERS[name].takes else {}
        written, notes = pictures.plot_audit(audit, plots, **drawn)
        print_notes(notes)
    written += paging.write_page(audit, html, asked={"hw": hw, **said})
    if json:
        print_json({**audit.to_dict(), **said})
    else:
        (print_audit if full else print_summary)(audit)
        for path in written:
            print_line(f"wrote {path}", wraps=False)
    _end([audit])


for _name, _paper in PAPERS.items():
    _add_command(_name, _paper)


@reproduce_app.command("all")
def reproduce_all_command(json: options.JsonOption = False) -> None:
    """Audit all papers: how many claims have each verdict, and every verdict that is not the expected one."""
    audits = {name: reproduce(name) for name in PAPERS}
    if json:
        print_json({name: {"counts": a.counts(), "unexpected": a.unexpected} for name, a in audits.items()})
    else:
        for name, audit in audits.items():
            print_line(f"pivotsim reproduce {name}")
            print_line()
            print_verdicts(audit)
            print_line()
    _end(list(audits.values()))


def _end(audits: "list[Findings]") -> None:
    """Name every unexpected verdict on stderr, and exit with 1 where there is one."""
    for audit in audits:
        for line in audit.unexpected:
            print_note(line)
    if any(audit.unexpected for audit in audits):
        raise typer.Exit(1)
