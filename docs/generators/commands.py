"""The command reference: every command's own help."""

import contextlib
import io
import os

from pivotsim.cli.entry import COMMANDS, main

WIDTH = 96  # columns of a help


def commands_page() -> str:
    """Return the page: of each command its help, of a command with commands of its own theirs too."""
    parts = [
        "# Commands",
        "Every command's `--help`; [the command line](../command_line.md) says what each answers.",
    ]
    for name in COMMANDS:
        text = help_of(name)
        parts.append(f"## {name}\n\n```text\n{text}\n```")
        parts += [f"### {name} {inner}\n\n```text\n{help_of(name, inner)}\n```" for inner in _inner_commands(text)]
    return "\n\n".join(parts) + "\n"


def help_of(*command: str) -> str:
    """Return what `pivotsim COMMAND --help` prints, without blanks at its ends."""
    shown, before = io.StringIO(), {name: os.environ.get(name) for name in ("COLUMNS", "TERMINAL_WIDTH")}
    os.environ.update(dict.fromkeys(before, str(WIDTH)))
    try:
        with contextlib.redirect_stdout(shown):
            code = main([*command, "--help"])
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    if code:
        raise SystemExit(f"pivotsim {' '.join(command)} --help ends with {code}")
    return shown.getvalue().strip()


def _inner_commands(text: str) -> list[str]:
    _, found, listed = text.partition("\nCommands:\n")
    return [line.split()[0] for line in listed.splitlines() if line[:2] == "  " and line[2:3].strip()] if found else []
