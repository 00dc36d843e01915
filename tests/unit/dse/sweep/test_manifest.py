"""Manifests that were tampered with: one line per problem, with the file and the line."""

import json
import re

import pytest

from pivotsim.dse.sweep.manifest import MANIFEST, SEAL, _differences, check_same, head_of, manifest_text, read_manifest
from pivotsim.dse.sweep.run import run_sweep
from pivotsim.errors import InputError
from tests.unit.dse.children import write_manifest

SPACE = {"name": "small", "axes": {"array.rows": [16, 32, 64], "array.cols": [36, 72]}, "constraints": ["dsp <= 4000"]}


@pytest.fixture(scope="module")
def entries(tmp_path_factory):
    """A manifest of 6 points in 3 chunks, one of them dropped."""
    folder = tmp_path_factory.mktemp("made")
    run_sweep(SPACE, folder, chunk_points=2)
    return (folder / MANIFEST).read_text()


def at(path, value):
    """Return a change of the value at a dotted path, whose parts are separated by slashes."""

    def change(manifest):
        *parents, last = path.split("/")
        for key in parents:
            manifest = manifest[int(key) if isinstance(manifest, list) else key]
        manifest[int(last) if isinstance(manifest, list) else last] = value

    return change


def renamed(old, new):
    def change(manifest):
        manifest["chunks"][new] = manifest["chunks"].pop(old)

    return change


def without(key):
    return lambda manifest: manifest.pop(key)


TAMPERED = [
    (without("done"), "done: required key is missing"),
    (without("seed"), "seed: required key is missing"),
    (at("colums", {}), "colums: unknown key, nearest valid name: 'columns'"),
    (at("points", "6"), "points: must be an integer (got '6'); write it without quotes"),
    (at("points", 6.0), "points: must be an integer (got 6.0)"),
    (at("points", 0), "points: must be at least 1 (got 0)"),
    (at("points", 10**400), "points: must be"),
    (at("points", 7), "chunks_total: must be 4 for these points (got 3)"),
    (at("chunk_points", True), "chunk_points: must be an integer (got true)"),
    (at("chunk_points", -2), "chunk_points: must be at least 1 (got -2)"),
    (at("chunks_total", 2), "chunks_total: must be 3 for these points (got 2)"),
    (at("seed", 2**32), "seed: must be less than 4294967296 (got 4294967296)"),
    (at("columns", []), "columns: must be a group of 'key: value' lines (got an empty list)"),
    (at("columns/dsp", 3), "columns.dsp: must be text (got 3)"),
    (at("columns", {"point": "", "dsp": ""}), "columns: must begin with point and the axes, array.rows, array.cols"),
    (at("space_hash", "0" * 16), "space_hash: is not that of the space (got '0000000000000000')"),
    (at("space", None), "space: must be a group of 'key: value' lines (got nothing)"),
    (at("space/axes", {}), "space.axes: "),
    (at("space/axes/array.rows", 16), "space.axes.array.rows: "),
    (at("space/axes/array.rows/0", None), "space.axes.array.rows: must hold numbers, words, true or false, or lists"),
    (at("space/axes/array.rows/0", 17), "space_hash: is not that of the space"),
    (at("notes", "none"), "notes: "),
    (at("chunks_total", 4), "chunks_total: must be 3 for these points (got 4)"),
    (at("chunks_total", 2), "chunks_total: must be 3 for these points (got 2)"),
    (at("done", 2), "done: must be 3, as many as chunks are listed (got 2)"),
    (at("rows", 99), "rows: must be 5, those of the chunks (got 99)"),
    (at("dropped", {}), "dropped: must be {'dsp <= 4000': 1}, those of the chunks (got {})"),
    (at("examples/x", [3, "y"]), "examples.x: names no chunk (got 3)"),
    (at("examples/x", [1]), "examples.x.1: required key is missing"),
    (at("failed/0", {"point": None, "problem": "x"}), "failed.0: the chunk is listed as done"),
    (at("failed/7", {"point": None, "problem": "x"}), "failed: must be keyed by 0 to 2 (got '7')"),
    (at("chunks", []), "chunks: must be a group of 'key: value' lines (got an empty list)"),
    (at("chunks/0", {}), "chunks.0: "),
    (at("chunks/0/0", -1), "chunks.0.0: must be at least 0 (got -1)"),
    (at("chunks/0/0", 1), "chunks.0: rows and dropped points must add up to 2 (got 1)"),
    (at("chunks/0/1", "A" * 64), "chunks.0.1: "),
    (at("chunks/0/1", 7), "chunks.0.1: must be text (got 7)"),
    (at("chunks/0/2", None), "chunks.0.2: must be a group of 'key: value' lines (got nothing)"),
    (renamed("0", "00"), "chunks: must be keyed by plain decimal numbers (got '00')"),
    (renamed("1", "\u0661"), "chunks: must be keyed by plain decimal numbers (got '\u0661')"),
    (renamed("1", "+1"), "chunks: must be keyed by plain decimal numbers (got '+1')"),
    (renamed("1", "1_0"), "chunks: must be keyed by plain decimal numbers (got '1_0')"),
    (renamed("2", "3"), "chunks: must be keyed by 0 to 2 (got '3')"),
    (at("method", "sobol"), "numpy_version: must be stated, a Sobol sequence depends on it (got nothing)"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "problem"), TAMPERED, ids=range(len(TAMPERED)))
