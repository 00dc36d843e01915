"""Axes without effect: what is said, and over random spaces that it is true."""

import random
from collections import Counter

import pytest

import pivotsim as ps
from pivotsim.dse.evaluation.effects import SpaceValues, notes_on
from pivotsim.dse.evaluation.evaluator import Coded, Evaluator
from pivotsim.dse.space.axis_kinds import EFFORT, HARDWARE, MASKED, known_axes
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.space.sampling import points_of
from pivotsim.hardware.fold_overlaps import FOLD_OVERLAPS
from pivotsim.hardware.resources.many_designs import RESOURCES
from pivotsim.simulation.notes.requirements import unmet

TINY = {**ps.load_model("deit_t").model_dump(), "name": "tiny", "depth": 2, "image_px": 64}
# pairs are drawn as a whole; masks take long to draw; TINY's patches tile its image; several arrays have tests below
NOT_DRAWN = (*EFFORT, *MASKED, "split", "model.patch_edge", "array.count", "array.split")


def space(axes, **parts):
    return load_space({"name": "s", "axes": axes, **parts})


@pytest.mark.parametrize(
    ("axis", "fixed", "why"),
    [
        ("memories.read_latency_ns", {}, "needs fixed.memory: hw"),
        ("memories.chunk", {"engine": "memory", "memory": "paper"}, "needs fixed.memory: hw"),
        ("memories.outstanding_reads", {"memory": "hw", "set": {"memories.read_latency_ns": 0}},
         "needs a number above 0 for memories.read_latency_ns"),
        ("memories.dram_bytes_per_s", {"memory": "hw", "set": {"memories.dram": "dram/ddr4_2400"}},
         "needs memories.dram: bandwidth"),
        ("host.full.softmax.cycles_per_row", {}, "needs fixed.profile: full"),
        ("host.paper.gelu.cycles_per_row", {"model": "lvvit_s", "set": {"placement.gelu": "pl"}},
         "needs placement.gelu: ps"),
        ("host.paper.silu.cycles_per_row", {}, "needs a workload with silu"),
        ("host.transfer.ports", {}, "needs transfers that are charged, as by fixed.profile: full"),
        ("host.paper.entropy.cycles_per_row", {"effort": {"low": 1, "high": 12, "low_frac": 0.5}, "gate": "none"},
         "needs an effort pair with gate entropy"),
        ("units.token_drop.ports", {}, "needs a workload with gather"),
        ("power.board_w", {"energy": "activity"}, "needs fixed.energy: constant"),
        ("power.activity.low.ps_idle_w", {"energy": "activity"},
         "needs a single run, which tells the energy's interval"),
        ("array.os_edge_register", {}, "needs array.dataflow: os"),
        ("model.classes", {}, "needs fixed.scope: all or an effort pair with gate entropy"),
        ("model.layer_scale", {}, "it counts parameters, not operations"),
        ("score_bits", {},
         "needs fixed.memory: hw or requant or transfers that take time, as by fixed.profile: full"),
        ("placement.gemm", {}, "there is one place"),
    ],
)  # fmt: skip
def test_refused(axis, fixed, why):
    value = {"memories.dram": ["bandwidth"], "array.os_edge_register": [True], "model.layer_scale": [True],
             "placement.gemm": ["array"], "score_bits": [8],
             "power.activity.low.ps_idle_w": [0.1], "power.board_w": [1.0]}  # fmt: skip
    with pytest.raises(ps.InputError) as caught:
        notes_on(space({axis: value.get(axis, [10]), "array.rows": [16]}, fixed=fixed))
    assert caught.value.problems == (f"axes.{axis}: no column depends on it here: {why}",)


def test_an_operation_of_one_of_many_models_is_known():
    """DINOv2 alone has SiLU; it is neither the first nor the last."""
    axes = {"model": ["deit_s", "dinov2_g", "deit_t"], "host.full.silu.cycles_per_row": [10, 20]}
    assert notes_on(space(axes, fixed={"profile": "full"})) == ()


