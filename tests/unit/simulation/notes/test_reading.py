"""Settings that a run does not read are told, and cannot change it; those that it reads are not told, and can."""

import random
import types
import typing
from functools import cache

import annotated_types
import pytest

import pivotsim as ps
from pivotsim.errors import InputError
from pivotsim.hardware.kinds.hardware_alone import HardwareAlone
from pivotsim.io.spec_values import leaves, value_at
from pivotsim.io.specs import Spec
from pivotsim.simulation.notes.reading import watch_if_changed
from tests.campaigns import cases

RUNS = 300
# values that bound each other: these go down, those up, so that any of them may be changed together
DOWN = ("power.activity.low.",)
SHARES = ("memories.input_share_bytes", "memories.weight_share_bytes")
UP = ("memories.gb_bytes", "power.activity.high.")
BETWEEN = "power.activity.default."
ONE_PLACE = "placement.gemm"  # there is no other value
FREE_PLACE = "placement.requant"  # where what takes no time runs changes nothing, until its cost is changed too
LABELS = ("kind", "name", "description")
CHANNELS = ("bandwidth", "dram/ddr4_2400", "dram/ddr4_2133_zcu102_ps")
TINY = {
    "name": "tiny", "description": "test", "source": "test", "depth": 2, "image_px": 32, "patch_px": 8, "channels": 3,
    "prefix_tokens": 1, "width": 24, "heads": 3, "mlp_hidden": 40, "gated_mlp": False, "classes": 10,
    "head_features": 24, "stem": "patch", "qkv_bias": True, "layer_scale": False, "aux_head": False,
}  # fmt: skip


@cache
def field_at(spec: type[Spec], path: str) -> typing.Any:
    """Return the pydantic field behind a dotted path."""
    *groups, last = path.split(".")
    for group in groups:
        annotation = spec.model_fields[group].annotation
        options = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
        spec = next(a for a in options if isinstance(a, type) and issubclass(a, Spec))
    return spec.model_fields[last]


def other_value(rng: random.Random, spec: type[Spec], path: str, value: object) -> object:
    """Return another value that the field at a path allows by itself."""
    if path == "memories.dram":
        return rng.choice([c for c in CHANNELS if c != value])
    if path == "fpga.dsp_columns":
        return f"{rng.randint(1, 200)} x {rng.randint(1, 40)}"
    if path.endswith(".operand_bits"):  # a narrower one would be refused
        return rng.choice([bits for bits in (8, 16, 32) if bits != value])
    field = field_at(spec, path)
    choices = [c for a in (field.annotation, *typing.get_args(field.annotation)) for c in typing.get_args(a)]
    if path.startswith("placement.") and issubclass(spec, HardwareAlone):  # it has no other place
        return value
    words = [c for c in choices if isinstance(c, (str, int)) and c not in (value, "unlimited")]
    if words and not path.startswith((*DOWN, *UP, *SHARES)):
        return rng.choice(words)
    if isinstance(value, bool):
        return not value
    if isinstance(value, str) and value != "unlimited":
        return f"{value}x"
    least = 1 if path.startswith("memories.") or path == "mpca.dma_bytes_per_cycle" else 0
    low = max((r.ge for r in field.metadata if isinstance(r, annotated_types.Ge)), default=least)
    high = min((r.le for r in field.metadata if isinstance(r, annotated_types.Le)), default=2**40)
    number = 4096 if value == "unlimited" else value
    if path in SHARES:
        return rng.choice([size for size in (0, 100, 2048) if size != value])
    if path.startswith((*DOWN, *UP, BETWEEN)):
        factor = 0.5 if path.startswith(DOWN) else 4 if path.startswith(UP) else 0.999
        return round(number * factor) if isinstance(number, int) else number * factor
    drawn = [number * 2, number * 3 + 1, number / 2, number + 1, number + 5, low, number * 1.25]
    if isinstance(number, int):
        drawn = [round(one) for one in drawn]
    return rng.choice([one for one in drawn if low <= one <= high and one != value])


@cache
def boards() -> tuple[typing.Any, ...]:
    return tuple(
        ps.load_hardware(name) for name in ("zcu102", "zcu102_os", "zcu102_ws", "u250_mpca", "truth/heatvit_kc705")
    )


def random_board(rng: random.Random) -> typing.Any:
    """Return a board some of whose switches, those that decide what a run reads, are changed."""
    hw = rng.choice(boards())
    if hw.kind == "systolic" and rng.random() < 0.5:  # several folds of the tiny model's matrices
        hw = hw.replace({"array.rows": 8, "array.cols": 8, "memories.weight_share_bytes": 8192})
    changes = {
        "array.dataflow": ["is", "ws", "os"], "array.fold_overlap": ["none", "preload", "pipelined", "settled"],
        "array.os_edge_register": [False], "memories.dram": ["dram/ddr4_2400"], "memories.opmem_bytes": ["unlimited"],
        "memories.ipmem_bytes": ["unlimited"], "memories.axi_port_bytes_per_clock": ["unlimited"],
        "host.cores": [4], "host.ps_pl_overlap": ["heads", "images"], "host.full.transfers": [False],
        "host.paper.transfers": [True], "host.paper.gelu.cycles_per_element": [3.0], "host": ["none"],
        **{f"placement.{kind}": ["pl"] for kind in ("softmax", "gelu", "norm", "add", "sort", "gather", "merge")},
        "placement.requant": ["array"], "units.token_drop.averaging_hidden": [True],
        "units.token_drop.sort_network": ["odd_even_transposition"], "mpca.dma_bytes_per_cycle": [1, "unlimited"],
        "memories.gb_bytes": [65536], "mpca.fill": [False], "mpca.balance": ["lockstep", "lpt"],
        "mpca.rules": ["authors"], "units.token_drop.fused_token": ["mean", "sum"],
    }  # fmt: skip
    for path in rng.sample(sorted(changes), rng.choice((0, 1, 2, 4))):
        try:
            hw = hw.replace({path: rng.choice(changes[path])})
        except InputError:  # another kind of board, or two that exclude each other
            continue
    return hw


