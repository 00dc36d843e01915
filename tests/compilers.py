"""Tests that compile C: without a compiler they are left out, but for CI, where they fail."""

import os
import shutil

import pytest

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None and not os.environ.get("CI"), reason="no C compiler")
