"""Sweeps that are stopped, starved and damaged: nothing lost, nothing twice, or one clear message."""

import errno
import json
import multiprocessing
import os
import random
import signal
import time

import numpy as np
import pytest

import pivotsim.dse.evaluation.evaluator
import pivotsim.dse.sweep.processes
import pivotsim.io.text_files
from pivotsim.dse.dataset import open_dataset
from pivotsim.dse.sweep.chunks import Failed, first_failing
from pivotsim.dse.sweep.manifest import MANIFEST, chunk_name
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.dse.sweep.store import Store
from pivotsim.errors import InputError, PivotsimError
from tests.unit.dse import children
from tests.unit.dse.children import CHUNK, CHUNKS, POINTS, SPACE, done_in, files_of, forkserver, wait_until


def finish(folder, **options):
    return run_sweep(SPACE, folder, chunk_points=CHUNK, **options)


@pytest.fixture
def finished(tmp_path, undisturbed):
    """A folder as the undisturbed sweep left it."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name, content in undisturbed.items():
        (folder / name).write_bytes(content)
    return folder


def test_killed_at_ten_moments(tmp_path, undisturbed):
    folder, draw, landed = tmp_path / "out", random.Random(20), []
    context = forkserver()
    for _ in range(10):
        before = done_in(folder)
        child = context.Process(target=children.sweep_on, args=(folder, 0.002))
        child.start()
        wanted = before + draw.randint(1, 3)
        wait_until(lambda wanted=wanted: done_in(folder) >= wanted)
        time.sleep(draw.uniform(0, 0.02))
        os.kill(child.pid, signal.SIGKILL)
        child.join(60)
        assert child.exitcode == -signal.SIGKILL  # it had not ended by itself
        landed.append(done_in(folder))
    assert all(0 < done < CHUNKS for done in landed), landed
    assert landed == sorted(set(landed))  # each run went on where the last one stopped
    finish(folder)
    assert files_of(folder) == undisturbed


def test_workers_killed_ten_times(tmp_path, undisturbed, monkeypatch):
    monkeypatch.setattr(pivotsim.dse.sweep.processes, "START_METHOD", "forkserver")
    forkserver()
    folder, draw = tmp_path / "out", random.Random(10)
    landed, due = [], [4]

    def kill(progress):
        if progress.chunks_done >= due[0] and len(landed) < 10:
            victim = draw.choice(multiprocessing.active_children())
            os.kill(victim.pid, signal.SIGKILL)
            landed.append(progress.chunks_done)
            due[0] = progress.chunks_done + draw.randint(4, 7)

    swept = finish(folder, workers=2, report=kill)
    if swept.failed:  # one chunk was hit three times: the next run makes it
        swept = finish(folder)
    assert len(landed) == 10 and all(0 < done < CHUNKS for done in landed), landed
    assert files_of(folder) == undisturbed
    assert not swept.failed


def test_spawned_workers_give_the_same_bytes(tmp_path, undisturbed):
    folder, killed = tmp_path / "out", []

    def kill(progress):
        if not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    assert not finish(folder, workers=2, report=kill).failed
    assert killed and files_of(folder) == undisturbed


def test_workers_that_die_as_they_start(tmp_path, monkeypatch):
    monkeypatch.setattr(pivotsim.dse.sweep.processes, "START_METHOD", "forkserver")
    forkserver()
    monkeypatch.setattr(pivotsim.dse.sweep.processes, "serve", os._exit)  # pickled by name: a worker exits at once
    with pytest.raises(PivotsimError, match="6 died in a row"):
        finish(tmp_path / "out", workers=2)
    assert done_in(tmp_path / "out") == 0


def test_full_disk(tmp_path, undisturbed, monkeypatch):
    folder, real, calls = tmp_path / "out", os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) > 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(pivotsim.io.text_files.os, "fsync", full)
    file = r"(chunk-\d+\.parquet|_manifest\.json)"  # whichever is written when the disk is full
    with pytest.raises(InputError, match=rf"{file}: cannot be written: No space left on device; what"):
        finish(folder)
    monkeypatch.undo()
    assert 0 < done_in(folder) < CHUNKS
    assert not list(folder.glob(".*"))  # no half file stays
    finish(folder)
    assert files_of(folder) == undisturbed


def test_folder_that_may_not_be_written(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    for path in (folder, *list(folder.parents)[:4]):
        if path.stat().st_uid == os.geteuid():
            path.chmod(0o755)  # pytest's folders are closed to others
    folder.chmod(0o555)
    ours, theirs = multiprocessing.Pipe()
    child = forkserver().Process(target=children.sweep_as_nobody, args=(folder, tmp_path / "loaded", theirs))
    child.start()
    assert ours.poll(60)
    assert f"{folder / MANIFEST}: cannot be written: Permission denied" in ours.recv()
    child.join(60)
    folder.chmod(0o755)
    assert files_of(folder) == {}


@pytest.mark.parametrize("damage", ["truncated", "empty", "gone", "one byte"])
def test_damaged_chunk_is_made_again(finished, undisturbed, damage):
    path = finished / chunk_name(3)
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        cut = {"truncated": content[:-100], "empty": b"", "one byte": content[:50] + b"?" + content[51:]}
        path.write_bytes(cut[damage])
    swept = finish(finished)
    assert swept.redone == (3,) and swept.chunks_before == CHUNKS - 1
    assert files_of(finished) == undisturbed


def test_chunk_without_an_entry_is_made_again(finished, undisturbed):
    manifest = json.loads((finished / MANIFEST).read_text())
    rows, _, dropped = manifest["chunks"].pop("5")
    manifest["done"] -= 1
    manifest["rows"] -= rows
    for reason, count in dropped.items():
        manifest["dropped"][reason] -= count
    children.write_manifest(finished, manifest)
    (finished / chunk_name(5)).write_bytes(b"half a chu")  # the kill came between the two
    (finished / ".chunk-00000009.parquet.tmpname").write_bytes(b"left over")
    finish(finished)
    assert files_of(finished) == undisturbed


def test_manifests_of_other_sweeps(finished):
    kept = files_of(finished)
    other = {**SPACE, "axes": {**SPACE["axes"], "array.rows": [8, 16]}}
    with pytest.raises(InputError, match=r"is of another space, axes.array.rows differ; use another folder"):
        run_sweep(other, finished, chunk_points=CHUNK)
    with pytest.raises(InputError, match="method is grid there and random here"):
        run_sweep(SPACE, finished, method="random", samples=4, chunk_points=CHUNK)
    manifest = json.loads(kept[MANIFEST])
    for key, value, message in (
        ("pivotsim_version", "0.0.1", "pivotsim_version is 0.0.1 there"),
        ("pyarrow_version", "1.0", "pyarrow_version is 1.0 there"),
        ("codec", "snappy", "codec is snappy there"),
        ("format", 1, r"format must be 2 \(got 1\); use another folder"),
    ):
        children.write_manifest(finished, {**manifest, key: value})
        with pytest.raises(InputError, match=message):
            finish(finished)
    for text, message in (("{", "is damaged"), ("[]", "is no sweep's manifest")):
        (finished / MANIFEST).write_text(text)
        with pytest.raises(InputError, match=message):
            finish(finished)
    (finished / MANIFEST).unlink()
    with pytest.raises(InputError, match=r"holds Parquet files but no _manifest\.json"):
        finish(finished)
    del kept[MANIFEST]
    assert files_of(finished) == kept


def test_two_sweeps_in_one_folder(tmp_path):
    from pivotsim.dse.space.reading import load_space
    from pivotsim.dse.sweep.chunks import Recipe

    recipe = Recipe(load_space(SPACE), "grid", chunk_points=CHUNK)
    with Store(tmp_path, recipe), pytest.raises(InputError, match="another sweep is writing there"):
        finish(tmp_path)
    assert not finish(tmp_path).failed


def test_a_chunk_that_fails_is_reported_and_the_rest_goes_on(tmp_path, undisturbed, monkeypatch):
    real, tries = pivotsim.dse.evaluation.evaluator.Evaluator.run, []

    def faulty(self, points, start, stop):
        if start <= 1300 < stop:
            tries.append((start, stop))
            raise ZeroDivisionError("a defect")
        return real(self, points, start, stop)

    monkeypatch.setattr(pivotsim.dse.evaluation.evaluator.Evaluator, "run", faulty)
    swept = finish(tmp_path)
    assert swept.failed == (Failed(2, 1300, "ZeroDivisionError: a defect"),)
    assert tries.count((1024, 1536)) == 3
    assert done_in(tmp_path) == CHUNKS - 1
    assert json.loads((tmp_path / MANIFEST).read_text())["failed"] == {
        "2": {"point": 1300, "problem": "ZeroDivisionError: a defect"}
    }
    monkeypatch.undo()
    assert not finish(tmp_path).failed
    assert files_of(tmp_path) == undisturbed


def test_first_failing():
    def run(start, stop, bad):
        if any(start <= b < stop for b in bad):
            raise ValueError

    for size in (1, 2, 7, 8):
        for bad in range(size):
            assert first_failing(lambda i, j, b=bad: run(i, j, [b]), 0, size) == bad
    assert first_failing(lambda i, j: run(i, j, [3, 5]), 0, 8) == 3
    assert first_failing(lambda i, j: None, 0, 8) is None


def test_interrupted(tmp_path, undisturbed):
    def stop(progress):
        if progress.chunks_done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(tmp_path, report=stop)
    assert done_in(tmp_path) == 7  # what was done is listed
    seen = []
    finish(tmp_path, report=lambda p: seen.append((p.chunks_done, p.points_before)))
    assert seen[0] == (8, 7 * CHUNK) and len(seen) == CHUNKS - 7
    assert files_of(tmp_path) == undisturbed


def test_every_point_once(finished):
    dataset = open_dataset(finished)
    points = np.concatenate([table["point"] for table in dataset.tables(["point"])])
    assert len(np.unique(points)) == len(points)
    assert len(points) + sum(dataset.manifest["dropped"].values()) == POINTS


def test_workers_end_with_their_sweep(tmp_path):
    """A killed sweep leaves no process behind."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = forkserver().Process(target=children.sweep_with_workers, args=(tmp_path / "out", theirs))
    child.start()
    theirs.close()
    assert ours.poll(60)
    workers = ours.recv()
    os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    assert len(workers) == 2 and 0 < done_in(tmp_path / "out") < CHUNKS
    wait_until(lambda: not any(children.is_alive(pid) for pid in workers))
