"""What a value of the hardware, or an option, needs before delay or energy can depend on it.

A table of rows: a pattern of dotted paths, and the needs that must all be met. The first one that cannot be met says
why a value has no effect: memories are read under ``memory: hw`` alone, a unit of the programmable logic works only
where an operation is placed on it. A run asks with its own values, a space with all values that its designs take.

Both ask with a function from a key to the values that it may take, None where that is not known. Keys are dotted paths
of the hardware, the options memory, profile, energy and scope, and

    gate        ``entropy`` where an entropy gate runs
    pair        True where two efforts run
    kinds       kinds of operations of the workload
    interval    True where the interval of the energy is told
    kind        the kind of hardware
"""

import re
from functools import cache

from pivotsim.engines.base import HW, PAPER
from pivotsim.hardware.memory import BANDWIDTH, BLOCK, OVERLAPPED
from pivotsim.operations import PL, PS, TOKEN_DROP, TOKEN_KINDS, UNIT_OF
from pivotsim.simulation.notes.facts import (
    ENTROPY,
    Facts,
    Need,
    Possible,
    Words,
    all_of,
    fact,
    in_workload,
    limited,
    nothing,
    on_pl,
    one_of,
    run_words,
    together,
    value,
)

LABELS = ("name", "description", "kind", "host.name", "fpga.device")

MEMORY = value("memory", HW)
ACTIVITY = value("energy", "activity")
ALL = value("scope", "all")
SCHEDULE = Need(
    lambda facts, _: not facts.can_be("kind", "mpca") or facts.can_be("mpca.rules", "pivotsim"),  # others have no rules
    lambda words, _: words("mpca.rules", "pivotsim"),
)
SCHEDULED = ("mpca.balance", "mpca.header_cycles", "mpca.fill", "mpca.dma_bytes_per_cycle", "mpca.dma_buffers")
ARRAYS = fact(lambda facts: facts.can_be("kind", "systolic"), "hardware of kind systolic")
NO_MEMORY = Need(  # a unit behind memories of its own takes the clocks and bytes of its Verilog
    lambda facts, _: (
        facts.can_be("memory", PAPER) or facts.can_be("units.memory_bytes", 0) or not facts.can_be("kind", "systolic")
    ),
    lambda words, _: f"{words('memory', PAPER)} or {words('units.memory_bytes', '0')}",
)
GATE = fact(lambda facts: facts.can_be("gate", ENTROPY), "an effort pair with gate entropy")
PAIR = fact(lambda facts: facts.can_be("pair", True), "an effort pair")
INTERVAL = fact(lambda facts: facts.can_be("interval", True), "a single run, which tells the energy's interval")
AXI_BURSTS = fact(
    lambda f: f.can_exceed("memories.axi_read_burst_clocks", 0) or f.can_exceed("memories.axi_write_burst_clocks", 0),
    "a number above 0 for memories.axi_read_burst_clocks or memories.axi_write_burst_clocks",
)
READ_LATENCY = fact(
    lambda f: f.can_exceed("memories.read_latency_ns", 0), "a number above 0 for memories.read_latency_ns"
)
OF_RESOURCES = nothing("resources alone depend on it")
PARAMETERS = nothing("it counts parameters, not operations")
LABEL = nothing("it is a label")
TRANSFERS = fact(lambda facts: facts.has_transfers, "transfers that are charged, as by {full}")
PS_KIND = fact(lambda facts: facts.has_ps_kind, "an operation that is placed on ps")
PS_WORK = fact(lambda facts: facts.has_ps_work, "an operation on ps that is charged, as by {full}")
PS_TIME = one_of(PS_WORK, TRANSFERS)
CORES = Need(lambda facts, _: facts.can_exceed("host.cores", 1), lambda words, _: words("host.cores", "2") + " or more")
SEVERAL = Need(
    lambda facts, _: facts.can_exceed("array.count", 1), lambda words, _: words("array.count", "2") + " or more"
)
BOTH = Need(
    lambda facts, _: facts.has_transfers and facts.can_be("energy", "activity"),
    lambda words, _: f"transfers under {words('energy', 'activity')}",
)
REQUANT = fact(
    lambda facts: facts.costs("requant") or facts.has_transfers, "requant or transfers that take time, as by {full}"
)
IN_HEADS = fact(
    lambda f: f.is_charged("softmax") or f.runs_on("softmax", PL) or f.is_charged("requant"),
    "softmax or requant that takes time",
)
ROPE = fact(lambda f: f.is_charged("mul") or f.runs_on("mul", PL), "RoPE that takes time, as by {full}")
NORMS = fact(lambda f: f.is_charged("norm") or f.runs_on("norm", PL), "norms that take time, as by {full}")
ADDS = fact(lambda f: f.is_charged("add") or f.runs_on("add", PL), "additions that take time, as by {full}")
EMBEDDING = all_of(ALL, ADDS)  # learned positions are added outside the encoders
ACTIVATIONS = fact(
    lambda f: any(f.is_charged(kind) or f.runs_on(kind, PL) for kind in ("gelu", "relu")),
    "an activation that takes time, as by {full}",
)

