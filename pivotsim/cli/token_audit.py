"""What `reproduce tokens` prints."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pivotsim.cli.audit_tables import mark
from pivotsim.cli.output import percent, print_line

if TYPE_CHECKING:
    from pivotsim.published.tokens.audit import TokenAudit


def print_token_audit(audit: "TokenAudit", show: Callable[..., None]) -> None:
    """Print the audit of the token-pruning paper; ``show`` prints one table."""
    show(
        "Token pruning by the tail effect (arXiv 2407.05941): published beside recomputed or predicted",
        ("claim", "published", "found", "deviation", "unit", "verdict", "reason"),
        [
            (f.claim.id, f.claim.text, f.shown, percent(f.deviation_frac, sign=True), f.claim.unit, f.verdict, f.reason)
            for f in audit.findings
        ],
        (1, 2, 3),
    )
    show(
        "Cells that do not follow from each other, found by rule (marked above 2.5 %)",
        ("claim", "printed", "implied", "size", "", "rule", "why"),
        [(h.id, h.printed, h.implied, percent(h.size_frac, sign=True), mark(h), n, h.rule) for n, h in audit.hits],
        (1, 2, 3),
    )
    show(
        "Known contradictions: which rule finds each, or a note where none can",
        ("", "rule", "what"),
        [(row["number"], row["rule"], row["what"]) for row in audit.contradictions],
        (0,),
    )
    show(
        "Rate that whole models' latencies take, beside the peak of the fp32 cores, in TFLOP/s",
        ("device", "batch", "model", "needed", "fp32 peak", "possible in fp32"),
        [
            (p.claim.device, p.claim.batch, p.claim.model, f"{p.needed_tflops:.2f}", f"{p.fp32_tflops:.2f}",
             "yes" if p.possible else "no")
            for p in audit.precision
        ],
        (1, 3, 4),
    )  # fmt: skip
    print_line(
        "Latencies found are the GPU wave model's: one baseline per device fixes its efficiency; qualitative, good"
    )
    print_line("at large workloads, not validated. Accuracies are never modelled.")
    print_line()
    show("Verdicts", ("verdict", "claims"), list(audit.counts().items()), (1,))
    print_line("all verdicts are the expected ones" if not audit.unexpected else "UNEXPECTED VERDICTS, see stderr")
