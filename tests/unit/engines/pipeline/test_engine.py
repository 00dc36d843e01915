"""Engine `pipeline`: stages of a trace, its report, and HG-PIPE's and FINN's published clocks."""

import json

import pytest

import pivotsim as ps
from pivotsim.engines.pipeline.stages import network_of
from pivotsim.engines.registry import ENGINES
from pivotsim.truth.pipelines import block_of
from tests.oracles.pipeline import clock as oracle
from tests.unit.engines.conformance import BoardConformance

BOARD = ps.load_hardware("truth/hgpipe_vck190")
PLAN = ps.plan("deit_t")


class TestPipeline(BoardConformance):
    name, board, compute, deit_s_cycles = "pipeline", "truth/hgpipe_vck190", "pipeline", 17_903_160

    @pytest.fixture(params=[{}, {"rows_parallel": 3, "stages.fc1.in_parallel": 2, "stages.fc1.out_parallel": 5}])
    def mode(self, request):
        return request.param


def details(workload=PLAN, changes=None, **options):
    return ps.simulate(workload, BOARD.replace(changes or {}), **options).details


def test_the_stages_of_hgpipe_by_hand():
    rows = details(scope="all").stage_rows()
    by_hand = {
        "patch_embed": (768 // 16) * (192 // 16), "norm1": 3 * 192, "qkv": (192 // 6) * (576 // 36),
        "qkt": (64 // 4) * -(-197 // 7), "softmax": 3 * 197, "sv": -(-197 // 7) * (64 // 4),
        "proj": (192 // 12) * (192 // 6), "residual1": 192, "norm2": 3 * 192, "fc1": (192 // 12) * (768 // 24),
        "gelu": 768 // 2, "fc2": (768 // 24) * (192 // 12), "residual2": 192, "head": 192 * (1000 // 4),
    }  # fmt: skip
    assert {name: rows[name]["group_clocks"] for name in by_hand} == by_hand
    assert (rows["softmax"]["image_clocks"], rows["head"]["image_clocks"]) == (99 * 591, 48_000)
    macs = 2 * (16 * 16 + 12 * (6 * 36 + 2 * 3 * 4 * 7 + 12 * 6 + 2 * 12 * 24) + 4)
    assert BOARD.pes == details(scope="all").network.macs_per_clock == macs == 25_288


@pytest.mark.parametrize(("name", "clocks"), [("attention", 57_625), ("mlp", 56_449), ("head", 48_001)])
def test_intervals_of_hgpipes_blocks(name, clocks):
    found = ENGINES["pipeline"].run(block_of(name, 196), BOARD).details
    assert found.interval_clocks == found.slowest_clocks == clocks


@pytest.mark.parametrize("changes", [{}, {"fifo": "unlimited"}, {"rows_parallel": 3}, {"head_order": "heads"}])
def test_a_block_of_attention_clock_by_clock(changes):
    """Small images of three heads: the network that a trace gives, in the slow twin."""
    sizes = {"image_px": 32, "width": 24, "depth": 2}
    plan = ps.plan(ps.load_model("deit_t").replace(sizes))
    usual = {"encoders": 2, "buffers.q": 20, "buffers.residual1": 30}
    board = BOARD.replace({f"pipeline.{key}": value for key, value in (usual | changes).items()})
    found = ps.simulate(plan, board, batch=3)
    net = network_of(ps.lower(plan).within("encoders"), board.pipeline)
    slow = oracle.run(net.stages, net.edges, board.pipeline.image_clocks, net.passes, 3)
    spans = found.details.operation_spans(3)
    for place, (stage, _) in net.places.items():
        groups = net.stages[stage].groups
        starts, leaves = slow[stage]
        expected = [(starts[i * groups], leaves[(i + 1) * groups - 1]) for i in range(3)]
        assert [of_image[place] for of_image in spans] == expected
    assert found.delay_ms == pytest.approx(max(leaves[-1] for _, leaves in slow) / board.clock_mhz / 1e3)


def test_an_image_takes_the_fill_and_further_ones_the_interval():
    reports = {batch: ps.simulate(PLAN, BOARD, batch=batch) for batch in (1, 2, 40)}
    one, two, many = (round(r.delay_ms * 1e3 * BOARD.clock_mhz) for r in reports.values())
    assert one == reports[1].details.latency_clocks
    assert two - one == 58_510 == reports[1].details.interval_clocks == 99 * 591 + 1
    assert many - two == 38 * 58_510
    assert reports[40].macs == 40 * reports[1].macs and reports[40].counts.macs == reports[40].macs
    assert reports[1].latency_ms == reports[1].delay_ms == pytest.approx(reports[40].latency_ms, rel=0.01)
    assert reports[40].utilization_frac == pytest.approx(reports[40].macs / (many * BOARD.pes))


def test_stages_are_resources_of_their_own():
    report = ps.simulate(PLAN, BOARD, batch=2)
    last: dict[str, int] = {}
    for piece in sorted(report.timeline.pieces, key=lambda p: p.start):
        assert piece.start >= last.get(piece.resource, 0)
        last[piece.resource] = piece.end
    assert len(last) == 12 * 12 and report.overlap_ms == pytest.approx(report.busy_ms - report.delay_ms)
    assert report.energy_j == pytest.approx(10 * report.delay_ms / 1e3)


def test_depths_of_the_design_are_enough_and_a_shallower_one_stops_it():
    buffers = details().buffer_rows()
    assert {name: (row["held"], row["depth"], row["count"]) for name, row in buffers.items()} == {
        "q": (100, 125, 12), "operand_images": (2, 2, 24), "residual1": (108, 128, 12), "residual2": (4, 5, 12),
    }  # fmt: skip
    as_held = details(changes={f"pipeline.buffers.{name}": row["held"] for name, row in buffers.items()})
    assert as_held.operation_spans(5) == details().operation_spans(5)  # nothing waits for a place
    assert details(memory="paper").interval_clocks == details().interval_clocks
    with pytest.raises(ps.InputError) as error:
        details(changes={"pipeline.buffers.q": 98}).interval_clocks  # noqa: B018  (all rows of K come first)
    assert str(error.value).startswith("pipeline.buffers.q: is too small, the pipeline stands still for ever")
    with pytest.raises(ps.InputError, match=r"pipeline\.buffers\.residual1: is too small"):
        details(changes={"pipeline.buffers.residual1": 90})


def test_one_copy_of_k_and_v_doubles_the_interval():
    found = details(changes={"pipeline.buffers.operand_images": 1})
    assert found.slowest_clocks < found.interval_clocks < 2 * found.slowest_clocks
    assert "rows wait for others, or for room" in " ".join(found.tables()[0].closing)


def test_encoders_that_are_passed_again():
    report = ps.simulate(PLAN, BOARD.replace({"pipeline.encoders": 4}), batch=2)
    found = report.details
    assert found.network.passes == 3 and len(found.network.stages) == 1 + 4 * 12
    assert found.interval_clocks > 2 * found.slowest_clocks / 3
    starts = [row.start_ms for row in report.rows if row.module == "norm1"][:12]
    assert starts == sorted(starts)
    assert json.loads(report.to_json())["pipeline"]["passes"] == 3


@pytest.mark.parametrize(
    ("workload", "changes", "options", "problem"),
    [
        (ps.prune_blocks(PLAN, block=16, density=0.5), {}, {}, "deit_t: qkv of encoder 1: engine 'pipeline'"),
        (ps.prune_tokens(PLAN, "evit", keep_rate=0.6, encoders=[4]), {}, {}, "deit_t: score of encoder 4: has no"),
        (ps.plan("deit_t", qkv="separate"), {}, {}, "deit_t: q of encoder 1: has no stage in a pipeline, which"),
        (PLAN, {"pipeline.encoders": 5}, {}, "deit_t: the pipeline has stages for 5 encoders, and a deeper model"),
        (PLAN, {"pipeline.encoders": 6}, {"scope": "all"}, "deit_t: the pipeline has stages for 6 encoders, which the"),
        (
            ps.skip_attention(PLAN, active=[1]), {"pipeline.encoders": 6}, {},
            "deit_t: the pipeline has stages for 6 encoders, and the encoders that pass the same stages are not alike",
        ),
        (ps.lower(PLAN, 2), {}, {"batch": 2}, "ps_pl_overlap: 'images': a trace of 2 images cannot be taken apart"),
        (PLAN, {}, {"energy": "activity"}, "energy: 'hgpipe_vck190' has no constants per component"),
        (PLAN, {}, {"batch": 2000}, "batch: a pipeline runs at most 1,"),
    ],
)  # fmt: skip
def test_what_it_does_not_do_is_told(workload, changes, options, problem):
    with pytest.raises(ps.InputError) as error:
        ps.simulate(workload, BOARD.replace(changes), **options)
    assert str(error.value).startswith(problem)


def test_skipped_attention_has_no_stages():
    report = ps.simulate(ps.skip_attention(PLAN, active=[1, 2]), BOARD)
    assert len(report.details.network.stages) == 1 + 2 * 12 + 10 * 5
    assert report.delay_ms < ps.simulate(PLAN, BOARD).delay_ms


def test_printed():
    text = str(ps.simulate(PLAN, BOARD))
    assert "interval" in text and "7,263.7 images/s of a full pipeline" in text
    tables = details().tables()
    assert tables[0].closing[0] == "slowest: softmax, 58,509 clocks an image and 1 between images"
    assert tables[1].columns[0] == "buffer" and len(tables[1].rows) == 4
