"""Processes of a test run share work: what another is at comes last, and is never done by two at once."""

import queue
import threading

import pytest

from tests.one_at_a_time import locked, taken_once


def test_what_another_is_at_comes_last_and_waits_for_it(tmp_path):
    pytest.importorskip("fcntl")
    done = queue.Queue()
    worker = threading.Thread(target=taken_once, args=("abc", done.put, tmp_path), daemon=True)
    with locked(tmp_path / "a") as is_ours:
        assert is_ours
        worker.start()
        assert [done.get(timeout=30) for _ in "bc"] == ["b", "c"]
        worker.join(0.05)
        assert worker.is_alive() and done.empty()
        with locked(tmp_path / "a", waits=False) as is_ours_again:
            assert not is_ours_again
    assert done.get(timeout=30) == "a"
    worker.join(30)
    assert not worker.is_alive() and done.empty()