def test_all_refusals_at_once_and_where_they_stand(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "name: s\naxes:\n  memories.loop_order: [auto]\n  array.rows: [16]\n  host.full.call_us:\n    - 1\n"
    )
    with pytest.raises(ps.InputError) as caught:
        notes_on(load_space(path))
    assert [problem.partition(": no ")[0] for problem in caught.value.problems] == [
        f"{path}:3: axes.memories.loop_order", f"{path}:5: axes.host.full.call_us",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("axes", "fixed", "notes"),
    [
        ({"memories.opmem_bytes": [1024, 2048]}, {},
         ["axes.memories.opmem_bytes: only bram36, lut, ff and fits depend on it here: delay and energy do not, "
          "needs fixed.memory: hw"]),
        ({"fpga.dsp": [1, 2]}, {}, ["axes.fpga.dsp: only fits depends on it here"]),
        ({"memories.gb_bytes": [16384]}, {"memory": "hw"},
         ["axes.memories.gb_bytes: only bram36, lut, ff and fits depend on it here"]),
        ({"memories.opmem_bytes": [8192]}, {"memory": "hw"}, []),
        ({"host.cores": [1]}, {"gate": "entropy"}, ["fixed.gate: no column depends on it here: needs an effort pair"]),
        ({"host.cores": [1]}, {"set": {"units.gelu.fill_cycles": 3, "host.cores": 2, "memories.wtmem_bytes": 1}},
         ["fixed.set.units.gelu.fill_cycles: no column depends on it here: needs placement.gelu: pl",
          "fixed.set.host.cores: not used, it is an axis",
          "fixed.set.memories.wtmem_bytes: only bram36, lut, ff and fits depend on it here: delay and energy do not, "
          "needs fixed.memory: hw"]),
        ({"effort.low": [3]}, {"effort": {"low": 1, "high": 12, "low_frac": 0.5}},
         ["fixed.effort.low: not used, it is an axis"]),
        ({"model": ["deit_t"]}, {"model": "deit_s"}, ["fixed.model: not used, it is an axis"]),
        ({"host.cores": [1]}, {"score_bits": 32, "profile": "paper"},
         ["fixed.score_bits: no column depends on it here: needs fixed.memory: hw or requant or transfers that take "
          "time, as by fixed.profile: full"]),
        ({"tokens": ["none", "top_k:r=4"], "units.token_drop.ports": [1, 2], "placement.gather": ["ps", "pl"]}, {}, []),
        ({"array.rows": [16]}, {},
         ["power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the "
          "design"]),
        ({"array.rows": [16]}, {"energy": "activity"}, []),
        ({"array.rows": [64], "array.dataflow": ["is"]}, {}, []),  # the board's own
        ({"array.rows": [16], "power.board_w": [3.0]}, {}, []),
        ({"host.cores": [1]}, {"set": {"array.clock_mhz": 200}},
         ["power.board_w: 7.92 W is that of zcu102 with its own array and clock; energy activity scales with the "
          "design"]),
    ],
)  # fmt: skip
def test_said(axes, fixed, notes):
    assert list(notes_on(space(axes, fixed=fixed))) == notes


def test_a_condition_keeps_a_fixed_value_in_use():
    axes = {"array.os_edge_register": [True, False], "array.dataflow": ["is", "os"]}
    conditions = {"array.os_edge_register": "array.dataflow == 'os'"}
    checked = space(axes, conditions=conditions, fixed={"set": {"array.os_edge_register": False}, "energy": "activity"})
    assert notes_on(checked) == ()
    assert ps.explore({"name": "s", "axes": {"fpga.dsp": [1, 3000]}}).notes == (
        "axes.fpga.dsp: only fits depends on it here",
    )


