"""Sweeps: every point of a space, evaluated by workers, stored chunk by chunk; stopped and started at will."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pivotsim.dse.evaluation.draws import draws_for
from pivotsim.dse.evaluation.effects import notes_on
from pivotsim.dse.evaluation.strategies import CHUNK_POINTS
from pivotsim.dse.space.definition import Space
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.chunk_checks import verified
from pivotsim.dse.sweep.chunks import Failed, Recipe, arrow, check_recipe, chunk_points_for
from pivotsim.dse.sweep.processes import Processes, SingleProcess, WorkerPool
from pivotsim.dse.sweep.store import Store
from pivotsim.errors import InputError, check_integer

MAX_ATTEMPTS = 3
MAX_WORKERS = 1024


@dataclass(frozen=True)
class Progress:
    """How far a sweep is, in chunks and points; ``points_before`` were done when it began."""

    chunks_done: int
    chunks_total: int
    points_done: int
    points_total: int
    points_before: int


@dataclass(frozen=True)
class SweepResult:
    """What a sweep has stored, and what it has not, by reason; ``redone`` chunks were damaged and made again.

    ``notes`` are what must be said beside the numbers, a line each.
    """

    folder: Path
    method: str
    points: int
    rows: int
    dropped: Mapping[str, int]
    examples: Mapping[str, str]
    failed: tuple[Failed, ...]
    redone: tuple[int, ...]
    chunks_before: int
    chunks_total: int
    notes: tuple[str, ...]


def run_sweep(
    source: "str | Path | Mapping[str, object] | Space",
    folder: str | Path,
    *,
    method: str = "grid",
    samples: int | None = None,
    seed: int = 0,
    workers: int = 1,
    scheduler: str | None = None,
    report: Callable[[Progress], None] | None = None,
    chunk_points: int | None = None,
) -> SweepResult:
    """Sweep a space into a folder of Parquet files, or go on where an earlier run of the same sweep stopped.

    Parameters
    ----------
    source : str, Path, mapping or Space
        The space.
    folder : str or Path
        Takes the dataset: ``chunk-*.parquet`` and a manifest.
    method : {'grid', 'random', 'sobol'}
        Every point, or samples.
    samples, seed : int
        How many, and from which sequence. `random` takes so many different designs that the rules on axes and resources
        admit, in at most 50 draws each, or the whole space where it has no more; `sobol` so many points of its
        sequence, which may repeat and are left out where a rule excludes them.
    workers : int
        Processes of this machine.
    scheduler : str, optional
        Address of a Dask scheduler whose workers run instead.
    report : callable, optional
        Called with a ``Progress`` after every chunk.
    chunk_points : int, optional
        Points of a chunk, which is one file and what a stop may lose; 262,144 where designs run as vectors.

    Raises
    ------
    InputError
        The space or an option is not valid, no column can depend on an axis, the folder holds another sweep, or it
        cannot be written.
    MissingExtraError
        A package is not installed; nothing is written.
    """
    check_workers(workers, scheduler)
    space = load_space(source)
    size = chunk_points_for(space) if chunk_points is None else chunk_points
    size = check_integer("chunk_points", size, 1, CHUNK_POINTS)
    check_recipe(Recipe(space, method, samples, seed, size))
    notes = notes_on(space)
    drawn = draws_for(space, method, samples, seed)
    notes = (*notes, drawn.note) if drawn.note else notes
    recipe = Recipe(space, drawn.method, drawn.samples, seed, size, draws=drawn.points)
    return store_chunks(recipe, Path(folder), lambda: _start_pool(recipe, workers, scheduler), notes, report)


def store_chunks(
    recipe: Recipe, folder: Path, start_pool: Callable[[], WorkerPool], notes: tuple[str, ...],
    report: Callable[[Progress], None] | None = None,
) -> SweepResult:  # fmt: skip
    """Store every chunk of a recipe that is not stored yet; workers are started only where there is one."""
    arrow()  # or no folder is made
    with Store(folder, recipe, notes) as store:
        before = len(store.chunks)
        if before < store.head["chunks_total"]:
            pool = start_pool()
            try:
                store.write_manifest()  # ahead of the first chunk, and not where no worker can be started
                _make_missing(store, pool, report)
            except BaseException:
                store.keep_what_is_done()
                raise
            finally:
                pool.close()
        store.write_manifest()
        examples = {reason: text for reason, (_, text) in store.examples.items()}
        failed = tuple(store.failed[i] for i in sorted(store.failed))
        return SweepResult(
            folder, recipe.method, store.head["points"], store.rows, store.dropped, examples, failed,
            tuple(store.redone), before, store.head["chunks_total"], notes,
        )  # fmt: skip


def check_workers(workers: int, scheduler: str | None) -> None:
    """Raise where workers are asked for that cannot be: before a folder is made."""
    check_integer("workers", workers, 1, MAX_WORKERS)
    if scheduler is None:
        return
    if workers != 1:
        raise InputError(f"workers: the cluster has its own; leave --workers out (got {workers})")
    from pivotsim.dse.sweep.dask_cluster import distributed

    distributed()


def _start_pool(recipe: Recipe, workers: int, scheduler: str | None) -> WorkerPool:
    if scheduler is not None:
        from pivotsim.dse.sweep.dask_cluster import Cluster

        return Cluster(recipe, scheduler)
    workers = min(workers, -(-recipe.points().count // recipe.chunk_points))  # one chunk is one process' work
    return SingleProcess(recipe) if workers <= 1 else Processes(recipe, workers)


def _make_missing(store: Store, pool: WorkerPool, report: Callable[[Progress], None] | None) -> None:
    """Have every chunk made that is not done; one that fails ``MAX_ATTEMPTS`` times is noted, and the rest goes on."""
    total, size, points = (store.head[key] for key in ("chunks_total", "chunk_points", "points"))
    before = set(store.chunks)
    waiting = (index for index in range(total) if index not in before)
    attempts: dict[int, int] = {}
    again: deque[int] = deque()
    running = 0
    done = sum(min(points, (i + 1) * size) - i * size for i in before)
    points_before = done
    while True:
        while pool.has_room():
            index = again.popleft() if again else next(waiting, None)
            if index is None:
                break
            pool.submit(index)
            running += 1
        if not running:
            return
        for sent in pool.wait():
            running -= 1
            outcome = verified(sent, store.head)
            if not isinstance(outcome, Failed):
                store.add(outcome)
                done += min(points, (outcome.index + 1) * size) - outcome.index * size
            else:
                attempts[outcome.index] = attempts.get(outcome.index, 0) + 1
                if attempts[outcome.index] < MAX_ATTEMPTS:
                    again.append(outcome.index)
                else:
                    store.fail(outcome)
            if report is not None:
                report(Progress(len(store.chunks), total, done, points, points_before))
