"""Command lines: every option of every command with mutated values, repeated, left out and misspelt."""

import contextlib
import functools
import io
import json
import os
import random
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer

from pivotsim.cli.entry import COMMANDS, app_of, main
from pivotsim.dse.sweep.run import run_sweep
from tests.fuzz.files import SPACE, TRACE
from tests.fuzz.kind import Kind, fault_of
from tests.fuzz.mutation import WORDS, mutated_text

# command -> lines that it takes; options that stand in none of them are added with values of VALUES
VALID = {
    "gemm": ["9 8 7", "9 8 7 --density 0.5 --block 2 --seed 1", "9 8 7 --array 4x3 --engine pe"],
    "run": ["deit_t", "--trace t.csv", "deit_t --memory hw", "digits_vit --hw u250_mpca"],
    "combine": ["deit_t --low 1-6 --high all --f-low 0.8", "deit_t --effort 1-3 --effort all --exit-fractions 0.5,0.5"],
    "cosearch": ["digits_vit --logits digits --cka digits --target-delay-ms 0.11 --lec 0.8",
                 "digits_vit --logits digits --objective edp_j_ms --levels 3 --max-efforts 3"],
    "compare": ["a.json a.json", "a.json a.json a.json"],
    "validate": ["vck190_dsp58", "u250_blas --json"],
    "calibrate": ["x86_64", "x86_64 --hold host.full.gelu.cycles_per_row", "rows.csv", "--template deit_t"],
    "measure host": ["deit_t --budget-ms 0.01 --rounds 1"],
    "watch": ["4 4 4 --array 2x2 --out w"],
    "schedule": ["deit_s --accuracy deit_s --hw gpu/a100", "deit_t --accuracy table.csv",
                 "deit_s --accuracy deit_s --hw gpu/tx2_tiles --alpha 0.1:0.9:0.4",
                 "deit_s --accuracy deit_s --hw gpu/tx2 --methods"],
    "sweep": ["s.yaml --out n", "s.yaml --out n --method random --samples 3 --seed 1"],
    "front": ["o", "o --objectives delay_ms,dsp --maximize dsp --where fits"],
    "export": ["o --csv c.csv"],
    "classify": ["digits digits --rung whole", "digits digits --rung 'low=--active 1' --rung whole --thresholds 0.05"],
    "quantise": ["digits_vit --checkpoint c.pth --images digits --out q.npz",
                 "digits_vit --checkpoint t.csv --images i.npz --out q.npz --rung 'low=--active 1' --rung whole"],
    "rtl": ["digits_vit --out d --integer digits --set array.rows=4 --set array.cols=3",
            "--from o --point 1 --space o.yaml --out d",
            "digits_vit --out d --tokens top_k:r=2,encoders=2 --integer digits"],
    "warm": [""],
    "infer": ["pvds_50 --vary model.depth=11,12",
              "claims.csv --vary effort.low=3 --vary effort.high=5 --vary effort.low_frac=free"],
    "reproduce pivot": [""],
    "reproduce static": [""],
    "reproduce tokens": [""],
    "reproduce all": [""],
    "show hw": ["zcu102", "gpu/a100", ""],
    "show fit": ["zcu102"],
    "show model": ["deit_t"],
    "show plan": ["deit_t"],
    "show trace": ["deit_t --csv t2.csv"],
    "list": ["models", "methods", "traces"],
    "schema": ["model", "space"],
}  # fmt: skip
SLOW = {
    "calibrate": 0.2,
    "measure host": 0.05,
    "warm": 0.02,
    "reproduce pivot": 0.05,
    "reproduce tokens": 0.05,
    "reproduce all": 0.01,
    "watch": 0.05,
    "classify": 0.05,
    "quantise": 0.3,
    "rtl": 0.05,
    "sweep": 0.5,
}  # how often
VALUES = {
    "--active": ["1-6", "all", "none"], "--heads": ["keep=0.5", "1,2"], "--neurons": ["keep=0.5"],
    "--tokens": ["evit:keep_rate=0.7,fuse=true", "tome", "heatvit"], "--blocks": ["block=16,msa=0.6,mlp=0.6"],
    "--attention": ["density=0.3,block=1"], "--split": ["0.5"], "--preset": ["parikh_seed", "parikh_code"],
    "--hw": ["zcu102", "zcu102_os", "u250_mpca", "truth/heatvit_kc705", "truth/hgpipe_vck190"],
    "--engine": ["analytic", "memory", "mpca", "serial", "pipeline"], "--memory": ["paper", "hw"],
    "--profile": ["paper", "full"],
    "--energy": ["constant", "activity"], "--scope": ["encoders", "all"], "--batch": ["2"], "--qkv": ["fused",
    "separate"],
    "--score-bits": ["8", "32"], "--set": ["array.rows=32", "model.depth=3"], "--ps-pl-overlap": ["serial", "heads",
    "images"],
    "--array": ["4x3"], "--dataflow": ["is", "os"], "--fold-overlap": ["preload"], "--edge": ["aware"],
    "--mac-latency": ["2"],
    "--density": ["0.5"], "--block": ["2"], "--seed": ["3"], "--objectives": ["delay_ms,energy_j"],
    "--where": ["dsp <= 2000"],
    "--heat": ["array.rows,array.cols"], "--samples": ["4"], "--method": ["grid", "random", "sobol"],
    "--workers": ["1"],
    "--lec": ["0.5"], "--limit": ["delay_ms=1"], "--front": ["delay_ms,energy_j"], "--gate": ["entropy", "none"],
    "--alpha": ["0.5"], "--stride": ["1"], "--encoder": ["3"], "--pruning-ms": ["0.1"], "--part": ["encoders"],
    "--f-low": ["0.8"], "--exit-fractions": ["0.5,0.5"], "--tolerance": ["0.01"], "--objective": ["edp_j_ms"],
    "--hold": ["*.cycles_per_row", "host.full.call_us"], "--errors": ["absolute"], "--draws": ["100"], "--cores": ["2"],
    "--template": ["deit_t"], "--language": ["c", "numpy"], "--taken": ["median"], "--budget-ms": ["0.01"],
    "--rounds": ["1"],
    "--vary": ["array.rows=32,64", "model.depth=[3, 4]", "scope=encoders,all"], "--model": ["deit_t"], "--show": ["3"],
    "--integer": ["digits"], "--images": ["digits", "i.npz"], "--checkpoint": ["c.pth"], "--weights": ["i.npz"],
    "--rung": ["whole", "low=--active 1-3"], "--thresholds": ["0.05", "0.1,0.9"], "--point": ["1"], "--from": ["o"],
}  # fmt: skip
NEVER = ("--scheduler", "--cc", "--cflags")  # what waits for a network, and what runs other programs
OUTPUTS = ("--out", "--plots", "--csv", "--timeline")
SAFE = ["w", "c.csv", "-", "", "/dev/null", "a/b/c", "t.csv", "t.csv/x", "o", "é", "\0", "a" * 300]  # inside the folder
TEMPORARY = re.compile(r"^\..*\.[0-9a-f]{16}$")
PYTHON = re.compile(r"Traceback|Warning:|\bPosixPath|<[a-z_.]+ object at|\bnp\.")


