"""The registry of audits: a further paper is a row, and everything that serves papers knows it."""

import sys
import types
from dataclasses import dataclass
from typing import ClassVar

import pytest

import pivotsim as ps
from pivotsim.published import PAPERS, Findings
from pivotsim.published.base.claims import Claim
from pivotsim.published.base.findings import MEANINGS, REPRODUCED, Finding
from pivotsim.published.registry import Paper
from pivotsim.tables import Table


@dataclass(frozen=True, repr=False)
class ToyAudit(Findings):
    title: ClassVar[str] = "Toy"

    def tables(self):
        yield self.findings_table("Toy: published beside simulated", folds=True)
        yield Table("Own", ("a", "b|c"), [("x|y", 1)], (1,), ("a closing line",))

    def to_dict(self):
        return {"paper": "toy", "unexpected": self.unexpected}


def audit_toy(hw="zcu102"):
    claim = Claim("toy.clocks", "Table 1", "", "clocks", "10", "clocks", "")
    return ToyAudit([Finding(claim, 10.0, 0.0, REPRODUCED, f"on {hw}")], {"toy.clocks": REPRODUCED})


@pytest.fixture
def toy(monkeypatch):
    module = types.ModuleType("toy_audit")
    module.audit_toy = audit_toy
    monkeypatch.setitem(sys.modules, "toy_audit", module)
    monkeypatch.setitem(PAPERS, "toy", Paper("Toy", "Audit a toy.", "toy_audit:audit_toy", takes=("hw",)))


def test_a_further_paper_is_a_row(toy):
    assert ps.reproduce("toy", hw="mine").findings[0].reason == "on mine"
    assert str(ps.reproduce("toy")).splitlines()[0] == "Toy: 1 claims"


def test_any_audit_prints(toy, capsys, monkeypatch):
    from pivotsim.cli.output import printed_as
    from pivotsim.cli.papers.audit_tables import print_audit, print_summary

    monkeypatch.setenv("COLUMNS", "200")
    print_audit(ps.reproduce("toy"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Toy: published beside simulated" and "a closing line" in lines
    assert any(line.startswith("reproduced ") and line.endswith(MEANINGS[REPRODUCED]) for line in lines)
    assert lines[-1] == "all verdicts are the expected ones"
    print_summary(ps.reproduce("toy"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Toy: 1 claims" and lines[2].split() == ["verdict", "claims", "off", "by", "meaning"]
    assert "Among them" not in lines  # a toy has no headlines
    with printed_as("markdown"):
        print_audit(ps.reproduce("toy"))
    assert "| x\\|y | 1 |" in capsys.readouterr().out


def test_a_narrow_page_gets_the_reasons_below(toy, monkeypatch, capsys):
    from pivotsim.cli.papers import audit_tables

    shown = []
    monkeypatch.setattr(audit_tables, "is_wide", lambda table: True)
    monkeypatch.setattr(audit_tables, "print_table", lambda *table: shown.append(table))
    audit_tables.print_audit(ps.reproduce("toy"))
    assert [table[0][-1] for table in shown] == ["why", "", "b|c", "meaning"]
    assert shown[0][1][0][-1] == 1 and shown[1][1] == [(1, "on zcu102")]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ps.reproduce("pivott"), "paper: must be one of pivot, static, tokens (got 'pivott'), nearest"),
        (lambda: ps.reproduce("static", hw="zcu102"), "reproduce: 'static' takes no such option (got 'hw')"),
        (lambda: ps.reproduce("pivot", plots="here"), "reproduce: 'pivot' takes no such option (got 'plots')"),
    ],
)
def test_wrong_papers_and_options(call, message):
    with pytest.raises(ps.InputError) as error:
        call()
    assert str(error.value).startswith(message)


def test_every_paper_has_its_command(capsys):
    from pivotsim.cli.entry import main

    assert main(["reproduce", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in (*PAPERS, "all"))
