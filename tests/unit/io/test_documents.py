"""Files on bases: several levels, the nearest file's word, and files that would build on themselves."""

import pytest

import pivotsim as ps


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return [folder / f"{name}.yaml" for name in files]


def test_the_nearest_file_has_the_last_word(tmp_path):
    top, middle, low = write(
        tmp_path,
        top="base: middle\nname: top\narray:\n  rows: 16\n",
        middle="base: low\nname: middle\ndescription: in the middle\narray:\n  rows: 32\n  cols: 32\n",
        low="base: zcu102\nname: low\narray:\n  rows: 8\n  cols: 8\n  clock_mhz: 100\nsources:\n  array.clock_mhz: a\n",
    )
    hw = ps.load_hardware(top)
    assert (hw.name, hw.description) == ("top", "on the base middle: in the middle")
    assert (hw.array.rows, hw.array.cols, hw.array.clock_mhz, hw.array.dataflow) == (16, 32, 100, "is")
    assert hw.source("array.rows") == f"set by the user in {top}"
    assert hw.source("array.cols") == f"[inherited from middle] set by the user in {middle}"
    assert hw.source("array.clock_mhz") == "[inherited from low] a"
    own = ps.load_hardware("zcu102").source("array.dataflow")
    assert hw.source("array.dataflow") == f"[inherited from zcu102] {own}"
    assert ps.load_hardware({"base": str(top), "array": {"rows": 4}}).array.cols == 32
    assert low.exists()


def test_a_wrong_value_is_told_where_it_stands(tmp_path):
    top, middle = write(tmp_path, top="base: middle\nname: top\n", middle="base: zcu102\narray:\n  rows: 0\n")
    with pytest.raises(ps.InputError) as error:
        ps.load_hardware(top)
    assert str(error.value) == f"{middle}:3: array.rows: must be at least 1 (got 0)"


def test_a_base_further_down_that_is_not_there(tmp_path):
    top, middle = write(tmp_path, top="base: middle\n", middle="name: m\nbase: zcu103\n")
    with pytest.raises(ps.InputError, match="nearest valid name: 'zcu104'") as error:
        ps.load_hardware(top)
    assert str(error.value).startswith(f"{middle}:2: base: hardware: unknown name (got 'zcu103')")


@pytest.mark.parametrize("start", ["a", "b", "outside"])
def test_a_circle_is_named(tmp_path, start):
    write(tmp_path, a="base: b\n", b="name: b\nbase: c\n", c="base: a\n", outside="base: a\n")
    with pytest.raises(ps.InputError) as error:
        ps.load_hardware(tmp_path / f"{start}.yaml")
    order = {"a": "abca", "b": "bcab", "outside": ["outside", *"abca"]}[start]
    chain = " -> ".join(str(tmp_path / f"{name}.yaml") for name in order)
    assert str(error.value).endswith(f"base: a file cannot build on itself: {chain}")
    assert len(error.value.problems) == 1


def test_models_have_bases_too(tmp_path):
    top, _ = write(tmp_path, top="base: middle\nname: t\n", middle="base: deit_s\nname: m\ndepth: 5\n")
    assert ps.load_model(top).depth == 5
