"""Chunks made by a Dask cluster: the same chunks, the same bytes, written here."""

import contextlib
import logging
import pickle
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pivotsim.dse.sweep.chunks import ChunkMaker, Failed, Recipe, versions_of
from pivotsim.dse.sweep.dask_internals import are_in_reach, is_lost, quiet, send_directly
from pivotsim.dse.sweep.freed_memory import FreedMemoryKept
from pivotsim.dse.sweep.processes import QUEUED, Outcome, is_one_of
from pivotsim.errors import InputError, MissingExtraError, PivotsimError

CONNECT_S = 10
MEASURE_EVERY_S = 1.0
TASK_S, MAX_CHUNKS = 0.25, 16  # how long a task shall take, and the most chunks in it
_OWN = threading.local()  # the maker of this thread of a worker
_KEPT = FreedMemoryKept()


def make_chunks(
    key: str, recipe: bytes, indices: Sequence[int], method: str, wanted: Mapping[str, str]
) -> tuple[list[Outcome], float]:
    """Make chunks on a worker and return them with the seconds that each took.

    Each thread keeps one maker, of the last recipe; its versions must be the sweep's.
    """
    own = versions_of(method)
    if own != wanted:
        there, here = ([f"{name} {version}" for name, version in each.items()] for each in (own, wanted))
        problem = f"a worker has {', '.join(there)}; the sweep has {', '.join(here)}"
        return [Failed(index, None, problem) for index in indices], TASK_S
    if getattr(_OWN, "key", None) != key:
        _OWN.make, _OWN.key = ChunkMaker(pickle.loads(recipe)), key  # noqa: S301  the sweep's own, as the task is
    start = time.perf_counter()
    with _KEPT:
        outcomes = [_OWN.make(index) for index in indices]
    return outcomes, (time.perf_counter() - start) / len(indices)


def distributed() -> Any:
    """Return Dask's package for clusters, or raise MissingExtraError."""
    try:
        import distributed as package
    except ImportError:
        raise MissingExtraError("dask and distributed", "cluster", "--scheduler") from None
    return package


def are_of(made: object, indices: Sequence[int]) -> bool:
    """Whether something is a list of one outcome for each of the chunks of a task, in their order."""
    return (
        isinstance(made, list)
        and len(made) == len(indices)
        and all(is_one_of(outcome, [index]) for outcome, index in zip(made, indices, strict=True))
    )


class Cluster:
    """The workers of a Dask scheduler; Dask itself hands the task of one that dies to another.

    A task holds as many chunks as are made in a moment: its way there and back costs what a tenth of a chunk does. A
    chunk that failed goes alone, so that it takes no other with it.
    """

    def __init__(self, recipe: Recipe, address: str) -> None:
        package = distributed()
        try:
            self.client: Any = package.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"scheduler: cannot be reached at {address}: {str(error).splitlines()[0]}") from None
        self.quiet = contextlib.ExitStack()
        self.quiet.enter_context(quiet())
        self.address, self.method, self.versions = address, recipe.method, versions_of(recipe.method)
        self.recipe = pickle.dumps(recipe)  # bytes: the scheduler and the workers need not look into each task's
        self.key = f"{recipe.space.input_hash}-{recipe.method}-{recipe.samples}-{recipe.seed}-{recipe.chunk_points}"
        self.running: dict[Any, list[int]] = {}
        self.waiting: list[int] = []
        self.failed: set[int] = set()
        self.chunks_each = 1
        self.has_workers = False
        self.lost: Exception | None = None
        self.finished: Any = package.as_completed(loop=self.client.loop)
        self.room, self.measure_from = 0, 0.0
        try:
            with self._connected():
                self._measure_room()
            if not self.has_workers:
                logging.getLogger("pivotsim").warning("scheduler: no worker is connected to %s yet", address)
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """Give one line for whatever a client raises that has lost its scheduler."""
        try:
            yield
        except Exception as error:
            if isinstance(error, OSError) or is_lost(self.client):  # a client may not know it yet
                raise PivotsimError(self._lost()) from error
            raise

    def _lost(self) -> str:
        return f"scheduler: connection lost to {self.address}; the same command goes on"

    def _measure_room(self) -> None:
        """Note how many tasks the cluster takes: workers come and go."""
        if time.monotonic() >= self.measure_from:
            threads = self.client.nthreads()
            if threads and not self.has_workers:  # the first ones
                send_directly(self.client, self.client.sync(are_in_reach, self.client))
            self.has_workers = bool(threads)
            self.room = QUEUED * max(1, sum(threads.values()))
            self.measure_from = time.monotonic() + MEASURE_EVERY_S

    def has_room(self) -> bool:
        """Whether another chunk may be submitted."""
        return len(self.running) < self.room

    def submit(self, index: int) -> None:
        """Hand out a chunk, with others where they are quickly made."""
        if index in self.failed:
            self._send([index])
            return
        self.waiting.append(index)
        if len(self.waiting) >= self.chunks_each:
            self._send_waiting()

    def _send_waiting(self) -> None:
        indices, self.waiting = self.waiting, []
        self._send(indices)

    def _send(self, indices: list[int]) -> None:
        with self._connected():
            future = self.client.submit(
                make_chunks, self.key, self.recipe, indices, self.method, self.versions, pure=False
            )
        self.running[future] = indices
        self.finished.add(future)

    def wait(self) -> Sequence[Outcome]:
        """Return what is finished; the chunks of a task that killed several workers, or whose worker failed, failed."""
        outcomes: list[Outcome] = []
        if self.lost is not None:
            raise PivotsimError(self._lost()) from self.lost
        with self._connected():
            self._measure_room()
            if self.waiting:
                self._send_waiting()
            for future in self.finished.next_batch():
                try:
                    made, seconds = future.result()
                    if not are_of(made, self.running[future]):
                        raise ValueError("a worker sent what it was not asked for")
                    self.chunks_each = min(MAX_CHUNKS, max(1, round(TASK_S / max(seconds, 1e-9))))
                except Exception as error:
                    if is_lost(self.client):
                        self.lost = error
                        if outcomes:
                            break  # these first; the next call says it
                        raise
                    problem = f"{type(error).__name__}: {' '.join(str(error).split())}"
                    made = [Failed(index, None, problem) for index in self.running[future]]
                outcomes += made
                del self.running[future]
                future.release()
        self.failed.update(outcome.index for outcome in outcomes if isinstance(outcome, Failed))
        return outcomes

    def close(self) -> None:
        """Give back what still runs; the cluster stays."""
        with contextlib.suppress(Exception):  # of a client that has lost its scheduler
            self.client.cancel(list(self.running))
        with contextlib.suppress(Exception):
            self.client.close()
        self.quiet.close()
