"""What a value needs before a number can depend on it: rows of every kind, and nothing said where it is met."""

import pytest

import pivotsim as ps
from pivotsim.dse.space.axis_kinds import known_axes
from pivotsim.io.spec_values import value_at
from pivotsim.simulation.notes.facts import run_words, space_words
from pivotsim.simulation.notes.requirements import requirement_of, unmet

ZCU102 = ps.load_hardware("zcu102")
PLAIN = {
    "memory": ["paper"], "profile": ["paper"], "energy": ["constant"], "scope": ["encoders"], "gate": ["none"],
    "pair": [False], "interval": [False], "kinds": ["gemm", "softmax", "gelu", "norm", "add", "requant"],
}  # fmt: skip


def facts(**changes):
    """A run of zcu102 under the papers' options; underscores of a change stand for dots."""
    known = {**PLAIN, **{name.replace("__", "."): values for name, values in changes.items()}}

    def possible(key):
        return known[key] if key in known else [value_at(ZCU102, key)]

    return possible


@pytest.mark.parametrize(
    ("path", "change", "needs"),
    [
        ("memories.read_latency_ns", {"memory": ["hw"]}, "--memory hw"),
        ("memories.opmem_bytes", {"memory": ["hw"]}, "--memory hw"),
        ("memories.dram_bytes_per_s", {"memory": ["hw"]}, "--memory hw"),
        ("host.full.call_us", {"profile": ["full"]}, "--profile full"),
        ("host.full.gelu.cycles_per_row", {"profile": ["full"]}, "--profile full"),
        ("host.full.entropy.cycles_per_row", {"profile": ["full"], "gate": ["entropy"]}, "--profile full"),
        ("host.paper.entropy.cycles_per_row", {"gate": ["entropy"]}, "an effort pair with gate entropy"),
        ("host.paper.silu.cycles_per_row", {"kinds": ["silu"]}, "a workload with silu"),
        ("host.paper.softmax.cycles_per_row", {}, ""),
        ("host.multicore_efficiency_frac", {"host__cores": [1, 2]}, ""),
        ("host.transfer.ports", {"profile": ["full"]}, "transfers that are charged, as by --profile full"),
        ("units.softmax.fill_cycles", {"placement__softmax": ["pl"]}, "--set placement.softmax=pl"),
        ("units.gelu.elements_per_clock", {"placement__gelu": ["ps", "pl"]}, "--set placement.gelu=pl"),
        ("units.token_drop.ports", {"kinds": ["gather"], "placement__gather": ["pl"]}, "a workload with gather"),
        ("units.token_drop.divide_cycles", {"kinds": ["merge"], "placement__merge": ["pl"]}, "a workload with merge"),
        ("mpca.balance", {"kind": ["mpca"], "mpca__rules": ["pivotsim", "authors"]}, ""),
        ("placement.silu", {"kinds": ["silu"]}, "a workload with silu"),
        ("placement.requant", {"profile": ["full"]}, "requant or transfers that take time, as by --profile full"),
        (
            "score_bits",
            {"profile": ["full"]},
            "--memory hw or requant or transfers that take time, as by --profile full",
        ),
        ("power.activity.default.sram_pj_per_byte", {"energy": ["activity"]}, "--energy activity"),
        ("power.activity.low.ps_idle_w", {"energy": ["activity"], "interval": [True]}, "--energy activity"),
        ("array.os_edge_register", {"array__dataflow": ["os"]}, "--set array.dataflow=os"),
        ("model.head_features", {"scope": ["all"]}, "--scope all"),
        ("gate", {"pair": [True]}, "an effort pair"),
        (
            "memories.output_block_rows",
            {"memory": ["hw"], "array__dataflow": ["os"]},
            "--memory hw with --set array.dataflow=os",
        ),
        ("array.rows", {}, ""),
        ("power.board_w", {}, ""),
    ],
)
def test_what_is_missing_and_that_it_is_all(path, change, needs):
    if needs:
        assert requirement_of(path, facts()) == f"needs {needs}"
    assert unmet(path, facts(**change)) is None


@pytest.mark.parametrize(
    ("change", "needs"), [({"memory": ["hw"]}, "--set array.dataflow=os"), ({"array__dataflow": ["os"]}, "--memory hw")]
)
def test_of_needs_that_are_told_together_the_one_that_is_missing(change, needs):
    assert requirement_of("memories.output_block_cols", facts(**change)) == f"needs {needs}"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("memories.dram_bytes_per_s", {"memory": ["hw"], "memories__dram": ["dram/ddr4_2400"]}),
        ("memories.axi_ports", {"memory": ["hw"], "memories__axi_port_bytes_per_clock": ["unlimited"]}),
        ("memories.ipmem_buffers", {"memory": ["hw"], "memories__ipmem_bytes": ["unlimited"]}),
        ("host.multicore_efficiency_frac", {"host__cores": [1]}),
        ("host.clock_mhz", {"placement__softmax": ["pl"]}),
        ("host.paper.call_us", {"placement__softmax": ["pl"]}),
        ("power.board_w", {"energy": ["activity"]}),
        ("power.activity.high.ps_idle_w", {"energy": ["activity"]}),
        ("model.qkv_bias", {}), ("array.operand_bits", {}), ("memories.gb_bytes", {"memory": ["hw"]}),
        ("fpga.dsp", {}), ("placement.gemm", {}), ("host.name", {}),
    ],
)  # fmt: skip
def test_second_needs(path, change):
    assert unmet(path, facts(**change)) is not None


def test_spaces_have_their_own_words():
    assert requirement_of("memories.chunk", facts(), space_words) == "needs fixed.memory: hw"
    assert requirement_of("units.norm.fill_cycles", facts(), space_words) == "needs placement.norm: pl"
    assert run_words("placement.norm", "pl") == "--set placement.norm=pl"


def test_what_is_not_known_may_be():
    for path in known_axes():
        need = unmet(path, lambda _: None)
        assert need is None or need.is_reason, path
    assert requirement_of("fpga.lut", lambda _: None) == "resources alone depend on it"
    assert (
        requirement_of("host.name", lambda _: None) == requirement_of("fpga.device", lambda _: None) == "it is a label"
    )


def test_the_first_row_counts_and_groups_do_not_leak():
    assert requirement_of("units.token_drop.comparators", facts()) == "needs a workload with sort"
    assert requirement_of("host.full.transfers", facts()) == "needs --profile full"
    assert requirement_of("no.such.key", facts()) == ""
