"""Datasets: the same bytes however they are made, and readable without this package."""

import inspect
import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import pivotsim as ps
from pivotsim.dse.dataset import export_csv, open_dataset
from pivotsim.dse.evaluation.evaluator import Coded
from pivotsim.dse.evaluation.strategies import CHUNK_POINTS
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep import chunks as chunks_module
from pivotsim.dse.sweep import store as store_module
from pivotsim.dse.sweep.chunks import ChunkMaker, Failed, Recipe, chunk_points_for
from pivotsim.dse.sweep.manifest import MANIFEST, read_manifest
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.errors import InputError, MissingExtraError
from tests.unit.dse import children
from tests.unit.dse.children import files_of, write_manifest

SMALL = {
    "name": "small",
    "axes": {"array.dataflow": ["is", "ws", "os"], "array.rows": [16, 32, 64], "array.cols": [36, 72]},
    "constraints": ["dsp <= 4000"],
}


def test_dataset_equals_explore(tmp_path):
    run_sweep(SMALL, tmp_path, chunk_points=5)
    parts = list(open_dataset(tmp_path).tables())
    assert [len(part["point"]) for part in parts] == [5, 4, 4, 2]  # points 5, 11 and 17 break the rule
    for name, column in ps.explore(SMALL).items():
        assert np.array_equal(np.concatenate([part[name] for part in parts]), column), name


@pytest.mark.parametrize("block", [1, 3, 7, 18])
def test_bytes_do_not_depend_on_the_blocks_that_a_chunk_is_evaluated_in(block, monkeypatch):
    """Blocks go into one row group as they are; a file of one table is the same, to the byte, dropped points too."""
    recipe = Recipe(load_space(SMALL), "grid", chunk_points=18)
    whole = ChunkMaker(recipe)(0)
    monkeypatch.setattr(chunks_module, "BLOCK_POINTS", block)
    assert ChunkMaker(recipe)(0) == whole
    assert (whole.rows, whole.dropped) == (15, {"dsp <= 4000": 3})


