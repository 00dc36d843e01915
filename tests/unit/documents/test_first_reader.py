"""Twelve questions of a first reader, and where README answers each: in its text, or by a command that it shows."""

import shlex
from pathlib import Path

import pytest

from pivotsim.cli.entry import main

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = 60  # lines

# question -> words of README that answer it; lines may break in them
IN_WORDS = {
    "What is effort 6?": "*effort 6*: the attention of six of its twelve encoders runs, that of the others is skipped",
    "What is softmax's share, and where does that number come from?":
        "softmax's cost is `[calibrated]`, fitted once, to PIVOT's 59.66 ms for the whole model",
    "Which file describes my board?": "a YAML file that states what differs from a shipped one (`base: zcu102`)",
    "How do I run a model of mine?": "a YAML file of sizes ([models](docs/models.md)), a table of operations, or any",
    "Are these the clocks of real hardware?": "in thousands of random cases each of its clocks is the predicted one",
    "What must I not conclude?": "No board was run here and no place and route",
    "How do I cite it?": "To cite, see [CITATION.cff](CITATION.cff)",
}  # fmt: skip
# question -> a command of README, and what its output says
BY_COMMAND = {
    "How long does one multiplication take?": ("pivotsim gemm 197 384 1536 --array 64x36 --dataflow is", "61,128"),
    "How do I know that it fits?": ("pivotsim show fit kv260", "kv260 on XCK26: fits"),
    "What do the board's memories cost?": ("pivotsim run deit_s --memory hw", "3,026,160 with unlimited memories"),
    "What does the mean image take, where 80 % leave early?":
        ("pivotsim combine deit_s --low 1-6 --high all --f-low 0.8", "48.50"),
    "Where does a value of the board come from?": ("pivotsim show hw zcu102", "PIVOT Table 1, PE array 64x36"),
}  # fmt: skip


def test_they_are_twelve():
    assert len(IN_WORDS) + len(BY_COMMAND) == 12


@pytest.mark.parametrize("question", IN_WORDS)
def test_the_text_answers(question):
    assert IN_WORDS[question] in " ".join(README.split())


def test_the_first_screen_says_what_an_effort_is_and_shows_a_share():
    start = " ".join("\n".join(README.splitlines()[:FIRST_SCREEN]).split())
    assert IN_WORDS["What is effort 6?"] in start and "softmax 17.73 48.5 %" in start


@pytest.mark.parametrize("question", BY_COMMAND)
def test_a_command_answers(question, capsys):
    command, answer = BY_COMMAND[question]
    assert f"`{command}`" in README
    assert main(shlex.split(command)[1:]) == 0
    assert answer in capsys.readouterr().out
