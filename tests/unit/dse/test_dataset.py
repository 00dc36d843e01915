"""Datasets whose files changed: one line that names the file, never another result."""

import hashlib
import json
import random
import shutil

import pytest

from pivotsim.dse import dataset
from pivotsim.dse.dataset import export_csv, open_dataset
from pivotsim.dse.sweep.chunks import arrow
from pivotsim.dse.sweep.manifest import MANIFEST, chunk_name
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.errors import InputError
from tests.unit.dse.children import files_of, write_manifest

SPACE = {
    "name": "small",
    "axes": {"array.dataflow": ["is", "ws", "os"], "array.rows": [16, 32, 64], "array.cols": [36, 72]},
    "constraints": ["dsp <= 4000"],
}
FLIPS = 60


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A dataset of four chunks and its CSV; tests copy it."""
    folder = tmp_path_factory.mktemp("made") / "out"
    run_sweep(SPACE, folder, chunk_points=5)
    export_csv(open_dataset(folder), folder.parent / "all.csv")
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "out")


def csv_of(folder, path):
    """Return the CSV of a dataset, or the one line of what is wrong with it."""
    try:
        export_csv(open_dataset(folder), path)
    except InputError as error:
        assert not path.exists()
        return error
    return path.read_bytes()


def flip_bits(folder, path, count, seed):
    """Flip single bits anywhere in a dataset; return how many changed the CSV, and how many were told."""
    right, files = csv_of(folder, path), files_of(folder)
    path.unlink()
    sizes = [len(content) for content in files.values()]
    draw, silent, told = random.Random(seed), 0, 0
    for _ in range(count):
        name = draw.choices(list(files), sizes)[0]
        changed = bytearray(files[name])
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        (folder / name).write_bytes(changed)
        found = csv_of(folder, path)
        if isinstance(found, InputError):
            told += 1
            assert all(problem.startswith(str(folder / name)) for problem in found.problems), found
        else:
            silent += found != right
            path.unlink()
        (folder / name).write_bytes(files[name])
    return silent, told


def test_no_flipped_bit_passes(folder, tmp_path):
    assert flip_bits(folder, tmp_path / "all.csv", FLIPS, seed=16) == (0, FLIPS)


def test_another_sweeps_chunk_is_not_taken(folder, tmp_path):
    other = tmp_path / "other"
    run_sweep({**SPACE, "fixed": {"model": "deit_t"}}, other, chunk_points=5)
    shutil.copy(other / chunk_name(1), folder / chunk_name(1))
    with pytest.raises(InputError, match=r"chunk-00000001\.parquet: has changed since the sweep wrote it"):
        export_csv(open_dataset(folder), tmp_path / "all.csv")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["chunks"]["1"] = json.loads((other / MANIFEST).read_text())["chunks"]["1"]
    write_manifest(folder, manifest)
    with pytest.raises(InputError, match=r"chunk-00000001\.parquet: is of another space, its footer says"):
        export_csv(open_dataset(folder), tmp_path / "all.csv")


def with_column(table, name, column):
    return table.set_column(table.column_names.index(name), name, column)


def shifted(table, by):
    pa, _ = arrow()
    return with_column(table, "point", pa.array([p + by for p in table["point"].to_pylist()]))


def changed(folder, change):
    """Return the path of a chunk whose table is changed, with its hash in the manifest."""
    _, pq = arrow()
    path = folder / chunk_name(1)
    table, about = change(pq.read_table(path)), pq.ParquetFile(path).metadata.metadata
    with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"pivotsim": about[b"pivotsim"].decode()})
    restate(folder, path)
    return path


def as_type(table, name, kind):
    return with_column(table, name, table[name].cast(kind))


def with_null(table, name):
    pa, _ = arrow()
    return with_column(table, name, pa.array([None, *table[name].to_pylist()[1:]], table[name].type))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.rename_columns(["number", *t.column_names[1:]]), "lacks the column point"),
        (lambda t: t.drop_columns(["delay_ms"]), "lacks the column delay_ms"),
        (lambda t: t.append_column("more", t["dsp"]), "has the column more besides"),
        (lambda t: t.append_column("dsp", t["dsp"]), "has its columns in another order"),
        (lambda t: t.select([*t.column_names[1:], "point"]), "has its columns in another order"),
        (lambda t: as_type(t, "array.rows", "double"), "column array.rows must be of type int64 (got 'double')"),
        (lambda t: as_type(t, "dsp", "int32"), "column dsp must be of type int64 (got 'int32')"),
        (lambda t: as_type(t, "energy_j", "string"), "column energy_j must be of type double (got 'string')"),
        (lambda t: as_type(t, "fits", "int64"), "column fits must be of type bool (got 'int64')"),
        (lambda t: t.slice(1), "must have 4 rows (got 3)"),
        (lambda t: t.slice(0, 0), "must have 4 rows (got 0)"),
        (lambda t: with_null(t, "delay_ms"), "column delay_ms must have a value in each row (got nothing)"),
        (lambda t: with_null(t, "array.dataflow"), "column array.dataflow must have a value in each row (got nothing)"),
        (lambda t: shifted(t, 5), "points must lie in 5 to 9 (got 11, 14)"),
        (lambda t: shifted(t, -2), "points must lie in 5 to 9 (got 4, 7)"),
        (lambda t: t.take([0, 0, 1, 2]), "points must ascend"),
    ],
)  # fmt: skip
def test_parquet_of_wrong_shape_with_a_right_hash(folder, tmp_path, change, problem):
    path = changed(folder, change)
    with pytest.raises(InputError) as caught:
        export_csv(open_dataset(folder), tmp_path / "all.csv")
    assert str(caught.value) == f"{path}: {problem}; start the sweep again to repair it"
    assert not (tmp_path / "all.csv").exists()


def test_parquet_of_another_program(folder, tmp_path):
    _, pq = arrow()
    path = folder / chunk_name(1)
    pq.write_table(pq.read_table(path), path, store_schema=False)
    restate(folder, path)
    assert f"{path}: has no words of pivotsim in its footer; " in str(csv_of(folder, tmp_path / "all.csv"))


def restate(folder, path):
    """Let the manifest list the file of chunk 1 as it is."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["chunks"]["1"][1] = hashlib.sha256(path.read_bytes()).hexdigest()
    write_manifest(folder, manifest)


