"""The Pareto front, every pair compared."""


def front(points):
    """Return the places of all points that no other point dominates; lists of numbers, all minimised."""

    def dominates(a, b):
        return all(x <= y for x, y in zip(a, b, strict=True)) and any(x < y for x, y in zip(a, b, strict=True))

    return [i for i, point in enumerate(points) if not any(dominates(other, point) for other in points)]
