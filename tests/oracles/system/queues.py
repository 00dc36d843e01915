"""Queues event by event, in fractions of a millisecond, as a foreman would run them with a list of open jobs."""

from fractions import Fraction


def run(chains: list[list[tuple[str, Fraction]]]) -> list[list[tuple[Fraction, Fraction]]]:
    """Start and end of every task of every chain, (resource, length) each.

    At every moment at which something ends (and at 0), each idle resource takes from all tasks whose predecessor has
    ended the one with the most finished predecessors; of several, that of the first chain.
    """
    times: list[list[tuple[Fraction, Fraction]]] = [[] for _ in chains]
    resources = {resource for chain in chains for resource, _ in chain}
    now = Fraction(0)
    while True:
        started = True
        while started:  # tasks without length end at once and may free others
            started = False
            for resource in sorted(resources):
                taken = any(
                    chain[i][0] == resource and end > now
                    for chain, done in zip(chains, times, strict=True)
                    for i, (_, end) in enumerate(done)
                )
                if taken:
                    continue
                best = None
                for number, (chain, done) in enumerate(zip(chains, times, strict=True)):
                    waits = len(done) < len(chain) and chain[len(done)][0] == resource
                    if waits and (not done or done[-1][1] <= now) and (best is None or len(done) > len(times[best])):
                        best = number
                if best is not None:
                    length = chains[best][len(times[best])][1]
                    times[best].append((now, now + length))
                    started = True
        later = [end for done in times for _, end in done if end > now]
        if not later:
            return times
        now = min(later)
