"""The token-pruning paper's prose about its own tables, recomputed from their cells."""

from collections.abc import Callable, Iterator

from pivotsim.models.spec import load_model
from pivotsim.published.base.claims import printed
from pivotsim.published.base.hits import Hit
from pivotsim.published.tokens.claims import MODELS, OURS, WHOLE_TOP1_PCT, Table, TokenClaim

TOME, TOP_K, DINO, ORIN = "ToMe", "Top-K", "DinoV2-G", "AGX Orin"
SHARES = ("removed_share_least", "removed_share_most")


def _change(table: Table, where: str, method: str) -> float:
    latency = table.one("latency", where=where, method=method)
    base = None if latency is None else table.baseline(latency)
    if latency is None or base is None:
        raise LookupError(f"{where} has no {method} with a baseline")
    return 100 * ((latency.number or 0.0) / (base.number or 1.0) - 1)


def _above_tome(table: Table) -> list[float]:
    """Return how much less accuracy the paper's method loses than ToMe, row by row of Table 6, in points."""
    rows = table.of("degradation", where="table6", method=TOME)
    return [(tome.number or 0.0) - _beside(tome, table) for tome in rows]


def _beside(claim: TokenClaim, table: Table) -> float:
    """Return the number of the same table, device and model for the paper's own method."""
    same = {"where": claim.where, "device": claim.device, "model": claim.model}
    return table.number(claim.quantity, method=OURS, **same)


def _similar_latency(table: Table) -> float:
    """Return the largest latency of ToMe over the paper's method in Table 6, in percent."""
    rows = table.of("latency", where="table6", method=TOME)
    return max(100 * ((tome.number or 0.0) / _beside(tome, table) - 1) for tome in rows)


def _top1(table: Table, method: str) -> list[float]:
    rows = table.of("degradation", where="table6", method=method)
    return [WHOLE_TOP1_PCT[row.model] - (row.number or 0.0) for row in rows]


def _degradation(table: Table, parameter: str, method: str = OURS, where: str | None = None) -> float:
    extra = {} if where is None else {"where": where}
    return table.number("degradation", model=DINO, method=method, parameter=parameter, **extra)


def _removed_pct(table: Table, place: int) -> float:
    """Return the least or greatest share of tokens removed on the Orin in Table 4, in percent."""
    rows = sorted(claim.number or 0.0 for claim in table.of("removed", device=ORIN))
    return 100 * rows[place] / load_model(MODELS[DINO]).tokens


def _remaining(table: Table, model: str) -> float:
    claim = next(c for c in table.of("remaining") if c.model == model)
    depth = load_model(MODELS.get(model, "deit_s")).depth
    return depth - (claim.encoder or 0)


PROSE: dict[str, Callable[[Table], float]] = {
    "others_increase_least": lambda t: _change(t, "table7", TOP_K),
    "others_increase_most": lambda t: _change(t, "table7", TOME),
    "ours_decrease": lambda t: -_change(t, "table7", OURS),
    "similar_latency": _similar_latency,
    "ours_top1_least": lambda t: min(_top1(t, OURS)),
    "ours_top1_most": lambda t: max(_top1(t, OURS)),
    "tome_top1_least": lambda t: min(_top1(t, TOME)),
    "tome_top1_most": lambda t: max(_top1(t, TOME)),
    "above_tome_least": lambda t: min(_above_tome(t)),
    "above_tome_most": lambda t: max(_above_tome(t)),
    "removed_share_least": lambda t: _removed_pct(t, 0),
    "removed_share_most": lambda t: _removed_pct(t, -1),
    "further_degradation": lambda t: _degradation(t, "R=193") - _degradation(t, "R=166"),
    "further_decrease": lambda t: (
        -sum(sign * t.number("change", where="table4", parameter=r) for sign, r in ((1, "R=193"), (-1, "R=166")))
    ),
    "top_k_degradation": lambda t: _degradation(t, "r=9", TOP_K),
    "ours_degradation": lambda t: _degradation(t, "R=166", where="table6"),
    "tome_drop": lambda t: _degradation(t, "r=8", TOME) - _degradation(t, "r=7", TOME, "table8"),
    "ours_drop": lambda t: _degradation(t, "R=185") - _degradation(t, "R=166", where="table6"),
}


def recomputed(claim: TokenClaim, table: Table) -> float | None:
    """Return what the tables' cells give for a number of the prose; None where no cells do."""
    if claim.quantity == "remaining":
        return _remaining(table, claim.model)
    return PROSE[claim.quantity](table) if claim.quantity in PROSE else None


def prose_hits(table: Table) -> Iterator[Hit]:
    """Yield the numbers of the prose that the tables' cells, rounded or cut, do not give."""
    for claim in table.claims:
        value = recomputed(claim, table) if claim.number is not None else None
        if value is None:
            continue
        cell = printed(claim.text, cut=True)
        if not cell.low - 1e-9 <= value <= cell.high + 1e-9:
            rule = "from the tables' cells" + remark(claim, table)
            yield Hit(claim.id, claim.text, f"{value:.4g}", cell.value / value - 1, rule)


def remark(claim: TokenClaim, table: Table) -> str:
    """Return what else a number leans on, or what it turns out to be."""
    if "top1" in claim.quantity:
        return "; accuracy of the whole models from their repositories"
    if claim.quantity != "similar_latency":
        return ""
    rows = table.of("change", where="table6", method=TOME)
    apart = max((tome.number or 0.0) - _beside(tome, table) for tome in rows)
    return f"; {apart:.1f} is in percentage points" if printed(claim.text).overlaps(printed(f"{apart:.1f}")) else ""
