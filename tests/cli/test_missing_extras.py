"""A package that is not installed is noticed before a folder or a file is made, and told in one line."""

import sys

import pytest

import pivotsim as ps

SWEEP = ("sweep", "zcu102_arrays", "--out", "out")


def hide(monkeypatch, *packages):
    """Make imports of packages fail, as where they are not installed; what is loaded already stays out of reach."""
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        monkeypatch.delitem(sys.modules, name)
    for name in packages:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("packages", "arguments", "extra"),
    [
        (("scipy",), (*SWEEP, "--method", "sobol", "--samples", "8"), "dse"),
        (("torch",), ("schedule", "deit_s", "--accuracy", "deit_s", "--live", "cpu", "--plots", "out"), "torch"),
        (("torch",), ("run", "timm:deit_tiny_patch16_224", "--plots", "out"), "models"),
    ],
)
def test_nothing_is_made_without_an_extra(pivotsim, tmp_path, monkeypatch, packages, arguments, extra):
    monkeypatch.chdir(tmp_path)
    hide(monkeypatch, *packages)
    ran = pivotsim(*arguments)
    assert ran.code == 2 and ran.out == "" and f"[{extra}]" in ran.err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("front", "data", "--plots", "out"), ("export", "data", "--csv", "out.csv")])
def test_a_dataset_is_not_read_without_pyarrow(pivotsim, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    assert pivotsim("sweep", "zcu102_arrays", "--out", "data").code == 0
    hide(monkeypatch, "pyarrow")
    ran = pivotsim(*arguments)
    assert (ran.code, ran.out) == (2, "") and "[dse]" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


@pytest.mark.parametrize("make", [lambda: ps.simulate(ps.plan("deit_t")), lambda: ps.simulate_designs(
    ps.plan("deit_t"), "zcu102", {"rows": [8]})])  # fmt: skip
def test_a_frame_needs_pandas(monkeypatch, make):
    made = make()
    hide(monkeypatch, "pandas")
    with pytest.raises(ps.errors.MissingExtraError, match=r"\[pandas\]"):
        made.to_frame()