@pytest.mark.parametrize(("content", "problem"), [(b"", "is no Parquet file"), (b"PAR1" * 9, "is no Parquet file")])
def test_no_parquet_with_a_right_hash(folder, tmp_path, content, problem):
    path = folder / chunk_name(1)
    path.write_bytes(content)
    restate(folder, path)
    assert f"{path}: {problem}: " in str(csv_of(folder, tmp_path / "all.csv"))


def test_a_chunk_that_is_no_file(folder, tmp_path):
    path = folder / chunk_name(2)
    path.unlink()
    assert str(csv_of(folder, tmp_path / "all.csv")).startswith(f"{path}: cannot be read: No such file or directory; ")
    path.mkdir()
    assert str(csv_of(folder, tmp_path / "all.csv")).startswith(f"{path}: is no file; ")


def test_a_chunk_larger_than_any(tmp_path, monkeypatch):
    path = tmp_path / "chunk.parquet"
    for extra in (0, 1):
        path.write_bytes(bytes(2**21 + extra))
        monkeypatch.setattr(dataset, "MAX_CHUNK_BYTES", 2**21)
        if not extra:
            assert len(dataset._content(path)) == 2**21
    with pytest.raises(InputError, match="is larger than 2 MiB, the most of a chunk"):
        dataset._content(path)


def test_types_that_are_each_allowed_but_differ(tmp_path):
    """Where an axis holds under a condition only, its column may be of another type than its values."""
    axes = {"array.rows": [16, 32], "array.cols": [36, 72]}
    run_sweep({"name": "s", "axes": axes, "conditions": {"array.cols": "array.rows == 16"}}, tmp_path, chunk_points=2)
    path = changed(tmp_path, lambda table: as_type(table, "array.cols", "double"))
    with pytest.raises(InputError) as caught:
        list(open_dataset(tmp_path).arrow_tables())
    assert str(caught.value).startswith(f"{path}: has columns of other types than the chunks before it; ")
