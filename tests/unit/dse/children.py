"""What the processes of the fault tests run, and how tests wait for them."""

import multiprocessing
import multiprocessing.forkserver
import os
import time

import pivotsim.dse.sweep.chunks
import pivotsim.dse.sweep.processes
import pivotsim.dse.sweep.store
import pivotsim.kernels.array.many_designs
from pivotsim.dse.sweep.chunks import arrow
from pivotsim.dse.sweep.manifest import MANIFEST, SEAL, manifest_text, read_manifest
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.errors import InputError

arrow()
SPACE = {
    "name": "fault",
    "fixed": {"effort": {"low": 6, "high": 12, "low_frac": 0.8}},
    "axes": {
        "array.dataflow": ["is", "ws", "os"],
        "array.rows": {"start": 8, "stop": 127, "step": 1},
        "array.cols": {"start": 8, "stop": 127, "step": 1},
    },
    "constraints": ["dsp <= 8000", "delay_ms <= 200"],
}
POINTS = 3 * 120 * 120
CHUNK = 512
CHUNKS = -(-POINTS // CHUNK)


def forkserver():
    """A context whose processes start in milliseconds: a server has loaded everything and forks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.dse.preloaded"])
    multiprocessing.forkserver.ensure_running()  # with these modules, before Dask names its own
    return context


def sweep_on(folder, pause_s):
    """Sweep with the manifest written after every chunk, and a pause there, so that kills find it at work."""
    pivotsim.dse.sweep.store.SHARE_OF_TIME = 1e9
    run_sweep(SPACE, folder, chunk_points=CHUNK, report=lambda _: time.sleep(pause_s))


def sweep_as_nobody(folder, loaded, pipe):
    """Send the message that a user who may not write there gets."""
    run_sweep({"name": "loads", "axes": {"array.rows": [1]}}, loaded)  # all modules, while they may be read
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        run_sweep(SPACE, folder, chunk_points=CHUNK)
        pipe.send("no error")
    except InputError as error:
        pipe.send(str(error))


def done_in(folder):
    """Return how many chunks the manifest lists, 0 without one."""
    try:
        return read_manifest(folder)["done"]
    except InputError:
        return 0


def wait_until(condition, limit_s=60.0):
    """Wait for a condition, and fail the test where it does not come."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.005)


def files_of(folder):
    """Return name -> content of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_manifest(folder, entries):
    """Write a changed manifest with a SHA-256 of its own, as someone who knows the format would."""
    (folder / MANIFEST).write_text(manifest_text({key: value for key, value in entries.items() if key != SEAL}))


def sweep_with_workers(folder, pipe):
    """Sweep with two workers, and send their process numbers once chunks are done."""
    pivotsim.dse.sweep.store.SHARE_OF_TIME = 1e9
    told = []

    def report(progress):
        time.sleep(0.02)
        if progress.chunks_done >= 3 and not told:
            told.append(True)
            pipe.send([child.pid for child in multiprocessing.active_children()])

    run_sweep(SPACE, folder, chunk_points=CHUNK, workers=2, report=report)


def is_alive(pid):
    """Tell whether a process runs; one that waits to be buried does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
