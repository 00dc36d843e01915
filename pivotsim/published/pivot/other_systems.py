"""HeatViT and ViTCoD, the systems of PIVOT's Table 4, on PIVOT's own array beside PVDS-50.

The paper compares them on CPUs and GPUs alone (section 4.3). Here all run on one board, with the settings that Table 4
and section 4.3 state; their accuracies are the paper's, inputs that nothing here checks.

HeatViT   40, 74 and 87 % of the patches leave before encoders 4, 7 and 10. Its selectors' layers are GEMMs on the
          array, their softmax runs on the processor; what else they do there is charged by the profile `full` alone.
          Its own accelerator, with polynomials for softmax and GELU, is not modelled.
ViTCoD    90 % of the attention scores are left out, by masks that are drawn evenly [assumed; trained ones gather in
          columns]. How much of that this board can use is not published; four rows bracket it:

          softmax      of all scores (section 1: sparse attention saves QK^T and SMxV alone), or of the kept tenth,
                       which is found for nothing [assumed]; under `full` so are requantisation and transfers
          QK^T and SV  folds are left out where the mask keeps nothing, all that a systolic array can do; or a tenth of
                       the dense clocks, a bound

          Its auto-encoder, its two engines and its reordering of keys are not modelled.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache, partial
from typing import Any, NamedTuple

from pivotsim.effort.combination import combine
from pivotsim.effort.mixed_report import MixedReport
from pivotsim.hardware.spec import Hardware
from pivotsim.published.base.claims import Claim
from pivotsim.simulation.report import Report
from pivotsim.simulation.run import simulate
from pivotsim.tables import Table
from pivotsim.units import energy_j
from pivotsim.workload.lowering.plan import lower
from pivotsim.workload.ops import Trace
from pivotsim.workload.plans import Plan, plan
from pivotsim.workload.transforms.attention_masking import mask_attention
from pivotsim.workload.transforms.attention_skipping import skip_attention
from pivotsim.workload.transforms.token_pruning import prune_tokens

MODEL = "deit_s"
ROW = "PVDS-50"
PROFILES = ("paper", "full")
HEATVIT_KEEP_RATES = (0.60, 0.26, 0.13)  # section 4.3: 40, 74 and 87 % leave
VITCOD_KEPT_FRAC = 0.1  # section 4.3: 90 % sparsity
PRODUCTS = ("qkt", "sv")
SOFTMAX_OF = ("all", "kept")
ARRAY = ("whole folds left out", "a tenth of the clocks")


class Cost(NamedTuple):
    """What an image costs; the EDP is the sum over efforts, which for one effort is energy times delay."""

    delay_ms: float
    energy_j: float
    edp_j_ms: float


@dataclass(frozen=True)
class System:
    """One row: its accuracy as Table 2 or 4 prints it, and what it costs under each profile."""

    name: str
    setting: str
    top1_percent: float | None
    costs: Mapping[str, Cost]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain numbers and text."""
        return {**asdict(self), "costs": {profile: cost._asdict() for profile, cost in self.costs.items()}}


class _Settings(NamedTuple):
    """How a system's costs come about: its claim of accuracy, and the cost under a profile."""

    name: str
    setting: str
    accuracy_of: str
    cost: Callable[[str], Cost]  # of a profile


def compare_systems(hw: Hardware, mix: MixedReport, pair: tuple[int, int], claims: list[Claim]) -> list[System]:
    """Return DeiT-S, PVDS-50, HeatViT and ViTCoD on one board.

    Parameters
    ----------
    hw : Hardware
    mix : MixedReport
        PVDS-50's; its exit fractions are used.
    pair : (int, int)
        Its low and high effort, inferred.
    claims : list of Claim
        Hold the accuracies.
    """
    accuracies = {c.model: c.number for c in claims if c.quantity == "top1"}
    return [
        System(name, setting, accuracies.get(model), {profile: cost(profile) for profile in PROFILES})
        for name, setting, model, cost in _systems(hw, [e.exit_frac for e in mix.efforts], pair)
    ]