def values_of(draw, name, board):
    """Return six values of an axis from all over its range, its own among them."""
    words = {
        "array.dataflow": ["is", "ws", "os"], "array.fold_overlap": list(FOLD_OVERLAPS),
        "fpga.use.counted_by": ["fitted", "synthesis"],
        "array.edge": ["padded", "aware"], "model.activation": ["gelu", "relu"], "model.stem": ["patch", "lvvit_4_2"],
        "array.os_edge_register": [True, False], "host.ps_pl_overlap": ["serial", "heads", "images"],
        "memories.dram": ["bandwidth", "dram/ddr4_2400"],
        "memories.transfers": ["overlapped", "serial"], "memories.reuse": ["kept", "none"],
        "memories.clock_divisor": [1, 2, 64], "memories.buffer_read_cycles": [0, 1, 2],
        "fpga.dsp_kind": ["DSP48E1", "DSP48E2", "DSP58"],
        "memories.loop_order": ["auto", "column-chunk-row", "chunk-column-row", "column-outer", "row-outer"],
        "units.token_drop.sort_network": ["bitonic", "odd_even_merge", "odd_even_transposition"],
        "units.token_drop.fused_token": ["mean", "sum"],
        "model": ["deit_t", "deit_s"], "qkv": ["fused", "separate"], "score_bits": [8, 32],
        "tokens": ["none", "top_k:r=2", "tome:r=2"], "memories.out_bytes": [1, 4],
        "memories.sum_bytes": [2, 4, 8], "memories.axi_bursts": ["unit", "row"],
        "memories.axi_burst_bytes": [1, 16, 64], "memories.outstanding_reads": [1, 2, 16],
        "memories.output_block_rows": [0, 16, 128], "memories.output_block_cols": [0, 36, 100],
        "memories.axi_ports": [1, 2, 4, 64], "model.image_px": [64, 96], "model.patch_px": [16, 8, 32],
        "model.heads": [1, 2, 3], "model.width": [192, 96], "heads": [1, 2, 3], "neurons": [0.25, 0.5, 1.0],
        "active": [0, 1, 2], "model.depth": [2, 3], "host.cores": [1, 2, 4], "array.operand_bits": [8, 16, 64],
        "host.multicore_efficiency_frac": [0.05, 0.5, 1.0], "memories.chunk": [0, 1, 64, 1000],
        "model.classes": [2, 1000, 9000],
        "model.patch_edge": ["refuse", "floor", "pad"], "model.norm": ["layernorm", "rmsnorm"],
        "model.positions": ["learned", "rope", "learned_rope", "none"], "model.pool": ["class", "average", "attention"],
        "model.head_size": [64, 32], "model.head_features": [5, 400, 4000], "array.mac_latency": [1, 2, 16],
    }  # fmt: skip
    if name in words:
        return words[name]
    kind = name.rpartition(".")[2]
    if name.startswith("placement."):
        places = [["array"], ["ps", "array"], ["ps", "pl"]]
        return places[0] if kind == "gemm" else places[1] if kind == "requant" else places[2]
    if kind.endswith("_buffers"):
        return ["single", "ping_pong"]
    if name == "array.mac_packing":
        return [1, 2]
    if name.startswith("array."):
        return [100, 125.0, 200] if kind == "clock_mhz" else [7, 64, 200]
    if name.startswith("memories."):
        if kind.endswith("_share_bytes"):
            return [0, 64, 8192, 400_000]
        if kind.endswith("_bytes"):
            return [16384, 65536, 2**20] if kind == "gb_bytes" else [2048, 8192, 65536]
        if kind == "bias":
            return [True, False]
        return [1, 64, 10**9] if kind == "dram_bytes_per_s" else [1, 64, 5000]
    if kind in ("transfers", "averaging_hidden", "gated_mlp", "qkv_bias", "layer_scale", "aux_head",
                "qk_norm", "mlp_norm", "prefix_positions", "k_bias"):  # fmt: skip
        return [True, False]
    if name.startswith("power.activity."):  # within the range, or all designs are left aside
        group = name.split(".")[2]
        low, high = (getattr(getattr(board.power.activity, end), kind, 0.0) for end in ("low", "high"))
        if group == "default":
            return [low, (low + high) / 2, high]
        own = getattr(getattr(board.power.activity, group), kind)
        return [own, own + 1] if group in ("high", "fitted_on") else [own, own / 2]
    return [1, 5, 40]