# pattern -> needs; the first pattern that a path fits counts, and a name in braces stands for one key of the path
ROWS: dict[str, tuple[Need, ...]] = {
    **dict.fromkeys(LABELS, (LABEL,)),
    "array.os_edge_register": (value("array.dataflow", "os"),),
    "array.count": (value("memory", PAPER),),
    "array.split": (SEVERAL, value("memory", PAPER)),
    "array.fold_overlap": (one_of(value("memory", PAPER), value("memories.transfers", OVERLAPPED)),),
    "array.operand_bits": (nothing("it decides which operands fit, not what they take"),),
    "memories.gb_bytes": (nothing("its shares are what a run reads"),),
    "memories.out_bytes": (nothing("an output has the out_bits of its operation"),),
    "memories.axi_burst_bytes": (MEMORY, AXI_BURSTS),
    "memories.outstanding_reads": (MEMORY, READ_LATENCY),
    "memories.dram_bytes_per_s": (MEMORY, value("memories.dram", BANDWIDTH)),
    "memories.axi_ports": (MEMORY, limited("memories.axi_port_bytes_per_clock")),
    "memories.{memory}_buffers": (MEMORY, limited("memories.{memory}_bytes")),
    **dict.fromkeys((f"memories.{name}" for name in BLOCK), together(MEMORY, value("array.dataflow", "os"))),
    "memories.*": (MEMORY,),
    "host.ps_pl_overlap": (IN_HEADS,),
    "host.transfer.*": (TRANSFERS,),
    "host.multicore_efficiency_frac": (CORES, PS_WORK),
    "host.cores": (one_of(PS_WORK, BOTH),),
    "host.clock_mhz": (PS_WORK,),
    "host.{profile}.transfers": (value("profile", "{profile}"), PS_KIND),
    "host.{profile}.call_us": (value("profile", "{profile}"), PS_TIME),
    "host.{profile}.entropy.*": (value("profile", "{profile}"), GATE),
    "host.{profile}.{kind}.*": (
        value("profile", "{profile}"), in_workload("{kind}"), value("placement.{kind}", PS),
    ),
    **dict.fromkeys(SCHEDULED, (SCHEDULE,)),
    f"units.{TOKEN_DROP}.score_lanes": (SCHEDULE, *on_pl("score")),
    f"units.{TOKEN_DROP}.averaging_hidden": (SCHEDULE, *on_pl("score")),
    f"units.{TOKEN_DROP}.sort_network": (SCHEDULE, *on_pl("sort")),
    f"units.{TOKEN_DROP}.comparators": (SCHEDULE, *on_pl("sort")),
    f"units.{TOKEN_DROP}.ports": (SCHEDULE, *on_pl("gather")),
    f"units.{TOKEN_DROP}.channels_per_port": (SCHEDULE, *on_pl("gather", "merge")),
    f"units.{TOKEN_DROP}.fused_token": (SCHEDULE, *on_pl("merge")),
    f"units.{TOKEN_DROP}.divide_cycles": (SCHEDULE, *on_pl("merge"), value(f"units.{TOKEN_DROP}.fused_token", "mean")),
    f"units.{TOKEN_DROP}.score_bytes_per_element": (ACTIVITY, SCHEDULE, *on_pl("score")),
    f"units.{TOKEN_DROP}.token_bytes_per_element": (ACTIVITY, SCHEDULE, *on_pl("gather", "merge")),
    f"units.{TOKEN_DROP}.pj_per_element": (ACTIVITY, SCHEDULE, *on_pl(*TOKEN_KINDS)),
    **{
        f"units.{unit}.{name}": (ACTIVITY, SCHEDULE, *on_pl(kind), *needs)
        for kind, unit in UNIT_OF.items()
        if unit != TOKEN_DROP
        for name, needs in (("bytes_per_element", (NO_MEMORY,)), ("pj_per_element", ()))
    },
    **{
        f"units.{unit}.fill_cycles": (SCHEDULE, *on_pl(kind), NO_MEMORY)
        for kind, unit in UNIT_OF.items()
        if unit != TOKEN_DROP
    },
    "units.memory_bytes": (MEMORY, ARRAYS, *on_pl(*UNIT_OF)),
    **{f"units.{unit}.*": (SCHEDULE, *on_pl(kind)) for kind, unit in UNIT_OF.items() if unit != TOKEN_DROP},
    "power.board_w": (value("energy", "constant"),),
    "power.activity.default.ps_active_w": (ACTIVITY, PS_TIME),
    "power.activity.default.*": (ACTIVITY,),
    "power.activity.*": (ACTIVITY, INTERVAL),
    "placement.gemm": (nothing("there is one place"),),
    "placement.requant": (in_workload("requant"), REQUANT),
    "placement.{kind}": (in_workload("{kind}"),),
    "fpga.*": (OF_RESOURCES,),
    "model.channels": (ALL,),
    "model.head_features": (ALL,),
    "model.stem": (ALL,),
    "model.aux_head": (ALL,),
    "model.pool": (ALL,),
    "model.prefix_positions": (ALL, ADDS),
    "model.positions": (one_of(EMBEDDING, ROPE),),
    "model.qk_norm": (NORMS,),
    "model.mlp_norm": (NORMS,),
    "model.norm": (PARAMETERS,),
    "model.k_bias": (PARAMETERS,),
    "model.classes": (one_of(ALL, GATE),),
    "model.activation": (ACTIVATIONS,),
    "model.qkv_bias": (PARAMETERS,),
    "model.layer_scale": (PARAMETERS,),
    "score_bits": (one_of(MEMORY, REQUANT),),
    "gate": (PAIR,),
}  # fmt: skip


