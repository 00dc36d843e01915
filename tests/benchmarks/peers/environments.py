"""An environment for each peer, and what it took: processor seconds, memory, clocks."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".venv-peers"
INSTALL_LIMIT_S, RUN_LIMIT_S = 900, 1800


@dataclass(frozen=True)
class Peer:
    """Another tool: its packages, what is imported to see whether it is there, and the Python that it needs."""

    name: str
    packages: tuple[str, ...]
    module: str
    python: str = sys.executable
    why_not_run: str = ""  # where it installs and still has no row


@dataclass(frozen=True)
class Ran:
    """Clocks of each multiplication; processor seconds within the process and with its start; peak memory."""

    cycles: Sequence[float]
    cpu_s: float
    process_s: float
    peak_mb: float


def install(peer: Peer) -> tuple[Path | None, str]:
    """Return the Python of a peer's environment, made where it is not there, or None and why."""
    base = shutil.which(peer.python)
    if base is None or subprocess.run([base, "-c", ""], check=False, capture_output=True, timeout=60).returncode:
        return None, f"needs {peer.python}, which does not start on this machine"
    folder = FOLDER / peer.module
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"installing {peer.name} ...", flush=True)
        commands = (
            [base, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", *peer.packages],
            [str(python), "-c", f"import {peer.module}"],
        )
        for command in commands:
            try:
                ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_LIMIT_S)
            except subprocess.TimeoutExpired:
                return None, f"{' '.join(command[1:4])} took longer than {INSTALL_LIMIT_S} s"
            if ran.returncode:
                return None, (ran.stderr.strip().splitlines() or ["no message"])[-1][:100]
        (folder / "installed").touch()
    return python, peer.why_not_run


def ran_in(python: Path, arguments: Sequence[str], folder: Path) -> str:
    """Return what a peer's Python prints in a folder, or raise RuntimeError with the end of its errors."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [python, *arguments], cwd=folder, check=False, capture_output=True, text=True, timeout=RUN_LIMIT_S,
        env=environment,
    )  # fmt: skip
    if ran.returncode:
        raise RuntimeError(ran.stderr[-500:])
    return ran.stdout
