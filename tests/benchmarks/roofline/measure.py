"""One row, measured in turns with its roofs in a process of its own, which prints it as JSON."""

import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.roofline.peaks import ROOFS, Measured
from tests.benchmarks.roofline.work import Row
from tests.benchmarks.timing import forget_peak, peak_mb, spread

PAIRS = 7
TURN_S = 0.02  # of processor time that a turn of the work takes at least


def digits(values: list[float]) -> list[float]:
    """Return least, median and most, to four digits."""
    return [float(f"{value:.4g}") for value in spread(values)[:3]]


def repeated(run: Callable[[], object]) -> Callable[[], float]:
    """Return what runs work often enough for a turn and returns the processor seconds of one run."""

    def seconds(times: int) -> float:
        start = time.process_time()
        for _ in range(times):
            run()
        return (time.process_time() - start) / times

    seconds(1)
    once = max(seconds(1), 1e-6)
    return lambda: seconds(math.ceil(TURN_S / once))


def measured(name: str, row: Row) -> dict[str, Any]:
    """Return a row's record: what a unit takes, of its limit the name and the time, and their ratio."""
    work = row.make()
    gc.collect()
    gc.disable()  # it would come in some of the turns
    forget_peak()
    turn = repeated(work.run)
    held_mb = peak_mb()  # before it is counted, and before the streams, whose vectors are large
    needs = work.count()
    roofs = {roof: Measured(roof) for roof in needs.of_roofs}
    times_s, limits_s = [], []
    for _ in range(PAIRS):
        limits_s.append({roof: needs.of_roofs[roof] / measure.rate() for roof, measure in roofs.items()})
        times_s.append(turn())
    least_s = {roof: statistics.median(each[roof] for each in limits_s) for roof in roofs}
    bound = max(least_s, key=lambda roof: least_s[roof])
    return {
        "name": name, "what": row.what, "unit": row.unit, "counted": row.counted, "between": row.between,
        "operations": float(f"{needs.operations / work.units:.4g}"),
        "bytes": float(f"{needs.bytes_moved / work.units:.4g}"),
        "ns": digits([1e9 * each / work.units for each in times_s]),
        "limit": bound, "limits_ns": {roof: float(f"{1e9 * each / work.units:.4g}") for roof, each in least_s.items()},
        "ratio": digits([own / limit[bound] for own, limit in zip(times_s, limits_s, strict=True)]),
        "pairs": PAIRS, "peak_mb": round(held_mb),
    }  # fmt: skip


def measured_peaks() -> dict[str, Any]:
    """Return each roof's rate in one thread and in two, operations or bytes a second."""
    found = {}
    for name, roof in ROOFS.items():
        rates = {}
        for threads in range(1, roof.threads + 1):
            peak = Measured(name, threads)
            rates[str(threads)] = digits([peak.rate() for _ in range(PAIRS)])
        found[name] = {"what": roof.what, "unit": roof.unit, "per_s": rates}
    return found