def test_a_tampered_manifest(entries, tmp_path, change, problem):
    manifest = json.loads(entries)
    change(manifest)
    write_manifest(tmp_path, manifest)
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path)
    place, shown = re.match(r"(.*?_manifest\.json(?::\d+)?): (.*)", caught.value.problems[0]).groups()
    assert shown.startswith(problem)
    assert place == str(tmp_path / MANIFEST) if "missing" in problem and "." not in problem else ":" in place
    assert all("\n" not in line for line in caught.value.problems)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace('"PEs"', '"PEz"', 1), "is not as the sweep wrote it, its SHA-256 is another"),
        (lambda text: text.replace("[16, 32", "[16,  32"), "is not as the sweep wrote it, its SHA-256 is another"),
        (lambda text: text + "\n", "is not as the sweep wrote it, its SHA-256 is another"),
        (lambda text: text.replace('"done": 3,', '"done": 3,\n"done": 3,'), "is damaged; delete the folder"),
        (lambda text: text.replace('"done": 3', '"done": NaN'), "is damaged; delete the folder"),
        (lambda text: text.replace('"done": 3', f'"done": {"[" * 100_000}'), "is damaged; delete the folder"),
        (lambda text: text.replace('"done": 3', f'"done": 1{"0" * 5_000}'), "is damaged; delete the folder"),
        (lambda text: text[: len(text) // 2], "is damaged; delete the folder"),
        (lambda text: text.replace('"format": 2', '"format": true'), "format must be 2 (got true); use another"),
        (lambda text: f"[{text}]", "is no sweep's manifest"),
    ],
    ids=range(10),
)
def test_damage_between_the_lines(entries, tmp_path, change, problem):
    (tmp_path / MANIFEST).write_text(change(entries))
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / MANIFEST}: {problem}")


def test_many_problems_are_cut(entries, tmp_path):
    manifest = json.loads(entries)
    manifest["notes"] = list(range(1000))
    write_manifest(tmp_path, manifest)
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path)
    assert len(caught.value.problems) == 21 and caught.value.problems[-1].endswith(": has 980 more problems")


def test_chunks_are_read_by_number(entries, tmp_path):
    manifest = json.loads(entries)
    manifest["chunks"] = dict(reversed(manifest["chunks"].items()))
    write_manifest(tmp_path, manifest)
    assert list(read_manifest(tmp_path)["chunks"]) == ["0", "1", "2"]


def test_a_manifest_round_trips(entries, tmp_path):
    found = json.loads(entries)
    assert manifest_text({key: value for key, value in found.items() if key != SEAL}) == entries


def test_versions_stand_where_points_depend_on_them(tmp_path):
    import numpy
    import scipy

    from pivotsim.dse.space.reading import load_space
    from pivotsim.dse.sweep.chunks import Recipe

    space = load_space(SPACE)
    for method in ("grid", "random"):
        head = head_of(Recipe(space, method, samples=None if method == "grid" else 4))
        assert (head["numpy_version"], head["scipy_version"]) == (None, None)
    run_sweep(space, tmp_path, method="sobol", samples=4)
    found = read_manifest(tmp_path)
    assert (found["numpy_version"], found["scipy_version"]) == (numpy.__version__, scipy.__version__)
    for key in ("numpy_version", "scipy_version"):
        write_manifest(tmp_path, {**found, key: "1.0"})
        with pytest.raises(InputError, match=rf"{key} is 1\.0 there and .* here; use another folder"):
            run_sweep(space, tmp_path, method="sobol", samples=4)
    with pytest.raises(InputError, match="scipy_version"):
        check_same({**found, "scipy_version": None}, found, tmp_path)


def test_two_manifests_differ_where_either_has_what_the_other_lacks():
    one, other = {"a": {"b": 1, "c": 2}, "d": 3, "e": 4}, {"a": {"b": 5, "f": 2}, "e": 4, "g": 6}
    assert list(_differences(one, other)) == ["a.b", "a.c", "a.f", "d", "g"]


def test_another_space_is_told_first(tmp_path):
    here = {"method": "grid", "seed": 1, "points": 2, "space": {"a": 1}, "columns": []}
    with pytest.raises(InputError) as caught:
        check_same({**here, "seed": 0, "points": 3, "space": {"a": 2}}, here, tmp_path)
    told = ("is of another space, a differ", "seed is 0 there and 1 here", "points is 3 there and 2 here")
    for problem, text in zip(caught.value.problems, told, strict=True):
        assert problem.startswith(f"{tmp_path}: {text}")
