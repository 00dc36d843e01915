"""Contradictions of PIVOT's text: with its tables, and with what it says elsewhere. Nothing is simulated."""

from collections import Counter
from collections.abc import Iterator

from pivotsim.published.base.claims import Claim, Interval, printed
from pivotsim.published.base.hits import Hit, implied_interval
from pivotsim.published.pivot.statements import BASELINES, Values, target_of

PRIOR = ("ViTCoD DeiT-S", "HeatViT DeiT-S")  # of Table 4
GPP_GAIN = "delay_reduction_on_cpu_gpu"


def prose_hits(claims: list[Claim], values: Values, *, cut: bool) -> Iterator[Hit]:
    """Yield every statement of the text that is off, in no order."""
    yield from _ranges_stated_twice(claims)
    yield from _accuracy_over_prior(claims, values)
    yield from _accuracy_drops(claims, values)
    yield from _entropy_share(claims, values)
    yield from _recomputation(claims, values, cut=cut)
    yield from _targets(claims, values)


def _ends(text: str) -> tuple[str, str] | None:
    first, _, last = text.partition("-")
    return (first, last) if last and first.replace(".", "").isdecimal() else None


def _ranges_stated_twice(claims: list[Claim]) -> Iterator[Hit]:
    """One quantity has one range; the one that is stated most often stands."""
    ranges = [c for c in claims if _ends(c.text)]
    for key in dict.fromkeys((c.model, c.quantity) for c in ranges):
        same = [c for c in ranges if (c.model, c.quantity) == key]
        usual = Counter(c.text for c in same).most_common(1)[0][0]
        others = ", ".join(c.id for c in same if c.text == usual)
        for claim in same:
            own, most = _ends(claim.text), _ends(usual)
            if claim.text != usual and own and most:
                size = float(own[1]) / float(most[1]) - 1
                yield Hit(claim.id, claim.text, usual, size, f"upper ends; {others} say otherwise")


def _accuracy_over_prior(claims: list[Claim], values: Values) -> Iterator[Hit]:
    """The gain over prior works is the difference of Table 4's accuracies; digits may explain a difference."""
    for claim in (c for c in claims if c.quantity == "top1_over_prior"):
        own, ends = values.get(("PVDS-50", "top1")), _ends(claim.text)
        prior = [values[name, "top1"] for name in PRIOR if (name, "top1") in values]
        if own is None or ends is None or not prior:
            continue
        gains = sorted((_difference(own, one) for one in prior), key=lambda gain: gain.value)
        for end, gain in ((ends[0], gains[0]), (ends[1], gains[-1])):
            cell = printed(end)
            if abs(cell.value - gain.value) > 1e-9:
                implied = f"{gains[0].value:.1f}-{gains[-1].value:.1f}"
                rule = "differences of Table 4's accuracies"
                explained = cell.overlaps(gain)
                size = cell.value / gain.value - 1
                yield Hit(claim.id, claim.text, implied, size, rule, rounding_explains=explained)


def _accuracy_drops(claims: list[Claim], values: Values) -> Iterator[Hit]:
    """An accuracy drop is the difference of two cells of a table."""
    for claim in (c for c in claims if c.quantity == "top1_drop"):
        base = values.get((BASELINES.get(claim.model, ""), "top1"))
        own = values.get((claim.model, "top1"))
        if base is None or own is None:
            continue
        drop = _difference(base, own)
        if not printed(claim.text).overlaps(drop):
            size = (claim.number or 0.0) / drop.value - 1
            yield Hit(claim.id, claim.text, f"{drop.value:.1f}", size, "difference of the printed accuracies")


def _difference(a: Interval, b: Interval) -> Interval:
    found = implied_interval(lambda x, y: x - y, a, b)
    return Interval(*(round(v, 9) for v in (found.value, found.low, found.high)))


def _entropy_share(claims: list[Claim], values: Values) -> Iterator[Hit]:
    """The gate's delay over that of every printed row that has a gate must be below the stated bound."""
    entropy = values.get(("1000 classes", "entropy_delay"))
    for claim in (c for c in claims if c.quantity == "entropy_share"):
        delays = {row: values[row, "delay"] for row in (*BASELINES, *BASELINES.values()) if (row, "delay") in values}
        if entropy is None or not delays:
            continue
        shares = {row: implied_interval(lambda e, d: 100 * e / d, entropy, delay) for row, delay in delays.items()}
        bound = float(claim.text.lstrip("<"))
        worst = max((row for row in shares if row in BASELINES), key=lambda row: shares[row].value)
        if shares[worst].low > bound:
            first = next(iter(BASELINES.values()))
            rule = f"{entropy.value:g} ms over {worst}'s {delays[worst].value:g} ms"
            rule += f"; over {first}'s {delays[first].value:g} ms it is {shares[first].value:.4f}"
            yield Hit(claim.id, claim.text, f"{shares[worst].value:.4f}", bound / shares[worst].value - 1, rule)


def _recomputation(claims: list[Claim], values: Values, *, cut: bool) -> Iterator[Hit]:
    """Re-computation is F_H * D_L of the delay D = D_L + F_H * D_H (section 3.4), and D_H is the baseline's at most.

    With F_H from Fig. 6a (the MLP's increase) and the baseline at most s * D (section 4.3), it is at least
    F_H * (1 - F_H * s) of D.
    """
    for claim in (c for c in claims if c.quantity == "overhead"):
        increase = values.get((claim.model, "mlp_delay_increase"))
        stated = [c.text for c in claims if (c.model, c.quantity) == (claim.model, GPP_GAIN)]
        gains = [printed(ends[1], cut=cut) for text in stated if (ends := _ends(text))]
        if increase is None or not gains:
            continue
        most = min(gains, key=lambda gain: gain.value)
        least = implied_interval(lambda f, s: f * (1 - f / 100 * s), increase, most)
        if (claim.number or 0.0) < least.low:
            rule = f"F_H * D_L / D with F_H = {increase.value:g} % (Fig. 6a) and D_H at most {most.value:g} D"
            size = (claim.number or 0.0) / least.value - 1
            yield Hit(claim.id, claim.text, f"{least.value:.3g} or more", size, rule)


def _targets(claims: list[Claim], values: Values) -> Iterator[Hit]:
    """A row's delay lies within phase 2's tolerance of the target in the row's name; the size is beyond that."""
    for row in BASELINES:
        claim = next((c for c in claims if (c.model, c.quantity) == (row, "delay")), None)
        target = target_of(row, claims) if claim else None
        if claim and target and target.low < target.high and not values[row, "delay"].overlaps(target):
            delay = values[row, "delay"].value
            size = delay / (target.high if delay > target.high else target.low) - 1
            rule = f"beyond what phase 2 accepts of {target.value:g} ms"
            yield Hit(claim.id, claim.text, f"{target.low:.4g} to {target.high:.4g}", size, rule)
