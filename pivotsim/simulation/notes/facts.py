"""What may be true of runs, or of a space's designs, and the needs that are made of it, with their words."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from pivotsim.hardware.memory import UNLIMITED
from pivotsim.operations import PL, PS, PS_KINDS

Possible = Callable[[str], Collection[Any] | None]
Words = Callable[[str, str], str]
OPTIONS = ("memory", "profile", "energy", "scope")
ENTROPY = "entropy"


def run_words(key: str, value: str) -> str:
    """Return how a command states a value.

    >>> run_words("memory", "hw"), run_words("placement.gelu", "pl")
    ('--memory hw', '--set placement.gelu=pl')
    """
    return f"--{key} {value}" if key in OPTIONS else f"--set {key}={value}"


def space_words(key: str, value: str) -> str:
    """Return how a space file states a value.

    >>> space_words("memory", "hw"), space_words("placement.gelu", "pl")
    ('fixed.memory: hw', 'placement.gelu: pl')
    """
    return f"fixed.{key}: {value}" if key in OPTIONS else f"{key}: {value}"


class Facts:
    """What may be true of a run, or of a design of a space; what is not known may be."""

    def __init__(self, possible: Possible) -> None:
        self._possible = possible

    def can_be(self, key: str, *values: Any) -> bool:
        """Whether a key may take one of some values."""
        known = self._possible(key)
        return known is None or any(value in known for value in values)

    def can_exceed(self, key: str, bound: float) -> bool:
        """Whether a key may take a number above a bound."""
        known = self._possible(key)
        return known is None or any(value > bound for value in known)

    def can_be_limited(self, key: str) -> bool:
        """Whether a size or rate may be anything but unlimited."""
        known = self._possible(key)
        return known is None or any(value != UNLIMITED for value in known)

    def runs_on(self, kind: str, place: str) -> bool:
        """Whether a kind of operation may run in a place."""
        return self.can_be("kinds", kind) and self.can_be(f"placement.{kind}", place)

    def costs(self, kind: str) -> bool:
        """Whether the processor may charge a kind, were it placed there."""
        return any(
            self.can_be("profile", profile) and self.can_exceed(f"host.{profile}.{kind}.{part}", 0)
            for profile in ("paper", "full")
            for part in ("cycles_per_element", "cycles_per_row")
        )

    def is_charged(self, kind: str) -> bool:
        """Whether a kind may take time on the processor."""
        return self.runs_on(kind, PS) and self.costs(kind)

    @property
    def has_ps_kind(self) -> bool:
        """Whether an operation may be placed on the processor, charged or not."""
        return any(self.runs_on(kind, PS) for kind in PS_KINDS)

    @property
    def has_transfers(self) -> bool:
        """Whether transfers between array and processor may be charged."""
        return self.has_ps_kind and any(
            self.can_be("profile", profile) and self.can_be(f"host.{profile}.transfers", True)
            for profile in ("paper", "full")
        )

    @property
    def has_ps_work(self) -> bool:
        """Whether an operation, or the entropy gate, may take time on the processor."""
        return self.can_be("gate", ENTROPY) or any(self.is_charged(kind) for kind in PS_KINDS)


Found = dict[str, str]  # what the names in a pattern stand for


class Need(NamedTuple):
    """One condition: whether it may hold, and how it is told."""

    may_hold: Callable[[Facts, Found], bool]
    text: Callable[[Words, Found], str]
    is_reason: bool = False  # nothing would meet it, and the text says why


def value(key: str, wanted: Any) -> Need:
    """Return the need for a value of a key; both may hold names of the pattern in braces."""
    shown = "true" if wanted is True else str(wanted)

    def may_hold(facts: Facts, found: Found) -> bool:
        needed = wanted.format(**found) if isinstance(wanted, str) else wanted
        return facts.can_be(key.format(**found), needed)

    return Need(may_hold, lambda words, found: words(key.format(**found), shown.format(**found)))


def limited(key: str) -> Need:
    """Return the need for a size or rate that is not unlimited."""
    return Need(
        lambda facts, found: facts.can_be_limited(key.format(**found)),
        lambda _, found: f"a number for {key.format(**found)}",
    )


def fact(may_hold: Callable[[Facts], bool], text: str) -> Need:
    """Return a need in words; ``{full}`` in the text stands for how profile full is stated."""
    return Need(lambda facts, _: may_hold(facts), lambda words, _: text.format(full=words("profile", "full")))


def nothing(reason: str) -> Need:
    """Return the need that is never met, of a value that delay and energy do not depend on."""
    return Need(lambda _, __: False, lambda _, __: reason, is_reason=True)


def one_of(*needs: Need) -> Need:
    """Return the need for one of several."""
    return Need(
        lambda facts, found: any(need.may_hold(facts, found) for need in needs),
        lambda words, found: " or ".join(need.text(words, found) for need in needs),
    )


def all_of(*needs: Need) -> Need:
    """Return the need for several at once."""
    return Need(
        lambda facts, found: all(need.may_hold(facts, found) for need in needs),
        lambda words, found: " with ".join(need.text(words, found) for need in needs),
    )


def together(*needs: Need) -> tuple[Need, ...]:
    """Return the needs for several: told at once where all are missing, else the one that is."""
    return Need(one_of(*needs).may_hold, all_of(*needs).text), *needs


def in_workload(kind: str) -> Need:
    """Return the need for a kind of operation."""
    return Need(
        lambda facts, found: facts.can_be("kinds", kind.format(**found)),
        lambda _, found: f"a workload with {kind.format(**found)}",
    )


def on_pl(*kinds: str) -> tuple[Need, ...]:
    """Return the needs for a unit of the programmable logic that runs one of some kinds."""
    return (
        one_of(*map(in_workload, kinds)),
        Need(
            lambda facts, found: any(facts.runs_on(kind.format(**found), PL) for kind in kinds),
            lambda words, found: " or ".join(words(f"placement.{kind.format(**found)}", PL) for kind in kinds),
        ),
    )
