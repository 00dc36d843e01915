"""Pictures of memories: the data equals the engines' figures, the smallest memory is the smallest."""

import pytest

import pivotsim as ps
from pivotsim.engines.array import closed_form as analytic
from pivotsim.errors import InputError
from pivotsim.hardware.dram.spec import load_dram
from pivotsim.plots.hardware import dram, memories
from pivotsim.plots.style import new_axes

HW = ps.load_hardware("zcu102")
SIZES = (8192, 9216, 2**18)
STEP = 4 * HW.array.cols  # int32 sums of one streamed step


@pytest.fixture(scope="module")
def plan():
    return ps.plan("deit_s")


@pytest.fixture(scope="module")
def data(plan):
    return memories.opmem_data(plan, HW, SIZES)


def delay_ms(plan, changes):
    return ps.simulate(plan, HW.replace(changes), engine="memory", memory="hw").delay_ms


def one_axes():
    return new_axes(7, 4)[1][0]


def test_clocks_add_up_to_the_array_s(plan):
    report = ps.simulate(plan, HW, engine="memory", memory="hw")
    clocks = memories.clocks_data(report)
    assert list(clocks) == ["qkv", "qkt", "sv", "proj", "fc1", "fc2", "all"]
    assert sum(clocks["all"].values()) == report.pl_cycles == sum(sum(clocks[m].values()) for m in list(clocks)[:-1])
    trace = ps.lower(plan).within("encoders")
    assert clocks["all"]["unlimited"] == analytic.cycles_per_gemm(trace.gemms, HW.array).sum() == 3_026_160
    axes = memories.draw_clocks(clocks, one_axes())
    assert sum(p.get_height() for p in axes.patches) == pytest.approx(2 * report.pl_cycles / 1e6)
    assert axes.get_ylabel() == "array clocks, millions"
    labels = [t.get_text() for t in axes.get_legend().get_texts()]
    assert labels == ["unlimited memories", "chunks"]  # what stalls cost here cannot be seen


def test_points_are_the_engine_s(plan, data):
    for curve in data.curves:
        for point, size in zip(curve.points, SIZES, strict=True):
            changes = {"opmem_bytes": size, "opmem_buffers": curve.opmem_buffers, "wtmem_bytes": point.stream_bytes}
            assert point.opmem_bytes == size
            assert point.delay_ms == delay_ms(plan, {f"memories.{k}": v for k, v in changes.items()})
    assert data.own == data.curves[0].points[0]
    assert data.unlimited_ms == ps.simulate(plan, HW).delay_ms


def test_what_limits(data):
    found = {(c.opmem_buffers, c.is_stream_grown): [(p.chunk, p.limited_by) for p in c.points] for c in data.curves}
    assert found["single", False] == [(56, "opmem"), (64, "opmem"), (64, "wtmem")]
    assert found["ping_pong", False] == [(28, "opmem"), (32, "opmem"), (64, "wtmem")]
    assert found["single", True] == [(56, "opmem"), (64, "opmem"), (1536, "none")]
    assert found["ping_pong", True] == [(28, "opmem"), (32, "opmem"), (910, "opmem")]


def test_the_smallest_memory_is_just_within_the_bound(plan, data):
    assert [c.smallest is None for c in data.curves] == [True, True, False, False]
    for curve in data.curves[2:]:
        best, halves = curve.smallest, 1 + (curve.opmem_buffers == "ping_pong")
        assert best.opmem_bytes == halves * STEP * best.chunk
        assert best.stream_bytes == 2 * HW.array.rows * best.chunk
        assert best.delay_ms <= 1.05 * data.unlimited_ms
        less = {"opmem_bytes": best.opmem_bytes - 1, "opmem_buffers": curve.opmem_buffers}
        changes = {f"memories.{k}": v for k, v in {**less, "wtmem_bytes": best.stream_bytes}.items()}
        assert delay_ms(plan, changes) > 1.05 * data.unlimited_ms


def test_a_loose_bound_is_met_by_little(plan):
    curves = memories.opmem_data(plan, HW, SIZES, bound_frac=1000).curves
    assert [c.smallest.chunk for c in curves] == [1, 1, 1, 1]


def test_weights_that_stay_stream_from_the_other_memory(plan):
    found = memories.opmem_data(plan, ps.load_hardware("zcu102_ws"), (2**14,))
    assert found.stream == "ipmem"
    assert [c.points[0].limited_by for c in found.curves[:2]] == ["ipmem", "opmem"]


def test_output_stationary_holds_no_chunks(plan):
    with pytest.raises(InputError, match="dataflow"):
        memories.opmem_data(plan, ps.load_hardware("zcu102_os"), SIZES)


def test_opmem_picture(plan, data, tmp_path):
    axes = memories.draw_opmem(data, one_axes())
    texts = [t.get_text() for t in axes.texts]
    assert len(texts) == 3 and texts[0].startswith("as given: 8 KiB\n")
    assert axes.get_ylabel() == "delay, ms per image" and axes.get_xlabel().startswith("OPMEM, KiB")
    hollow = [c for c in axes.collections[0].get_facecolors().tolist() if c == [1, 1, 1, 1]]
    assert len(hollow) == 1
    assert memories.plot_opmem(plan, HW, tmp_path).read_bytes().startswith(b"\x89PNG")


def test_mappings():
    spec = load_dram("dram/ddr4_2400")
    rates = dram.mapping_data(spec, 2**16)
    assert [(r.mapping, r.refresh) for r in rates] == [(m, on) for m in dram.MAPPINGS for on in (False, True)]
    bursts, timing = 2**16 // spec.burst_bytes, spec.timing
    activates = 2**16 // spec.organisation.row_bytes
    first = 1 + timing.nRCD + timing.nCL + timing.nBL
    one_group = first + timing.nCCD_L * (bursts - activates) + timing.nCCD_S * (activates - 1)
    assert rates[0].clocks == one_group
    assert rates[2].clocks == first + timing.nCCD_S * (bursts - 1)
    assert rates[0].peak_frac == bursts * timing.nBL / one_group
    axes = dram.draw_mapping(rates, one_axes())
    assert [round(p.get_width(), 6) for p in axes.patches] == [round(100 * r.peak_frac, 6) for r in rates]
    assert [t.get_text() for t in axes.get_yticklabels()] == list(dram.MAPPINGS)
