"""How tables align: what is mostly numbers stands to the right, all else to the left."""

import re

NUMBER = re.compile(
    r"[+-]?[\d,]*\.?\d+(e[+-]?\d+)?(x| %| MiB| KiB| GB/s|, [a-z_]+)?"
)  # the last: a number and what it is


def check(tables):
    for table in tables:
        for place, name in enumerate(table.columns):
            cells = [cell for cell in (str(row[place]) for row in table.rows) if cell not in ("", "-")]
            numbers = sum(bool(NUMBER.fullmatch(cell)) for cell in cells)
            assert (place in table.right) == (2 * numbers > len(cells)), (table.title, name, cells[:3])
        assert set(table.right) <= set(range(len(table.columns)))