@functools.cache
def _options() -> dict[str, list[str]]:
    """Return command -> its options, as its parser lists them."""
    found = {}

    def walk(command: object, path: tuple[str, ...]) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found[" ".join(path)] = [
                (name, p.is_flag)
                for p in command.params
                for name in (*p.opts, *p.secondary_opts)
                if name.startswith("-")
            ]
        for name, each in (inner or {}).items():
            walk(each, (*path, name))

    walk(typer.main.get_command(app_of(COMMANDS)), ())
    return found


def _draw(rng: random.Random) -> tuple[str, ...]:
    command = rng.choice(list(VALID))
    while rng.random() > SLOW.get(command, 1):
        command = rng.choice(list(VALID))
    words = shlex.split(rng.choice(VALID[command]))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        name, is_flag = rng.choice([*_options()[command], ("--json", True)])
        if (name in ("--plots", "--gif", "--live") and rng.random() < 0.9) or name in NEVER:
            continue
        words += [name] if is_flag else [name, _value(rng, name)]
    if rng.random() < 0.5 and words:
        words = _changed(rng, words)
    return (*command.split(), *words)


def _value(rng: random.Random, name: str) -> str:
    if name in OUTPUTS:
        return rng.choice(SAFE)
    known = rng.choice(VALUES.get(name, ["1"]))
    kind = rng.random()
    value = known if kind < 0.3 else rng.choice(WORDS) if kind < 0.6 else mutated_text(rng, known)
    return "0" if name == "--workers" and value.strip(" +").replace("_", "").isdecimal() else value