def drawn_space(draw, names):
    """Return a random small space of a tiny model with some axes: options and fixed values are drawn."""
    board = ps.load_hardware("zcu102")
    fixed = {"model": TINY, "profile": draw.choice(["paper", "full"]),
             "energy": draw.choice(["constant", "activity"]),
             "scope": draw.choice(["encoders", "all"]), "gate": draw.choice(["entropy", "none"])}  # fmt: skip
    if draw.random() < 0.3:
        fixed["memory"] = "hw"
    settings = {f"placement.{k}": "pl" for k in ("softmax", "gelu", "gather", "merge", "sort", "score", "norm")
                if draw.random() < 0.3}  # fmt: skip
    settings["host.cores"] = draw.choice([1, 4])
    if draw.random() < 0.4:
        settings["array.dataflow"] = draw.choice(["ws", "os"])
    axes, settings = names, {name: value for name, value in settings.items() if name not in names}
    if draw.random() < 0.3 and "active" not in axes:
        fixed["effort"] = {"low": 1, "high": 2, "low_frac": 0.6}
    if "model" in axes:
        axes = [name for name in axes if not name.startswith("model.")]
    return {"name": "drawn", "fixed": {**fixed, "set": settings}, "axes": {n: values_of(draw, n, board) for n in axes}}


def results(space, name):
    """Return, for each combination of the other axes, the numbers of every design that runs; and the columns' names."""
    checked = load_space(space)
    points = points_of(checked, "grid")
    columns = Evaluator(checked).run(points, 0, points.count).columns
    columns = {key: c.words[c.codes] if isinstance(c, Coded) else c for key, c in columns.items()}
    others = [axis for axis in checked.axis_names if axis != name]
    told = [*RESOURCES, *checked.results]
    found = {}
    for row in range(len(columns["point"])):
        key = tuple(columns[other][row].item() for other in others)
        found.setdefault(key, []).append([columns[column][row].item() for column in told])
    return list(found.values()), told


def counts_of(draw, names):
    """Compare random spaces of two axes each with what is said of them; return how many axes moved what."""
    counts = Counter()
    for pair in zip(names[::2], [*names[1::2], *names[:1]], strict=False):
        drawn = drawn_space(draw, list(pair))
        checked = load_space(drawn)
        facts = SpaceValues(checked)
        for name in drawn["axes"]:
            found, told = results(drawn, name)
            moved = {c for rows in found for i, c in enumerate(told) if len({row[i] for row in rows}) > 1}
            if unmet(name, facts) is not None:
                assert moved <= set(RESOURCES), (drawn, name)
                counts["resources" if moved else "nothing"] += 1
            elif any(len(rows) > 1 for rows in found) and (
                not (name.startswith("memories.") or name == "score_bits") or "hw" not in facts("memory")
            ):
                assert moved & set(checked.results), (drawn, name, found)
                counts["results"] += 1
    return counts


@pytest.mark.parametrize("seed", range(8))
def test_random_spaces(seed):
    """An axis that is refused moves no column, one that is named resources alone, any other moves a result."""
    names = [name for name in known_axes() if name not in NOT_DRAWN]
    random.Random(1).shuffle(names)
    counts = counts_of(random.Random(seed), names[seed % 8 :: 8])
    assert counts["nothing"] and counts["results"]


