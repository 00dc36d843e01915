"""The table of docs/integer_inference.md, from what was recorded: `python -m tests.recordings.integer_table`."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

RECORDED = Path(__file__).parents[2] / "notebooks" / "recorded"
NUMBERS = ("float", "rounded", "integer")


def recorded(name: str) -> list[dict[str, str]]:
    """Return the rows of a recorded file."""
    lines = (RECORDED / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def lines() -> Iterator[str]:
    """Yield the table line by line."""
    rows, differences = recorded("integer_digits"), recorded("integer_digits_differences")
    yield "| plan | float | rounded | integer | integer - rounded | integer - float | class as float | leave at low |"
    yield "|---|---|---|---|---|---|---|---|"
    for setting in dict.fromkeys(row["setting"] for row in rows):
        here = [row for row in rows if row["setting"] == setting]
        accuracies = [_spread([row for row in here if row["numbers"] == numbers]) for numbers in NUMBERS]
        between = {d["second"]: d for d in differences if d["setting"] == setting and d["first"] == "integer"}
        integer = [row for row in here if row["numbers"] == "integer"]
        same = f"{100 * mean(float(row['same_class_frac']) for row in integer):.1f}"
        low = f"{100 * mean(float(row['low_frac']) for row in integer):.1f}" if setting == "pair" else ""
        cells = [setting, *accuracies, *(_points(between[second]) for second in ("rounded", "float")), same, low]
        yield f"| {' | '.join(cells)} |"


def _spread(rows: list[dict[str, str]]) -> str:
    values = [100 * float(row["accuracy_frac"]) for row in rows]
    return f"{mean(values):.2f} ± {stdev(values):.2f}"


def _points(row: dict[str, Any]) -> str:
    middle, low, high = (100 * float(row[name]) for name in ("mean", "low", "high"))
    return f"{middle:+.2f} [{low:+.2f}, {high:+.2f}]"


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
