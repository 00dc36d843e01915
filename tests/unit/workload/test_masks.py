"""Masks: what one may be made of, and how one is drawn."""

import numpy as np
import pytest

import pivotsim as ps


@pytest.mark.parametrize(
    ("kept", "problem"),
    [
        ([[True], [True, False]], "mask: must be an array, its rows of one length (got [[True], [True, False]])"),
        ([[1, 0]], "mask: must hold true and false (got 'int64')"),
        ([[True, False]], "mask: must have 2x2 blocks of 1 of a 2x2 matrix (got (1, 2))"),
        (True, "mask: must have 2x2 blocks of 1 of a 2x2 matrix (got ())"),
        (np.ones((0, 2, 2), bool), "mask: must have 2x2 blocks of 1 of a 2x2 matrix (got (0, 2, 2))"),
    ],
    ids=str,
)
def test_what_is_no_mask(kept, problem):
    with pytest.raises(ps.InputError) as error:
        ps.Mask("b", 2, 2, 1, kept)
    assert error.value.problems == (problem,)
