"""path_score() and best_paths() against Algorithm 1 word by word and all paths one by one."""

import itertools
import math

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.effort import best_paths, path_score
from pivotsim.effort.search.paths import count_paths
from tests.oracles.effort import paths

EXAMPLE = [1, 2, 5, 6, 7, 8, 11, 12]


def test_the_papers_example():
    cka = np.random.default_rng(0).random((12, 12))
    expected = cka[1, 2] + cka[1, 3] + cka[7, 8] + cka[7, 9]
    assert path_score(cka, EXAMPLE) == pytest.approx(expected, rel=1e-15)
    for i, j in itertools.product(range(12), range(12)):  # it reads these four entries and no other
        one = np.zeros((12, 12))
        one[i, j] = 1
        assert path_score(one, EXAMPLE) == ((i + 1, j + 1) in {(2, 3), (2, 4), (8, 9), (8, 10)})


@pytest.mark.parametrize("depth", [1, 2, 5, 7])
def test_score_equals_algorithm_1(depth):
    cka = np.random.default_rng(depth).normal(size=(depth, depth))
    for effort in range(depth + 1):
        for active in itertools.combinations(range(1, depth + 1), effort):
            assert path_score(cka, active[::-1]) == float(paths.score(cka.tolist(), active))


@pytest.mark.parametrize("kind", ["any", "ties", "all equal", "signed"])
@pytest.mark.parametrize("depth", [1, 2, 3, 6, 9, 11])
def test_best_equals_all_paths(depth, kind):
    draw = np.random.default_rng(depth)
    cka = {
        "any": lambda: draw.random((depth, depth)),
        "ties": lambda: draw.integers(0, 3, (depth, depth)) / 10,  # tenths: sums in another order would round apart
        "all equal": lambda: np.full((depth, depth), 0.1),
        "signed": lambda: draw.normal(size=(depth, depth)) * 10.0 ** draw.integers(-20, 20, (depth, depth)),
    }[kind]()
    found = best_paths(cka)
    assert list(found) == list(range(depth + 1))
    for effort, path in found.items():
        active, score = paths.best(cka.tolist(), effort)
        assert (path.active, path.score) == (active, float(score))
        assert path_score(cka, path.active) == path.score


@pytest.mark.parametrize("depth", [12, 16])
def test_best_equals_all_paths_of_deep_models(depth):
    """Entries in 1024ths, so that integers compare all 2^depth paths exactly; few levels, so that ties abound."""
    levels = np.random.default_rng(depth).integers(0, 5, (depth, depth))
    matrix = levels.tolist()
    winners = {}
    for mask in range(2**depth):
        active = [i for i in range(depth) if mask >> (depth - 1 - i) & 1]  # bits from the first encoder on
        score = sum(sum(matrix[i][i + 1 : end]) for i, end in zip(active, [*active[1:], depth], strict=False))
        key = (score, mask)  # of two paths of one length the larger mask is first in dictionary order
        if key > winners.get(len(active), (-1, -1)):
            winners[len(active)] = key
    found = best_paths(levels / 1024)
    for effort, (score, mask) in winners.items():
        active = tuple(i + 1 for i in range(depth) if mask >> (depth - 1 - i) & 1)
        assert found[effort] == (active, score / 1024)


def test_chosen_efforts_are_those_of_the_whole_table():
    cka = np.random.default_rng(2).random((24, 24))
    whole = best_paths(cka)
    for effort in (0, 1, 5, 23, 24):
        assert best_paths(cka, [effort]) == {effort: whole[effort]}
    assert list(best_paths(cka, [6, 3])) == [6, 3]
    assert whole[0] == ((), 0.0)
    assert whole[24] == (tuple(range(1, 25)), 0.0)


def test_only_entries_above_the_diagonal_are_read(tmp_path):
    cka = np.random.default_rng(4).random((6, 6))
    holes = np.where(np.triu(np.ones((6, 6)), 1) > 0, cka, np.nan)
    assert best_paths(holes) == best_paths(cka)
    np.savez(tmp_path / "cka.npz", cka=cka)
    assert best_paths(tmp_path / "cka.npz") == best_paths(str(tmp_path / "cka.npz")) == best_paths(cka)
    assert path_score({"cka": cka}, [1]) == path_score(cka, [1])


def test_a_file_of_the_deepest_model_is_read(tmp_path):
    cka = np.random.default_rng(5).random((256, 256))
    path = tmp_path / "cka.npz"
    np.savez(path, cka=cka)
    assert path_score(path, [1, 200]) == path_score(cka, [1, 200])
    np.savez(path, cka=np.zeros((257, 257)))
    with pytest.raises(ps.InputError, match=r"cka: must have the shape \(D, D\), D from 1 to 256 \(got 257x257\)"):
        path_score(path, [1])
    np.savez(path, cka=np.zeros((600, 600)))
    with pytest.raises(ps.InputError, match=r"cka.npz: is larger than 2 MiB, the most that is read"):
        path_score(path, [1])


def test_deep_attentions_go_first_where_all_are_alike():
    assert best_paths(np.ones((12, 12)))[6].active == (1, 2, 3, 4, 5, 6)


def test_size_of_the_search_without_scores():
    assert count_paths(12, [3, 6]) == 203_280 == math.comb(12, 3) * math.comb(12, 6)
    assert count_paths(12, []) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: best_paths(np.zeros((2, 3))),
            "cka: must have the shape (D, D), D from 1 to 256 (got 2x3)",
        ),
        (lambda: best_paths(np.zeros((257, 257))), "cka: must have the shape (D, D), D from 1 to 256"),
        (lambda: best_paths([]), "cka: must have the shape (D, D) (got a vector of 0)"),
        (lambda: best_paths([[0, math.nan], [0, 0]]), "cka: CKA(MLP_1, A_2): must be finite (got nan)"),
        (lambda: best_paths([[0, math.inf], [0, 0]]), "cka: CKA(MLP_1, A_2): must be finite (got inf)"),
        (
            lambda: best_paths([[0, np.longdouble("1e400")], [0, 0]]),
            "cka: CKA(MLP_1, A_2): must be finite (got inf)",
        ),
        (lambda: best_paths({"CKA": [[0]]}), "cka: must hold one array, cka (got a list of one: CKA)"),
        (lambda: best_paths([[0]], [2]), "efforts: must be at most 1 (got 2)"),
        (lambda: best_paths([[0]], [1, 1]), "efforts: one stands twice (got 1, 1)"),
        (lambda: best_paths([[0]], 1), "efforts: must be a list of integers (got 1)"),
        (lambda: path_score([[0]], [2]), "active: must be at most 1 (got 2)"),
        (lambda: path_score([[0]], [1, 1]), "active: encoder 1 stands twice"),
        (lambda: path_score([[0]], "1"), "active: must be a list of encoder numbers (got '1')"),
        (lambda: count_paths(12, [13]), "efforts: must be at most 12 (got 13)"),
    ],
)
def test_wrong_paths(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert str(error.value).startswith(message)
