"""run --draws and front --draws as a shell sees them."""

import json

import pytest
import yaml

SPACE = {
    "name": "shapes", "fixed": {"energy": "activity"},
    "axes": {"array.dataflow": ["is", "os"], "array.rows": [16, 32, 64], "array.cols": [18, 36]},
}  # fmt: skip
SOFTMAX = "host.paper.softmax.cycles_per_element"


@pytest.fixture
def swept(pivotsim, tmp_path):
    file = tmp_path / "shapes.yaml"
    file.write_text(yaml.safe_dump(SPACE, sort_keys=False))
    assert pivotsim("sweep", file, "--out", tmp_path / "out").code == 0
    return file, tmp_path / "out"


def test_a_run_with_its_interval(pivotsim, tmp_path):
    ran = pivotsim("run", "deit_s", "--draws", "200", "--seed", "3", "--plots", tmp_path)
    assert ran.code == 0 and "deit_s on zcu102, 200 draws of 1 constant\n" in ran.out
    assert "no interval is stated, held at: array.clock_mhz, host.clock_mhz, power.board_w" in ran.out
    assert (tmp_path / "uncertainty.png").stat().st_size > 10_000
    data = json.loads(pivotsim("run", "deit_s", "--draws", "200", "--seed", "3", "--json").out)
    found = data["uncertainty"]
    assert (found["draws"], found["seed"], [c["path"] for c in found["constants"]]) == (200, 3, [SOFTMAX])
    delay = found["outcomes"]["delay_ms"]
    assert delay["p2_5"] < delay["value"] == data["delay_ms"] < delay["p97_5"]
    assert "uncertainty" not in json.loads(pivotsim("run", "deit_s", "--json").out)


def test_a_front_with_its_shares(pivotsim, swept, tmp_path):
    file, out = swept
    options = ("--objectives", "dsp,energy_j", "--draws", "100", "--space", file)
    ran = pivotsim("front", out, *options, "--plots", tmp_path)
    assert ran.code == 0 and "front of dsp, energy_j, 100 draws of 7 constants: of " in ran.out
    assert "next measurement: " in ran.out
    assert (tmp_path / "front_uncertainty.png").exists() and (tmp_path / "front_attainment.png").exists()
    data = json.loads(pivotsim("front", out, *options, "--json").out)
    found = data["uncertainty"]
    assert {d["point"] for d in found["designs"]} >= {d["point"] for d in data["front"]}
    assert all(0 <= d["front_share"] <= 1 for d in found["designs"])
    single = pivotsim("front", out, "--objectives", "delay_ms", "--draws", "20", "--space", file, "--plots", tmp_path)
    assert single.code == 0


def test_the_hypervolume_and_its_reference(pivotsim, swept):
    _, out = swept
    data = json.loads(pivotsim("front", out, "--objectives", "delay_ms,dsp", "--json").out)
    front, worst = data["front"], data["hypervolume"]["reference"]
    assert worst["dsp"] == 64 * 36
    ordered = sorted((row["delay_ms"], row["dsp"]) for row in front)
    expected = sum(
        ((ordered[i + 1][0] if i + 1 < len(ordered) else worst["delay_ms"]) - x) * (worst["dsp"] - y)
        for i, (x, y) in enumerate(ordered)
    )
    assert data["hypervolume"]["value"] == pytest.approx(expected, rel=1e-12)
    ran = pivotsim("front", out, "--objectives", "delay_ms,dsp", "--reference", "100,2000")
    assert "\nhypervolume " in ran.out and ", up to delay_ms 100.0, dsp 2,000" in ran.out
    up = json.loads(pivotsim("front", out, "--objectives", "delay_ms,dsp", "--maximize", "dsp", "--json").out)
    assert up["hypervolume"]["reference"]["dsp"] == 16 * 18
    assert json.loads(pivotsim("front", out, "--objectives", "delay_ms", "--json").out)["hypervolume"] is None


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("run", "deit_s", "--draws", "1"), "--draws: must be at least 2 (got 1)"),
        (("run", "deit_s", "--draws", "many"), "--draws: must be an integer (got 'many')"),
        (("run", "deit_s", "--seed", "1"), "--seed: is that of --draws, which is not given (got 1)"),
        (("run", "deit_s", "--draws", "9", "--ps-pl-overlap", "heads"), "work side by side is no sum of counts"),
        (("run", "deit_s", "--draws", "9", "--set", f"{SOFTMAX}=9"), "states none, or the values were stated anew"),
        (("front", "{out}", "--draws", "9"), "its space 'shapes' is not found by that name; give its file"),
        (("front", "{out}", "--space", "{file}"), "--space: is read with --draws alone"),
        (("front", "{out}", "--draws", "9", "--space", "zcu102_arrays"), "is of another space than its file holds now"),
        (("front", "{out}", "--reference", "1"), "--reference: must be a value for each of"),
        (("front", "{out}", "--reference", "1,x"), "--reference: must be a number (got 'x')"),
        (
            ("front", "{out}", "--objectives", "dsp", "--reference", "1"),
            "the hypervolume is of two or three objectives",
        ),
    ],
)
def test_what_is_wrong_is_one_line(pivotsim, swept, arguments, line):
    file, out = swept
    ran = pivotsim(*(a.format(out=out, file=file) for a in arguments))
    assert (ran.code, ran.out) == (2, "") and line in ran.err
    assert len([each for each in ran.err.splitlines() if "settled" not in each]) == 1
