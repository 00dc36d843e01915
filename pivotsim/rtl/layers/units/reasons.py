"""Why steps that are placed in the logic stay with the host: a line for each reason, however many steps it has."""

from pivotsim.tables import counted

NAMED = 3  # steps of a line that are named


class Reasons:
    """Reasons in the order in which they were found, each with the steps that it holds for.

    >>> reasons = Reasons()
    >>> for encoder in range(1, 9):
    ...     reasons.add("a row of 256 elements does not fit", f"{encoder}.gelu")
    >>> reasons.add("all are as wide")
    >>> reasons.lines()
    ('8 steps (1.gelu, 2.gelu, 3.gelu, ...): a row of 256 elements does not fit', 'all are as wide')
    """

    def __init__(self) -> None:
        self._steps: dict[str, dict[str, None]] = {}

    def add(self, reason: str, step: str = "") -> None:
        """Add a reason, of a step where it is named; a step of several efforts counts once."""
        self._steps.setdefault(reason, {}).update({step: None} if step else {})

    def lines(self) -> tuple[str, ...]:
        """Return a line for each reason."""
        return tuple(f"{_named(list(steps))}{reason}" for reason, steps in self._steps.items())


def _named(steps: list[str]) -> str:
    if len(steps) < 2:
        return f"{steps[0]}: " if steps else ""
    more = ", ..." if len(steps) > NAMED else ""
    return f"{counted(len(steps), 'step')} ({', '.join(steps[:NAMED])}{more}): "
