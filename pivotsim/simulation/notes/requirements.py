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
"""

import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any, NamedTuple

from pivotsim.engines.base import HW
from pivotsim.hardware.memory import BANDWIDTH, UNLIMITED
from pivotsim.operations import PL, PS, PS_KINDS, TOKEN_DROP, UNIT_OF

Possible = Callable[[str], Collection[Any] | None]
Words = Callable[[str, str], str]
OPTIONS = ("memory", "profile", "energy", "scope")
LABELS = ("name", "description", "kind", "host.name", "fpga.device")
ENTROPY = "entropy"


def run_words(key: str, value: str) -> str:
    """Return how a command states a value.

    >>> run_words("memory", "hw"), run_words("placement.gelu", "pl")
    ('--memory hw', '--set placement.gelu=pl')
    """
    return f"--{key} {value}" if key in OPTIONS else f"--set {key}={value}"


def space_words(key: str, value: str) -> str:
    """Return how a space file states a value.

    >>> space_words("memory", "hw"), space_words("placement.gelu", "pl")
    ('fixed.memory: hw', 'placement.gelu: pl')
    """
    return f"fixed.{key}: {value}" if key in OPTIONS else f"{key}: {value}"


class Facts:
    """What may be true of a run, or of a design of a space; what is not known may be."""

    def __init__(self, possible: Possible) -> None:
        self._possible = possible

    def can_be(self, key: str, *values: Any) -> bool:
        """Whether a key may take one of some values."""
        known = self._possible(key)
        return known is None or any(value in known for value in values)

    def can_exceed(self, key: str, bound: float) -> bool:
        """Whether a key may take a number above a bound."""
        known = self._possible(key)
        return known is None or any(value > bound for value in known)

    def can_be_limited(self, key: str) -> bool:
        """Whether a size or rate may be anything but unlimited."""
        known = self._possible(key)
        return known is None or any(value != UNLIMITED for value in known)

    def runs_on(self, kind: str, place: str) -> bool:
        """Whether a kind of operation may run in a place."""
        return self.can_be("kinds", kind) and self.can_be(f"placement.{kind}", place)

    def costs(self, kind: str) -> bool:
        """Whether the processor may charge a kind, were it placed there."""
        return any(
            self.can_be("profile", profile) and self.can_exceed(f"host.{profile}.{kind}.{part}", 0)
            for profile in ("paper", "full")
            for part in ("cycles_per_element", "cycles_per_row")
        )

    def is_charged(self, kind: str) -> bool:
        """Whether a kind may take time on the processor."""
        return self.runs_on(kind, PS) and self.costs(kind)

    @property
    def has_ps_kind(self) -> bool:
        """Whether an operation may be placed on the processor, charged or not."""
        return any(self.runs_on(kind, PS) for kind in PS_KINDS)

    @property
    def has_transfers(self) -> bool:
        """Whether transfers between array and processor may be charged."""
        return self.has_ps_kind and any(
            self.can_be("profile", profile) and self.can_be(f"host.{profile}.transfers", True)
            for profile in ("paper", "full")
        )

    @property
    def has_ps_work(self) -> bool:
        """Whether an operation, or the entropy gate, may take time on the processor."""
        return self.can_be("gate", ENTROPY) or any(self.is_charged(kind) for kind in PS_KINDS)


Found = dict[str, str]  # what the names in a pattern stand for


class Need(NamedTuple):
    """One condition: whether it may hold, and how it is told."""

    may_hold: Callable[[Facts, Found], bool]
    text: Callable[[Words, Found], str]
    is_reason: bool = False  # nothing would meet it, and the text says why


def value(key: str, wanted: Any) -> Need:
    """Return the need for a value of a key; both may hold names of the pattern in braces."""
    shown = "true" if wanted is True else str(wanted)

    def may_hold(facts: Facts, found: Found) -> bool:
        needed = wanted.format(**found) if isinstance(wanted, str) else wanted
        return facts.can_be(key.format(**found), needed)

    return Need(may_hold, lambda words, found: words(key.format(**found), shown.format(**found)))


def limited(key: str) -> Need:
    """Return the need for a size or rate that is not unlimited."""
    return Need(
        lambda facts, found: facts.can_be_limited(key.format(**found)),
        lambda _, found: f"a number for {key.format(**found)}",
    )


def fact(may_hold: Callable[[Facts], bool], text: str) -> Need:
    """Return a need in words; ``{full}`` in the text stands for how profile full is stated."""
    return Need(lambda facts, _: may_hold(facts), lambda words, _: text.format(full=words("profile", "full")))


def nothing(reason: str) -> Need:
    """Return the need that is never met, of a value that delay and energy do not depend on."""
    return Need(lambda _, __: False, lambda _, __: reason, is_reason=True)


def one_of(*needs: Need) -> Need:
    """Return the need for one of several."""
    return Need(
        lambda facts, found: any(need.may_hold(facts, found) for need in needs),
        lambda words, found: " or ".join(need.text(words, found) for need in needs),
    )


def in_workload(kind: str) -> Need:
    """Return the need for a kind of operation."""
    return Need(
        lambda facts, found: facts.can_be("kinds", kind.format(**found)),
        lambda _, found: f"a workload with {kind.format(**found)}",
    )


MEMORY = value("memory", HW)
ACTIVITY = value("energy", "activity")
ALL = value("scope", "all")
GATE = fact(lambda facts: facts.can_be("gate", ENTROPY), "an effort pair with gate entropy")
PAIR = fact(lambda facts: facts.can_be("pair", True), "an effort pair")
INTERVAL = fact(lambda facts: facts.can_be("interval", True), "a single run, which tells the energy's interval")
OF_RESOURCES = nothing("resources alone depend on it")
PARAMETERS = nothing("it counts parameters, not operations")
LABEL = nothing("it is a label")
TRANSFERS = fact(lambda facts: facts.has_transfers, "transfers that are charged, as by {full}")
PS_KIND = fact(lambda facts: facts.has_ps_kind, "an operation that is placed on ps")
PS_WORK = fact(lambda facts: facts.has_ps_work, "an operation on ps that is charged, as by {full}")
PS_TIME = one_of(PS_WORK, TRANSFERS)
CORES = Need(lambda facts, _: facts.can_exceed("host.cores", 1), lambda words, _: words("host.cores", "2") + " or more")
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
ACTIVATIONS = fact(
    lambda f: any(f.is_charged(kind) or f.runs_on(kind, PL) for kind in ("gelu", "relu")),
    "an activation that takes time, as by {full}",
)


def on_pl(*kinds: str) -> tuple[Need, ...]:
    """Return the needs for a unit of the programmable logic that runs one of some kinds."""
    return (
        one_of(*map(in_workload, kinds)),
        Need(
            lambda facts, found: any(facts.runs_on(kind.format(**found), PL) for kind in kinds),
            lambda words, found: " or ".join(words(f"placement.{kind.format(**found)}", PL) for kind in kinds),
        ),
    )


# pattern -> needs; the first pattern that a path fits counts, and a name in braces stands for one key of the path
ROWS: dict[str, tuple[Need, ...]] = {
    **dict.fromkeys(LABELS, (LABEL,)),
    "array.os_edge_register": (value("array.dataflow", "os"),),
    "array.operand_bits": (nothing("it decides which operands fit, not what they take"),),
    "memories.gb_bytes": (nothing("its shares are what a run reads"),),
    "memories.dram_bytes_per_s": (MEMORY, value("memories.dram", BANDWIDTH)),
    "memories.axi_ports": (MEMORY, limited("memories.axi_port_bytes_per_clock")),
    "memories.{memory}_buffers": (MEMORY, limited("memories.{memory}_bytes")),
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
    f"units.{TOKEN_DROP}.score_lanes": on_pl("score"),
    f"units.{TOKEN_DROP}.averaging_hidden": on_pl("score"),
    f"units.{TOKEN_DROP}.sort_network": on_pl("sort"),
    f"units.{TOKEN_DROP}.comparators": on_pl("sort"),
    f"units.{TOKEN_DROP}.ports": on_pl("gather"),
    f"units.{TOKEN_DROP}.channels_per_port": on_pl("gather", "merge"),
    f"units.{TOKEN_DROP}.divide_cycles": on_pl("merge"),
    **{f"units.{unit}.*": on_pl(kind) for kind, unit in UNIT_OF.items() if unit != TOKEN_DROP},
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
    "model.classes": (one_of(ALL, GATE),),
    "model.activation": (ACTIVATIONS,),
    "model.qkv_bias": (PARAMETERS,),
    "model.layer_scale": (PARAMETERS,),
    "score_bits": (REQUANT,),
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
