"""The page of an audit: verdicts first, then every claim as a point and a row, then the paper's other tables."""

from pivotsim.pages.charts.bars import plain_bars
from pivotsim.pages.charts.points import deviation_chart
from pivotsim.pages.page import Chart, Fact, LinkedTable, Page, Section
from pivotsim.published.base.audit import Findings
from pivotsim.published.base.findings import Finding
from pivotsim.simulation.results import hash_of
from pivotsim.tables import Table, counted

MOST_DRAWN = 100.0  # %; with a deviation beyond it the chart's other points would lie on a line


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
    sections.append(_claims(audit, findings._replace(title="", folds=None)))
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


def _claims(audit: Findings, table: Table) -> Section:
    """Return every claim as a row, and those with numbers on both sides as points too."""
    places = [
        place
        for place, f in enumerate(audit.findings)
        if f.deviation_frac is not None and 100 * abs(f.deviation_frac) <= MOST_DRAWN
    ]
    if not places:
        return Section("Every claim", (table,))
    known = [audit.findings[place] for place in places]
    far = sum(f.deviation_frac is not None for f in audit.findings) - len(known)
    chart = deviation_chart(
        [f.claim.id for f in known], [100 * (f.deviation_frac or 0.0) for f in known], [_verdict(f) for f in known],
        [f"{f.claim.text} {f.claim.unit}" for f in known], [f.shown for f in known], "claims",
    )  # fmt: skip
    says = f"The {counted(len(known), 'claim')} with a number on both sides; click a point to see its row."
    says += f" Not drawn: {counted(far, 'claim')} off by more than {MOST_DRAWN:.0f} %." if far else ""
    points = [places.index(place) if place in places else None for place in range(len(audit.findings))]
    return Section(
        "Every claim", (Chart("How far each number is off", chart, says), LinkedTable(table, "claims", points))
    )


def _verdict(finding: Finding) -> str:
    return finding.verdict or "no verdict"
