"""``python -m pivotsim``."""

import sys

from pivotsim.cli.entry import main

sys.exit(main())
