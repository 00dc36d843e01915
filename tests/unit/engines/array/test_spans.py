"""Spans of a GEMM against the slow walk over its folds' clocks."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pivotsim as ps
from pivotsim.engines.array.spans import MAX_LISTED_FOLDS, fold_spans
from pivotsim.engines.pe import clock as pe
from pivotsim.engines.registry import array_engines
from pivotsim.hardware.array import EDGES
from pivotsim.hardware.dataflows import DATAFLOWS
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from tests.proofs.masked_campaign import random_case

SIZE = st.integers(1, 60)
ARRAY = st.fixed_dictionaries(
    {
        "rows": st.integers(1, 12),
        "cols": st.integers(1, 12),
        "dataflow": st.sampled_from(DATAFLOWS),
        "fold_overlap": st.sampled_from(FOLD_OVERLAPS),
        "edge": st.sampled_from(EDGES),
        "mac_latency": st.integers(1, 3),
        "os_edge_register": st.booleans(),
    }
)


@given(SIZE, SIZE, SIZE, ARRAY, st.booleans())
@settings(max_examples=300)
def test_spans_fill_the_gemm_and_never_overlap_on_a_track(m, k, n, array, per_fold):
    spec = ps.load_hardware("zcu102").array.model_copy(update=array)
    cycles = ps.simulate_gemm(m, k, n, **array).cycles
    spans = list(fold_spans(m, k, n, spec, per_fold))
    covered = [False] * cycles
    for track in {s.track for s in spans}:
        own = sorted((s for s in spans if s.track == track), key=lambda s: s.start_cycle)
        assert all(a.end_cycle <= b.start_cycle and a.last < b.first for a, b in itertools.pairwise(own))
        assert per_fold or len(own) == 1
    for s in spans:
        assert 0 <= s.start_cycle < s.end_cycle <= cycles
        covered[s.start_cycle : s.end_cycle] = [True] * (s.end_cycle - s.start_cycle)
    assert all(covered)  # something happens in every clock
    folds = ps.simulate_gemm(m, k, n, **array).folds
    listed = {f for s in spans if s.track == "stream" for f in range(s.first, s.last + 1)}
    assert listed == set(range(1, folds + 1))


def test_spans_of_masked_folds_are_those_of_the_array_clock_by_clock():
    draw = random.Random(4)
    for _ in range(200):
        (m, k, n), mode, mask, _ = random_case(draw)
        copy = draw.randrange(mask.count)
        spec = ps.load_hardware("zcu102").array.model_copy(update=mode)
        run = pe.run(*pe.seeded_operands(m, k, n), mode, mask=mask, copy=copy)
        spans = list(fold_spans(m, k, n, spec, True, mask, copy))
        covered = np.zeros(run.cycles, dtype=bool)
        for s in spans:
            assert 0 <= s.start_cycle < s.end_cycle <= run.cycles
            covered[s.start_cycle : s.end_cycle] = True
        assert covered.all()
        streams = [s for s in spans if s.track == "stream"]
        assert [s.start_cycle for s in streams if s.first == s.last] == [
            run.start_cycle[s.first - 1] for s in streams if s.first == s.last
        ]
        assert {f for s in streams for f in range(s.first, s.last + 1)} == set(range(1, len(run.end_cycle) + 1))
        assert max((s.end_cycle for s in spans), default=0) == run.cycles


def test_one_fold_by_hand():
    """4x4x4 on 4x4, input stationary: load 4, stream 4, drain R + C - 2 = 6 clocks; os loads nothing, drains 10."""
    array = ps.load_hardware("zcu102").array.model_copy(update={"rows": 4, "cols": 4})
    assert [tuple(s) for s in fold_spans(4, 4, 4, array)] == [
        ("load", 1, 1, 0, 4), ("stream", 1, 1, 4, 8), ("drain", 1, 1, 8, 14),
    ]  # fmt: skip
    os_array = array.model_copy(update={"dataflow": "os"})
    assert [tuple(s) for s in fold_spans(4, 4, 4, os_array)] == [("stream", 1, 1, 0, 4), ("drain", 1, 1, 4, 14)]


def test_overlapped_drains_share_a_span():
    array = ps.load_hardware("zcu102").array.model_copy(update={"rows": 8, "cols": 8, "fold_overlap": "pipelined"})
    drains = [s for s in fold_spans(8, 32, 2, array) if s.track == "drain"]  # T = 2, a new fold every 8 clocks
    assert [(s.first, s.last) for s in drains] == [(1, 4)]
    array = array.model_copy(update={"fold_overlap": "none"})
    assert [(s.first, s.last) for s in fold_spans(8, 32, 2, array) if s.track == "drain"] == [
        (i, i) for i in range(1, 5)
    ]


def test_every_engine_of_an_array_has_spans_and_giants_none():
    hw = ps.load_hardware("zcu102")
    for engine in array_engines().values():
        details = engine.run(ps.Trace(()), hw).details
        assert list(details.spans(8, 32, 2, True)) == list(fold_spans(8, 32, 2, hw.array))
    array = ps.load_hardware("zcu102").array.model_copy(update={"rows": 1, "cols": 1})
    assert list(fold_spans(MAX_LISTED_FOLDS + 1, 1, 1, array)) == []


def test_spans_are_those_of_the_array_clock_by_clock():
    """Engine `pe` reports when each fold loads, streams and ends; spans restate it."""
    array = ps.load_hardware("zcu102").array.model_copy(update={"rows": 5, "cols": 3})
    times = ps.simulation.fold_times(7, 12, 9, array)
    spans = list(fold_spans(7, 12, 9, array))
    by = {name: [s for s in spans if s.track == name] for name in ("load", "stream", "drain")}
    assert [s.start_cycle for s in by["load"]] == times.load_cycle.tolist()
    assert [s.start_cycle for s in by["stream"]] == times.start_cycle.tolist()
    assert [s.end_cycle for s in by["drain"]] == (times.end_cycle + 1).tolist()


@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_sums_of_phases_without_overlap(dataflow):
    array = ps.load_hardware("zcu102").array.model_copy(update={"dataflow": dataflow})
    total = sum(s.end_cycle - s.start_cycle for s in fold_spans(197, 384, 1536, array))
    assert total == ps.simulate_gemm(197, 384, 1536, dataflow=dataflow).cycles


def test_the_last_span_ends_with_the_gemm_even_if_an_earlier_fold_ends_last():
    array = (
        ps.load_hardware("zcu102")
        .replace({"array.rows": 2, "array.cols": 9, "array.edge": "aware", "array.fold_overlap": "pipelined"})
        .array
    )
    times = ps.simulation.fold_times(10, 2, 1, array)  # the last fold has one column, the one before nine
    assert times.end_cycle[-1] < times.end_cycle[-2]
    assert max(span.end_cycle for span in fold_spans(10, 2, 1, array)) == times.cycles
