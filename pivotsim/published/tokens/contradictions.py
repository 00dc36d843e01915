"""Contradictions of the token-pruning paper: cells that do not follow from each other; nothing is simulated.

Each rule reads claims and yields hits. Of two cells that disagree the later one is the hit. Hits are found, not listed;
what no rule can find stands in ``tokens_contradictions.csv`` as a cited note.
"""

import itertools
from collections.abc import Callable, Iterator

from pivotsim.published.base.claims import Interval, printed
from pivotsim.published.base.hits import Hit, implied_interval
from pivotsim.published.tokens.claims import BASELINE, OURS, Table, TokenClaim
from pivotsim.published.tokens.prose import prose_hits

WHOLE_CORES = 32  # an SM has a multiple of a warp's 32 lanes of CUDA cores
KNOWN_CORES_PER_SM = 64
ALPHA_IN_USE = 0.5  # section 4.2: in all evaluations


def change_pct(latency: Interval, baseline: Interval) -> Interval:
    """Return the change of a latency against a baseline in percent, for all values that the digits stand for."""
    return implied_interval(lambda own, base: 100 * (own / base - 1), latency, baseline)


def _changes(table: Table) -> Iterator[Hit]:
    """Change = latency / baseline - 1; a miss may be the change over the method's own latency."""
    for claim in table.of("change"):
        base = table.baseline(claim)
        if base is None:
            continue
        own = printed(table.one("latency", where=claim.where, setting=claim.setting).text)  # type: ignore[union-attr]
        cell, implied = printed(claim.text), change_pct(own, printed(base.text))
        if cell.overlaps(implied):
            continue
        other = implied_interval(lambda o, b: 100 * (1 - b / o), own, printed(base.text))
        why = "; it is the change over the method's own latency" if cell.overlaps(other) else ""
        size = cell.value / implied.value - 1
        yield Hit(claim.id, claim.text, f"{implied.value:.4g}", size, f"latency against {base.text} ms{why}")


def _cores(table: Table) -> Iterator[Hit]:
    """CUDA cores are SMs times a whole number of warps."""
    for claim in table.of("cuda_cores"):
        sms, cores = table.number("sms", device=claim.device), claim.number or 0.0
        if cores % (sms * WHOLE_CORES):
            implied = sms * KNOWN_CORES_PER_SM
            rule = f"{sms:g} SMs of {KNOWN_CORES_PER_SM} cores; printed, they would have {cores / sms:.1f}"
            yield Hit(claim.id, claim.text, f"{implied:g}", cores / implied - 1, rule)


def _same_setting(table: Table) -> Iterator[Hit]:
    """One setting has one accuracy, whatever the batch; and one latency."""
    kinds = (("degradation", "accuracy_setting"), ("latency", "setting"))
    for quantity, key in kinds:
        seen: dict[object, TokenClaim] = {}
        for claim in table.of(quantity):
            first = seen.setdefault(getattr(claim, key), claim)
            if not printed(first.text).overlaps(printed(claim.text)):
                size = (claim.number or 0.0) / (first.number or 1.0) - 1
                yield Hit(claim.id, claim.text, first.text, size, f"the same setting as {first.id}{claim.marks}")


def _monotone(table: Table) -> Iterator[Hit]:
    """More tokens pruned in the same encoder of the same model cannot cost less accuracy."""
    rows = [claim for claim in table.of("degradation", method=OURS) if claim.removed is not None]
    for first, claim in itertools.combinations(rows, 2):
        if (first.model, first.encoder) != (claim.model, claim.encoder):
            continue
        fewer, more = sorted((first, claim), key=lambda c: c.removed or 0)
        if (fewer.removed or 0) < (more.removed or 0) and printed(fewer.text).low > printed(more.text).high:
            size = (claim.number or 0.0) / (first.number or 1.0) - 1
            bound = f"at {'most' if claim is fewer else 'least'} {first.text}"
            yield Hit(
                claim.id, claim.text, bound, size, f"{first.id} removes {first.removed} tokens, {claim.removed} here"
            )


def _implied_baselines(table: Table) -> Iterator[Hit]:
    """Latency and change of a row imply its baseline; a printed one of that device and model must be it."""
    for claim in table.of("change"):
        if table.baseline(claim) is not None:
            continue
        latency = table.one("latency", where=claim.where, setting=claim.setting)
        printed_ones = list(table.of("latency", device=claim.device, model=claim.model, method=BASELINE))
        if latency is None or not printed_ones:
            continue
        implied = implied_interval(lambda o, c: o / (1 + c / 100), printed(latency.text), printed(claim.text))
        if not any(implied.overlaps(printed(base.text)) for base in printed_ones):
            names = ", ".join(dict.fromkeys(f"{base.text} at batch {base.batch}" for base in printed_ones))
            rule = f"batch not stated; the row implies a baseline of {implied.value:.2f} ms, printed are {names}"
            nearest = min((base.number or 0.0 for base in printed_ones), key=lambda b: abs(b - implied.value))
            again = 100 * ((latency.number or 0.0) / nearest - 1)
            yield Hit(claim.id, claim.text, f"{again:.3g}", (claim.number or 0.0) / again - 1, rule)


def _slower(table: Table) -> Iterator[Hit]:
    """The paper's own method is said to reduce latency."""
    for claim in table.of("latency", method=OURS):
        base = table.baseline(claim)
        if base is not None and printed(claim.text).low > printed(base.text).high:
            size = (claim.number or 0.0) / (base.number or 1.0) - 1
            yield Hit(claim.id, claim.text, f"< {base.text}", size, f"slower than the whole model{claim.marks}")


def _one_alpha(table: Table) -> Iterator[Hit]:
    """At the one alpha in use a device, model and batch have one R; a row without a batch must match some row."""
    for alpha in table.of("alpha"):
        low, high = (float(part) for part in alpha.text.split("-"))
        if not low <= ALPHA_IN_USE <= high:
            continue
        rows = list(table.of("degradation", device=alpha.device, model=alpha.model, method=OURS))
        used = {c.removed for c in rows if c.where not in ("table4", "table5") and alpha.batch in (None, c.batch)}
        if used and alpha.removed not in used:
            others = ", ".join(f"{r}" for r in sorted(r or 0 for r in used))
            claim = table.one("removed", where=alpha.where, setting=alpha.setting)
            assert claim is not None  # every row of Table 4 has both
            yield Hit(claim.id, claim.text, others, None, f"alpha {ALPHA_IN_USE:g} is used for all; other tables' R")


def _words(table: Table) -> Iterator[Hit]:
    """The layer that prunes, stated twice, must be the same."""
    for first, other in itertools.combinations(table.of("layer"), 2):
        if first.model == other.model and first.text.rstrip("th") != other.text:
            yield Hit(other.id, other.text, first.text, None, f"{first.id} says otherwise; the code counts from 0")


RULES: dict[str, Callable[[Table], Iterator[Hit]]] = {
    "changes": _changes,
    "cores": _cores,
    "same setting": _same_setting,
    "monotone": _monotone,
    "implied baseline": _implied_baselines,
    "slower": _slower,
    "one alpha": _one_alpha,
    "words": _words,
    "prose": prose_hits,
}
