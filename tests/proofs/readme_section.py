"""Sections of the README that a make target writes from its own output, between two marks."""

from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def write_section(name: str, text: str) -> None:
    """Replace what stands between the marks of a section."""
    begin, end = f"<!-- {name}: written by `make proof` -->", f"<!-- end of {name} -->"
    before, mark, rest = README.read_text().partition(begin)
    _, closing, after = rest.partition(end)
    if not mark or not closing:
        raise SystemExit(f"README.md: the marks of the section {name!r} are missing")
    README.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
