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

    def __str__(self) -> str:
        values = " ".join(f"{value:9,.0f}" if value >= 1000 else f"{value:9.4g}" for value in self[:3])
        return values + (f" {self.peak_mb:5.0f} MB" if self.peak_mb else "")


def spread(values: Iterable[float], peak_mb: float = 0) -> Spread:
    """Return least, median and most of values."""
    values = list(values)
    return Spread(min(values), statistics.median(values), max(values), peak_mb)


def timed(
    function: Callable[[], object], repeats: int = REPEATS, clock: Callable[[], float] = time.perf_counter
) -> Spread:
    """Return the seconds of several runs of a function, by a clock that may be a processor's."""
    times = []
    forget_peak()
    for _ in range(repeats):
        start = clock()
        function()
        times.append(clock() - start)
    return spread(times, peak_mb())


def in_turns(*functions: Callable[[], object], repeats: int = REPEATS) -> list[Spread]:
    """Return the processor seconds of functions that run in turns, so that a disturbed machine disturbs all."""
    turns = [[timed(function, 1, time.process_time) for function in functions] for _ in range(repeats)]
    return [spread([turn.least for turn in of_one], max(turn.peak_mb for turn in of_one))
            for of_one in zip(*turns, strict=True)]  # fmt: skip


def peak_mb() -> float:
    """Return the most memory that this program has held, MB; getrusage counts what its parent held, too."""
    status = Path("/proc/self/status")
    if not status.exists():  # no Linux
        return 0
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8"), re.M)[1]) / 1024


def forget_peak() -> None:
    """Let the most memory held begin again with what is held now, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def process_peak_mb(command: list[str]) -> float:
    """Return the most memory that a command holds, MB: run by a small process, whose own memory would count, too."""
    ran = subprocess.run([sys.executable, "-c", OF_A_CHILD, *command], check=True, stdout=subprocess.PIPE, timeout=300)
    return float(ran.stdout)
