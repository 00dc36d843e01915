"""Every kind of input that is fuzzed without torch, by its name."""

from tests.fuzz import datasets, engines, files, options, values

KINDS = {kind.name: kind for module in (files, datasets, values, options, engines) for kind in module.KINDS}
