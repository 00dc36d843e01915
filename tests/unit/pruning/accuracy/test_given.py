"""Accuracy tables: CSV files and the random-removal proxy."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.pruning.accuracy.given import RandomRemoval, read_accuracy

MODEL = ps.load_model("deit_s")


def test_a_csv_reads_back(tmp_path):
    path = tmp_path / "acc.csv"
    path.write_text("# measured by me\ntokens,accuracy_pct\n197,79.8\n\n64, 62.0\n")
    assert read_accuracy(path) == {197: 79.8, 64: 62.0}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tokens,top1\n1,2\n", ":1: columns must be tokens,accuracy_pct"),
        ("# nothing\n", ":1: columns must be tokens,accuracy_pct"),
        ("tokens,accuracy_pct\n197,high\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n197,100.5\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n197,nan\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n0,50\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n197,50,3\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n1_9_7,50\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n197,7_9.8\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n\u0661,50\n", ":2: must be a token count and a percentage"),
        (f"tokens,accuracy_pct\n{'9' * 5000},50\n", ":2: must be a token count and a percentage"),
        ("tokens,accuracy_pct\n197,50\n197,51\n", ":3: tokens: stands twice"),
    ],
)
def test_a_wrong_csv_names_its_line(tmp_path, text, problem):
    path = tmp_path / "acc.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=problem):
        read_accuracy(path)


def test_rows_may_be_quoted_as_the_header_may(tmp_path):
    path = tmp_path / "acc.csv"
    path.write_text('"tokens","accuracy_pct"\n"197","79.8"\n"64", 62\n')
    assert read_accuracy(path) == {197: 79.8, 64: 62.0}


def test_a_hopeless_file_is_not_listed_to_its_end(tmp_path):
    path = tmp_path / "acc.csv"
    for text in ("x\n" * 100, "9,5\n" * 100):
        path.write_text("tokens,accuracy_pct\n" + text)
        with pytest.raises(InputError) as caught:
            read_accuracy(path)
        assert len(caught.value.problems) == 20


def test_random_removal_keeps_the_prefix_and_draws_per_batch():
    seen = []

    def correct_of(batch, kept):
        seen.append((batch, kept))
        return 30 + batch, 50

    proxy = RandomRemoval(correct_of, MODEL, batches=3, seed=7)
    assert proxy(64) == pytest.approx(100 * (30 + 31 + 32) / 150)
    for batch, kept in seen:
        assert kept[0] == 0
        assert len(kept) == 64
        assert np.array_equal(kept, np.unique(kept))
        assert kept[-1] <= 196
        assert batch in (0, 1, 2)
    assert not np.array_equal(seen[0][1], seen[1][1])
    proxy(63)
    assert set(seen[3][1]) < set(seen[0][1])  # nested: fewer tokens of the same draw


@pytest.mark.parametrize("tokens", [1, 198])
def test_random_removal_refuses_counts_that_leave_no_patch_or_add_some(tokens):
    with pytest.raises(InputError, match="tokens: must be at"):
        RandomRemoval(lambda batch, kept: (1, 1), MODEL)(tokens)


def test_an_evaluation_without_images_is_refused():
    with pytest.raises(InputError, match="evaluated no image"):
        RandomRemoval(lambda batch, kept: (0, 0), MODEL)(64)