def random_plan(rng: random.Random) -> typing.Any:
    model = {**TINY, "activation": rng.choice(["gelu", "relu"])}
    if rng.random() < 0.2:
        model |= {"gated_mlp": True, "activation": "gelu"}
    plan = ps.plan(ps.load_model(model), qkv=rng.choice(["fused", "separate"]), score_bits=rng.choice([8, 32]))
    if rng.random() < 0.3:
        plan = ps.skip_attention(plan, active=rng.choice([[], [1], [2]]))
    elif rng.random() < 0.4:
        plan = ps.prune_tokens(plan, "evit", keep_rate=0.6, encoders=[1])
    if rng.random() < 0.3:
        plan = ps.prune_blocks(plan, block=8, density=0.5)
    return plan


def random_options(rng: random.Random, hw: typing.Any) -> dict[str, typing.Any]:
    options = {
        "profile": rng.choice(["paper", "full"]), "energy": rng.choice(["constant", "activity"]),
        "scope": rng.choice(["encoders", "all"]), "memory": rng.choice(["paper", "hw"]), "batch": rng.choice([1, 2]),
    }  # fmt: skip
    if hw.kind in ("mpca", "pipeline", "serial"):
        return options | {"profile": "paper", "energy": "constant"}
    return options | {"engine": rng.choice([None, "memory" if options["memory"] == "hw" else "analytic"])}


def numbers_of(report: typing.Any) -> dict[str, typing.Any]:
    """Return a report without what tells of settings, or of the device."""
    told = ("input_hash", "notes", "remarks", "not_used", "fits", "resources")
    return {name: value for name, value in report.to_dict().items() if name not in told}


def run_of(rng: random.Random) -> typing.Any:
    """Return a random run whose every value is a setting: (workload, hardware, options, report)."""
    while True:
        hw, plan = random_board(rng), random_plan(rng)
        options = random_options(rng, hw)
        every = {path: value_at(hw, path) for path, _, _ in leaves(hw)}
        hw = hw.replace({path: value for path, value in every.items() if value is not None and path not in LABELS})
        try:
            return plan, hw, options, ps.simulate(plan, hw, **options)
        except InputError:  # does not fit its memories, has no processor, ...
            continue


def changed(rng: random.Random, hw: typing.Any, paths: typing.Iterable[str]) -> typing.Any:
    """Return a board with other values at some paths; those that do not go together are left out."""
    listed = sorted(set(paths) - {ONE_PLACE})
    try:
        return hw.replace({path: other_value(rng, type(hw), path, value_at(hw, path)) for path in listed})
    except InputError:
        half = len(listed) // 2
        return changed(rng, changed(rng, hw, listed[:half]), listed[half:]) if half else hw


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4))
def test_what_a_run_does_not_read_has_its_line_and_no_effect(seed):
    rng = random.Random(seed)
    for _ in range(cases(100, RUNS) // 4):
        plan, hw, options, report = run_of(rng)
        assert set(report.not_used) <= settings_of(hw)
        assert all(line.startswith("not used here") for line in report.not_used.values())
        expected = numbers_of(report)
        for _ in range(cases(2, 5)):
            other = changed(rng, hw, report.not_used.keys() - {FREE_PLACE})  # together they may have an effect
            assert numbers_of(ps.simulate(plan, other, **options)) == expected, (options, sorted(report.not_used))
        if FREE_PLACE in report.not_used:
            assert numbers_of(ps.simulate(plan, changed(rng, hw, [FREE_PLACE]), **options)) == expected


@pytest.mark.campaign
def test_what_a_run_reads_has_no_line_and_can_have_an_effect():
    """Whatever is read somewhere changes some run: nothing is read for nothing, and so told too late."""
    rng = random.Random(20)
    tries: dict[str, int] = {}
    lively = {ONE_PLACE}
    for _ in range(cases(150, RUNS)):  # after 120 each has had one
        plan, hw, options, report = run_of(rng)
        used = settings_of(hw) - set(report.not_used)
        for path in used:
            tries.setdefault(path, 0)
        expected = numbers_of(report)
        for path in sorted(used - lively, key=lambda path: (tries[path], path))[:4]:
            tries[path] += 1
            try:
                other = ps.simulate(plan, changed(rng, hw, [path]), **options)
            except InputError:  # an effect too
                lively.add(path)
            else:
                lively |= {path} if numbers_of(other) != expected else set()
    assert len(tries) > 100
    assert set(tries) <= lively, "read, and without effect"


def settings_of(hw: typing.Any) -> set[str]:
    """Return the paths of a board's values that are settings."""
    return {path for path, _, _ in leaves(hw) if value_at(hw, path) is not None} - set(LABELS)


@pytest.mark.parametrize(
    ("board", "changes", "is_watched"),
    [("zcu102", {}, False), ("zcu102", {"array.rows": 32}, True), ("zcu104", {}, True), ("u250_mpca", {}, False)],
)
def test_a_board_is_watched_where_a_value_is_set_or_inherited(board, changes, is_watched):
    assert (watch_if_changed(ps.load_hardware(board).replace(changes)) is not None) == is_watched
