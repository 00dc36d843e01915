"""Every odd input is read as it is meant, or answered in one line that a stranger understands."""

import shlex

import numpy as np
import pytest

from tests.cli.odd_inputs import READ, REFUSED
from tests.cli.plain_english import not_plain


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, dict):
            np.savez(path, **content)
        elif isinstance(content, np.ndarray):
            np.save(path, content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


def run(pivotsim, folder, monkeypatch, command, files):
    monkeypatch.chdir(folder)
    write(folder, files)
    before = sorted(folder.rglob("*"))
    ran = pivotsim(*shlex.split(command))
    return ran, before


@pytest.mark.parametrize(("command", "files", "words"), REFUSED, ids=[f"{row[0]}: {row[2]}" for row in REFUSED])
def test_refused(pivotsim, tmp_path, monkeypatch, command, files, words):
    ran, before = run(pivotsim, tmp_path, monkeypatch, command, files)
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1 and len(ran.err) < 700
    assert not not_plain(ran.err), ran.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("command", "files", "words"), READ, ids=[f"{row[0]}: {row[2]}" for row in READ])
def test_read(pivotsim, tmp_path, monkeypatch, command, files, words):
    ran, _ = run(pivotsim, tmp_path, monkeypatch, command, files)
    assert ran.code == 0, ran.err
    assert words in ran.out
    assert "--json" in command or not not_plain(ran.out)


def test_there_are_many():
    assert len(READ) + len(REFUSED) >= 260
