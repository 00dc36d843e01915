"""``python -m pivotsim``."""

import sys

from pivotsim.cli.main import main

sys.exit(main())
