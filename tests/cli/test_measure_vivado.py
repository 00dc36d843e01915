"""measure vivado: a board with the counts of a report, or one line and no file."""

import pivotsim as ps
from tests.unit.hardware.resources.test_vivado import UTILISATION


def test_the_command_writes_a_board_that_loads(pivotsim, tmp_path):
    report, out = tmp_path / "utilisation.rpt", tmp_path / "mine.yaml"
    report.write_text(UTILISATION, encoding="utf-8")
    ran = pivotsim("measure", "vivado", str(report), "--out", str(out))
    assert (ran.code, ran.err) == (0, "")
    assert ps.fit(str(out))["lut"].demand == 31415
    shown = pivotsim("show", "fit", str(out))
    assert shown.code == 0 and "read from Vivado" in shown.out


def test_the_report_is_of_the_design_that_rtl_writes(pivotsim, tmp_path):
    """Its latencies are raised; a board that keeps its own is asked for."""
    report, built, own = tmp_path / "utilisation.rpt", tmp_path / "built.yaml", tmp_path / "own.yaml"
    report.write_text(UTILISATION, encoding="utf-8")
    ran = pivotsim("measure", "vivado", str(report), "--out", str(built))
    assert "array.mac_latency 1 is built as 2: a DSP slice has" in ran.out and "--as-stated keeps it" in ran.out
    as_built = ps.load_hardware(str(built))
    assert (as_built.array.mac_latency, as_built.memories.buffer_read_cycles) == (2, 1)
    assert ps.fit(as_built)["lut"].demand == 31415
    assert ps.fit(as_built.replace({"array.mac_latency": 1}))["lut"].demand != 31415
    ran = pivotsim("measure", "vivado", str(report), "--as-stated", "--out", str(own))
    assert "is built as" not in ran.out
    as_stated = ps.load_hardware(str(own))
    assert (as_stated.array.mac_latency, as_stated.memories.buffer_read_cycles) == (1, 0)
    assert ps.fit(as_stated)["lut"].demand == 31415


def test_what_is_no_report_writes_nothing(pivotsim, tmp_path):
    empty, out = tmp_path / "empty.rpt", tmp_path / "no.yaml"
    empty.write_text("nothing", encoding="utf-8")
    ran = pivotsim("measure", "vivado", str(empty), "--out", str(out))
    assert ran.code == 2 and ran.err.count("\n") == 1 and "empty.rpt: is no report" in ran.err
    assert not out.exists()


def test_without_out_the_board_is_printed(pivotsim, tmp_path):
    report = tmp_path / "utilisation.rpt"
    report.write_text(UTILISATION, encoding="utf-8")
    ran = pivotsim("measure", "vivado", str(report))
    assert (ran.code, ran.err) == (0, "") and "31415" in ran.out
    (tmp_path / "printed.yaml").write_text(ran.out, encoding="utf-8")
    assert ps.fit(str(tmp_path / "printed.yaml"))["lut"].demand == 31415
    missing = pivotsim("measure", "vivado", str(tmp_path / "none.rpt"))
    assert missing.code == 2 and missing.err.count("\n") == 1 and "no such file" in missing.err
