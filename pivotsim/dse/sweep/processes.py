"""Workers that make chunks: this process, or processes of this machine, each watched on its own.

A worker that dies takes nothing with it: its chunks are handed out again and a new worker takes its place.
"""

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, resource_tracker
from typing import Any, Protocol

from pivotsim.dse.sweep.chunks import ChunkMaker, Failed, FinishedChunk, Recipe
from pivotsim.dse.sweep.freed_memory import keep_freed_memory
from pivotsim.errors import PivotsimError

Outcome = FinishedChunk | Failed
QUEUED = 2  # chunks that a worker holds: one being made, one to go on with
MAX_DEATHS = 6  # in a row, without one chunk between them
JOIN_S = 5.0
START_METHOD = "spawn"


class WorkerPool(Protocol):
    """Workers that make chunks. ``has_room`` says whether to submit; ``wait`` returns at least one outcome."""

    def has_room(self) -> bool:
        """Whether another chunk may be submitted."""
        ...

    def submit(self, index: int) -> None:
        """Hand out a chunk."""
        ...

    def wait(self) -> Sequence[Outcome]:
        """Return what is finished, waiting for the first."""
        ...

    def close(self) -> None:
        """Stop all work."""
        ...


def is_one_of(outcome: object, indices: Collection[int]) -> bool:
    """Whether something is the outcome of one of the chunks that were handed out."""
    return isinstance(outcome, (FinishedChunk, Failed)) and type(outcome.index) is int and outcome.index in indices


class SingleProcess:
    """The sweep's own process, one chunk at a time."""

    def __init__(self, recipe: Recipe) -> None:
        self.make = ChunkMaker(recipe)
        self.index: int | None = None

    def has_room(self) -> bool:
        """Whether another chunk may be submitted."""
        return self.index is None

    def submit(self, index: int) -> None:
        """Hand out a chunk."""
        self.index = index

    def wait(self) -> Sequence[Outcome]:
        """Make the chunk."""
        assert self.index is not None  # the sweep waits for what it submitted
        index, self.index = self.index, None
        return [self.make(index)]

    def close(self) -> None:
        """Nothing runs on."""


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold back SIGINT while a worker is started, which inherits that: the sweep alone decides when to stop.

    Else Ctrl-C meets a worker that is still loading its modules, and each prints where. It reaches the sweep, which
    gets it once this is closed.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # here, since its own start ends a hold
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve(pipe: Any, recipe: Recipe) -> None:
    """Make chunks by number from a pipe until it closes: the life of a worker."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sweep decides when to stop
    keep_freed_memory()
    make = ChunkMaker(recipe)
    with contextlib.suppress(EOFError, OSError):  # the sweep is gone
        while True:
            pipe.send(make(pipe.recv()))


@dataclass
class Worker:
    """One process, its end of the pipe, and the chunks that it holds, the one being made first."""

    process: Any
    pipe: Any
    held: deque[int] = field(default_factory=deque)


class Processes:
    """Several processes of this machine, spawned."""

    def __init__(self, recipe: Recipe, count: int) -> None:
        self.recipe = recipe
        self.deaths = 0
        self.workers: list[Worker] = []
        try:
            for _ in range(count):
                self.workers.append(self._started())
        except BaseException:
            self.close()
            raise

    def _started(self) -> Worker:
        context: Any = multiprocessing.get_context(START_METHOD)
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, self.recipe), daemon=True)
        with _without_interrupts():
            process.start()
        theirs.close()  # so that the worker's death closes the pipe
        return Worker(process, ours)

    def has_room(self) -> bool:
        """Whether a worker can take another chunk."""
        return any(len(worker.held) < QUEUED for worker in self.workers)

    def submit(self, index: int) -> None:
        """Hand a chunk to the worker that holds fewest."""
        worker = min(self.workers, key=lambda w: len(w.held))
        worker.held.append(index)
        with contextlib.suppress(OSError):  # dead: `wait` sees it
            worker.pipe.send(index)

    def wait(self) -> Sequence[Outcome]:
        """Return what workers sent, and the chunks that dead ones were making."""
        busy = {worker.pipe: worker for worker in self.workers if worker.held}
        assert busy  # else this would wait for ever
        outcomes: list[Outcome] = []
        while not outcomes:
            for pipe in connection.wait(list(busy)):
                outcomes += self._from(busy[pipe])
        return outcomes

    def _from(self, worker: Worker) -> list[Outcome]:
        try:
            outcome: Outcome = worker.pipe.recv()
        except Exception:  # closed, or cut off in the middle of a chunk
            return self._replaced(worker)
        if not is_one_of(outcome, worker.held):
            return self._replaced(worker, "its worker sent what it was not asked for")
        worker.held.remove(outcome.index)
        self.deaths = 0
        return [outcome]

    def _replaced(self, worker: Worker, problem: str = "") -> list[Outcome]:
        """Return a dead or wrong worker's chunk as failed, and hand what else it held to a new one in its place."""
        worker.pipe.close()
        worker.process.kill()
        worker.process.join(JOIN_S)
        code = worker.process.exitcode
        self.deaths += 1
        if self.deaths >= MAX_DEATHS:
            raise PivotsimError(f"workers: {self.deaths} died in a row without finishing a chunk (exit code {code})")
        fresh = self._started()
        self.workers[self.workers.index(worker)] = fresh
        first, *rest = worker.held
        for index in rest:
            fresh.held.append(index)
            with contextlib.suppress(OSError):
                fresh.pipe.send(index)
        return [Failed(first, None, problem or f"its worker died (exit code {code})")]

    def close(self) -> None:
        """Stop all workers at once; nothing that they have not sent is missed."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join(JOIN_S)
            worker.pipe.close()
