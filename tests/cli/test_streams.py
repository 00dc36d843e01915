"""Outputs that are no files, readers that leave, and streams that are closed."""

import contextlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

import pivotsim as package
from pivotsim.cli.entry import main
from pivotsim.dse.sweep.run import run_sweep

SPACE = {"name": "shapes", "axes": {"array.rows": [16, 32, 64], "array.cols": [18, 36]}}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset") / "out"
    run_sweep(SPACE, folder)
    return folder


@pytest.fixture
def rows(pivotsim, dataset, tmp_path):
    """The CSV as a file."""
    path = tmp_path / "right.csv"
    assert pivotsim("export", dataset, "--csv", path).code == 0
    return path.read_text()


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_an_export_to_standard_output_is_the_csv_alone(pivotsim, dataset, rows, name):
    ran = pivotsim("export", dataset, "--csv", name)
    assert (ran.code, ran.out, ran.err) == (0, rows, f"wrote {name}: 6 designs\n")


def test_an_export_writes_to_a_pipe_and_through_a_link(pivotsim, dataset, rows, tmp_path):
    pipe, link, read = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    assert pivotsim("export", dataset, "--csv", pipe).code == 0
    reader.join(10)
    assert read == [rows] and stat.S_ISFIFO(pipe.stat().st_mode)
    link.symlink_to(tmp_path / "target.csv")
    assert pivotsim("export", dataset, "--csv", link).code == 0
    assert link.is_symlink() and (tmp_path / "target.csv").read_text() == rows


def test_a_trace_and_a_timeline_on_standard_output(pivotsim, tmp_path):
    for command, option in ((("show", "trace", "deit_s"), "--csv"), (("run", "deit_s"), "--timeline")):
        assert pivotsim(*command, option, tmp_path / "file").code == 0
        ran = pivotsim(*command, option, "-")
        assert (ran.code, ran.out) == (0, (tmp_path / "file").read_text())
        assert "wrote -" in ran.err
        ran = pivotsim(*command, option, "-", "--json")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == f"{option}: standard output takes the JSON; name a file (got '-')\n"


def test_masks_need_a_file_beside_the_trace(tmp_path):
    import numpy as np

    path = tmp_path / "masks.npz"
    np.savez(path, **{"fc1": np.ones((24, 96), dtype=bool)})
    trace = package.lower(package.prune_blocks(package.plan("deit_s"), block=16, masks=path))
    with pytest.raises(package.InputError, match=r"^-: a trace with masks of its own needs a file beside it"):
        package.write_trace(trace, "-")


def test_pictures_stay_behind_their_links(tmp_path):
    from pivotsim.plots.style import new_axes, save_figure

    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "front.png").symlink_to(tmp_path / "kept.png")
    assert save_figure(new_axes(1, 1)[0], tmp_path / "p", "front").is_symlink()
    assert (tmp_path / "kept.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("command", [("run", "deit_s", "--plots", "-"), ("sweep", "zcu102_arrays", "--out", "-")])
def test_a_folder_is_no_stream(pivotsim, command):
    ran = pivotsim(*command)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"{command[2]}: must name a folder, standard output is none (got '-')\n"


@contextlib.contextmanager
def without_readers():
    """Make stdout and stderr pipes that nobody reads; closing them raises where something is kept for the pipe."""
    with contextlib.ExitStack() as streams:
        for redirect in (contextlib.redirect_stdout, contextlib.redirect_stderr):
            ours, theirs = os.pipe()
            os.close(ours)
            streams.enter_context(redirect(streams.enter_context(os.fdopen(theirs, "w"))))
        yield


@pytest.mark.parametrize(
    ("command", "code"),
    [(("run", "deit_s"), 0), (("run", "deit_s", "--json"), 0), (("run", "nosuch"), 2), (("gemm", "0", "1", "1"), 2),
     (("run", "--nosuch"), 2), (("--help",), 0), (("run", "--help"), 0), (("--version",), 0), ((), 2)],
)  # fmt: skip
def test_the_exit_status_is_that_of_the_command(command, code):
    with without_readers():
        assert main(list(command)) == code


def test_a_failing_check_stays_one(tmp_path, monkeypatch):
    monkeypatch.setattr("pivotsim.dse.evaluation.evaluator.Evaluator.run", lambda *_: 1 / 0)
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(SPACE))
    with without_readers():
        assert main(["sweep", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out")]) == 1


def test_an_export_without_a_reader(dataset):
    with without_readers():
        assert main(["export", str(dataset), "--csv", "-"]) == 0


@pytest.mark.parametrize("command", [("gemm", "0", "1", "1"), ("run", "nosuch"), ("run", "--nosuch"), ("show",)])
def test_nothing_turns_to_stdout_where_stderr_is_closed(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    assert (main(list(command)), capsys.readouterr().out) == (2, "")


def test_a_closed_streams_number_is_not_a_files(tmp_path):
    """What a library writes to a closed stderr does not land in the output that was opened next."""
    code = (
        "import os, sys; from pivotsim.cli.entry import main; main(['--version']); open('out.csv', 'w'); kept = open("
    )
    code += "'out.csv', 'w'); os.write(2, b'stray')"
    command = f'exec {sys.executable} -c "{code}" 2>&- <&-'
    ran = subprocess.run(
        ["sh", "-c", command], stdout=subprocess.PIPE, text=True, timeout=60, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, f"pivotsim {package.__version__}\n")
    assert (tmp_path / "out.csv").read_text() == ""
