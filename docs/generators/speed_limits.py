"""The page of what each kernel is bound by, from its record: the machine's peaks, a table, and a roofline."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from docs.generators.speed_over_time import fingerprint
from pivotsim.plots.style import plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCS = Path(__file__).parents[1]
RECORD = DOCS / "data" / "speed_limits.json"
PAGE = DOCS / "speed_limits.md"
PICTURE = DOCS / "figures" / "speed_limits.png"
HEAD = """# What bounds each kernel

`make bench-roofline` counts the operations and the bytes of each kernel, measures them and the machine's peak for them
in turns, and writes `docs/data/speed_limits.json`; this page and its picture come from it. Time is that of processors;
a row has a process of its own. No test depends on any of it. [Speed](speed.md) has the goals and what was done.

- An **operation** is one arithmetic or logical operation or comparison of numbers that come from arrays or arguments;
  indices of loops are none. Most kernels are counted by running their own Python on numbers and arrays that count,
  whose results must equal the machine code's.
- **Bytes** are those that a kernel reads and writes at the level that bounds it, each as often as it does.
- The **limit** of a row is the time of the machine for the scarcest thing that it needs: its divisions alone, its other
  operations alone, or its bytes alone, at their peak. What waits for nothing else comes to 1. Operations that a kernel
  makes one after another have the peak of single integers, those that fill vectors the peak of vectors.
"""
MIDDLE = """
## Kernels

The ratio is that of the time to the limit in the same pair, {pairs} pairs: least, median, most. `ns` is the median for
a unit, `all ns` what its divisions, other operations and bytes take one after another, each at their peak. From day to
day absolute figures vary by a factor of 1.5 with the machine's load, peaks among them: of two records compare ratios.

These have no row: `sum_large_design_cycles` (the closed form of `vectors_of_designs` in integers),
`drawn_cycles_parallel` (`random_masks` in threads), `drawn_column_counts` (the hashes of `random_masks`),
`drop_dominated_by` (the sieve of `front_of_a_million`), `front_of_two` (one pass over sorted points) and
`front_of_many` (compares points pair by pair).
"""
END = """
## What stands between

Shares of samples are of `perf record -e cpu-clock`, 3,000 a second, each address looked up in the machine code of the
process; perf has no counters of instructions or misses on this machine. Elsewhere it is the code that was read.
"""
SLOPES = {"triad_l1": "first cache", "copy_memory": "memory"}  # in the picture, with how they are called there
FLATS = {
    "int32": "int32 multiply-add", "scalar": "int64, one at a time", "float64_divisions": "float64 division",
    "int64_divisions": "int64 division", "interpreter": "the interpreter",
}  # fmt: skip
FROM_MEMORY = "copy_memory"
COLOURS = {"bytes": "#0072B2", "division": "#D55E00", "arithmetic": "#E69F00", "Python": "#999999"}


class Point(NamedTuple):
    """A row in the picture: operations for each byte, operations a second, what bounds it."""

    name: str
    intensity: float
    rate: float
    bound: str
    is_from_memory: bool


def bound_of(limit: str) -> str:
    """Return the kind of a roof."""
    if limit in ("interpreter", "objects"):
        return "Python"
    if limit.endswith("divisions"):
        return "division"
    return "bytes" if limit.startswith(("copy", "triad")) else "arithmetic"


def points_of(rows: Sequence[dict[str, Any]]) -> list[Point]:
    """Return the picture's points, the fastest first."""
    found = [
        Point(row["name"].replace("_", " "), row["operations"] / row["bytes"], 1e9 * row["operations"] / row["ns"][1],
              bound_of(row["limit"]), FROM_MEMORY in row["limits_ns"])
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda point: -point.rate)


def limits_page(record: dict[str, Any]) -> str:
    """Return the page."""
    peaks, rows = record["peaks"], record["rows"]
    machine = (
        f"{record['machine']}; Python {record['python']}, numpy {record['numpy']}, numba {record['numba']};"
        f" {record['date']}, version {record['version']}."
    )
    of_machine = [
        f"| {peak['what']} | G{peak['unit']}/s | {' | '.join(_rates(peak, threads) for threads in ('1', '2'))} |"
        for peak in peaks.values()
    ]
    of_rows = [
        f"| `{row['name']}` | {row['what']} | {row['unit']} | {_short(row['operations'])} | {_short(row['bytes'])}"
        f" | {_short(row['ns'][1])} | {peaks[row['limit']]['what']} | {_short(row['limits_ns'][row['limit']])}"
        f" | {_short(sum(row['limits_ns'].values()))}"
        f" | {', '.join(f'{ratio:.3g}' for ratio in row['ratio'])} | {row['peak_mb']} |"
        for row in rows
    ]
    between: dict[str, list[str]] = {}
    counted: dict[str, list[str]] = {}
    for row in rows:
        between.setdefault(row["between"], []).append(f"`{row['name']}`")
        counted.setdefault(row["counted"], []).append(f"`{row['name']}`")
    return "\n".join([
        HEAD, "## The machine\n", machine + " Least, median and most; two threads side by side, their rates added.\n",
        "| peak | unit | one core | two cores |", "|---|---|---|---|", *of_machine,
        MIDDLE.format(pairs=rows[0]["pairs"]),
        "| row | work | unit | operations | bytes | ns | limit | its ns | all ns | ratio | peak MB |",
        "|---|---|---|---:|---:|---:|---|---:|---:|---|---:|", *of_rows,
        f"\n![Roofline: operations a second over operations for each byte](figures/{PICTURE.name})", END,
        *(f"- {', '.join(names)}: {text}" for text, names in between.items()), "\n## How the counts come about\n",
        *(f"- {', '.join(names)}: {text}." for text, names in counted.items()),
    ]) + "\n"  # fmt: skip


