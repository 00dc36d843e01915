"""What a run reads of a hardware: which settings had an effect, and which values are another board's."""

from collections.abc import Callable, Collection, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from functools import cache, cached_property

from pivotsim.hardware.kinds.systolic import SystolicHardware
from pivotsim.hardware.resources.many_designs import fit_paths
from pivotsim.hardware.spec import Hardware
from pivotsim.io.documents import INHERITED, SET_BY_USER, inherited_from, is_inherited
from pivotsim.io.spec_values import holds_no_values, leaves, value_at, with_groups
from pivotsim.io.watching import Watch, watch
from pivotsim.simulation.gate import gate_of

OF_OTHERS = (SET_BY_USER, INHERITED)  # how sources of values begin that are not the board's own
LABELS = ("host.name", "fpga.device")  # no number depends on them
NAMES = ("kind", "name", "description")  # no number depends on them, and every result shows the name


@dataclass(frozen=True)
class Reading:
    """The dotted paths of a hardware's values that runs have read, and those that its fit to the FPGA reads.

    Both are empty for a board of which nothing has to be said: every value is its own, and none is set.
    """

    hw: Hardware
    run: Set[str]
    fit: Set[str]

    def with_more(self, run: Iterable[str]) -> "Reading":
        """Return what these and further runs have read."""
        return replace(self, run=frozenset((*self.run, *run)))

    @cached_property
    def used(self) -> list[str]:
        """Paths of the settings that the runs have read."""
        read = with_groups(self.run)
        return [path for path in self._settings if path in read]

    def not_used(self, need: Callable[[str], str]) -> dict[str, str]:
        """Return the settings that the runs have not read, by dotted path, and in words what they need."""
        found, of_fit = {}, with_groups(self.fit)
        for path in self._settings:
            if path not in self.used:
                said = "not used here but for fits" if path in of_fit else "not used here"
                words = need(path)
                found[path] = f"{said}: {words}" if words else said
        return found

    @property
    def inherited(self) -> Iterator[str]:
        """The paths, each once, whose sources say that values which the runs or the fit read are another board's."""
        told = set()
        for path in paths_of(type(self.hw)):
            if path not in NAMES and (path in self.run or path in self.fit) and is_inherited(self.hw.source(path)):
                while path not in self.hw.sources:
                    path = path.rpartition(".")[0]
                if path not in told:
                    told.add(path)
                    yield path

    @property
    def notes(self) -> tuple[str, ...]:
        """One line per setting that was read, and per source of inherited values."""
        return tuple(f"{path}: {self.hw.source(path)}" for path in (*self.used, *self.inherited))

    @property
    def _settings(self) -> list[str]:
        if not self.fit and not self.run:
            return []
        of_files = (f"{SET_BY_USER} in ",)  # a board's file labels what it states
        return [
            path
            for path, source in self.hw.sources.items()
            if source.startswith(SET_BY_USER)
            and path not in NAMES
            and not (path in LABELS and source.startswith(of_files))
        ]


def watch_if_changed(hw: Hardware) -> Watch[Hardware] | None:
    """Return a watch on a hardware of which something must be said: values are set, or another board's; else None."""
    is_changed = any(source.startswith(OF_OTHERS) for source in hw.sources.values())
    return watch(hw) if is_changed else None


def reading_of(hw: Hardware, board: Watch[Hardware] | None) -> Reading:
    """Return what a run has read of a board, and what the fit reads; nothing of one that was not watched."""
    if board is None:
        return Reading(hw, frozenset(), frozenset())
    fit_reads: Set[str] = frozenset()
    if isinstance(hw, SystolicHardware):
        fit_reads = frozenset((*fit_paths(hw), "fpga.device"))
    return Reading(hw, frozenset(board.read) - set(NAMES), fit_reads)


def values_of(hw: Hardware, path: str) -> Collection[object] | None:
    """Return the one value at a dotted path, None where the hardware holds none."""
    if path not in paths_of(type(hw)) or holds_no_values(hw, path):
        return None
    return [value_at(hw, path)]


def inherited_by_board(hw: Hardware, counts: Callable[[str], bool]) -> dict[str, list[str]]:
    """Return {board: paths} of the values of other boards, those for which ``counts`` holds."""
    found: dict[str, list[str]] = {}
    for path in paths_of(type(hw)):
        lender = inherited_from(hw.source(path))
        if lender and path not in NAMES and not holds_no_values(hw, path) and counts(path):
            found.setdefault(lender, []).append(path)
    return found


def gate_reads(hw: Hardware, profile: str, energy: str, classes: int | None) -> Set[str]:
    """Return what an entropy gate after a run reads; nothing of a board that is not watched."""
    board = watch_if_changed(hw)
    if board is None:
        return frozenset()
    gate_of(board.spec, profile, energy, classes)
    return board.read


@cache
def paths_of(schema: type[Hardware]) -> tuple[str, ...]:
    """Return the dotted paths of all values of a kind of hardware."""
    return tuple(path for path, _, _ in leaves(schema))
