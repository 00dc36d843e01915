"""How benches time and what they print: least, median and most of several runs, and the most memory held in them."""

import contextlib
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

REPEATS = 5
OF_A_CHILD = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
    " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
)


class Spread(NamedTuple):
    """Least, median and most of several runs; the most memory that the process held in them, MB, 0 where not known."""

    least: float
    median: float
    most: float
    peak_mb: float = 0

    def times(self, factor: float) -> "Spread":
        """Return the same in another unit."""
        return self._replace(least=factor * self.least, median=factor * self.median, most=factor * self.most)

    def per_second(self, units: float) -> "Spread":
        """Return units a second from seconds of a run."""
        return self._replace(least=units / self.most, median=units / self.median, most=units / self.least)

    def __format__(self, unit: str) -> str:
        """Return the three with their unit, and the memory where it is known: ``f"{taken:ms}"``."""
        values = " ".join(f"{value:9,.0f}" if value >= 1000 else f"{value:9.4g}" for value in self[:3])
        return f"{values} {unit}" + (f", {self.peak_mb:.0f} MB" if self.peak_mb else "")


def spread(values: Iterable[float], peak_mb: float = 0) -> Spread:
    """Return least, median and most of values."""
    values = list(values)
    return Spread(min(values), statistics.median(values), max(values), peak_mb)


_most_mb = 0.0  # before the peak was last forgotten


def timed(
    function: Callable[[], object], repeats: int = REPEATS, clock: Callable[[], float] = time.process_time
) -> Spread:
    """Return the processor seconds of several runs of a function, or those of another clock."""
    times = []
    forget_peak()
    for _ in range(repeats):
        start = clock()
        function()
        times.append(clock() - start)
    return spread(times, peak_mb())


class Turns(NamedTuple):
    """Two works in turns: the processor seconds of each, and the ratio of the first to the second in each pair."""

    first: Spread
    second: Spread
    ratio: Spread


def in_turns(first: Callable[[], object], second: Callable[[], object], repeats: int = REPEATS) -> Turns:
    """Run two works in turns, so that a disturbed machine disturbs both."""
    pairs = [(timed(first, 1), timed(second, 1)) for _ in range(repeats)]
    each = (spread([turn.least for turn in of_one], max(turn.peak_mb for turn in of_one))
            for of_one in zip(*pairs, strict=True))  # fmt: skip
    return Turns(*each, spread(one.least / other.least for one, other in pairs))


def peak_mb() -> float:
    """Return the most memory that this program has held, MB; getrusage counts what its parent held, too."""
    status = Path("/proc/self/status")
    if not status.exists():  # no Linux
        return 0
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.M)[1]) / 1024


def most_mb() -> float:
    """Return the most memory that this program has held since it began, whatever was forgotten, MB."""
    return max(_most_mb, peak_mb())


def forget_peak() -> None:
    """Let the most memory held begin again with what is held now, where the system can; ``most_mb`` keeps it."""
    global _most_mb
    _most_mb = most_mb()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def process_peak_mb(command: list[str]) -> float:
    """Return the most memory that a command holds, MB: run by a small process, whose own memory would count, too."""
    ran = subprocess.run([sys.executable, "-c", OF_A_CHILD, *command], check=True, stdout=subprocess.PIPE, timeout=300)
    return float(ran.stdout)
