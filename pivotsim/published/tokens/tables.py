"""The tables of the token-pruning audit beside its findings: contradictions found and known, rates behind latencies."""

from collections.abc import Collection, Mapping, Sequence

from pivotsim.published.base.hits import Hit
from pivotsim.published.tokens.latency import Precision
from pivotsim.tables import Table, percent


def hit_table(hits: Sequence[tuple[str, Hit]], explained: Collection[str] = ()) -> Table:
    """Return a row per cell that does not follow from the paper's other cells, with the rule that finds it.

    ``explained`` are rules whose hits an unstated batch explains.
    """
    return Table(
        "Cells that do not follow from each other, found by rule (marked above 2.5 %)",
        ("claim", "printed", "implied", "size", "", "rule", "why"),
        [
            (h.id, h.printed, h.implied, percent(h.size_frac, sign=True),
             "an unstated batch explains it" if name in explained else h.remark, name, h.rule)
            for name, h in hits
        ],
        (1, 2, 3),
    )  # fmt: skip


def contradiction_table(known: Sequence[Mapping[str, str]]) -> Table:
    """Return the known contradictions, each with its rule."""
    return Table(
        "Known contradictions: which rule finds each, or a note where none can",
        ("", "rule", "what"),
        [(row["number"], row["rule"], row["what"]) for row in known],
        (0,),
    )


def rate_table(precisions: Sequence[Precision]) -> Table:
    """Return the rate that each published latency takes, beside what the device's fp32 cores can do."""
    return Table(
        "Rate that whole models' latencies take, beside the peak of the fp32 cores, in TFLOP/s",
        ("device", "batch", "model", "needed", "fp32 peak", "possible in fp32"),
        [
            (p.claim.device, p.claim.batch, p.claim.model, f"{p.needed_tflops:.2f}", f"{p.fp32_tflops:.2f}",
             "yes" if p.possible else "no")
            for p in precisions
        ],
        (1, 3, 4),
        ("Latencies found are the GPU wave model's: one baseline per device fixes its efficiency; qualitative, good",
         "at large workloads, not validated. Accuracies are never modelled."),
    )  # fmt: skip
