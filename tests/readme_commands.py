"""The commands of README.md and docs, in their order, as they are written.

Also a program, for an installed wheel: `python readme_commands.py README.md` prints those that need no extra.
"""

import re
import sys
from pathlib import Path

# a part of a command -> why it is not run
LEFT_OUT = {
    "--scheduler": "two machines of a Dask cluster",
    "reproduce example": "the reader's own paper, made by docs/adding.md and run by its test",
    "pruned.safetensors": "the reader's own checkpoint",
    "my_board": "the reader's own board",
    "timm:": "needs torch and timm; make models imports these and others",
}
EXTRAS = {
    "sweep": "dse",
    "front": "dse",
    "export": "dse",
    "--from": "dse",
    "--html": "html",
}  # word -> extra
_IN_TEXT = re.compile(r"`(pivotsim [a-z][^`]*)`|^    (?:\$ )?(pivotsim [a-z].*)$", re.M)


def commands_of(text: str) -> list[str]:
    """Return the commands of a Markdown text that a reader can type, each once."""
    found = [a or b.strip() for a, b in _IN_TEXT.findall(text)]
    return [command for command in dict.fromkeys(found) if not any(part in command for part in LEFT_OUT)]


def main() -> None:
    for command in commands_of(Path(sys.argv[1]).read_text()):
        if not EXTRAS.keys() & set(command.split()):
            print(command)


if __name__ == "__main__":
    main()
