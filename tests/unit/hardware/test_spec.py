"""Hardware files: sourced, on a base or whole, and strict about what they hold."""

import pytest

import pivotsim as ps
from pivotsim.io.documents import available
from pivotsim.io.spec_values import leaves

NAMES = [name for name in available("hwconfigs") if "/" not in name]  # the other folders have schemas of their own


def test_the_shipped_boards():
    assert {"zcu102", "zcu102_ws", "zcu102_os"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_source_a_description_and_a_name_with_its_unit(name):
    hw = ps.load_hardware(name)
    endings = {
        "MHz": "_mhz",
        "B": ("_bytes", "_bytes_per_clock", "bytes_per_element"),
        "W": "_w",
        "us": "_us",
        "ns": ("_ns", "_ns_per_line"),
        "B/s": "_bytes_per_s",
    }
    for path, _, unit, source, description in hw.to_rows():
        assert source, path
        assert description.endswith("."), path
        if unit in endings:
            assert path.endswith(endings[unit]), path


@pytest.mark.parametrize("flow", ["ws", "os"])
def test_a_variant_differs_from_its_base_only_in_what_it_states(flow):
    base, variant = ps.load_hardware("zcu102"), ps.load_hardware(f"zcu102_{flow}")
    same = {"name": variant.name, "description": variant.description, "array.dataflow": flow}
    assert base.replace(same).model_dump(exclude={"sources", "ranges"}) == variant.model_dump(
        exclude={"sources", "ranges"}
    )


@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_shipped_board_passes_for_the_users(name):
    hw = ps.load_hardware(name)
    assert not any("set by the user" in source for source in hw.sources.values())
    assert not any("set by the user" in note for note in ps.simulate(ps.plan("deit_t"), hw).notes)


def test_a_dict_is_as_good_as_a_file():
    hw = ps.load_hardware("zcu102")
    assert ps.load_hardware(hw.model_dump()) == hw


def test_replace_marks_the_source_and_leaves_the_original():
    hw = ps.load_hardware("zcu102")
    changed = hw.replace({"array.rows": 32})
    assert (hw.array.rows, changed.array.rows) == (64, 32)
    assert changed.source("array.rows") == "set by the user (was 64)"
    assert "array.rows" in changed.sources and changed.source("array.cols") == hw.source("array.cols")


def test_every_field_can_be_replaced_by_itself():
    hw = ps.load_hardware("zcu102")
    changes = {path: value for path, value, *_ in hw.to_rows()}
    assert len(changes) == len(list(leaves(type(hw)))) > 50
    assert hw.replace(changes).model_dump(exclude={"sources", "ranges"}) == hw.model_dump(exclude={"sources", "ranges"})


def test_derived_peaks():
    derived = {name: value for name, (value, _, _) in ps.load_hardware("zcu102").derived.items()}
    assert derived["pes"] == 2304
    assert derived["peak_gmac_per_s"] == pytest.approx(288)
    assert derived["transfer_gb_per_s"] == pytest.approx(2.0)
    assert derived["softmax_paper_ns"] == pytest.approx(12.687)


def test_sources_must_name_values():
    data = ps.load_hardware("zcu102").model_dump()
    data["sources"] = {**data["sources"], "array.row": "a typo"}
    with pytest.raises(ps.InputError) as error:
        ps.load_hardware(data)
    assert str(error.value) == "hardware: sources: 'array.row' names no value, nearest valid name: 'array.rows'"


def test_search_path(tmp_path, monkeypatch):
    folder = tmp_path / "hwconfigs" / "lab"
    folder.mkdir(parents=True)
    (folder / "half.yaml").write_text("base: zcu102\nname: half\ndescription: half of it\narray:\n  rows: 32\n")
    with pytest.raises(ps.InputError):
        ps.load_hardware("lab/half")
    monkeypatch.setenv("PIVOTSIM_PATH", str(tmp_path))
    assert ps.load_hardware("lab/half").array.rows == 32
    assert ps.load_hardware(str(folder / "half.yaml")).array.rows == 32
    with pytest.raises(ps.InputError, match="nearest valid name: 'lab/half'"):
        ps.load_hardware("lab/hal")
