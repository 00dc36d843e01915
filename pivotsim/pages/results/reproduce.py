"""The page of an audit: verdicts first, then every claim as a point and a row, then the paper's other tables."""

from pivotsim.pages.charts.bars import plain_bars
from pivotsim.pages.charts.points import deviation_chart
from pivotsim.pages.page import Chart, Fact, LinkedTable, Page, Section
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.findings import Finding
from pivotsim.simulation.results import hash_of

MEASURED = 100.0  # %, beyond which a deviation is listed alone: the chart's other points would lie on a line


def reproduce_page(audit: Findings) -> Page:
    """Return the page of one audit."""
    counts = {verdict: number for verdict, number in audit.counts().items() if number}
    findings, *others = audit.tables()
    facts = [Fact("claims", f"{len(audit.findings):,}")]
    if audit.judged:
        facts += [Fact(verdict, f"{number:,}", "", "claims") for verdict, number in counts.items()]
        facts.append(Fact("not as expected", str(len(audit.unexpected)), "", "verdicts", bool(audit.unexpected)))
    said = audit.unexpected or [
        "all verdicts are the expected ones" if audit.judged else "another board than the paper's: no verdicts"
    ]
    sections = []
    if audit.judged:
        bars = Chart("Verdicts", plain_bars(list(counts.items()), "claims", "claims"))
        sections.append(Section("Verdicts", (bars, audit.verdict_table()._replace(title=""))))
    sections += _claims(audit)
    sections.append(Section("Every claim", (findings._replace(title="", folds=None),)))
    sections += [Section(table.title, (table._replace(title=""),), is_open=False) for table in others]
    return Page(
        kind="reproduce",
        title=findings.title,
        asked=(("paper", audit.title),),
        facts=tuple(facts),
        said=tuple(said),
        sections=tuple(sections),
        input_hash=hash_of(audit.to_dict()),
    )


def _claims(audit: Findings) -> list[Section]:
    """Return how far each claim with numbers on both sides is off, as points and rows that belong together."""
    known = [f for f in audit.findings if f.deviation_frac is not None and 100 * abs(f.deviation_frac) <= MEASURED]
    far = sum(f.deviation_frac is not None for f in audit.findings) - len(known)
    if not known:
        return []
    from pivotsim.tables import Table, percent

    chart = deviation_chart(
        [f.claim.id for f in known], [100 * (f.deviation_frac or 0.0) for f in known], [_verdict(f) for f in known],
        [f"{f.claim.text} {f.claim.unit}" for f in known], [f.shown for f in known], "claims",
    )  # fmt: skip
    rows = [
        (f.claim.id, f.claim.text, f.shown, percent(f.deviation_frac, sign=True), f.claim.unit, _verdict(f))
        for f in known
    ]
    columns = ("claim", "published", audit.found, "deviation", "unit", "verdict")
    says = "Click a point to see its row. Claims without a number on both sides are in the next table alone"
    says += f", as are {far} that are off by more than {MEASURED:.0f} %." if far else "."
    table = LinkedTable(Table("", columns, rows, (1, 2, 3)), "claims")
    return [Section("How far each number is off", (Chart("Deviations", chart, says), table))]


def _verdict(finding: Finding) -> str:
    return finding.verdict or "no verdict"
