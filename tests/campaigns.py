"""How many cases a test draws or scans: a few hundred in the suite, all of them in `make proof`."""

import os

AT_LENGTH = "PIVOTSIM_AT_LENGTH"  # set by `make proof`


def cases(few: int, all_of_them: int) -> int:
    """Return the number of cases, for a test marked `campaign`."""
    return all_of_them if os.environ.get(AT_LENGTH) else few
