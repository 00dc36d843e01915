"""Processes that make chunks: started, interrupted, dead, wrong."""

import os
import signal

import pytest

from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep import processes
from pivotsim.dse.sweep.chunks import Failed, FinishedChunk, Recipe
from pivotsim.errors import PivotsimError


def test_an_interrupt_reaches_no_worker_and_is_not_lost():
    """Ctrl-C goes to all processes of a terminal, the workers that are still loading their modules among them."""
    recipe = Recipe(load_space("zcu102_arrays"), "random", 2, 0, chunk_points=1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background may ignore it
    pool = processes.Processes(recipe, 1)
    try:
        os.kill(pool.workers[0].process.pid, signal.SIGINT)
        pool.submit(0)
        assert [type(outcome) for outcome in pool.wait()] == [FinishedChunk]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait((), 1)  # a moment for it to come
    finally:
        pool.close()
        signal.signal(signal.SIGINT, before)


class Pipe:
    """Sends what a script says next, and is closed at None."""

    def __init__(self, script):
        self.script = script

    def recv(self):
        sent = next(self.script)
        if sent is None:
            raise EOFError
        return sent

    def send(self, _):
        pass

    close = kill = join = lambda *_: None
    exitcode = -9


class Scripted(processes.Processes):
    """One worker after the other, none of them a process."""

    def __init__(self, script):
        self.script = iter(script)
        super().__init__(None, 1)

    def _started(self):
        pipe = Pipe(self.script)
        return processes.Worker(pipe, pipe)


@pytest.mark.parametrize("finished", [0, 1])
def test_as_many_deaths_in_a_row_as_allowed_end_a_sweep(monkeypatch, finished):
    monkeypatch.setattr(processes.connection, "wait", list)
    most, done = processes.MAX_DEATHS, Failed(0, None, "made, in vain")
    pool = Scripted([*([None] * (most - 1) + [done]) * finished, *[None] * most])
    for _ in range(most * finished + most - 1):
        pool.submit(0)
        assert [outcome.index for outcome in pool.wait()] == [0]
    pool.submit(0)
    with pytest.raises(PivotsimError, match=rf"workers: {most} died in a row .* \(exit code -9\)"):
        pool.wait()


def test_a_worker_has_room_for_the_chunks_that_it_may_hold():
    pool = Scripted([])
    for index in range(processes.QUEUED):
        assert pool.has_room()
        pool.submit(index)
    assert not pool.has_room()
