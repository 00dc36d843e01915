"""The HTML of a page: first screen, sections, marks; style and scripts inside, and a policy that lets nothing else run.

Scripts run by their SHA-256 alone, and no address is fetched (Content-Security-Policy): a text of an input file that
were not escaped could still do nothing.
"""

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from pivotsim._version import __version__
from pivotsim.pages.bokeh_figures import json_text, script_text
from pivotsim.pages.html_tables import table_html
from pivotsim.pages.marks import marks_of
from pivotsim.pages.page import Block, Chart, Fact, Page, Section
from pivotsim.tables import Table

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def page_html(page: Page) -> str:
    """Return a page as HTML."""
    scripts = (script_text(), _asset("page.js"))
    hashes = " ".join(f"'sha256-{_digest(text)}'" for text in scripts)
    charts = _Charts()
    body = "".join(_body(page, charts))
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(scripts=hashes)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="generator" content="pivotsim {__version__}">'
        f"<title>{escape(page.title)}</title><style>{_asset('page.css')}</style></head>\n"
        f"<body>{body}{''.join(charts.scripts)}"
        + "".join(f"<script>{text}</script>\n" for text in scripts)
        + "</body></html>\n"
    )


class _Charts:
    """The charts of a page, numbered as they are met."""

    def __init__(self) -> None:
        self.scripts: list[str] = []

    def html(self, chart: Chart) -> str:
        """Return the place of a chart, and keep its data."""
        target = f"chart-{len(self.scripts) + 1}"
        data = json_text(chart.figure, target)
        self.scripts.append(f'<script type="application/json" class="chart-data">{data}</script>\n')
        says = f"<figcaption>{escape(chart.says)}</figcaption>" if chart.says else ""
        label = escape(f"{chart.title}. {chart.says}")
        return (
            f'<figure class="block"><h3>{escape(chart.title)}</h3>{says}'
            f'<div class="chart" id="{target}" role="img" aria-label="{label}"></div></figure>'
        )


def _body(page: Page, charts: _Charts) -> Iterator[str]:
    yield f'<header><p class="kind">pivotsim {escape(page.kind)}</p><h1>{escape(page.title)}</h1>'
    yield f'<ul class="asked">{"".join(_asked(name, value) for name, value in page.asked)}</ul>'
    yield f'<dl class="facts">{"".join(map(_fact, page.facts))}</dl>'
    if page.said:
        lines = "".join(f"<li>{escape(line)}</li>" for line in page.said)
        yield f'<section class="said"><h2>To know first</h2><ul>{lines}</ul></section>'
    yield "</header>"
    titles = [_short(section.title) for section in page.sections] + (["Behind these numbers"] if page.notes else [])
    links = "".join(f'<a href="#part-{i}">{escape(title)}</a>' for i, title in enumerate(titles, start=1))
    yield f'<nav aria-label="Parts">{links}</nav><main>'
    for number, section in enumerate(page.sections, start=1):
        yield _section(number, section, charts)
    if page.notes:
        yield _notes(len(titles), page)
    hashed = f" · inputs {escape(page.input_hash)}" if page.input_hash else ""
    yield f"</main><footer>pivotsim {__version__}{hashed}</footer>"


def _short(title: str) -> str:
    """Return a title as a link says it: up to what explains it."""
    return title.partition(":")[0].partition(" (")[0]


def _asked(name: str, value: str) -> str:
    return f"<li><span>{escape(name.removeprefix('--').replace('_', ' '))}</span> {escape(value)}</li>"


def _fact(fact: Fact) -> str:
    unit = f" <small>{escape(fact.unit)}</small>" if fact.unit else ""
    remark = f'<dd class="remark">{escape(fact.remark)}</dd>' if fact.remark else ""
    kind = ' class="bad"' if fact.is_bad else ""
    return f"<div{kind}><dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}{unit}</dd>{remark}</div>"


def _section(number: int, section: Section, charts: _Charts) -> str:
    says = f'<p class="says">{escape(section.says)}</p>' if section.says else ""
    inside = f'{says}<div class="blocks">{"".join(_block(block, charts) for block in section.blocks)}</div>'
    title = f"<h2>{escape(section.title)}</h2>"
    if section.is_open:
        return f'<section id="part-{number}">{title}{inside}</section>'
    return f'<details id="part-{number}"><summary>{title}</summary>{inside}</details>'


def _block(block: Block, charts: _Charts) -> str:
    return charts.html(block) if isinstance(block, Chart) else table_html(block)


def _notes(number: int, page: Page) -> str:
    """Return the marks of all constants as a table, and how many there are of each kind."""
    marks = marks_of(page.notes)
    counts: dict[str, int] = {}
    for mark in marks:
        counts[mark.word] = counts.get(mark.word, 0) + 1
    badges = "".join(f'<li class="mark-{_class(word)}">{escape(word)} {n}</li>' for word, n in counts.items())
    table = Table("", ("constant", "mark", "what stands behind it"), [(m.where, m.mark, m.text) for m in marks])
    says = "Constants that are more, or less, than read from a source; all others are stated by the board's file."
    return (
        f'<section id="part-{number}"><h2>Behind these numbers</h2><p class="says">{says}</p>'
        f'<ul class="marks">{badges}</ul>{table_html(table)}</section>'
    )


def _class(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum()) or "note"


def _asset(name: str) -> str:
    return files("pivotsim.pages").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