@cache
def _row_of(path: str) -> tuple[tuple[Need, ...], tuple[tuple[str, str], ...]]:
    """Return the needs of the first pattern that a path fits, and what the pattern's names stand for."""
    for pattern, needs in ROWS.items():
        parts = (
            ".+" if part == "*" else re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^.]+?)", re.escape(part))
            for part in pattern.split(".")
        )
        match = re.fullmatch(r"\.".join(parts), path)
        if match:
            return needs, tuple(match.groupdict().items())
    return (), ()


def requirement_of(path: str, possible: Possible, words: Words = run_words) -> str:
    """Return what a value needs that cannot hold, or why nothing depends on it; '' where no row says.

    Parameters
    ----------
    path : str
        Dotted path of the hardware, or an axis of a space.
    possible : callable
        Key -> values that it may take, None where that is not known.
    words : callable
        How a value of a key is stated; ``run_words`` for a command, ``space_words`` for a space file.

    Examples
    --------
    >>> run = {"memory": ["paper"], "kinds": ["gemm", "softmax"], "placement.softmax": ["ps"]}.get
    >>> requirement_of("memories.read_latency_ns", run)
    'needs --memory hw'
    >>> requirement_of("units.softmax.fill_cycles", run), requirement_of("units.gelu.fill_cycles", run)
    ('needs --set placement.softmax=pl', 'needs a workload with gelu')
    """
    need = unmet(path, possible)
    if need is None:
        return ""
    text = need.text(words, dict(_row_of(path)[1]))
    if possible("profile") is not None and "full" in (possible("profile") or ()):  # what is there is no remedy
        text = text.replace(f", as by {words('profile', 'full')}", "")
    return text if need.is_reason else f"needs {text}"


def unmet(path: str, possible: Possible) -> Need | None:
    """Return the first need of a value that cannot be met, None where delay or energy may depend on it."""
    needs, found = _row_of(path)
    facts = Facts(possible)
    return next((need for need in needs if not need.may_hold(facts, dict(found))), None)
