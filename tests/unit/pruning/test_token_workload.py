"""Workload size: counted one by one, both readings, and what is refused."""

import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.pruning.token_workload import workload_size

SMALL = ps.load_model("deit_t").replace({"image_px": 64, "width": 12, "head_features": 12, "heads": 3})  # 17 tokens


@pytest.mark.parametrize(("tokens", "batch"), [(None, 1), (1, 1), (5, 3)])
def test_both_readings_count_elements_one_by_one(tokens, batch):
    count = SMALL.tokens if tokens is None else tokens
    linear = sum(1 for _ in range(batch) for _ in range(count) for _ in range(12))
    quadratic = sum(1 for _ in range(batch) for _ in range(count) for _ in range(count) for _ in range(12))
    assert workload_size(SMALL, tokens, batch) == linear
    assert workload_size(SMALL, tokens, batch, reading="quadratic") == quadratic


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"tokens": 0}, "tokens: must be at least 1"),
        ({"batch": 1.5}, "batch: must be an integer"),
        ({"reading": "cubic"}, r"reading: must be one of linear, quadratic \(got 'cubic'\)"),
        ({"model": "deit"}, "model: unknown name"),
    ],
)
def test_what_is_no_workload_is_refused(options, problem):
    with pytest.raises(InputError, match=problem):
        workload_size(**{"model": SMALL, **options})
