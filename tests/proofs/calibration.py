"""Calibrations of boards whose constants are known: how often the true value lies inside its 95 % interval.

`python -m tests.proofs.calibration [TRIALS]` prints the share of each constant, for docs/calibration.md; exit status 1
where one is below 90 %. Minutes.
"""

import sys

from tests.unit.calibration.synthetic import coverage

LEAST_SHARE = 0.9
TRIALS, SEED = 200, 0


def main() -> int:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    shares = coverage(trials, SEED)
    print(f"| constant | inside, of {trials} |\n|---|---:|")
    for path, share in shares.items():
        print(f"| {path} | {100 * share:.1f} % |")
    return int(min(shares.values()) < LEAST_SHARE)


if __name__ == "__main__":
    sys.exit(main())
