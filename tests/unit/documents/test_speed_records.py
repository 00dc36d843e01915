"""Records of the twelve numbers: their form, and that page and picture say what they say. No time is compared."""

import json
import re
from datetime import date

import pytest

from docs.generators import speed_over_time as generator

RECORDS = generator.read_records()
TEXTS = {"version": str, "date": str, "machine": str, "python": str, "numpy": str, "numba": str}
OF_NUMBER = {"what": str, "limit": str, "ratio": list, "rounds": int, "figure": float, "unit": str}


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record["date"])
def test_a_record_has_its_form_and_names_no_machine(record):
    assert {key: type(value) for key, value in record.items()} == {**TEXTS, "numbers": dict}
    date.fromisoformat(record["date"])
    assert re.match(r"\d+ cores, ", record["machine"])
    assert len(record["numbers"]) == 12
    for name, number in record["numbers"].items():
        assert {key: type(value) for key, value in number.items()} == OF_NUMBER, name
        least, median, most = number["ratio"]
        assert 0 < least <= median <= most and number["figure"] > 0 and number["rounds"] > 1, name


def test_the_page_is_what_the_records_say():
    assert generator.PAGE.read_text(encoding="utf-8") == generator.speed_page(RECORDS)


def test_the_picture_is_of_the_records():
    assert f"Description\0{generator.fingerprint(RECORDS)}".encode() in generator.PICTURE.read_bytes()


def test_a_number_that_is_new_has_a_hole_in_older_records():
    number = {"what": "a", "limit": "b", "ratio": [1.0, 2.0, 4.0], "rounds": 3, "figure": 5.0, "unit": "ms"}
    about = dict.fromkeys(TEXTS, "x")
    old, new = ({**about, "date": day, "numbers": dict.fromkeys(names, number)}
                for day, names in (("2026-01-01", "a"), ("2026-02-01", "ab")))  # fmt: skip
    assert generator.history_data([old, new]) == {"a": [(1, 2, 4), (1, 2, 4)], "b": [None, (1, 2, 4)]}
    page = generator.speed_page([old, new])
    assert "| number | 2026-01-01 | 2026-02-01 |" in page and "| `b` | | 2 |" in page and "| 1 | 2 | 4 | 5 ms |" in page


def test_records_are_read_by_date(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps({"date": day}) + "\n" for day in ("2026-03-01", "2026-01-01")))
    assert [record["date"] for record in generator.read_records(path)] == ["2026-01-01", "2026-03-01"]