def _rates(peak: dict[str, Any], threads: str) -> str:
    rates = peak["per_s"].get(threads)
    return ", ".join(f"{rate / 1e9:.3g}" for rate in rates) if rates else ""


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def draw_roofline(record: dict[str, Any], axes: "Axes") -> "Axes":
    """Draw the roofs of one core (solid) and two (dashed), a point for each row, and names beside the picture."""
    points = points_of(record["rows"])
    left, right = 0.6 * min(point.intensity for point in points), 3 * max(point.intensity for point in points)
    peaks = {
        name: [peak["per_s"][threads][1] for threads in ("1", "2") if threads in peak["per_s"]]
        for name, peak in record["peaks"].items()
    }
    low = 0.4 * min(point.rate for point in points)
    axes.set(xscale="log", yscale="log", xlim=(left, right), ylim=(low, 2 * max(peaks["int32"])),
             xlabel="operations for each byte", ylabel="operations a second")  # fmt: skip
    dashes = ("-", "--")
    for name, words in SLOPES.items():
        for rate, most, dash in zip(peaks[name], peaks["int32"], dashes, strict=True):
            axes.plot([left, most / rate], [left * rate, most], dash, color=COLOURS["bytes"], linewidth=0.9)
        axes.annotate(words, (1.3 * left, 1.3 * left * peaks[name][0]), xytext=(0, -9), textcoords="offset points",
                      fontsize=7, color=COLOURS["bytes"], rotation=_slope(axes), rotation_mode="anchor")  # fmt: skip
    for name, words in FLATS.items():
        for rate, cache, dash in zip(peaks[name], peaks["triad_l1"], dashes, strict=False):
            axes.plot([rate / cache, right], [rate, rate], dash, color="#555555", linewidth=0.7)
        axes.annotate(words, (right, peaks[name][0]), xytext=(-2, 2), textcoords="offset points",
                      ha="right", fontsize=7, zorder=4,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    for place, point in enumerate(points):
        colour = COLOURS[point.bound]
        axes.plot(point.intensity, point.rate, "s" if point.is_from_memory else "o", color=colour, markersize=5,
                  markerfacecolor="white" if point.is_from_memory else colour, zorder=3)  # fmt: skip
        height = 1 - (place + 0.5) / len(points)
        axes.annotate(point.name, (point.intensity, point.rate), xytext=(1.06, height), textcoords="axes fraction",
                      va="center", fontsize=8, color=colour,
                      arrowprops={"arrowstyle": "-", "color": "#BBBBBB", "linewidth": 0.5, "shrinkB": 3,
                                  "relpos": (0, 0.5)})  # fmt: skip
    for bound, colour in COLOURS.items():
        axes.plot([], [], "o", color=colour, label=f"limit: {bound}")
    axes.plot([], [], "s", color="#333333", markerfacecolor="white", label="bytes counted in memory")
    axes.plot([], [], "--", color="#333333", label="two cores")
    axes.legend(fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.6, -0.08), ncols=6, columnspacing=1)
    return plain_axes(axes)


def _slope(axes: "Axes") -> float:
    """Return the angle in degrees of a line along which both axes grow alike."""
    import math

    box = axes.get_window_extent()
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    return math.degrees(math.atan2(box.height / math.log(y1 / y0), box.width / math.log(x1 / x0)))


def read_record() -> dict[str, Any]:
    """Return the record."""
    found: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def keep(record: dict[str, Any]) -> None:
    """Write the record, its page and its picture."""
    from matplotlib.figure import Figure

    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    figure = Figure(figsize=(10, 6.5))
    draw_roofline(record, figure.add_axes((0.08, 0.12, 0.68, 0.86)))
    figure.savefig(PICTURE, dpi=130, metadata={"Software": "pivotsim", "Description": fingerprint([record])})
    PAGE.write_text(limits_page(record), encoding="utf-8")
