"""`make artifact`: every table and figure of the claims, made again in one folder with an index.

python -m tests.artifact.run OUT [STEP ...]; exit status 1 if a number is not found within its tolerance.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.artifact.claims import STEPS, Number, Step

ROOT = Path(__file__).parents[2]
LIMIT_S = 1800  # of one command
FOUND, MISSED = "yes", "NO"
INDEX = "index.md"


class Result(NamedTuple):
    """What became of a step: its numbers with what was found, seconds, bytes written, and what went wrong."""

    step: Step
    found: list[tuple[Number, float | None]]
    seconds: float
    size: int
    failure: str

    @property
    def holds(self) -> bool:
        """Whether all commands ended well and all numbers are as claimed."""
        return not self.failure and all(is_claimed(number, value) for number, value in self.found)


def is_claimed(number: Number, value: float | None) -> bool:
    """Tell whether a number was found, within its tolerance."""
    return value is not None and abs(value - number.claimed) <= number.tolerance


def run_step(step: Step, folder: Path) -> Result:
    """Run a step's commands in a folder of its own, which keeps their output as output.txt."""
    folder.mkdir(parents=True)
    started, text, failure = time.monotonic(), "", ""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in step.commands:
        line = [sys.executable, *(word.format(root=ROOT) if "{root}" in word else word for word in command)]
        try:
            ran = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, env=environment)
        except subprocess.TimeoutExpired:
            failure = f"{' '.join(command)}: took longer than {LIMIT_S} s"
            break
        text += ran.stdout + "\n"
        if ran.returncode:
            failure = f"{' '.join(command)}: exit status {ran.returncode}: {ran.stderr.strip()[-200:]}"
            break
    (folder / "output.txt").write_text(text, encoding="utf-8")
    found = [(number, value_in(text, number)) for number in step.numbers]
    return Result(step, found, time.monotonic() - started, size_of(folder), failure)


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def value_in(text: str, number: Number) -> float | None:
    """Return a number of a text, None where its pattern is not there."""
    match = re.search(number.pattern, text, re.M)
    return float(match[1].replace(",", "")) if match else None


def index_of(results: list[Result], folder: Path) -> str:
    """Return the index as Markdown: a row for each number, then each step's pictures."""
    rows = [
        "| step | what it shows | number | claimed | tolerance | found | holds | s | KiB |",
        "|---|---|---|---:|---:|---:|---|---:|---:|",
    ]
    for result in results:
        step = result.step
        rest = f"{result.seconds:.1f} | {result.size / 1024:,.0f} |"
        first = f"| [{step.name}]({step.name}/output.txt) | {step.shows} "
        for number, value in result.found or [(None, None)]:
            if number is None:
                cells = f"| ran | | | | {FOUND if result.holds else MISSED} "
            else:
                shown = "not found" if value is None else f"{value:,.10g}"
                holds = FOUND if is_claimed(number, value) else MISSED
                cells = f"| {number.what} | {number.claimed:,.10g} | {number.tolerance:g} | {shown} | {holds} "
            rows.append(f"{first}{cells}| {rest}")
            first, rest = "| | ", "| |"
        if result.failure:
            rows.append(f"| | | {result.failure.replace('|', ' ')} | | | | {MISSED} | | |")
    pictures = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.png"))]
    total = (
        f"{len(results)} steps, {sum(r.seconds for r in results):.0f} s, {sum(r.size for r in results) / 2**20:.1f} MiB"
    )
    shown = "\n\n".join(f"![{path}]({path})" for path in pictures)
    return f"# What pivotsim claims, made again\n\n{total}.\n\n" + "\n".join(rows) + f"\n\n## Pictures\n\n{shown}\n"


def main(arguments: list[str]) -> int:
    folder, names = Path(arguments[0]), arguments[1:]
    if folder.exists():
        if not (folder / INDEX).is_file():
            raise SystemExit(f"{folder}: is there already, and not from here: no {INDEX} in it")
        shutil.rmtree(folder)
    results = []
    for step in STEPS:
        if names and step.name not in names:
            continue
        result = run_step(step, folder / step.name)
        results.append(result)
        numbers = ", ".join(f"{number.what} {value}" for number, value in result.found)
        state = "as claimed" if result.holds else f"NOT as claimed {result.failure}"
        print(f"{step.name:18} {result.seconds:6.1f} s {result.size / 1024:8,.0f} KiB  {state}  {numbers}", flush=True)
    (folder / INDEX).write_text(index_of(results, folder), encoding="utf-8")
    missed = [result.step.name for result in results if not result.holds]
    seconds, here, environment = sum(r.seconds for r in results), size_of(folder), size_of(Path(sys.prefix))
    print(f"{folder / INDEX}: {len(results)} steps, {len(missed)} not as claimed {' '.join(missed)}".rstrip())
    print(f"{seconds:.0f} s; {here / 2**20:.1f} MiB here, {environment / 2**20:,.0f} MiB in {sys.prefix}")
    return 1 if missed or not results else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