def _systems(hw: Hardware, exits: list[float], pair: tuple[int, int]) -> Iterator[_Settings]:
    whole = plan(MODEL)
    yield _Settings("DeiT-S", "every attention", "DeiT-S", partial(_cost, hw, whole))
    setting = f"efforts {pair} [inferred], {100 * exits[0]:.4g} % leave early"
    yield _Settings(ROW, setting, ROW, partial(_mixed_cost, hw, exits, pair))
    rates = "/".join(f"{100 * (1 - rate):.0f}" for rate in HEATVIT_KEEP_RATES)
    setting = f"{rates} % of the patches leave before encoders 4/7/10"
    pruned = prune_tokens(whole, "heatvit", keep_rates=HEATVIT_KEEP_RATES)
    yield _Settings("HeatViT", setting, "HeatViT DeiT-S", partial(_cost, hw, pruned))
    for softmax in SOFTMAX_OF:
        for array in ARRAY:
            setting = f"softmax of {softmax} scores; QK^T, SV: {array}"
            yield _Settings("ViTCoD", setting, "ViTCoD DeiT-S", partial(_sparse_cost, hw, softmax, array))


def _cost(hw: Hardware, workload: Plan, profile: str) -> Cost:
    report = simulate(workload, hw, profile=profile)
    return Cost(report.delay_ms, report.energy_j, report.edp_j_ms)


def _mixed_cost(hw: Hardware, exits: list[float], pair: tuple[int, int], profile: str) -> Cost:
    efforts = [
        simulate(skip_attention(plan(MODEL), active=range(1, effort + 1)), hw, profile=profile) for effort in pair
    ]
    mix = combine(efforts, exits, gate="none")
    return Cost(mix.delay_ms, mix.energy_j, mix.edp_sum_of_efforts_j_ms)


def _sparse_cost(hw: Hardware, softmax: str, array: str, profile: str) -> Cost:
    """Return the delay of everything but QK^T and SV, dense or sparse, and that of QK^T and SV.

    Parts add up because array and processor work one after the other, as on the paper's board.
    """
    dense, sparse = (simulate(workload, hw, profile=profile) for workload in (plan(MODEL), _sparse()))
    rest = {"all": dense, "kept": sparse}[softmax]
    products_ms = dict(zip(ARRAY, (_products_ms(sparse), VITCOD_KEPT_FRAC * _products_ms(dense)), strict=True))[array]
    delay = rest.delay_ms - _products_ms(rest) + products_ms
    energy = energy_j(hw.power.board_w, delay)
    return Cost(delay, energy, energy * delay)


@cache
def _sparse() -> Trace:
    """Return DeiT-S with the masks that are drawn; lowered once, for that takes longer than a run."""
    return lower(mask_attention(plan(MODEL), density=VITCOD_KEPT_FRAC))


def _products_ms(report: Report) -> float:
    modules = report.breakdown("module")
    return sum(modules[name]["delay_ms"] for name in PRODUCTS)


def system_table(systems: list[System]) -> Table:
    """Return the rows with both profiles side by side, delays also as a factor against the first row."""
    first = systems[0]
    rows = []
    for system in systems:
        cells: list[str] = []
        for profile in PROFILES:
            cost = system.costs[profile]
            ratio = first.costs[profile].delay_ms / cost.delay_ms
            cells += [f"{cost.delay_ms:.2f}", f"{ratio:.2f}x", f"{cost.energy_j:.4f}", f"{cost.edp_j_ms:.2f}"]
        top1 = "-" if system.top1_percent is None else f"{system.top1_percent:.1f}"
        rows.append((system.name, system.setting, top1, *cells))
    heads = [f"{profile}: delay, ms|faster|energy, J|EDP, J*ms".split("|") for profile in PROFILES]
    return Table(
        "Table 4's systems on PIVOT's own array: DeiT-S, 8 bits, profiles `paper` and `full`",
        ("system", "setting", "top-1, %", *itertools.chain(*heads)),
        rows,
        tuple(range(2, 3 + 4 * len(PROFILES))),
        (
            "Accuracies are the paper's, inputs; it compares the systems on CPUs and GPUs. EDP: sum over efforts.",
            "PVDS-50: without the entropy gate, as the paper leaves it out.",
            "HeatViT: selectors' layers on the array, their softmax on the processor, other work under `full` alone.",
            "ViTCoD: masks drawn evenly [assumed], four rows for what this board can use; a tenth of the clocks",
            "is a bound, finding the kept scores is free [assumed]. Their own accelerators are not modelled.",
        ),
    )  # fmt: skip
