"""Files for a co-search: what is written is read back alike; what could not be read is not written."""

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort.effort_files import save_cka, save_logits
from pivotsim.effort.outputs import effort_outputs
from pivotsim.effort.search.path_scoring import checked_cka

LOGITS = {3: np.array([[5.0, 0.0], [0.0, 1.0]]), 12: np.array([[9.0, 0.0], [0.0, 9.0]], dtype=np.float16)}


@pytest.mark.parametrize("labels", [None, [0, 0], np.array([0, 0], dtype=np.int8)])
def test_logits_come_back(tmp_path, labels):
    save_logits(tmp_path / "logits.npz", LOGITS, labels)
    seen = effort_outputs(tmp_path / "logits.npz")
    wanted = effort_outputs({f"effort{e}": z for e, z in LOGITS.items()})
    assert seen.efforts == [3, 12] and (seen.right is None) == (labels is None)
    for effort in LOGITS:
        np.testing.assert_array_equal(seen.entropies[effort], wanted.entropies[effort])
    if labels is not None:
        assert seen.right[3].tolist() == [True, False]


def test_a_cka_matrix_comes_back(tmp_path):
    matrix = np.random.default_rng(0).random((4, 4))
    save_cka(tmp_path / "cka.npz", matrix)
    np.testing.assert_array_equal(checked_cka(tmp_path / "cka.npz"), matrix)


@pytest.mark.parametrize(
    ("logits", "labels", "problem"),
    [
        ([[1.0, 2.0]], None, "must be a mapping of effort to logits"),
        ({}, None, "holds no effort"),
        ({-1: [[1.0, 2.0]]}, None, "effort: must be at least 0"),
        ({"3": [[1.0, 2.0]]}, None, "effort: must be an integer"),
        ({3: [[1.0, np.nan]]}, None, "must be a finite number"),
        ({3: [[1.0, 2.0]], 4: [[1.0, 2.0, 3.0]]}, None, "must have the shape of effort3"),
        ({3: [[1.0, 2.0]]}, [2], "must be a class from 0 to 1"),
    ],
)
def test_what_cannot_be_read_is_not_written(tmp_path, logits, labels, problem):
    with pytest.raises(ps.InputError, match=problem):
        save_logits(tmp_path / "logits.npz", logits, labels)
    assert not list(tmp_path.iterdir())


def test_a_wrong_matrix_is_not_written(tmp_path):
    with pytest.raises(ps.InputError, match="must have the shape"):
        save_cka(tmp_path / "cka.npz", [[1.0, 2.0]])
    assert not list(tmp_path.iterdir())


def test_what_was_seen_has_a_digest_of_sixteen_digits():
    digests = [effort_outputs({f"effort{e}": z for e, z in LOGITS.items() if e >= first}).digest for first in (3, 12)]
    assert [len(digest) for digest in digests] == [16, 16] and digests[0] != digests[1]
