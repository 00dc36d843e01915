"""The commands of README.md and docs, in their order, as they are written, and the files that the pages have them read.

Also a program, for an installed wheel: `python readme_commands.py PAGE.md` prints those that need no extra.
"""

import re
import shlex
import sys
from itertools import pairwise
from pathlib import Path

# a part of a command -> why it is not run
LEFT_OUT = {
    "--scheduler": "two machines of a Dask cluster",
    "reproduce example": "the reader's own paper, made by docs/adding.md and run by its test",
    "pruned.safetensors": "the reader's own checkpoint",
    "my_board": "the reader's own board",
    "timm:": "needs torch and timm; make models imports these and others",
    "desk": "the walk of docs/calibration.md, run by tests/cli/test_calibrating.py",
    " FILE": "stands for a file of the reader's",
}
# a word of a command -> the extra that it needs
EXTRAS = {"sweep": "dse", "front": "dse", "export": "dse", "--from": "dse", "--html": "html"}
_IN_TEXT = re.compile(r"`(pivotsim [a-z][^`]*)`|^ +(?:\$ )?(pivotsim [a-z].*)$", re.M)
_NAMED_FILE = re.compile(r"^```\w+\n(# ([\w.]+\.[a-z]+)(?:[:,][^\n]*)?\n.*?)^```$", re.M | re.S)
_ENDING = re.compile(r"[\w-]+\.[a-z]{2,11}")
_MADE_BY = ("--out", "--csv", "--timeline")


def written_commands(text: str) -> list[str]:
    """Return the commands of a Markdown text, each once."""
    return list(dict.fromkeys(a or b.strip() for a, b in _IN_TEXT.findall(text)))


def commands_of(text: str) -> list[str]:
    """Return those that any reader can type."""
    return [command for command in written_commands(text) if not any(part in command for part in LEFT_OUT)]


def files_of(text: str) -> dict[str, str]:
    """Return the files of a Markdown text, name -> content: code whose first line is a comment with a file's name."""
    return {name: content for content, name in _NAMED_FILE.findall(text)}


def shown_by_commands(text: str) -> list[tuple[str, list[list[str]]]]:
    """Return the commands of a text's consoles, each with the pieces of its output that stand below it.

    A line of three dots, or such at a line's end, stands for what is left out; pieces are lists of lines.
    """
    shown: list[tuple[str, list[list[str]]]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                shown.append((line[2:], [[]]))
            elif line == "...":
                shown[-1][1].append([])
            else:
                shown[-1][1][-1].append(line)
    return shown


def groups_of(commands: list[str]) -> list[list[str]]:
    """Return lists of commands to be run in their order: those that share a file or a folder, each other one alone."""
    groups: list[tuple[set[str], list[str]]] = []
    for command in commands:
        words = shlex.split(command)
        made = {after for word, after in pairwise(words) if word in _MADE_BY}
        named = {word for word in words[2:] if _ENDING.fullmatch(word)} | made
        shared = [group for group in groups if group[0] & (named | set(words[2:]))]
        for group in shared:
            groups.remove(group)
        names = named.union(*(each for each, _ in shared))
        groups.append((names, [*(each for _, members in shared for each in members), command]))
    return [members for _, members in groups]


def main() -> None:
    for command in commands_of(Path(sys.argv[1]).read_text()):
        if not EXTRAS.keys() & set(command.split()):
            print(command)


if __name__ == "__main__":
    main()
