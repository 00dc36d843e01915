"""Micro-benchmarks: C and numpy compute the same, every kind of a form is there, and what is measured is said."""

import pytest

import pivotsim as ps
from pivotsim.calibration import MeasuredRow, form_of
from pivotsim.calibration.measuring import numpy_kernels
from pivotsim.calibration.measuring.host import measure_host, run_kernels
from pivotsim.calibration.rows import KINDS
from tests.compilers import needs_compiler

SIZES = ((1, 1, 1), (1, 7, 1), (3, 64, 1), (197, 197, 2), (64, 1000, 1))
ROUNDED = {"norm": 1, "entropy": 2, "softmax": 1}  # of one result: where single precision may round otherwise


def test_every_kind_of_the_processor_is_there():
    assert set(numpy_kernels.KERNELS) == set(KINDS) - {"gemm", "transfer"}


@needs_compiler
@pytest.mark.parametrize("cores", [1, 2])
def test_c_and_numpy_compute_the_same(cores):
    rows = [
        MeasuredRow(kind, m, 1, n, repeats, cores=cores)
        for kind in numpy_kernels.KERNELS
        for m, n, repeats in SIZES
        if cores == 1 or (kind != "merge" and m >= cores)  # each core has a sum of its own
    ]
    for row, (least, median, checksum) in zip(rows, run_kernels(rows, budget_ms=0.01), strict=True):
        assert 0 < least <= median
        count = row.m * row.repeats
        result = numpy_kernels.KERNELS[row.kind](numpy_kernels.operands(count, row.n))
        allowed = 4 * ROUNDED.get(row.kind, 0) * result.size
        assert abs(checksum - numpy_kernels.checksum(result)) <= allowed, row


@needs_compiler
def test_a_form_is_measured_in_c():
    form = form_of("deit_t")
    found = measure_host(form, budget_ms=0.01)
    assert [row.kind for row in found.rows] == [row.kind for row in form if row.kind in numpy_kernels.KERNELS]
    assert all(row.ms > 0 and row.calls == 0 for row in found.rows)
    assert found.heading[0].startswith("machine: ") and found.heading[0].endswith("-O3")
    assert found.heading[2].startswith("not measured, ") and "gemm" in found.heading[2]


def test_a_form_is_measured_in_numpy():
    found = measure_host(form_of("deit_t", cores=2)[:6], language="numpy", taken="median", budget_ms=0.01)
    assert len(found.rows) == 5  # numpy's run on one core
    assert all(row.ms > 0 for row in found.rows) and "numpy" in found.heading[0]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"compiler": "no_such_cc"}, r"compiler: no such program \(got 'no_such_cc'\)"),
        ({"language": "rust"}, r"language: must be one of c, numpy \(got 'rust'\)"),
        ({"taken": "mean"}, "taken: must be one of least, median"),
        ({"budget_ms": 0}, r"budget_ms: must be above 0 and at most 60000 \(got 0\)"),
        pytest.param(
            {"flags": "-no_such_flag"}, "compiler: the C compiler failed with status 1: ", marks=needs_compiler
        ),
    ],
)
def test_what_is_refused(options, problem):
    with pytest.raises(ps.InputError, match=problem):
        measure_host(form_of("deit_t")[:1], **options)
