"""The commands that audit published numbers: reproduce pivot, reproduce static, reproduce tokens."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pivotsim.cli import options
from pivotsim.cli.audit_tables import mark
from pivotsim.cli.output import is_terminal, percent, print_json, print_line, print_note, print_table
from pivotsim.errors import InputError

if TYPE_CHECKING:
    from pivotsim.published.base.audit import Findings
    from pivotsim.published.pivot.audit import Audit
    from pivotsim.published.pivot.effort_pairs import Hypothesis
    from pivotsim.published.pivot.energy_sums import Additive
    from pivotsim.published.pivot.pair_ranking import Search
    from pivotsim.published.static.audit import StaticAudit

reproduce_app = typer.Typer(no_args_is_help=True, help="Published numbers beside simulated ones, with verdicts.")
RANKS_SHOWN = 3
SETTINGS_SHOWN = 8
MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")]
RELATIVE = "relative"  # the ranking that the audit uses; named here so that --help loads no audit


@reproduce_app.command("pivot")
def reproduce_pivot_command(
    hw: options.HwOption = "zcu102",
    set_: options.HwSetOption = None,
    plots: options.PlotsOption = None,
    markdown: MarkdownOption = False,
    json: options.JsonOption = False,
) -> None:
    """Audit every number of PIVOT (DAC'24); exit status 1 if a verdict is not the expected one."""
    from pivotsim.published.pivot.audit import reproduce_pivot

    _check_one_form(json, markdown)
    settings = options.parse_settings(set_)
    board, _ = options.load_both(hw, None, settings)
    audit = reproduce_pivot(board)
    written: list[Path] = []
    if plots is not None:
        from pivotsim.plots.pivot import plot_pivot

        written = plot_pivot(audit, plots)
    if json:
        print_json({**audit.to_dict(), "set": settings})
    else:
        _print_audit(audit, _print_markdown if markdown else _print_plain)
        for path in written:
            print_line(f"wrote {path}")
    _end(audit)


@reproduce_app.command("static")
def reproduce_static_command(markdown: MarkdownOption = False, json: options.JsonOption = False) -> None:
    """Audit pruned and sparse ViTs (Parikh et al., EViT, DynamicViT, ViTCoD, HeatViT); exit status as for pivot."""
    from pivotsim.published.static.audit import reproduce_static

    _check_one_form(json, markdown)
    audit = reproduce_static()
    if json:
        print_json(audit.to_dict())
    else:
        _print_static(audit, _print_markdown if markdown else _print_plain)
    _end(audit)


@reproduce_app.command("tokens")
def reproduce_tokens_command(markdown: MarkdownOption = False, json: options.JsonOption = False) -> None:
    """Audit every number of the token-pruning paper (arXiv 2407.05941); exit status as for pivot."""
    from pivotsim.cli.token_audit import print_token_audit
    from pivotsim.published.tokens.audit import reproduce_tokens

    _check_one_form(json, markdown)
    audit = reproduce_tokens()
    if json:
        print_json(audit.to_dict())
    else:
        print_token_audit(audit, _print_markdown if markdown else _print_plain)
    _end(audit)


@reproduce_app.command("all")
def reproduce_all_command(json: options.JsonOption = False) -> None:
    """Audit all papers: how many claims have each verdict, and every verdict that is not the expected one."""
    from pivotsim.published.pivot.audit import reproduce_pivot
    from pivotsim.published.static.audit import reproduce_static
    from pivotsim.published.tokens.audit import reproduce_tokens

    audits: dict[str, Findings] = {
        "pivot": reproduce_pivot(), "static": reproduce_static(), "tokens": reproduce_tokens(),
    }  # fmt: skip
    if json:
        print_json({name: {"counts": a.counts(), "unexpected": a.unexpected} for name, a in audits.items()})
    else:
        for name, audit in audits.items():
            print_line(f"pivotsim reproduce {name}")
            print_line()
            _print_verdicts(audit, _print_plain)
            print_line()
    if any(audit.unexpected for audit in audits.values()):
        for audit in audits.values():
            for line in audit.unexpected:
                print_note(line)
        raise typer.Exit(1)


def _check_one_form(json: bool, markdown: bool) -> None:
    if json and markdown:
        raise InputError("reproduce: --json and --markdown exclude each other")


def _end(audit: "Findings") -> None:
    """Name every unexpected verdict on stderr, and exit with 1 where there is one."""
    for line in audit.unexpected:
        print_note(line)
    if audit.unexpected:
        raise typer.Exit(1)


def _print_plain(title: str, columns: Sequence[str], rows: list[Sequence[Any]], right: Sequence[int]) -> None:
    print_line(title)
    print_line()
    print_table(columns, rows, right)
    print_line()


def _print_markdown(title: str, columns: Sequence[str], rows: list[Sequence[Any]], right: Sequence[int]) -> None:
    print_line(f"### {title}\n")
    print_line("| " + " | ".join(columns) + " |")
    print_line("|" + "|".join("---:" if i in right else "---" for i in range(len(columns))) + "|")
    for row in rows:
        print_line("| " + " | ".join("" if c is None else str(c).replace("|", "\\|") for c in row) + " |")
    print_line()


def _print_findings(title: str, audit: "Findings", show: Callable[..., None]) -> None:
    reasons = {reason: number for number, reason in enumerate(dict.fromkeys(f.reason for f in audit.findings), start=1)}
    folded = is_terminal() and show is _print_plain  # a terminal is too narrow for reasons beside the rows
    show(
        title,
        ("claim", "published", "simulated", "deviation", "unit", "verdict", "why" if folded else "reason"),
        [
            (f.claim.id, f.claim.text, f.shown, percent(f.deviation_frac, sign=True), f.claim.unit, f.verdict,
             reasons[f.reason] if folded else f.reason)
            for f in audit.findings
        ],
        (1, 2, 3),
    )  # fmt: skip
    if folded:
        show("Why", ("", ""), [(number, reason) for reason, number in reasons.items()], (0,))


def _print_verdicts(audit: "Findings", show: Callable[..., None]) -> None:
    show("Verdicts", ("verdict", "claims"), list(audit.counts().items()), (1,))
    expected = "all verdicts are the expected ones" if not audit.unexpected else "UNEXPECTED VERDICTS, see stderr"
    print_line(expected)


def _print_static(audit: "StaticAudit", show: Callable[..., None]) -> None:
    _print_findings("Pruned and sparse ViTs: published beside simulated", audit, show)
    compute, size = audit.published
    show(
        f"Settings of Parikh et al. behind {compute:g}x compute, {size:g}x size: searched, inferred, never published",
        ("rank", "pruned", "blocks kept", "tokens kept", "in encoders", "compute", "size", "meets both"),
        [
            (rank, h.pruned, f"{h.block_density:g}", f"{h.token_keep_rate:g}", ", ".join(map(str, h.encoders)),
             f"{h.compute_reduction:.3f}x", f"{h.compression:.3f}x", "yes" if h.fits(compute, size) else "no")
            for rank, h in enumerate(audit.nearest(SETTINGS_SHOWN), start=1)
        ],
        (0, 2, 3, 5, 6),
    )  # fmt: skip
    _print_verdicts(audit, show)


def _print_audit(audit: "Audit", show: Callable[..., None]) -> None:
    _print_findings(f"PIVOT (DAC'24) on {audit.hw.name}: published beside simulated", audit, show)
    show(
        "Cells that do not follow from each other (marked above 2.5 %)",
        ("claim", "printed", "implied", "size", "", "rule"),
        [(h.id, h.printed, h.implied, percent(h.size_frac, sign=True), mark(h), h.rule) for h in audit.hits],
        (1, 2, 3),
    )
    show(
        "Fig. 6b with the tables: can any sum of components fall so? It falls between its least part and its greatest",
        ("row", "total", "least part", "greatest", "possible", "unlisted part needs", "attention's own time: printed",
         "simulated", "rule activity, simulated"),
        [_additive_row(judged) for judged in audit.additive],
        (1, 2, 3, 5, 6, 7),
    )  # fmt: skip
    print_line("An unlisted part is one that Fig. 6b leaves out and that does not fall; that the figure may mean the")
    print_line("attention alone is a hypothesis; periphery under rule activity holds a calibrated residual.")
    print_line()
    show(
        "Effort pairs behind the rows: searched, inferred, never published (gate ignored, as the paper does)",
        ("row", "ranking", "rank", "low", "high", "F_L", "score", "fits", "used", "delay, ms", "energy, J", "EDP, J*ms",
         "definition of EDP", "shares of"),
        [_pair_row(search, *shown) for search in audit.searches for shown in search.shown(RANKS_SHOWN)],
        (2, 3, 4, 5, 6, 9, 10, 11),
    )  # fmt: skip
    show(
        "Definition of EDP: the one whose best hypotheses score lowest over all rows is used for all",
        ("definition of EDP", "sum of best scores"),
        [(name, f"{score:.2f}") for name, score in audit.definition_scores.items()],
        (1,),
    )
    _print_verdicts(audit, show)


def _times(ratio: float | None, places: int) -> str:
    return "-" if ratio is None else f"{ratio:.{places}f}x"


def _additive_row(judged: "Additive") -> Sequence[Any]:
    needs = percent(judged.unlisted_frac, 0) if judged.unlisted_frac else "-"
    simulated = ", ".join(f"{name} {ratio:.2f}x" for name, ratio in judged.activity_reductions.items())
    return (
        judged.row, _times(judged.total_reduction, 2), _times(judged.least_reduction, 1),
        _times(judged.greatest_reduction, 1), judged.possible, needs, _times(judged.attention_published_reduction, 2),
        _times(judged.attention_simulated_reduction, 2), simulated,
    )  # fmt: skip


def _pair_row(search: "Search", kind: str, rank: int, h: "Hypothesis") -> Sequence[Any]:
    used = "used" if kind == RELATIVE and h is search.best else ""
    return (
        search.row, kind, rank, h.low, h.high, f"{h.low_frac:.2f}", f"{h.score:.2f}", "yes" if h.fits else "no", used,
        f"{h.cells['delay']:.2f}", f"{h.cells['energy']:.4f}", f"{h.cells['edp']:.3f}", h.edp_definition, h.share_base,
    )  # fmt: skip
