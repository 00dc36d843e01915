"""One way to run a command in this process and see what a shell would see."""

from typing import NamedTuple

import pytest

from pivotsim.cli.entry import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def pivotsim(capsys):
    def run(*arguments):
        code = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
