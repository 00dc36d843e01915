"""What bounds each kernel: counted by hand once, and page and picture say what the record says. No time is compared."""

import importlib

import numpy as np
import pytest

from docs.generators import speed_limits as generator
from docs.generators.speed_over_time import fingerprint
from pivotsim.kernels.mpca import GREEDY, lane_makespans
from tests.benchmarks.roofline.counting import CountedFloat, CountedInt, CountedWord, Counts, count, counting
from tests.benchmarks.roofline.work import ROWS

RECORD = generator.read_record()


def lanes(kept_blocks: list[int], number: int) -> tuple:
    """Return the arguments of one mask's columns on lanes: 4 clocks a block, 1 a header."""
    room = [np.zeros(length, dtype=np.int64) for length in (len(kept_blocks), len(kept_blocks), number, 1)]
    return np.array([kept_blocks]), GREEDY, 4, 1, *room


def test_one_column_on_one_lane_is_counted_as_by_hand():
    # product and sum of its cost, the lane's sum, its comparison with the longest, three of the policy; read are the
    # count, the cost and the lane twice; written are lanes, cost, lane of the column, the lane again, the makespan
    assert count(lane_makespans, lanes([3], 1)) == Counts(7, 0, 4 * 8, 5 * 8)


def test_a_second_lane_is_one_comparison_and_two_reads_more():
    one, two = (count(lane_makespans, lanes([3], number)) for number in (1, 2))
    assert two.operations - one.operations == 1
    assert two.bytes_read - one.bytes_read == 2 * 8 and two.bytes_written - one.bytes_written == 8


def test_what_is_counted_must_be_what_the_machine_code_does(monkeypatch):
    monkeypatch.setattr(lane_makespans, "py_func", lambda *_: None)
    with pytest.raises(AssertionError, match="lane_makespans: what is counted"):
        count(lane_makespans, lanes([3], 1))


@pytest.mark.parametrize(
    ("work", "operations", "divisions"),
    [
        (lambda: CountedInt(7) + 1, 1, 0),
        (lambda: 1 + CountedInt(7), 1, 0),
        (lambda: (CountedInt(7) * 2 - 1) ^ 3, 3, 0),
        (lambda: max(CountedInt(7), CountedInt(8)), 1, 0),
        (lambda: CountedInt(7) // CountedInt(2), 1, 1),
        (lambda: 7 % CountedInt(2), 1, 1),
        (lambda: CountedInt(7) // 2, 1, 0),  # by a constant: shifts and products
        (lambda: CountedFloat(7) / CountedFloat(2), 1, 1),
        (lambda: CountedWord(2**64 - 1) + 1, 1, 0),
        (lambda: 3 + 4, 0, 0),
    ],
)
def test_operations_of_numbers_that_count(work, operations, divisions):
    with counting() as found:
        work()
    assert (found.operations, found.divisions) == (operations, divisions)


def test_words_wrap_as_the_machine_s_do():
    assert CountedWord(2**64 - 1) + 1 == 0 and type(CountedWord(5) * 3) is CountedWord
    assert CountedInt(2**63) + 2**63 == 2**64


def test_the_record_has_its_form_and_names_no_machine():
    assert set(RECORD) == {"version", "date", "machine", "python", "numpy", "numba", "peaks", "rows"}
    drawn = {*generator.FLATS, *generator.SLOPES}
    assert drawn | {row["limit"] for row in RECORD["rows"]} <= set(RECORD["peaks"])
    for peak in RECORD["peaks"].values():
        for rates in peak["per_s"].values():
            assert 0 < rates[0] <= rates[1] <= rates[2]
    for row in RECORD["rows"]:
        for least, median, most in (row["ns"], row["ratio"]):
            assert 0 < least <= median <= most, row["name"]
        assert row["pairs"] >= 5 and row["peak_mb"] > 0 and row["operations"] > 0 and row["bytes"] > 0
        assert row["limits_ns"][row["limit"]] == max(row["limits_ns"].values()), row["name"]


def test_the_page_is_what_the_record_says():
    assert generator.PAGE.read_text(encoding="utf-8") == generator.limits_page(RECORD)


def test_the_picture_is_of_the_record():
    assert f"Description\0{fingerprint([RECORD])}".encode() in generator.PICTURE.read_bytes()


def test_the_record_has_the_rows_of_the_bench():
    for module in ("array_rows", "memory_rows", "other_rows", "gemm_rows"):
        importlib.import_module(f"tests.benchmarks.roofline.{module}")
    kept = {
        one["name"]: tuple(one[field] for field in ("what", "unit", "counted", "between")) for one in RECORD["rows"]
    }
    assert list(kept) == list(ROWS)
    assert kept == {name: tuple(row[:4]) for name, row in ROWS.items()}
