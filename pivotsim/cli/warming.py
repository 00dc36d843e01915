"""The command that compiles before anything waits for it: warm."""

from pivotsim.cli import options


def warm_command(json: options.JsonOption = False) -> None:
    """Compile all kernels now."""