def test_readers_need_no_pivotsim(tmp_path):
    run_sweep(SMALL, tmp_path, chunk_points=5)
    code = f"""
import sys, duckdb, pandas, polars
folder = {str(tmp_path)!r}
a = pandas.read_parquet(folder)
b = polars.read_parquet(folder + "/*.parquet")
c = duckdb.sql(f"select * from '{{folder}}/*.parquet' order by point").fetchall()
assert list(a.columns) == b.columns, (a.columns, b.columns)
assert [tuple(r) for r in a.itertuples(index=False)] == b.rows() == c
print("pivotsim" in sys.modules, list(a.columns), a["array.dataflow"].dtype, len(a))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd="/")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(
        "False ['point', 'array.dataflow', 'array.rows', 'array.cols', 'dsp', 'bram36', 'lut', 'ff', 'fits',"
        " 'fits_extrapolated',"
        " 'pl_cycles', 'delay_ms', 'energy_j', 'edp_j_ms'] "
    )
    assert ran.stdout.split()[-1] == "15"


def test_files_have_one_row_group_and_units(tmp_path):
    from pyarrow import parquet

    run_sweep(SMALL, tmp_path, chunk_points=5)
    for path in tmp_path.glob("chunk-*.parquet"):
        file = parquet.ParquetFile(path)
        assert file.num_row_groups == 1
        about = json.loads(file.metadata.metadata[b"pivotsim"])
        assert about["units"]["delay_ms"] == "ms" and about["units"]["array.rows"] == "PEs"
        assert about["space_hash"] == load_space(SMALL).input_hash
        group, count = file.metadata.row_group(0), len(file.schema.names)
        encodings = {name: group.column(i).encodings for i, name in enumerate(file.schema.names)}
        assert {"RLE_DICTIONARY"} <= set(encodings["array.dataflow"]) & set(encodings["array.rows"])
        assert "DELTA_BINARY_PACKED" in encodings["dsp"] and "BYTE_STREAM_SPLIT" in encodings["delay_ms"]
        assert not any(file.schema.column(i).max_definition_level for i in range(count))  # no value may be missing


LONG = {"name": "long", "axes": {"array.rows": {"start": 1, "stop": 250, "step": 1},
                                 "array.cols": {"start": 1, "stop": 200, "step": 1}}}  # fmt: skip


def test_pages_end_by_their_bytes_and_not_by_rows(monkeypatch):
    """Arrow begins a page after 20,000 rows where it is not asked otherwise, and files are larger."""
    from pyarrow import BufferReader, parquet

    recipe = Recipe(load_space(LONG), "grid")
    made = ChunkMaker(recipe)(0)
    counts_rows = "max_rows_per_page" in inspect.signature(parquet.ParquetWriter).parameters  # earlier ones do not
    monkeypatch.setattr(chunks_module, "takes", lambda *_: False)
    paged = ChunkMaker(recipe)(0)
    assert made.rows == paged.rows == 50_000 and (len(made.content) < len(paged.content)) == counts_rows
    one, other = (parquet.read_table(BufferReader(each.content)) for each in (made, paged))
    assert one.equals(other)


def test_chunks_are_made_and_checked_without_pandas():
    """It takes a fifth of a worker's start; a column of text, of truths, of whole and of real numbers is among them."""
    code = f"""
import sys
from pivotsim.dse.space.reading import load_space
from pivotsim.dse.sweep.chunk_checks import verified
from pivotsim.dse.sweep.chunks import ChunkMaker, FinishedChunk, Recipe
from pivotsim.dse.sweep.manifest import head_of
recipe = Recipe(load_space({SMALL!r}), "grid", chunk_points=18)
print(isinstance(verified(ChunkMaker(recipe)(0), head_of(recipe)), FinishedChunk), "pandas" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.stdout == "True False\n", ran.stderr


@pytest.mark.parametrize("rows", [0, 1, 13])
def test_arrays_over_memory_are_those_that_arrow_makes(rows):
    import pyarrow as pa

    draw = np.random.default_rng(rows)
    whole, real = draw.integers(-(2**62), 2**62, 2 * rows), draw.random(rows)
    for column in (whole[:rows], whole[::2], whole[:rows].astype(np.int32), whole[:rows] % 3 == 0, real):
        made = chunks_module.array_over(pa, column)
        made.validate(full=True)
        assert made.equals(pa.array(column)) and made.null_count == 0
    words, codes = np.array(["", "is", "\u00fc, \u4e00", "os"]), draw.integers(0, 4, rows).astype(np.int32)
    made = chunks_module.array_over(pa, Coded(words, codes))
    made.validate(full=True)
    assert made.to_pylist() == words[codes].tolist()


def test_a_chunk_may_be_empty(tmp_path):
    space = {**SMALL, "constraints": ["array.dataflow != 'ws'"]}
    swept = run_sweep(space, tmp_path, chunk_points=3)
    assert (swept.rows, swept.dropped) == (12, {"array.dataflow != 'ws'": 6})
    assert sum(len(t["point"]) for t in open_dataset(tmp_path).tables()) == 12


@pytest.mark.parametrize("points", [1, 17, 18, 19])
def test_chunks_of_every_size(tmp_path, points):
    swept = run_sweep(SMALL, tmp_path, chunk_points=points)
    assert swept.rows == 15 and swept.chunks_total == -(-18 // points)


def test_points_done_are_told(tmp_path):
    seen = []
    run_sweep(SMALL, tmp_path, chunk_points=5, report=seen.append)
    assert [progress.points_done for progress in seen] == [5, 10, 15, 18]


def test_a_manifest_is_written_again_after_fifty_times_its_own_duration(monkeypatch):
    store = SimpleNamespace(write_manifest=lambda: None)
    clock = iter([100.0, 102.0])
    monkeypatch.setattr(store_module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    store_module.Store._keep(store)
    assert store._next_write == pytest.approx(102 + 50 * 2)


@pytest.mark.parametrize("error", [MissingExtraError("scipy", "dse", "a sequence"), ValueError("too  wide")])
def test_a_missing_package_ends_a_sweep_and_all_else_a_chunk(error):
    maker = ChunkMaker(Recipe(load_space(SMALL), "grid"))

    def fail(*_):
        raise error

    maker.evaluator = SimpleNamespace(run=fail)
    if isinstance(error, MissingExtraError):
        with pytest.raises(MissingExtraError, match="a sequence needs scipy"):
            maker(0)
    else:
        assert maker(0) == Failed(0, 0, "ValueError: too wide")


def test_nothing_to_do_changes_nothing(tmp_path):
    run_sweep(SMALL, tmp_path, chunk_points=5)
    before, seen = files_of(tmp_path), []
    swept = run_sweep(SMALL, tmp_path, chunk_points=5, report=seen.append)
    assert swept.chunks_before == swept.chunks_total == 4 and not seen
    assert files_of(tmp_path) == before


def test_no_time_in_the_files(tmp_path):
    for name in "ab":
        run_sweep(SMALL, tmp_path / name, method="random", samples=12, seed=2, chunk_points=5)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_a_random_sweep_stops_and_goes_on(tmp_path, monkeypatch):
    """Designs that the rules admit, over chunks that also hold what they leave out."""
    ruled = {**SMALL, "axes": {"array.rows": list(range(4, 84, 4)), "array.cols": list(range(4, 84, 4))},
             "constraints": ["dsp <= 1000"]}  # fmt: skip
    options = {"method": "random", "samples": 60, "seed": 4, "chunk_points": 16}
    whole = run_sweep(ruled, tmp_path / "whole", **options)
    assert whole.rows == 60 and whole.dropped == {"dsp <= 1000": whole.points - 60} and whole.chunks_total > 4
    run, calls = ChunkMaker.__call__, []

    def stops(maker, index):
        calls.append(index)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(maker, index)

    monkeypatch.setattr(ChunkMaker, "__call__", stops)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(ruled, tmp_path / "parts", **options)
    monkeypatch.undo()
    again = run_sweep(ruled, tmp_path / "parts", **options)
    assert 0 < again.chunks_before < again.chunks_total
    assert files_of(tmp_path / "parts") == files_of(tmp_path / "whole")


def test_points_that_an_earlier_version_drew_are_not_gone_on_with(tmp_path):
    run_sweep(SMALL, tmp_path, method="random", samples=10, seed=2)
    found = read_manifest(tmp_path)
    del found["sampling"]
    write_manifest(tmp_path, found)
    assert len(list(open_dataset(tmp_path).tables())) == 1  # read, but not gone on with
    with pytest.raises(InputError) as caught:
        run_sweep(SMALL, tmp_path, method="random", samples=10, seed=2)
    assert list(caught.value.problems) == [
        f"{tmp_path / MANIFEST}: another version of pivotsim drew its points, in another way; use another folder"
    ]


def test_sobol_equals_one_chunk(tmp_path):
    whole = ps.explore(SMALL, method="sobol", samples=40, seed=1)
    run_sweep(SMALL, tmp_path, method="sobol", samples=40, seed=1, chunk_points=7)
    parts = list(open_dataset(tmp_path).tables())
    assert np.array_equal(np.concatenate([p["point"] for p in parts]), whole["point"])
    assert np.array_equal(np.concatenate([p["energy_j"] for p in parts]), whole["energy_j"])


def test_slow_designs_make_small_chunks():
    fast, slow = load_space(SMALL), load_space({**SMALL, "fixed": {"engine": "memory"}})
    assert chunk_points_for(fast) == CHUNK_POINTS > chunk_points_for(slow)
    assert Recipe(fast, "grid").chunk_points == CHUNK_POINTS


def test_more_than_memory_holds_is_refused(monkeypatch):
    monkeypatch.setattr("pivotsim.dse.explorer.MAX_EXPLORED", 17)
    with pytest.raises(InputError, match=r"use pivotsim sweep \(got 18\)"):
        ps.explore(SMALL)


def test_manifest_counts(tmp_path):
    swept = run_sweep(children.SPACE, tmp_path, chunk_points=10_000)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest["done"] == manifest["chunks_total"] == 5
    assert manifest["rows"] == swept.rows == sum(rows for rows, _, _ in manifest["chunks"].values())
    assert sum(manifest["dropped"].values()) + manifest["rows"] == manifest["points"] == children.POINTS
    assert all(len(digest) == 64 for _, digest, _ in manifest["chunks"].values())
    assert manifest["pyarrow_version"] and manifest["codec"] == "lz4"


def test_csv(tmp_path):
    run_sweep(SMALL, tmp_path / "out", chunk_points=5)
    path = tmp_path / "all.csv"
    assert export_csv(open_dataset(tmp_path / "out"), path) == 15
    lines = path.read_text().splitlines()
    table = ps.explore(SMALL)
    assert lines[0].replace('"', "").split(",") == list(table)
    columns = [table[name] for name in table]
    for i, line in enumerate(lines[1:]):
        cells = line.replace('"', "").split(",")
        own = [v[i].item() for v in columns]
        assert [c == "true" if isinstance(v, bool) else type(v)(c) for v, c in zip(own, cells, strict=True)] == own
    assert not list(path.parent.glob(".*"))


def test_bad_arguments(tmp_path):
    for options, message in (
        ({"workers": 0}, "workers: must be at least 1"),
        ({"chunk_points": CHUNK_POINTS + 1}, "chunk_points: must be at most"),
        ({"method": "griddy"}, "method: must be one of"),
        ({"workers": 2, "scheduler": "tcp://x:1"}, "the cluster has its own"),
    ):
        with pytest.raises(InputError, match=message):
            run_sweep(SMALL, tmp_path / "out", **options)
    with pytest.raises(InputError, match=r"is no sweep's folder"):
        open_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("package", "extra"),
    [("pyarrow", "dse"), ("scipy.stats", "dse"), ("optuna", "search"), ("distributed", "cluster")],
)
def test_missing_extras_name_their_command(tmp_path, monkeypatch, package, extra):
    from pivotsim.dse.search import run_search

    monkeypatch.setitem(sys.modules, package, None)
    commands = rf"pip install 'pivotsim\[{extra}\]', or in a clone pip install -e '\.\[{extra}\]'$"
    scheduler = "tcp://127.0.0.1:1" if package == "distributed" else None
    with pytest.raises(ps.PivotsimError, match=commands):
        if package == "optuna":
            run_search(SMALL, tmp_path / "out", samples=5)
        else:
            run_sweep(
                SMALL, tmp_path / "out", scheduler=scheduler, method="sobol" if package == "scipy.stats" else "grid"
            )
    assert not (tmp_path / "out").exists()


def test_a_search_needs_arrow_before_its_folder(tmp_path, monkeypatch):
    from pivotsim.dse.search import run_search

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ps.PivotsimError, match="needs pyarrow"):
        run_search(SMALL, tmp_path / "out", samples=5)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_columns_is_not_gone_on_with(tmp_path):
    """As a version before this one left it: rows of two kinds in one folder."""
    run_sweep(SMALL, tmp_path, chunk_points=5)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    del manifest["columns"]["bram36"]
    children.write_manifest(tmp_path, manifest)
    with pytest.raises(InputError, match="has other columns, of an earlier version; use another folder"):
        run_sweep(SMALL, tmp_path, chunk_points=5)


def test_notes_stand_in_the_manifest(tmp_path):
    swept = run_sweep({**SMALL, "fixed": {"gate": "none"}}, tmp_path, chunk_points=5)
    assert list(swept.notes) == open_dataset(tmp_path).manifest["notes"]
    assert [note.partition(":")[0] for note in swept.notes] == ["fixed.gate", "power.board_w"]
