"""The schedule of a streaming pipeline against its slow twin, which steps clock by clock."""

import random

import pytest

import pivotsim as ps
from pivotsim.engines.pipeline.schedule import Edge, Stage, stage_schedule
from tests.oracles.pipeline import clock as oracle

CASES, CHUNKS = 300, 3


def drawn(draw):
    """Random stages and what stands between them: chains, forks that join, whole operands, mixed rows, feedback."""
    count, rows = draw.randint(1, 7), draw.randint(1, 7)
    stages = [
        Stage(f"s{s}", draw.choice((0, 1, 1, 2, 3, 5)), draw.choice((rows, rows, rows, draw.randint(1, 7))))
        for s in range(count)
    ]
    depths = (-1, 1, 1, 2, 3, 8, 20)
    edges = []
    for s in range(1, count):
        skipped = max(stages[s - 1].groups - stages[s].groups, 0) * draw.choice((0, 1))
        edges.append(Edge("chain", s - 1, s, -1 if skipped else draw.choice(depths), skipped=skipped))
    for _ in range(draw.randint(0, 3)):
        if count > 2:
            source = draw.randint(0, count - 3)
            target = draw.randint(source + 2, count - 1)
            if draw.random() < 0.5:
                edges.append(Edge("skip", source, target, draw.choice(depths)))
            else:
                edges.append(Edge("whole", source, target, draw.choice((-1, 1, 2, 2, 3)), is_whole=True))
    passes = draw.choice((1, 1, 1, 2, 3))
    if passes > 1:
        edges.append(Edge("", count - 1, 0, -1, is_feedback=True))
    return stages, edges, draw.choice((0, 0, 1, 4)), passes, draw.randint(1, 4)


def compare(stages, edges, image_clocks, passes, images):
    """Compare a case, also images that are extrapolated; return whether it is a deadlock."""
    try:
        times = stage_schedule(stages, edges, image_clocks, passes)
    except ps.InputError as error:
        assert "stands still for ever" in str(error)
        with pytest.raises(oracle.DeadlockError):
            oracle.run(stages, edges, image_clocks, passes, 8)
        return True
    images = max(images, len(times.leaves[0]) + 2) if images == 1 else images  # a fourth beyond what was worked out
    slow = oracle.run(stages, edges, image_clocks, passes, images)
    for s, (starts, leaves) in enumerate(slow):
        own, groups = stages[s].groups, stages[s].groups * passes
        known = min(images, len(times.leaves[s]))
        assert times.starts[s][:known].ravel().tolist() == starts[: known * groups], (stages, edges, s)
        assert times.leaves[s][:known].ravel().tolist() == leaves[: known * groups], (stages, edges, s)
        spans = [(starts[i * own], leaves[(i + 1) * own - 1]) for i in range(images * passes)]
        found = [times.span(s, i, of_pass) for i in range(images) for of_pass in range(passes)]
        assert found == spans, (stages, edges, s)
    return False


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_equals_the_slow_twin(chunk):
    deadlocks = sum(compare(*drawn(random.Random(seed))) for seed in range(chunk, CASES, CHUNKS))
    assert 0 < deadlocks < CASES // CHUNKS // 2  # both ends are drawn