def _changed(rng: random.Random, words: list[str]) -> list[str]:
    here = rng.randrange(len(words))
    if here and words[here - 1] in (*OUTPUTS, "--workers", "--scheduler"):
        return words
    match rng.randrange(4):
        case 0:
            return words[:here] + words[here + 1 :]
        case 1:
            return words[: here + 1] + words[here:]
        case 2 if words[here].startswith("--") and words[here] not in OUTPUTS:
            return [*words[:here], words[here] + rng.choice(("s", "=", "-", "\0")), *words[here + 1 :]]
        case _:
            return [*words[:here], rng.choice((rng.choice(WORDS), mutated_text(rng, words[here]))), *words[here + 1 :]]


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "s.yaml").write_text(SPACE)
    (folder / "t.csv").write_text(TRACE)
    (folder / "claims.csv").write_text("quantity,value,unit,tolerance\ndelay,41.4,ms,1%\nmlp_share,22,%,0.5\n")
    (folder / "rows.csv").write_text("kind,m,n,ms\ngelu,8,96,0.03\ngelu,64,96,0.06\ngelu,8,384,0.05\ngelu,9,9,0.02\n")
    (folder / "table.csv").write_text("tokens,accuracy_pct\n197,79.8\n77,70.5\n17,12.0\n")
    (folder / "c.pth").write_bytes(b"PK\3\4")
    np.savez(folder / "i.npz", images=np.zeros((2, 1, 8, 8), np.float32))
    space = {"name": "o", "axes": {"array.rows": [16, 32], "array.cols": [16, 32]}}
    (folder / "o.yaml").write_text(json.dumps(space))
    run_sweep(space, folder / "o")
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()):
        main(["run", "deit_t", "--json"])
    (folder / "a.json").write_text(out.getvalue())


def _judge(words: Sequence[str], folder: Path) -> str:
    work = folder / "a" / "b"  # so that .. stays inside
    if not work.exists():
        _prepare(work)
    before, here = _listed(folder), Path.cwd()
    out, err = io.StringIO(), io.StringIO()
    os.chdir(work)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(words))
    finally:
        os.chdir(here)
        after = _listed(folder)
        for path in sorted(after - before, reverse=True):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    if before - after:
        return f"removed {before - after}"
    if left := [path for path in after - before if TEMPORARY.match(path.name)]:
        return f"left {left}"
    if found := PYTHON.search(err.getvalue()):
        return f"prints {found[0]!r}: {err.getvalue()[:300]!r}"
    if code == 2:
        lines = err.getvalue().split("\n")[:-1]
        shown = err.getvalue() if err.getvalue().startswith(("Usage:", " Usage:", "\n Usage")) else ""
        wrong = "" if shown else fault_of(lines)
        return (
            wrong
            or ("prints and refuses" if out.getvalue() else "")
            or (f"made {after - before}" if after - before else "")
        )
    return "" if code in (0, 1) else f"exit status {code}"


def _listed(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


KINDS = [Kind("command line", _draw, _judge)]
