"""make load: what heavy use and broken surroundings lead to, once each: an answer or one line, its time and memory.

Each row is a process of its own. Exit status 1: a row ended otherwise.
"""

import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import pivotsim as ps
from pivotsim.io.samples import find_sample

ROOT = Path(ps.__file__).parents[1]
LIMIT_S = 1_800
IMAGES = ROWS = 1_000_000
CALLS = 10_000
FLAT_MIB = 20  # what a process may grow by, over so many calls
HEADER = "encoder,module,kind,m,k,n,repeats,a_bits,w_bits,out_bits,density,mask_file,mask_key\n"
CALLS_CODE = f"""
import gc, os, pivotsim as ps
def mib():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
board, plan = ps.load_hardware("zcu102"), ps.plan("deit_t")
for i in range({CALLS}):
    ps.simulate(plan, board.replace({{"array.rows": 16 + i % 64}})).to_dict()
    if i == 200:
        first = mib()
last = mib()
print(f"{CALLS:,} calls, {{first:.0f}} MiB after 200 and {{last:.0f}} MiB at the end")
raise SystemExit(int(last - first > {FLAT_MIB}))
"""
COSEARCH = "-m pivotsim cosearch digits_vit --logits big.npz --cka digits --target-delay-ms 0.11 --lec 0.8"
GEMM = ["-m", "pivotsim", "gemm", "9", "8", "7", "--engine", "pe"]
SPACE = "name: s\naxes:\n  array.rows: {start: 1, stop: 128, step: 1}\n  array.cols: {start: 1, stop: 64, step: 1}\n"


class Ended(NamedTuple):
    """A process that has ended."""

    code: int
    out: str
    err: str
    seconds: float


def start(folder: Path, arguments: list[str], **environment: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen([sys.executable, *arguments], cwd=folder, env=env, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)  # fmt: skip


def run(folder: Path, *arguments: str, **environment: str) -> Ended:
    began = time.monotonic()
    process = start(folder, list(arguments), **environment)
    out, err = process.communicate(timeout=LIMIT_S)
    return Ended(process.returncode, out, err, time.monotonic() - began)


def many_images(folder: Path) -> Ended:
    """The co-search on a million images: the sample's, repeated."""
    with np.load(find_sample("logits", "--logits", "digits").path) as sample:
        times = -(-IMAGES // len(sample["labels"]))
        np.savez(folder / "big.npz", **{name: np.concatenate([sample[name]] * times)[:IMAGES] for name in sample})
    return run(folder, *shlex.split(COSEARCH))


def many_rows(folder: Path) -> Ended:
    """A trace of a million operations."""
    (folder / "big.csv").write_text(HEADER + "1,fc1,gemm,197,384,1536,1,8,8,8,1.0,,\n" * ROWS)
    return run(folder, "-m", "pivotsim", "run", "--trace", "big.csv")


def many_calls(folder: Path) -> Ended:
    """simulate() ten thousand times, each on another board: memory stays flat."""
    return run(folder, "-c", CALLS_CODE)


def two_compile_at_once(folder: Path) -> Ended:
    """Two first runs at the same time, with one empty cache."""
    began, cache = time.monotonic(), str(folder / "cache")
    both = [start(folder, GEMM, NUMBA_CACHE_DIR=cache) for _ in range(2)]
    (out, err), (other, _) = (process.communicate(timeout=LIMIT_S) for process in both)
    same = out == other and not any(process.returncode for process in both)
    return Ended(0 if same else 1, out, err, time.monotonic() - began)


def damaged_cache(folder: Path) -> Ended:
    """The cache of the row before, each file cut in half."""
    for path in (folder / "cache").rglob("*.nb?"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return run(folder, *GEMM, NUMBA_CACHE_DIR=str(folder / "cache"))


def no_home(folder: Path) -> Ended:
    """A home that cannot be written, and no other cache."""
    return run(folder, *GEMM, HOME="/proc", NUMBA_CACHE_DIR="", XDG_CACHE_HOME="")


def clock_set_back(folder: Path) -> Ended:
    """A sweep that goes on in a folder whose files are of years to come, and its front."""
    (folder / "s.yaml").write_text(SPACE)
    sweep = ["-m", "pivotsim", "sweep", "s.yaml", "--out", "o"]
    first = run(folder, *sweep)
    for path in (folder / "o").iterdir():
        os.utime(path, (2e9 + 1e8, 2e9 + 1e8))
    again = run(folder, *sweep)
    return again if first.code == 0 and "were there before" in again.out else first


def cluster(test: str) -> Callable[[Path], Ended]:
    """One of the tests of clusters."""
    return lambda folder: run(ROOT, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider",
                              f"tests/unit/dse/sweep/test_dask_cluster.py::{test}")  # fmt: skip


CASES: dict[str, Callable[[Path], Ended]] = {
    f"logits of {IMAGES:,} images": many_images,
    f"trace of {ROWS:,} rows": many_rows,
    f"{CALLS:,} simulate()": many_calls,
    "two first compilations": two_compile_at_once,
    "damaged kernel cache": damaged_cache,
    "home not writable": no_home,
    "clock set back": clock_set_back,
    "Dask workers killed": cluster("test_two_workers_that_die"),
    "workers of other versions": cluster("test_workers_of_another_version_make_nothing"),
}


def rows(names: list[str]) -> Iterator[bool]:
    """Run the cases in one folder, print a row each, and yield whether it ended well."""
    folder = Path(tempfile.mkdtemp())
    try:
        for name in names:
            ended = CASES[name](folder)
            peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            told = ended.err.splitlines()
            is_answer = ended.code == 0 or (ended.code == 2 and len(told) == 1)
            said = (ended.out or ended.err).strip().splitlines() or [""]
            row = f"{name:26}{ended.code:4}{ended.seconds:8.1f} s{peak_mib:8.0f} MiB"
            print(f"{row}  {said[0 if ended.code else -1][:100]}", flush=True)
            if not is_answer:
                print("\n".join(told[-20:]))
            yield is_answer
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    print(f"{'case':26}{'exit':>4}{'time':>10}{'peak so far':>12}")
    sys.exit(int(not all([*rows(sys.argv[1:] or list(CASES))])))
