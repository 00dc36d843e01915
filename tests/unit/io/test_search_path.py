"""Look-ups of names: what hides one of the package's is said, and so is a search path that holds nothing."""

import pytest

from pivotsim.cli.entry import main

BOARD = "base: zcu102\nkind: systolic\nname: {name}\ndescription: x\narray: {{rows: 32}}\n"
RUN = ("show", "hw")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A folder of $PIVOTSIM_PATH with files of the user's."""
    root = tmp_path / "lab"
    monkeypatch.setenv("PIVOTSIM_PATH", str(root))

    def add(path, text):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    return add


def said(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    return code, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("path", "name", "arguments"),
    [
        ("hwconfigs/zcu102.yaml", "zcu102", ("show", "hw")),
        ("hwconfigs/zcu102_os.yaml", "zcu102_os", ("gemm", "8", "8", "8", "--hw", "zcu102_os")),
        ("hwconfigs/gpu/a100.yaml", "gpu/a100", ("show", "hw", "gpu/a100")),
        ("hwconfigs/dram/ddr4_2400.yaml", "dram/ddr4_2400", ("run", "deit_t", "--memory", "hw", "--set")),
        ("workloads/deit_s.yaml", "deit_s", ("show", "model", "deit_s")),
        ("samples/accuracy/deit_s.csv", "deit_s", ("schedule", "deit_s", "--accuracy", "deit_s")),
    ],
)
def test_a_name_that_hides_the_packages_is_said_once(lab, capsys, path, name, arguments):
    from pivotsim.io.search_path import shipped

    folder, _, file = path.rpartition("/")
    text = shipped(folder, file).read_text().replace("base: zcu102\n", "base: zcu102\n")
    found = lab(path, text)
    if arguments[-1] == "--set":
        arguments = (*arguments, "memories.dram=dram/ddr4_2400")
    assert said(capsys, *arguments) == (0, [f"{name}: taken from {found} ($PIVOTSIM_PATH), not the package's"])


def test_a_base_beside_its_file_is_said(tmp_path, capsys):
    mine, base = tmp_path / "mine.yaml", tmp_path / "zcu102.yaml"
    mine.write_text(BOARD.format(name="mine"))
    base.write_text(BOARD.format(name="own"))
    code, lines = said(capsys, *RUN, mine)
    assert (code, lines) == (0, [f"zcu102: taken from {base} (beside {mine}), not the package's"])


@pytest.mark.parametrize("name", ["lab_board", "lab/board", "zcu102x"])
def test_a_name_of_ones_own_is_nothing_to_say(lab, capsys, name):
    lab(f"hwconfigs/{name}.yaml", BOARD.format(name="mine"))
    assert said(capsys, *RUN, name) == (0, [])
    assert said(capsys, *RUN, "zcu102_ws") == (0, [])


def test_a_path_is_no_look_up(lab, capsys):
    assert said(capsys, *RUN, lab("elsewhere/zcu102.yaml", BOARD.format(name="mine"))) == (0, [])


def test_a_folder_that_is_not_there_is_said(monkeypatch, capsys):
    monkeypatch.setenv("PIVOTSIM_PATH", "/nowhere/at/all")
    missing = "$PIVOTSIM_PATH: no such folder (got '/nowhere/at/all')"
    assert said(capsys, *RUN, "zcu102") == (0, [missing])  # a slip would go unseen
    code, lines = said(capsys, *RUN, "my_own_board")
    assert code == 2 and "'my_own_board'" in lines[0]
    assert lines[1:] == ["$PIVOTSIM_PATH: no such folder (got '/nowhere/at/all')"]


def test_a_folder_without_the_kind_is_said(lab, tmp_path, capsys):
    (tmp_path / "lab").mkdir()
    code, lines = said(capsys, *RUN, "my_own_board")
    holds_none = f"$PIVOTSIM_PATH: holds none of the folders hwconfigs, workloads, samples (got '{tmp_path / 'lab'}')"
    assert (code, lines[1:]) == (2, [holds_none])
    lab("workloads/tiny.yaml", "base: deit_s\n")
    assert said(capsys, *RUN, "my_own_board")[1][1:] == [
        f"$PIVOTSIM_PATH: holds no folder hwconfigs (got '{tmp_path / 'lab'}')"
    ]
    assert len(said(capsys, "show", "model", "my_own_model")[1]) == 1


def test_what_an_earlier_call_noted_is_not_shown(lab, capsys):
    import pivotsim as ps

    lab("hwconfigs/zcu102.yaml", BOARD.format(name="mine"))
    assert ps.load_hardware("zcu102").name == "mine"
    assert said(capsys, "gemm", "--help") == (0, [])