@pytest.mark.parametrize("memory", ["paper", "hw"])
def test_several_arrays(memory):
    """Their number moves results where memories have no limits, and resources alone is said where they have."""
    fixed = {"model": TINY, "memory": memory}
    for fixed_count in (1, 2):
        axes = {"array.count": [1, 2, 5]} if fixed_count == 1 else {"array.split": ["rows", "cols"]}
        drawn = {"name": "s", "fixed": {**fixed, "set": {"array.count": fixed_count}}, "axes": axes}
        (name,) = axes
        found, told = results(drawn, name)
        moved = {c for rows in found for i, c in enumerate(told) if len({row[i] for row in rows}) > 1}
        needs_paper = unmet(name, SpaceValues(load_space(drawn))) is not None
        assert needs_paper == (memory == "hw") and bool(moved) != needs_paper


@pytest.mark.parametrize("name", [name for name in HARDWARE if name.startswith("memories.")])
def test_memories_that_limit_are_read(name):
    """Each value of the memories but the global buffer's size moves a result where its neighbours leave it room."""
    limiting = {
        "memories.axi_port_bytes_per_clock": 1, "memories.ipmem_buffers": "single", "memories.wtmem_buffers": "single",
        "memories.opmem_buffers": "single",
    }  # fmt: skip
    others = {
        "memories.dram": {"memories.axi_port_bytes_per_clock": 64},
        "memories.axi_burst_bytes": {"memories.axi_read_burst_clocks": 9},
        "memories.ipmem_bytes": {"array.dataflow": "ws"},
        "memories.input_share_bytes": {"memories.gb_bytes": 2**20},
        "memories.weight_share_bytes": {"memories.gb_bytes": 2**20},
        "memories.output_block_rows": {"array.dataflow": "os", "memories.opmem_bytes": 2**20},
        "memories.output_block_cols": {"array.dataflow": "os", "memories.opmem_bytes": 2**20},
    }  # fmt: skip
    settings = {path: value for path, value in {**limiting, **others.get(name, {})}.items() if path != name}
    values = values_of(random.Random(1), name, ps.load_hardware("zcu102"))
    model = {**TINY, "image_px": 224, "depth": 1}
    drawn = {"name": "s", "fixed": {"model": model, "memory": "hw", "set": settings}, "axes": {name: values}}
    found, told = results(drawn, name)
    moved = {c for rows in found for i, c in enumerate(told) if len({row[i] for row in rows}) > 1}
    checked = load_space(drawn)
    assert (unmet(name, SpaceValues(checked)) is None) == bool(moved & set(checked.results)), found
    assert bool(moved & set(checked.results)) == (name not in ("memories.gb_bytes", "memories.out_bytes")), found


def test_what_a_rule_reads_has_an_effect():
    fixed = {"set": {"placement.softmax": "pl"}}
    axes = {"host.cores": [1, 2], "array.rows": [32, 64]}
    space = {"name": "s", "fixed": fixed, "axes": axes, "conditions": {"array.rows": "host.cores >= 2"}}
    assert ps.explore(space)["dsp"].tolist() == [2320, 1168, 2320]
    axes = {"power.board_w": [3.0, 30.0], "array.rows": [16]}
    space = {"name": "s", "fixed": {"energy": "activity"}, "axes": axes, "constraints": ["array.rows <= power.board_w"]}
    assert len(ps.explore(space)) == 1
    with pytest.raises(ps.InputError, match=r"axes\.power\.board_w: no column depends on it here"):
        ps.explore({**space, "constraints": []})


def test_widths_that_leave_designs_out_are_noted():
    table = ps.explore({"name": "s", "axes": {"array.operand_bits": [4, 8, 16]}})
    assert table["array.operand_bits"].tolist() == [8, 16]
    assert "axes.array.operand_bits: it decides which operands fit, not what they take" in table.notes


def test_designs_that_cannot_run_are_told_with_a_reason():
    """Two arrays behind memories are none that a run takes."""
    space = {"name": "s", "fixed": {"model": "deit_t", "memory": "hw"}, "axes": {"array.count": [1, 2]}}
    table = ps.explore(space)
    assert len(table) == 1
    assert any(note.startswith("1 designs are left out: ") and "array.count" in note for note in table.notes)
