"""Accuracy of keeping n tokens: from a table or a callable of the user's; no number here is invented.

The paper's table is a proxy (section 3.1): random patches are removed before the first block, which any method that
looks at tokens should beat. It is measured once per model, on about a thousand images.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from pivotsim.errors import InputError, check_integer, check_real, got
from pivotsim.io.csv_files.separators import cells_of, separator_of
from pivotsim.io.text_files import read_text
from pivotsim.models.spec import VitModel
from pivotsim.pruning.table_numbers import MAX_PROBLEMS, count_of, number_of
from pivotsim.pruning.utility import MOST_ACCURACY_PCT
from pivotsim.units import FloatArray, IntArray

COLUMNS = ("tokens", "accuracy_pct")
MAX_BYTES = 2**20
Accuracy: TypeAlias = "Mapping[int, float] | Callable[[int], float] | str | Path"


def accuracies_pct(accuracy: Accuracy, grid: IntArray, tokens: int) -> FloatArray:
    """Return the accuracy of each grid point in percent, float64 (G,); NaN where the table has a hole.

    Parameters
    ----------
    accuracy : mapping, callable, str or Path
        Tokens kept -> accuracy in percent, a function of it, or a CSV (``read_accuracy``). NaN is a hole.
    grid : ndarray
        Token counts, int64 (G,).
    tokens : int
        N, all tokens of the model: the table may hold none above.

    Raises
    ------
    InputError
        The table is empty or for another model, or a value is no number or outside 0 to 100.
    """
    if isinstance(accuracy, (str, Path)):
        accuracy = read_accuracy(accuracy)
    if isinstance(accuracy, Mapping):
        table = _checked(accuracy, tokens)
        return np.array([table.get(n, math.nan) for n in grid.tolist()])
    if not callable(accuracy):
        raise InputError(f"accuracy: must be a table, a function of the tokens kept, or a CSV {got(accuracy)}")
    return np.array([_percent(n, accuracy(n)) for n in grid.tolist()])


def _checked(table: Mapping[int, float], tokens: int) -> dict[int, float]:
    checked: dict[int, float] = {}
    problems: list[str] = []
    for key, value in table.items():
        try:
            n = check_integer("accuracy: tokens", key, 1)
            if n > tokens:
                raise InputError(f"accuracy: holds {n} tokens, the model has {tokens}")
            checked[n] = _percent(n, value)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if not checked:
        raise InputError("accuracy: the table is empty")
    return checked


def _percent(n: int, value: object) -> float:
    number = check_real(f"accuracy: {n} tokens", value)
    if not math.isnan(number) and not 0 <= number <= MOST_ACCURACY_PCT:
        raise InputError(f"accuracy: {n} tokens: must lie in 0 to 100 percent {got(number)}")
    return number


def read_accuracy(path: str | Path) -> dict[int, float]:
    """Return tokens kept -> accuracy in percent from a CSV with the columns tokens, accuracy_pct; # starts a comment.

    Semicolons and tabs may separate the cells too.

    Raises
    ------
    InputError
        One line per problem, at most 20: a column is missing, a number is none, or a count stands twice.
    """
    name, text = str(path), read_text(Path(path), MAX_BYTES)
    rows = [(i, line) for i, line in enumerate(text.splitlines(), start=1) if line.strip() and line[0] != "#"]
    separator = separator_of(rows[0][1], COLUMNS) if rows else ","
    header = cells_of(rows[0][1], separator) if rows else []
    if [cell.lower() for cell in header] != list(COLUMNS):
        place = rows[0][0] if rows else 1
        raise InputError(f"{name}:{place}: columns must be {','.join(COLUMNS)} {got(','.join(header))}")
    table: dict[int, float] = {}
    problems: list[str] = []
    for number, line in rows[1:]:
        try:
            count, value = cells_of(line, separator)
            n, percent = count_of(count), number_of(value)
            if not 0 <= percent <= MOST_ACCURACY_PCT:
                raise ValueError
        except ValueError:
            problems.append(f"{name}:{number}: must be a token count and a percentage of 0 to 100 {got(line)}")
        else:
            if n in table:
                problems.append(f"{name}:{number}: tokens: stands twice {got(n)}")
            table[n] = percent
        if len(problems) >= MAX_PROBLEMS:
            break
    if table and max(table.values()) <= 1:  # not even one image in a hundred
        problems.append(f"{name}: accuracy_pct: all are at most 1; fractions? State percent, such as 79.8 for 0.798")
    if problems:
        raise InputError(problems)
    return table


def kept_tokens(model: VitModel, tokens: int, batch: int, seed: int) -> IntArray:
    """Return the tokens that one batch keeps, int64, ascending: all prefix tokens, and patches drawn at random.

    The same seed and batch keep nested sets for falling counts.

    >>> from pivotsim.models.spec import load_model
    >>> kept_tokens(load_model("digits_vit"), 4, batch=0, seed=0).tolist()
    [0, 3, 4, 12]
    """
    prefix = model.leading_tokens
    patches = np.random.default_rng([seed, batch]).permutation(model.patches)[: tokens - prefix]
    return np.concatenate([np.arange(prefix), prefix + np.sort(patches)])


@dataclass(frozen=True)
class RandomRemoval:
    """The random-removal proxy as a callable: tokens kept -> accuracy in percent, by an evaluation of the user's.

    Every batch keeps its own random patches, all images of a batch the same (the released code); the same seed and
    batch keep nested sets for falling n, so that the curve is smoother than independent draws.

    Parameters
    ----------
    correct_of : callable
        (batch number, kept token indices int64 ascending, prefix tokens first) -> (correct, images) of that batch,
        with all other tokens removed after the position embedding, before the first block.
    model : VitModel
    batches : int
        Batches to evaluate, at least 1.
    seed : int

    Examples
    --------
    >>> from pivotsim.models.spec import load_model
    >>> proxy = RandomRemoval(lambda batch, kept: (len(kept), 200), load_model("deit_s"), batches=2)
    >>> proxy(128)
    64.0
    """

    correct_of: Callable[[int, IntArray], tuple[int, int]]
    model: VitModel
    batches: int = 1
    seed: int = 0

    def __call__(self, tokens: int) -> float:
        """Return the accuracy of keeping ``tokens`` tokens, prefix tokens included."""
        check_integer("tokens", tokens, self.model.leading_tokens + 1, self.model.tokens)
        correct = images = 0
        for batch in range(check_integer("batches", self.batches, 1)):
            right, seen = self.correct_of(batch, kept_tokens(self.model, int(tokens), batch, self.seed))
            correct, images = correct + right, images + seen
        if images < 1:
            raise InputError(f"correct_of: evaluated no image {got(images)}")
        return 100 * correct / images
