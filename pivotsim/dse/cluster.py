"""Chunks made by a Dask cluster: the same chunks, the same bytes, written here."""

from collections.abc import Sequence
from typing import Any

from pivotsim._version import __version__
from pivotsim.dse.chunks import ChunkMaker, Failed, Recipe, arrow
from pivotsim.dse.workers import QUEUED, Outcome
from pivotsim.errors import InputError, MissingExtraError

CONNECT_S = 10
_MAKERS: dict[str, ChunkMaker] = {}  # of this worker process


def versions() -> tuple[str, str]:
    """Return the versions that a chunk's bytes depend on."""
    return __version__, str(arrow()[0].__version__)


def make_chunk(key: str, recipe: Recipe, index: int, wanted: tuple[str, str]) -> Outcome:
    """Make a chunk on a worker, which keeps one maker for each recipe; its versions must be the sweep's."""
    if versions() != wanted:
        own = "pivotsim {}, pyarrow {}".format(*versions())
        return Failed(index, None, f"a worker has {own}; the sweep has {wanted[0]} and {wanted[1]}")
    if key not in _MAKERS:
        _MAKERS.clear()
        _MAKERS[key] = ChunkMaker(recipe)
    return _MAKERS[key](index)


class Cluster:
    """The workers of a Dask scheduler; Dask itself hands the chunks of one that dies to another."""

    def __init__(self, recipe: Recipe, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise MissingExtraError("dask and distributed", "cluster", "--scheduler") from None
        try:
            self.client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(f"scheduler: cannot be reached at {address}: {str(error).splitlines()[0]}") from None
        self.recipe, self.versions = recipe, versions()
        self.key = f"{recipe.space.input_hash}-{recipe.method}-{recipe.samples}-{recipe.seed}-{recipe.chunk_points}"
        self.running: dict[Any, int] = {}
        self.room = self._room()

    def _room(self) -> int:
        """Return how many chunks the cluster takes now; workers come and go."""
        threads: int = sum(self.client.nthreads().values())
        return QUEUED * max(1, threads)

    def has_room(self) -> bool:
        """Whether another chunk may be submitted."""
        return len(self.running) < self.room

    def submit(self, index: int) -> None:
        """Hand out a chunk."""
        future = self.client.submit(make_chunk, self.key, self.recipe, index, self.versions, pure=False)
        self.running[future] = index

    def wait(self) -> Sequence[Outcome]:
        """Return what is finished; a chunk that killed several workers, or whose worker failed, as failed."""
        from distributed import wait

        outcomes: list[Outcome] = []
        with self.client.as_current():
            finished = wait(list(self.running), return_when="FIRST_COMPLETED").done
        for future in finished:
            index = self.running.pop(future)
            error = future.exception()
            outcomes.append(
                future.result() if error is None else Failed(index, None, f"{type(error).__name__}: {error}")
            )
            future.release()
        self.room = self._room()
        return outcomes

    def close(self) -> None:
        """Give back what still runs; the cluster stays."""
        self.client.cancel(list(self.running))
        self.client.close()
