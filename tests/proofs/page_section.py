"""Sections of docs/proofs.md that a make target writes from its own output, between two marks."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"


def write_section(name: str, text: str) -> None:
    """Replace what stands between the marks of a section."""
    begin, end = f"<!-- {name}: written by `make proof` -->", f"<!-- end of {name} -->"
    before, mark, rest = PAGE.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not mark or not closing:
        raise SystemExit(f"docs/proofs.md: the marks of the section {name!r} are missing")
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
