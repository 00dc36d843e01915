"""The page of the twelve numbers over time, from its records: a table, the history, and a picture."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pivotsim.plots.style import GROUP_COLOURS, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCS = Path(__file__).parents[1]
RECORDS = DOCS / "data" / "speed_records.jsonl"
PAGE = DOCS / "speed_over_time.md"
PICTURE = DOCS / "figures" / "speed_over_time.png"
SHOWN = 6  # records in the history
COLUMNS = 4  # of panels
HEAD = """# Twelve numbers over time

`make bench-numbers` takes them and appends a record to `docs/data/speed_records.jsonl`; this page and its picture are
written from the records. Each number is the ratio of some work to its limit: a bare loop of the same arithmetic, the
objects that must exist, or the same work with less in it. Both are timed in turns in one run, in time of processors,
so that ratios can be compared between machines and on a busy one; figures cannot. No test depends on any of them.
[Speed](speed.md) says what limits each.

pytest-benchmark takes them: one small package beside pytest, a round's setup that times the limit just before the
work, one JSON for a run. asv builds an environment for each commit, where all kernels are compiled anew, and times
each function by itself, without its limit.
"""


class Ratio(NamedTuple):
    """A number in one record: least, median and largest ratio of its rounds."""

    least: float
    median: float
    most: float


def read_records(path: Path = RECORDS) -> list[dict[str, Any]]:
    """Return the records, by date."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return sorted((json.loads(line) for line in lines), key=lambda record: str(record["date"]))


def history_data(records: Sequence[dict[str, Any]]) -> dict[str, list[Ratio | None]]:
    """Return {number: its ratio in each record}, None where a record lacks it; those of the last record first."""
    names = dict.fromkeys(name for record in reversed(records) for name in record["numbers"])
    return {
        name: [Ratio(*r["numbers"][name]["ratio"]) if name in r["numbers"] else None for r in records] for name in names
    }


def speed_page(records: Sequence[dict[str, Any]]) -> str:
    """Return the page."""
    last, history = records[-1], history_data(records)
    rows = [
        f"| {each['what']} | {each['limit']} | {' | '.join(f'{ratio:.3g}' for ratio in each['ratio'])}"
        f" | {_shown(each['figure'])} {each['unit']} |"
        for each in last["numbers"].values()
    ]
    shown = records[-SHOWN:]
    dates = "".join(f" {record['date']} |" for record in shown)
    medians = [
        f"| `{name}` |" + "".join(f" {ratio.median:.3g} |" if ratio else " |" for ratio in ratios[-SHOWN:])
        for name, ratios in history.items()
    ]
    machines = [
        f"- {r['date']}: version {r['version']}; {r['machine']}; Python {r['python']}, numpy {r['numpy']},"
        f" numba {r['numba']}"
        for r in shown
    ]
    return "\n".join([
        HEAD, f"## {last['date']}, version {last['version']}\n",
        "The figure is that of the round that took the least time, of processors.\n",
        "| work | its limit | least | median | most | figure |", "|---|---|---:|---:|---:|---:|", *rows,
        "\n## History\n", "Medians of the ratios.\n", f"| number |{dates}", f"|---|{'---:|' * len(shown)}", *medians,
        "", *machines, f"\n![Ratio of each number to its limit, by record]({PICTURE.relative_to(DOCS).as_posix()})",
    ]) + "\n"  # fmt: skip


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.3g}"


def draw_history(name: str, ratios: Sequence[Ratio | None], dates: Sequence[str], axes: "Axes") -> "Axes":
    """Draw one number: its median in each record, and the least and largest of the rounds."""
    there = [(place, ratio) for place, ratio in enumerate(ratios) if ratio is not None]
    middle = [ratio.median for _, ratio in there]
    reach = [[r.median - r.least for _, r in there], [r.most - r.median for _, r in there]]
    axes.errorbar([place for place, _ in there], middle, reach, marker="o", markersize=4, capsize=3, linewidth=1,
                  color=GROUP_COLOURS["attention_mac"])  # fmt: skip
    axes.set_ylim(0, 1.1 * max(ratio.most for _, ratio in there))
    axes.set_xlim(-0.5, len(dates) - 0.5)
    axes.set_xticks(range(len(dates)), dates, fontsize=7, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_title(name.replace("_", " "), fontsize=9)
    return plain_axes(axes)


def fingerprint(records: Sequence[dict[str, Any]]) -> str:
    """Return a hash of records, which the picture carries to say whose it is."""
    return hashlib.sha256(json.dumps(list(records), sort_keys=True).encode()).hexdigest()


def write_page() -> None:
    """Write page and picture from the records."""
    from matplotlib.figure import Figure

    records = read_records()
    history = history_data(records)
    figure = Figure(figsize=(10, 2.4 * -(-len(history) // COLUMNS)), layout="constrained")
    panels = figure.subplots(-(-len(history) // COLUMNS), COLUMNS, squeeze=False)
    for each in panels.flat[len(history) :]:
        each.set_visible(False)
    for (name, ratios), axes in zip(history.items(), panels.flat, strict=False):
        draw_history(name, ratios[-SHOWN:], [record["date"] for record in records[-SHOWN:]], axes)
    figure.supylabel("ratio to the limit; bars from least to most", fontsize=9)
    figure.savefig(PICTURE, dpi=130, metadata={"Software": "pivotsim", "Description": fingerprint(records)})
    PAGE.write_text(speed_page(records), encoding="utf-8")
