"""The package's namespaces: what a user reaches as ``pivotsim.NAME``."""

NAMESPACES = (
    "calibration",
    "dram",
    "effort",
    "export",
    "hardware",
    "integer",
    "models",
    "pruning",
    "published",
    "simulation",
    "workload",
)
