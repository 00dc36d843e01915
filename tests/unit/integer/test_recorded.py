"""The page of integer inference has the accuracies that were recorded."""

from pathlib import Path

import pytest

from tests.recordings.integer_table import lines, recorded

PAGE = Path(__file__).parents[3] / "docs" / "integer_inference.md"


def test_the_page_has_the_table():
    assert "\n".join(lines()) in PAGE.read_text(encoding="utf-8")


def test_differences_are_those_of_the_seeds():
    rows = recorded("integer_digits")
    for row in recorded("integer_digits_differences"):
        first, second = (
            [float(r["accuracy_frac"]) for r in rows if (r["setting"], r["numbers"]) == (row["setting"], row[side])]
            for side in ("first", "second")
        )
        assert len(first) == len(second) == 10
        assert sum(first) / 10 == pytest.approx(float(row["first_mean"]), abs=1e-5)
        assert (sum(first) - sum(second)) / 10 == pytest.approx(float(row["mean"]), abs=1e-5)
